"""What a project's file says, and what follows from it for the delegates that are asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.configurations import for_platform
from analyzer.errors import UsageError
from analyzer.gating.excuses import Waiver
from analyzer.rules.parameters import as_written, split
from analyzer.rules.registry import Packs


class PackSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    version: str = ""
    sha256: str = ""
    parameters: dict[str, str | int | bool] = {}

    @property
    def written(self) -> dict[str, str]:
        """The parameters as they would be written in a SPEC."""
        return {name: as_written(value) for name, value in self.parameters.items()}


class TargetSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="kebab"):
    """What is asked of the models of a pattern in place of what is asked of all."""

    models: str
    delegates: tuple[str, ...] = ()
    platform: str = msgspec.field(default="", name="for")
    devices: tuple[str, ...] = ()
    #: None: as of all models.
    fail_on: tuple[str, ...] | None = None
    warn_on: tuple[str, ...] | None = None


class Settings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="kebab"):
    """What the file says; without one, nothing."""

    required_version: str = ""
    delegates: tuple[str, ...] = ()
    platform: str = msgspec.field(default="", name="for")
    fail_on: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    registered: tuple[str, ...] = ()
    runtime: str = ""
    warn_on: tuple[str, ...] = ()
    baseline: str = ""
    waivers: tuple[Waiver, ...] = ()
    packs: dict[str, PackSettings] = {}
    devices: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    targets: tuple[TargetSettings, ...] = ()

    def of(self, target: TargetSettings) -> Settings:
        """What holds for the models of a target: what it says, and the rest as it stands here."""
        asked = {name: getattr(target, name) for name in ("delegates", "platform", "devices")}
        own = asked if any(asked.values()) else {}
        own |= {name: said for name in ("fail_on", "warn_on") if (said := getattr(target, name)) is not None}
        return replace(self, **own, targets=())


class Project(Struct, frozen=True):
    """The settings in force and the file that they come from, if any."""

    settings: Settings = Settings()
    file: str | None = None

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule files, wherever the command is run."""
        return tuple(map(self._beside, self.settings.rules))

    @property
    def baseline(self) -> str:
        """The baseline's file, likewise; empty where there is none."""
        named = self.settings.baseline
        return self._beside(named) if named else ""

    def _beside(self, named: str) -> str:
        from pathlib import Path

        return str(Path(self.file or "").parent / named)


def delegates_of(project: Project, packs: Packs) -> tuple[str, ...]:
    """The delegates that the file names, or those of its platform; empty where it says neither.

    Raises: UsageError, RuleError.
    """
    settings = project.settings
    if settings.platform and settings.delegates:
        raise UsageError("for picks the delegates and delegates names them; keep one of them")
    return for_platform(packs, settings.platform) if settings.platform else settings.delegates


def settled(project: Project, packs: Packs, specs: Sequence[str]) -> tuple[str, ...]:
    """`NAME:PARAM=VALUE` texts, each pack by itself, with the file's parameters where they give none.

    Raises: UsageError, RuleError.
    """
    every = [one for spec in specs for one in (packs.names() if spec == "all" else [spec])]
    return tuple(dict.fromkeys(_settled(project.settings, packs, spec) for spec in every or packs.default()))


def _settled(settings: Settings, packs: Packs, spec: str) -> str:
    name, written = split(spec)
    parameters = settings.packs.get(name, PackSettings()).written
    if settings.runtime and "runtime" in packs.get(name).parameters:
        parameters = {"runtime": settings.runtime} | parameters
    return ":".join([name, *(f"{parameter}={value}" for parameter, value in (parameters | written).items())])


def policies_on(specs: Sequence[str], policies: Sequence[str]) -> tuple[str, ...]:
    """The file's policies without those on delegates that are not audited."""
    names = {None, *(split(spec)[0] for spec in specs)}
    return tuple(policy for policy in policies if _about(policy) in names)


def _about(policy: str) -> str | None:
    match = re.match(r"([A-Za-z][\w.-]*):", policy)
    return match[1] if match else None
