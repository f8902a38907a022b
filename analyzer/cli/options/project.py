"""What the command line asks for and, where it says nothing, the project's file."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.configurations import for_platform
from analyzer.cli import say
from analyzer.cli.options.specs import specs
from analyzer.config.find_file import find_file
from analyzer.errors import Gathered, UsageError
from analyzer.gating.baseline import Baseline, read_baseline
from analyzer.gating.excuses import Waiver
from analyzer.gating.policy import read_policies
from analyzer.model_auditor import ModelResult, Task
from analyzer.recommendation.recommend import PHONES
from analyzer.report.wording import figures
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs

if TYPE_CHECKING:
    from analyzer.config.settings import Project


#: So many lines tell what policies only warn of.
_WARNINGS = 1000
#: Sizes of inputs by name.
Shapes = Mapping[str, tuple[int, ...]]


class Asked(Struct, frozen=True):
    """What the command line says of what to audit for."""

    delegates: tuple[str, ...] = ()
    platform: str | None = None
    devices: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    registered: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    baseline: str | None = None

    @property
    def names_delegates(self) -> bool:
        """Whether it says what is asked, in one way or another."""
        return bool(self.delegates or self.platform or self.devices)


class AuditOptions(Struct, frozen=True):
    """What to audit for, with the packs at hand; `delegates` are empty where the usual ones are meant."""

    packs: Packs

    delegates: tuple[str, ...]
    rules: tuple[str, ...]
    fail_on: tuple[str, ...]
    registered: tuple[str, ...] = ()
    #: Whether nobody named the delegates.
    usual: bool = True
    warn_on: tuple[str, ...] = ()
    #: The file's waivers that are in force, and those that no longer are.
    waivers: tuple[Waiver, ...] = ()
    expired: tuple[Waiver, ...] = ()
    baseline: Baseline | None = None
    #: Devices whose delegates are asked, after the others.
    devices: tuple[str, ...] = ()
    platform: str | None = None
    #: Patterns of models that aren't audited.
    exclude: tuple[str, ...] = ()
    #: What else holds for the models of a pattern.
    targets: tuple[tuple[str, AuditOptions], ...] = ()

    def task(self, shapes: Shapes, hash: bool = False, everything: bool = False) -> Task:
        """The same for any process, with what an audit tells besides: see `Task`."""
        return Task(
            delegates=self.delegates,
            rules=self.rules,
            fail_on=self.fail_on,
            shapes=shapes,
            registered=self.registered,
            hash=hash,
            everything=everything,
            usual=self.usual,
            warn_on=self.warn_on,
            waivers=self.waivers,
            baseline=self.baseline,
            platforms=(self.platform,) if self.platform else PHONES,
            devices=self.devices,
            targets=tuple((models, other.task(shapes, hash, everything)) for models, other in self.targets),
        )


class WaiverTally:
    """What models came to by what a project excuses, and by what it only warns of."""

    def __init__(self, options: AuditOptions) -> None:
        self._expired = options.expired
        self._unused = dict(enumerate(options.waivers))
        self._warnings: list[str] = []
        self._warned = self._excused = 0
        self._audited = False

    def add(self, result: ModelResult) -> None:
        """Count one more model."""
        self._audited = self._audited or result.model.error is None
        self._warnings += result.warnings[: _WARNINGS - len(self._warnings)]
        self._warned += len(result.warnings)
        self._excused += result.excused
        for position in result.waivers:
            self._unused.pop(position, None)

    def tell(self, every: bool = True) -> None:
        """Say what only warns, and which waivers the project can do without.

        Unless `every` model was counted, some that excused nothing may have excused something.
        """
        for warning in self._warnings:
            say(f"policy warns: {warning}")
        if self._warned > _WARNINGS:
            say(f"policy warns: {self._warned - _WARNINGS:,} times more")
        for waiver in self._expired:
            say(f"waiver expired on {waiver.expires}: {waiver.named} ({waiver.reason})")
        # What was asked of other models only, may still serve.
        for waiver in self._unused.values() if self._audited and every else ():
            if waiver.model == "*":
                say(f"waiver excuses nothing: {waiver.named} ({waiver.reason}); take it out")

    @property
    def excused(self) -> str:
        """`; 3 findings excused`; nothing where none is."""
        return f"; {figures.count(self._excused, 'finding')} excused" if self._excused else ""


def audit_options(file: str | None, paths: Sequence[str], asked: Asked, excused: bool = True) -> AuditOptions:
    """What is audited, by which rules and to what end; `paths` are the models, near which the file may lie.
    Without `excused`, no baseline is read.

    Raises: UsageError where the file is wrong, or pins another version of this tool or of a pack.
    """
    nearest = find_file(file, paths)
    if nearest is not None:
        return _with_project(nearest, asked, excused)
    asked = specified(asked)
    options = _options(Packs(asked.rules), asked)
    return _knowing(options, asked.baseline if excused else None)


def specified(asked: Asked) -> Asked:
    """The same with each delegate by itself. Raises: UsageError where they are picked and named."""
    asked = replace(asked, delegates=specs(asked.delegates))
    if asked.delegates and asked.platform:
        raise UsageError("--for picks the delegates and -d names them; use one of them")
    return asked


def _knowing(options: AuditOptions, baseline: str | None) -> AuditOptions:
    return replace(options, baseline=read_baseline(baseline)) if baseline else options


def _options(packs: Packs, asked: Asked) -> AuditOptions:
    """What is asked by itself, by the command line or by the project's file."""
    named = bool(asked.delegates or asked.devices)
    return AuditOptions(
        packs,
        for_platform(packs, asked.platform) if asked.platform else asked.delegates,
        asked.rules,
        asked.fail_on or (("unsupported",) if named else ()),
        names(asked.registered),
        not named,
        devices=asked.devices,
        platform=asked.platform or None,
    )


def _with_project(file: str, asked: Asked, excused: bool) -> AuditOptions:
    # Here, as in the next: most runs find no file.
    from analyzer.config import pinning
    from analyzer.config.project_file import read

    project = read(file)
    asked = specified(asked)
    wrong = Gathered()
    with wrong.here():
        pinning.check_tool(project)
    with wrong.here():
        pinning.check_files(project, rules=not asked.rules, baseline=excused and not asked.baseline)
        packs = Packs(asked.rules or project.rules)
        with wrong.here():
            pinning.check_waivers(project, packs)
        settings = project.settings
        of_targets = [replace(project, settings=settings.of(target)) for target in settings.targets]
        held = []
        for each in (project, *of_targets):
            with wrong.here():
                held.append(_delegates_and_policies(each, packs, asked))
    wrong.tell()
    options, *others = held
    today = datetime.date.today()
    options = replace(
        options,
        waivers=tuple(waiver for waiver in settings.waivers if waiver.expires >= today),
        expired=tuple(waiver for waiver in settings.waivers if waiver.expires < today),
        exclude=settings.exclude,
        targets=tuple(zip((target.models for target in settings.targets), others, strict=True)),
    )
    return _knowing(options, (asked.baseline or project.baseline) if excused else None)


def _delegates_and_policies(project: Project, packs: Packs, asked: Asked) -> AuditOptions:
    from analyzer.config import pinning
    from analyzer.config.project_file import naming
    from analyzer.config.settings import delegates_of, policies_on, settled
    from analyzer.devices.device_configurations import on_devices

    settings = project.settings
    options = said = _options(packs, asked)
    _check(packs, said.delegates)
    on_devices(packs, said.devices)
    with naming(project):
        if not asked.names_delegates:
            own = Asked(settings.delegates, settings.platform, settings.devices, fail_on=asked.fail_on)
            options = replace(_options(packs, own), delegates=delegates_of(project, packs))
        audited = [configuration.pack.delegate for configuration in on_devices(packs, options.devices)]
        given = packs.given if asked.rules else ()
        delegates = said.delegates or _with(options.delegates, given)
        if delegates or not options.devices:
            delegates = settled(project, packs, delegates)
        pinning.check_packs(project, packs, [*delegates, *audited])
        _check(packs, delegates)
        every = [*(split(spec)[0] for spec in delegates), *audited]
        fail_on = asked.fail_on or policies_on(every, settings.fail_on) or options.fail_on
        warn_on = policies_on(every, settings.warn_on)
        wrong = Gathered()
        for key, policies in (("fail-on", () if asked.fail_on else fail_on), ("warn-on", warn_on)):
            with wrong.here():
                read_policies(policies, every, key)
        wrong.tell()
    return replace(
        options,
        delegates=delegates,
        rules=asked.rules or project.rules,
        registered=said.registered or settings.registered,
        fail_on=fail_on,
        warn_on=warn_on,
    )


def _check(packs: Packs, specs: Sequence[str]) -> None:
    """Raises: UsageError, RuleError where there is no such delegate, or no such parameter."""
    for name, written in map(split, specs):
        if name != "all":
            resolve(packs.get(name), written)


def names(texts: Sequence[str]) -> tuple[str, ...]:
    """Names, several of them joined by commas."""
    return tuple(name for text in texts for part in text.split(",") if (name := part.strip()))


def _with(delegates: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """The file's delegates and the packs on the command line: who gives one wants it asked."""
    known = {split(spec)[0] for spec in delegates}
    return (*delegates, *(name for name in given if known.isdisjoint((name, "all"))))
