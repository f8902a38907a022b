"""What the command line asks for and, where it says nothing, the project's file."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from analyzer import config
from analyzer.auditing.configurations import for_platform
from analyzer.cli.options.specs import specs
from analyzer.config import Project
from analyzer.errors import UsageError
from analyzer.gating.baseline import Baseline, read_baseline
from analyzer.gating.excuses import Waiver
from analyzer.gating.policy import read_policies
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs


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


def audit_options(
    file: str | None,
    delegates: Sequence[str],
    rules: Sequence[str],
    fail_on: Sequence[str],
    registered: Sequence[str] = (),
    platform: str | None = None,
    paths: Sequence[str] = (),
    baseline: str | None = None,
) -> AuditOptions:
    """What is audited, by which rules and to what end; `paths` are the models, near which the file may lie.

    Raises: UsageError where the file is wrong, or pins another version of this tool or of a pack.
    """
    project = config.find(file, paths)
    options = _delegates_and_rules(project, delegates, rules, fail_on, registered, platform)
    waivers = project.settings.waivers
    today = datetime.date.today()
    known = baseline or project.baseline
    return replace(
        options,
        waivers=tuple(waiver for waiver in waivers if waiver.expires >= today),
        expired=tuple(waiver for waiver in waivers if waiver.expires < today),
        baseline=read_baseline(known) if known else None,
    )


def _delegates_and_rules(
    project: Project,
    delegates: Sequence[str],
    rules: Sequence[str],
    fail_on: Sequence[str],
    registered: Sequence[str],
    platform: str | None,
) -> AuditOptions:
    asked = specs(delegates)
    if asked and platform:
        raise UsageError("--for picks the delegates and -d names them; use one of them")
    named = bool(asked or (project.settings.delegates and not platform))
    files = tuple(rules) or project.rules
    customs = names(registered) or project.settings.registered
    usual = ("unsupported",) if named else ()
    packs = Packs(map(Path, files))
    if platform:
        asked = for_platform(packs, platform)
    if project.file is None:
        return AuditOptions(packs, asked, files, tuple(fail_on) or usual, customs, not named)
    config.check_tool(project)
    _check(packs, asked)
    with _naming(project.file):
        asked = asked or _with(config.delegates(project, packs), packs.given if rules else ())
        settled = config.settled(project, packs, asked)
        config.check_packs(project, packs, settled)
        _check(packs, settled)
        policies = () if fail_on else config.policies_on(settled, project.settings.fail_on)
        warn_on = config.policies_on(settled, project.settings.warn_on)
        read_policies((*policies, *warn_on), [split(spec)[0] for spec in settled])
    policies = tuple(fail_on) or policies or usual
    return AuditOptions(packs, settled, files, policies, customs, not named, warn_on)


def _check(packs: Packs, specs: Sequence[str]) -> None:
    """Raises: UsageError, RuleError where there is no such delegate, or no such parameter."""
    for name, written in map(split, specs):
        if name != "all":
            resolve(packs.get(name), written)


@contextmanager
def _naming(file: str | None) -> Iterator[None]:
    """Name the file that the words come from in what is wrong with them."""
    try:
        yield
    except UsageError as error:
        named = str(error).startswith(f"{file}: ")
        raise error if named else UsageError(f"{file}: {error}") from None


def names(texts: Sequence[str]) -> tuple[str, ...]:
    """Names, several of them joined by commas."""
    return tuple(name for text in texts for part in text.split(",") if (name := part.strip()))


def _with(delegates: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """The file's delegates and the packs on the command line: who gives one wants it asked."""
    known = {split(spec)[0] for spec in delegates}
    return (*delegates, *(name for name in given if known.isdisjoint((name, "all"))))
