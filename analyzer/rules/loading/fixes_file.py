"""`rules/common/fixes.toml`: what the fixes of all packs have in common, as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from analyzer.errors import RuleError
from analyzer.resources import data
from analyzer.rules.loading.file import read_tables
from analyzer.rules.loading.format import Fix, FixCase
from analyzer.rules.loading.lines import Lines
from analyzer.suggest import nearest

#: Name of the file.
SHARED = "fixes.toml"


class ReasonTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[reasons.NAME]`: something that raises an operator's version."""

    says: str
    when: str


class Shared(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    define: dict[str, str] = {}
    fixes: dict[str, Fix] = {}
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
    """The file that ships. Raises: RuleError."""
    return read_shared(data("rules") / "common" / SHARED)


def read_shared(file: Path) -> Shared:
    """The file, checked as far as that goes without a pack. Raises: RuleError with all problems."""
    tables, text = read_tables(file)
    try:
        fixes = msgspec.convert(tables, Shared)
    except msgspec.ValidationError as error:
        raise RuleError([f"{file}:1: {error}"]) from None
    line, known = Lines(text).of("versions"), list(fixes.reasons)
    problems = [
        f"{file}:{line}: {name}: version {version}: there is no reason {reason}{nearest(reason, known)}"
        for name, reasons in fixes.raised().items()
        for version, reason in reasons
        if reason not in fixes.reasons
    ]
    if problems:
        raise RuleError(problems)
    return fixes
