"""A device -> the delegates that it has, with the parameters that it decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from analyzer.auditing.configurations import DEPRECATED, configuration, for_platform
from analyzer.auditing.types import Configuration
from analyzer.rules.pack import Parameter
from analyzer.rules.registry import Packs

if TYPE_CHECKING:
    from analyzer.devices.device_catalogue import Device


def on_devices(packs: Packs, devices: Sequence[str]) -> list[Configuration]:
    """Every device's delegates, but for the CPU's own; those of one setting share what judges them.

    Raises: UsageError, RuleError.
    """
    if not devices:
        return []
    from analyzer.devices.device_catalogue import catalogue

    known: dict[str, Configuration] = {}
    configurations = []
    for device in catalogue().every(devices):
        for spec in asked_of(packs, device):
            if spec not in known:
                known[spec] = configuration(packs, spec)
            legacy = known[spec].pack.status == DEPRECATED
            configurations.append(
                replace(known[spec], device=device.key, platform=device.platform, legacy=legacy)
            )
    return configurations


def asked_of(packs: Packs, device: Device) -> list[str]:
    """What `--device` asks for a device. Raises: UsageError, RuleError."""
    names = [name for name in for_platform(packs, device.platform) if packs.get(name).fallback]
    return device_specs(packs, device, names)


def device_specs(packs: Packs, device: Device, names: Collection[str]) -> list[str]:
    """Those of the delegates that a device has, as `NAME:PARAM=VALUE`. Raises: UsageError, RuleError."""
    specs = (_spec(packs, device, name) for name in names)
    return [spec for spec in specs if spec is not None]


def _spec(packs: Packs, device: Device, name: str) -> str | None:
    from analyzer.devices.device_catalogue import NONE, UNKNOWN, Use, catalogue

    use, parameters = catalogue().uses.get(name, Use()), packs.get(name).parameters
    if use.needs and device.says(use.needs) in (UNKNOWN, NONE):
        return None
    if use.not_without and device.says(use.not_without) == NONE:
        return None
    spec = name
    for parameter, fact in use.parameters.items():
        said = device.says(fact)
        if parameter not in parameters or said in (UNKNOWN, NONE):
            continue
        value = _fitting(parameters[parameter], said)
        if value is None:
            # A chip, say, that the pack doesn't know.
            return None
        spec = f"{spec}:{parameter}={value}"
    return spec


def _fitting(parameter: Parameter, said: str) -> str | None:
    """The nearest value that the parameter takes; of numbers none above."""
    if parameter.type != "int":
        return said if not parameter.values or said in map(str, parameter.values) else None
    if parameter.values:
        return str(max((value for value in map(int, parameter.values) if value <= int(said)), default=said))
    low, high = parameter.range or (int(said), int(said))
    return str(min(max(int(said), low), high))
