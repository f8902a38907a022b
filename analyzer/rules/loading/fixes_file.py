"""`rules/common/fixes.toml` and `fixes/`: what the fixes of all packs have in common, as it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from analyzer.errors import RuleError
from analyzer.resources import data
from analyzer.rules.loading.file import read_tables
from analyzer.rules.loading.format import Fix, FixCase, FixTable
from analyzer.rules.loading.lines import Lines
from analyzer.rules.pack import JOBS, Recipe, Recipes, Untold
from analyzer.suggest import nearest

#: Name of the file, and of the folder of fixes that are told in full.
SHARED, IN_FULL = "fixes.toml", "fixes"


class ReasonTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[reasons.NAME]`: something that raises an operator's version."""

    says: str
    when: str


class ClassTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[classes.NAME]`: fixes that are told without code."""

    job: str
    #: Why there is no code.
    why: str
    #: The fixes, by how they begin.
    texts: list[str]
    #: Whether operators of the audited file are delegated by them that weren't.
    brings: bool = True


class Shared(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    define: dict[str, str] = {}
    fixes: dict[str, Fix | FixTable] = {}
    classes: dict[str, ClassTable] = {}
    first: list[FixCase] = []
    reasons: dict[str, ReasonTable] = {}
    #: `NAME|NAME` -> version -> why an operator has it, `REASON|REASON`.
    versions: dict[str, dict[str, str]] = {}

    def raised(self) -> Mapping[str, tuple[tuple[int, str], ...]]:
        """Operator -> its versions and what each is for."""
        return {
            name: tuple(
                (int(version), reason) for version, words in table.items() for reason in words.split("|")
            )
            for names, table in self.versions.items()
            for name in names.split("|")
        }


@cache
def shared() -> Shared:
    """What ships, the fixes that are told in full included. Raises: RuleError."""
    common = data("rules") / "common"
    main = read_shared(common / SHARED)
    fixes = dict(main.fixes)
    for file in sorted((common / IN_FULL).glob("*.toml")):
        tables = read_in_full(file)
        twice = sorted(fixes.keys() & tables)
        if twice:
            raise RuleError([f"{file}:1: {name}: there is a fix of this name already" for name in twice])
        fixes |= tables
    return replace(main, fixes=fixes)


def shared_recipes() -> Recipes:
    """The fixes of what ships that are told in full. Raises: RuleError."""
    words = shared()
    classes = {name: Untold(table.job, table.why, table.brings) for name, table in words.classes.items()}
    beginnings = {text: name for name, table in words.classes.items() for text in table.texts}
    return Recipes(recipes(words.fixes), classes, beginnings)


def recipes(fixes: Mapping[str, Fix | FixTable]) -> dict[str, Recipe]:
    """Those that are told in full, by their texts."""
    return {table.text: _recipe(table) for table in fixes.values() if isinstance(table, FixTable)}


def _recipe(table: FixTable) -> Recipe:
    torch = table.torch
    return Recipe(
        table.text,
        table.job,
        table.language,
        table.before,
        table.after,
        torch_before=torch.before if torch else "",
        torch_after=torch.after if torch else "",
        brings=table.brings,
    )


def amiss(table: FixTable) -> Iterator[str]:
    """What is wrong with a fix that is told in full."""
    if table.job not in JOBS:
        yield _no_job(table.job)
    if bool(table.before) != bool(table.after):
        yield "before and after go together: code as it is, and as it is to be"


def _no_job(job: str) -> str:
    return f"there is no job {job}{nearest(job, list(JOBS))}; known: {', '.join(JOBS)}"


def read_in_full(file: Path) -> Mapping[str, FixTable]:
    """A file of fixes that are told in full. Raises: RuleError with all problems."""
    tables, text = read_tables(file)
    lines, fixes, problems = Lines(text), {}, []
    for name, table in tables.items():
        try:
            fixes[name] = msgspec.convert(table, FixTable)
            said = list(amiss(fixes[name]))
        except msgspec.ValidationError as error:
            said = [str(error)]
        problems += [f"{file}:{lines.of(name)}: {name}: {what}" for what in said]
    if problems:
        raise RuleError(problems)
    return fixes


def read_shared(file: Path) -> Shared:
    """The file, checked as far as that goes without a pack. Raises: RuleError with all problems."""
    tables, text = read_tables(file)
    try:
        fixes = msgspec.convert(tables, Shared)
    except msgspec.ValidationError as error:
        raise RuleError([f"{file}:1: {error}"]) from None
    lines, known = Lines(text), list(fixes.reasons)
    problems = [
        f"{file}:{lines.of('versions')}: {name}: version {version}: there is no reason {reason}"
        f"{nearest(reason, known)}"
        for name, reasons in fixes.raised().items()
        for version, reason in reasons
        if reason not in fixes.reasons
    ]
    problems += [
        f"{file}:{lines.of(f'classes.{name}', 'job')}: {name}: {_no_job(table.job)}"
        for name, table in fixes.classes.items()
        if table.job not in JOBS
    ]
    if problems:
        raise RuleError(problems)
    return fixes
