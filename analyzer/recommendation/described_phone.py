"""One phone, as far as it decides: its Android version, its chip."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from analyzer.devices.device_catalogue import Device, catalogue
from analyzer.devices.device_configurations import device_specs
from analyzer.errors import UsageError
from analyzer.execution.android.device import PhoneInfo
from analyzer.execution.android.runner import completed
from analyzer.rules.registry import Packs
from analyzer.suggest import nearest

#: Properties of a phone: its API level and its chip.
_SDK, _CHIP = "ro.build.version.sdk", "ro.soc.model"
_ANDROID = re.compile(r"android-(\d+)", re.IGNORECASE)


class Described(Protocol):
    """A phone or tablet that a recommendation is for."""

    @property
    def platforms(self) -> tuple[str, ...]:
        """Its one platform."""

    def specs(self, packs: Packs, names: Collection[str]) -> list[str]:
        """The delegates with the parameters that it decides, but for those that it hasn't."""

    def chip_delegates(self, packs: Packs) -> tuple[str, ...]:
        """The delegates that know its chip."""


class CataloguedPhone:
    """A phone or tablet of the catalogue."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.platforms = (device.platform,)

    def specs(self, packs: Packs, names: Collection[str]) -> list[str]:
        """See `Described`. Raises: UsageError."""
        return device_specs(packs, self._device, names)

    def chip_delegates(self, packs: Packs) -> tuple[str, ...]:
        """See `Described`."""
        return tuple(name for name, _ in _values(packs, self._device.says("soc")))


class Phone:
    """A phone by what it says of itself."""

    platforms: tuple[str, ...] = ("android",)

    def __init__(self, properties: Mapping[str, str], name: str = "phone") -> None:
        self._info = PhoneInfo(name, dict(properties), "")
        self._chip = properties.get(_CHIP, "")

    def specs(self, packs: Packs, names: Collection[str]) -> list[str]:
        """The delegates with the parameters that this phone decides. Raises: UsageError."""
        specs = completed(packs, list(names), self._info)
        chips = dict(_values(packs, self._chip))
        return [
            f"{spec}:{chips[name]}={self._chip}" if name in chips else spec
            for spec, name in zip(specs, names, strict=True)
        ]

    def chip_delegates(self, packs: Packs) -> tuple[str, ...]:
        """The delegates that know the phone's chip."""
        return tuple(name for name, _ in _values(packs, self._chip))


def _values(packs: Packs, chip: str) -> Iterator[tuple[str, str]]:
    """Delegates with the parameter that takes the chip's name."""
    for name in packs.names() if chip else ():
        for parameter, declared in packs.get(name).parameters.items():
            if declared.type == "str" and chip in declared.values:
                yield name, parameter


def described(packs: Packs, texts: Sequence[str]) -> Described:
    """`android-34`, a chip's name, a device of the catalogue: one that isn't at hand. Raises: UsageError."""
    if catalogued := [text for text in texts if text.partition(":")[0].lower() in _catalogued()]:
        if len(texts) > 1:
            raise UsageError(f"--phone {catalogued[0]}: says all of itself; give no other beside it")
        return CataloguedPhone(catalogue().find(texts[0])[0])
    properties: dict[str, str] = {}
    for text in texts:
        version = _ANDROID.fullmatch(text)
        if version:
            properties[_SDK] = version[1]
        elif any(_values(packs, text.upper())):
            properties[_CHIP] = text.upper()
        else:
            known = list(_chips(packs))
            hint = nearest(text, [*known, *_catalogued()])
            raise UsageError(
                f"--phone {text}: it is neither android-N nor adb[:SERIAL], nor of devices list, nor a "
                f"chip that a pack knows{hint}; chips: {', '.join(known)}"
            )
    return Phone(properties)


def _catalogued() -> Collection[str]:
    """Phones and tablets, and versions of iOS; those of Android go with a chip."""
    return [key for key in catalogue().devices if not _ANDROID.fullmatch(key)]


def _chips(packs: Packs) -> Iterator[str]:
    """All values that only one chip has: those of parameters that are part of a delegate's title."""
    for name in packs.names():
        for declared in packs.get(name).parameters.values():
            if declared.in_title and declared.type == "str":
                yield from (str(value) for value in declared.values if str(value).isupper())
