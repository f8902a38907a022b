"""Phones as text for a terminal, attached ones and those of the catalogue: what `devices` prints."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from analyzer.devices.device_catalogue import NONE, UNKNOWN, Device, catalogue
from analyzer.execution.android.device import PhoneInfo
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import columns, plain

_HEADERS = ("serial", "phone", "Android", "chip", "GPU")
_CATALOGUE_HEADERS = ("device", "system", "chip", "GPU", "OpenCL", "NPU")
#: Room for the names of what is told of one phone.
_INDENT = 18


def phones(targets: Sequence[PhoneInfo], width: int) -> str:
    """A table of phones."""
    rows = [[plain(text) for text in _facts(target)] for target in targets]
    widths = [None, max(16, width - 62), None, None, None]
    return columns([_HEADERS, *rows], widths=widths)


def phone(target: PhoneInfo, specs: Sequence[str], free: int | None, width: int) -> str:
    """All that is known of one phone, with what to ask of it."""
    told = dict(zip(_HEADERS, map(plain, _facts(target)), strict=True))
    told |= {
        "processor": ", ".join(map(plain, target.abis)),
        "free": "" if free is None else figures.size(free),
        "delegates": f"-d {','.join(specs)}",
        "benchmark_model": target.build,
    }
    lines = [line for name, text in told.items() if text for line in _entry(name, text, width)]
    return "\n".join(lines)


def catalogued(devices: Sequence[Device], groups: Sequence[str], width: int) -> str:
    """A table of devices, with the groups that there are."""
    table = columns([_CATALOGUE_HEADERS, *map(_row, devices)], widths=[None, None, 20, 16, 8, 16])
    more = wrap(f"groups: {', '.join(groups)}", width, break_on_hyphens=False) if groups else []
    return "\n".join([table, *(["", *more] if more else [])])


def _row(device: Device) -> list[str]:
    known = catalogue()
    npu = [device.says(name) for name in device.facts if known.kinds[name].npu]
    listed = [name for name, kind in known.kinds.items() if kind.listed]
    said = [device.says(name) if name in device.facts else NONE for name in listed]
    own = " ".join(text for text in npu if text not in (UNKNOWN, NONE)) or npu[0]
    system = known.system(device) or UNKNOWN
    return ["" if text == NONE else text for text in (device.key, system, *said, own)]


def device_entry(device: Device, specs: Sequence[str], width: int) -> str:
    """All that is known of a device, each fact with its source, and what is asked of it."""
    lines = _entry("device", f"{device.key}: {device.name}", width)
    for name, fact in device.facts.items():
        kind = catalogue().kinds[name]
        promise = f", {kind.promise}" if kind.promise and " to " in fact.value else ""
        source = f"   [{fact.source}]" if fact.source else ""
        if fact.value != NONE or source:
            lines += _entry(kind.title, f"{fact.value}{promise}{source}", width)
    # Apart, so that none is broken in two.
    return "\n".join([*lines, *_entry("delegates", " ".join(f"-d {spec}" for spec in specs), width)])


def _facts(target: PhoneInfo) -> tuple[str, ...]:
    return target.serial, target.name, target.android.removeprefix("Android "), target.soc, target.gpu


def _entry(name: str, text: str, width: int) -> list[str]:
    first, *rest = wrap(text, max(_INDENT, width - _INDENT), break_on_hyphens=False)
    return [f"{name:<{_INDENT}}{first}", *(f"{'':<{_INDENT}}{line}" for line in rest)]
