"""What the command line asks for and, where it says nothing, the project's file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from analyzer import config
from analyzer.cli.specs import specs
from analyzer.rules.packs import Packs
from analyzer.rules.parameters import split


class Aims(Struct, frozen=True):
    """Delegates (none: those that are usual), rule files, policies, registered custom operators."""

    delegates: tuple[str, ...]
    rules: tuple[str, ...]
    fail_on: tuple[str, ...]
    registered: tuple[str, ...] = ()


def aims(
    file: str | None,
    delegates: Sequence[str],
    rules: Sequence[str],
    fail_on: Sequence[str],
    registered: Sequence[str] = (),
) -> Aims:
    """What is audited, by which rules and to what end.

    Raises: UsageError where the file is wrong, or pins another version of this tool or of a pack.
    """
    project = config.find(file)
    asked = specs(delegates)
    files = tuple(rules) or project.rules
    customs = _names(registered) or project.settings.registered
    usual = ("unsupported",) if asked or project.settings.delegates else ()
    if project.file is None:
        return Aims(asked, files, tuple(fail_on) or usual, customs)
    config.check_tool(project)
    packs = Packs(map(Path, files))
    asked = asked or _with(project.settings.delegates, packs.given if rules else ())
    settled = config.settled(project, packs, asked)
    config.check_packs(project, packs, settled)
    return Aims(settled, files, tuple(fail_on) or config.policies(project, settled) or usual, customs)


def _names(texts: Sequence[str]) -> tuple[str, ...]:
    """Names, several of them joined by commas."""
    return tuple(name for text in texts for one in text.split(",") if (name := one.strip()))


def _with(delegates: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """The file's delegates and the packs on the command line: who gives one wants it asked."""
    known = {split(spec)[0] for spec in delegates}
    return (*delegates, *(name for name in given if known.isdisjoint((name, "all"))))
