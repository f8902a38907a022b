"""`rules/devices.toml`: devices, Android levels and iOS versions by name, every fact with its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from analyzer.errors import RuleError, UsageError
from analyzer.files import parse_toml, read_text
from analyzer.resources import data
from analyzer.rules.cache import as_json, kept
from analyzer.suggest import nearest

if TYPE_CHECKING:
    from pathlib import Path

FILE = "devices"
#: What a fact says where no source tells, and where the device has no such thing.
UNKNOWN, NONE = "unknown", "none"

#: What stands for a device, a chip, a GPU or a version: its facts, beside what it is called.
Entry = dict[str, str | int | tuple[int, ...] | dict[str, str]]
#: What an entry says that is no fact.
_TITLES = ("name", "kind", "maker", "source")


class Use(Struct, frozen=True, forbid_unknown_fields=True):
    """What a delegate has from a device: parameters by facts, and the facts without which it isn't asked."""

    parameters: dict[str, str] = {}
    needs: str = ""
    not_without: str = ""


class FactKind(Struct, frozen=True, forbid_unknown_fields=True):
    """A fact: what it is called, and which devices have such a thing."""

    title: str
    #: Empty: of all.
    platform: str = ""
    maker: str = ""
    #: What is said of a value that is a range.
    promise: str = ""
    #: Whether it has a column of its own in tables; whether it is about what computes models beside the GPU.
    listed: bool = False
    npu: bool = False


class _Platform(Struct, frozen=True, forbid_unknown_fields=True):
    #: The fact that is its version, and what stands before that.
    version: str
    called: str
    facts: dict[str, str]
    source: str


class DeviceFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    sources: dict[str, str]
    use: dict[str, Use]
    platform: dict[str, _Platform]
    fact: dict[str, FactKind]
    android: dict[str, Entry]
    ios: dict[str, Entry]
    groups: dict[str, tuple[str, ...]]
    gpu: dict[str, Entry]
    chip: dict[str, Entry]
    device: dict[str, Entry]


class Fact(Struct, frozen=True):
    value: str
    #: Empty where the value is `unknown`, or follows from another fact.
    source: str = ""


class Device(Struct, frozen=True):
    """A phone, a tablet, or all with one version of Android or iOS (`level`)."""

    key: str
    name: str
    kind: str
    platform: str
    facts: Mapping[str, Fact]

    def says(self, fact: str) -> str:
        """The value of a fact; `unknown` where there is none."""
        return self.facts.get(fact, Fact(UNKNOWN)).value


class Catalogue:
    """Devices by name, by pattern, by group and by chip."""

    def __init__(self, file: DeviceFile) -> None:
        self._file = file
        levels = [(platform, key) for platform in file.platform for key in self._levels(platform)]
        self.levels = {f"{platform}-{key}": self._level(platform, key) for platform, key in levels}
        rows = {key: self._device(key, row) for key, row in file.device.items()}
        self.devices: Mapping[str, Device] = self.levels | rows

    @property
    def uses(self) -> Mapping[str, Use]:
        """Delegate -> what it has from a device."""
        return self._file.use

    @property
    def kinds(self) -> Mapping[str, FactKind]:
        """What each fact is."""
        return self._file.fact

    def system(self, device: Device) -> str:
        """The version of Android or iOS; empty where it isn't known."""
        platform = self._file.platform[device.platform]
        version = device.says(platform.version)
        return "" if version == UNKNOWN else f"{platform.called} {version}"

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Group -> the devices in it; a chip's name is a group as well."""
        named = {
            name: tuple(key for key in self.devices if any(fnmatchcase(key, each) for each in patterns))
            for name, patterns in self._file.groups.items()
        }
        chips = {chip: tuple(self._of_chip(chip)) for chip in self._file.chip}
        return named | {chip: keys for chip, keys in chips.items() if keys}

    def find(self, text: str) -> tuple[Device, ...]:
        """The devices that a name, a pattern or a group means, with `:api=34` or `:ios=17` of that version.

        Raises: UsageError.
        """
        name, *versions = text.split(":")
        found = [self.devices[key] for key in self._keys(name.lower())]
        if not found:
            hint = nearest(name.lower(), [*self.devices, *self.groups]) or "; see devices list"
            raise UsageError(f"device {text}: there is no such one{hint}")
        return tuple(self._in_version(device, version) for device in found for version in versions or [""])

    def every(self, texts: Iterable[str]) -> list[Device]:
        """The devices that any of these means, each once. Raises: UsageError."""
        return list({device.key: device for text in texts for device in self.find(text)}.values())

    def _keys(self, name: str) -> tuple[str, ...]:
        if name in self.devices:
            return (name,)
        return self.groups.get(name) or tuple(key for key in self.devices if fnmatchcase(key, name))

    def _of_chip(self, chip: str) -> Iterator[str]:
        return (key for key, row in self._file.device.items() if row["chip"] == chip)

    def _in_version(self, device: Device, version: str) -> Device:
        if not version:
            return device
        key, _, value = version.partition("=")
        wanted = self._file.platform[device.platform].version
        known = [*self._levels(device.platform)]
        if key != wanted or value not in known:
            raise UsageError(
                f"device {device.key}:{version}: write {device.key}:{wanted}=N, of {known[0]} to {known[-1]}"
            )
        facts = {**device.facts, **self._version_facts(device.platform, value, "as asked")}
        return replace(device, key=f"{device.key}:{version}", facts=facts)

    def _levels(self, platform: str) -> Mapping[str, Entry]:
        levels: Mapping[str, Entry] = getattr(self._file, platform)
        return levels

    def _level(self, platform: str, version: str) -> Device:
        called = self._levels(platform)[version].get("name")
        name = f"{called or f'{self._file.platform[platform].called} {version}'}, any device"
        facts = self._version_facts(platform, version, "as its name says")
        return Device(f"{platform}-{version}", name, "level", platform, self._told(platform, facts, ""))

    def _device(self, key: str, row: Entry) -> Device:
        chip = self._file.chip[str(row["chip"])]
        maker = str(chip["maker"])
        platform = "ios" if maker == "Apple" else "android"
        facts = self._facts(chip)
        for value in chip.values():
            facts |= self._facts(self._file.gpu.get(str(value), {}))
        facts["chip"] = self._fact(f"{maker} {chip['name']}", row, "chip")
        version = self._file.platform[platform].version
        seen = row.get(version)
        if isinstance(seen, list | tuple):
            facts |= self._version_facts(platform, str(seen[0]), "")
            facts[version] = self._fact(str(seen[0]), row, version)
        kind, name = str(row["kind"]), str(row["name"])
        return Device(key, name, kind, platform, self._told(platform, facts, maker))

    def _version_facts(self, platform: str, version: str, source: str) -> dict[str, Fact]:
        own = {self._file.platform[platform].version: Fact(version, source)}
        return own | self._facts(self._levels(platform)[version])

    def _facts(self, entry: Entry) -> dict[str, Fact]:
        return {name: self._fact(_shown(entry[name]), entry, name) for name in entry if name not in _TITLES}

    def _told(self, platform: str, facts: Mapping[str, Fact], maker: str) -> dict[str, Fact]:
        """All facts that a device of a platform may have, in their order."""
        common = self._file.platform[platform]
        source = self._file.sources[common.source]
        known = {**{name: Fact(value, source) for name, value in common.facts.items()}, **facts}
        told = {}
        for name, kind in self._file.fact.items():
            if kind.platform in ("", platform):
                others = maker and kind.maker not in ("", maker)
                told[name] = known.get(name, Fact(NONE if others else UNKNOWN))
        return told

    def _fact(self, value: str, entry: Entry, name: str) -> Fact:
        source = entry["source"]
        said = source.get(name, "") if isinstance(source, dict) else str(source)
        return Fact(value, "; ".join(map(self._where, said.split(" and "))))

    def _where(self, said: str) -> str:
        name, _, part = said.partition(" ")
        return self._file.sources[name].replace("NAME", part)


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        low, high = value
        return str(low) if low == high else f"{low} to {high}"
    return str(value)


@cache
def catalogue() -> Catalogue:
    """The devices that ship. Raises: RuleError."""
    return Catalogue(shipped())


def shipped() -> DeviceFile:
    """The file that ships. Raises: RuleError."""
    file = data("rules") / f"{FILE}.toml"

    def text() -> bytes:
        # The shape is no part of the stamp that entries have from the code that reads packs.
        with open(__file__, "rb") as own:
            return file.read_bytes() + own.read()

    return kept(FILE, text, as_json(DeviceFile), lambda: read(file))


def of_file(file: Path) -> Catalogue:
    """The devices of a file, all that it names looked up. Raises: RuleError."""
    try:
        return Catalogue(read(file))
    except KeyError as error:
        raise RuleError([f"{file}:1: it names {error}, and has no such entry; add one"]) from None


def read(file: Path) -> DeviceFile:
    """The file, checked. Raises: RuleError."""
    import tomllib

    try:
        return msgspec.convert(parse_toml(read_text(file)), DeviceFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleError([f"{file}:1: {error}"]) from None
