"""`rules/common/log-lines.toml`: the lines that runtimes and delegates write, and what they mean."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from analyzer.device_log.line_template import LineTemplate
from analyzer.errors import RuleError
from analyzer.resources import data
from analyzer.rules.loading.file import read_tables

#: What `tells` may say.
LIST, FAILURE, SHARE, ROUTINE = TELLS = ("list", "failure", "share", "routine")


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """One shape of a line, and the releases that write it: from `since` on, those before `before`."""

    text: str
    since: str = ""
    before: str = ""


class Called(Struct, frozen=True, forbid_unknown_fields=True):
    """A delegate by a name of its own: its pack, and parameters that follow from the name."""

    delegate: str
    parameters: dict[str, str] = {}


class RefusalForm(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an operator is refused, in a delegate's words and in others."""

    text: str
    means: str
    since: str = ""
    before: str = ""


class LineKind(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of line, as the file has it."""

    forms: tuple[str | Form, ...]
    says: str
    source: str
    delegates: tuple[str, ...] = ()
    evidence: bool = False
    assumed: bool = True
    parameters: dict[str, str] = {}
    tells: str = ""
    part: str = ""
    fix: str = ""


class LineCatalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    releases: tuple[str, ...]
    called: dict[str, Called]
    means: dict[str, str]
    refusals: tuple[RefusalForm, ...]
    lines: dict[str, LineKind]

    def templates(self) -> list[tuple[str, Form, LineTemplate]]:
        """Every form with the name of its kind, in the order of the file."""
        forms = [
            (name, form if isinstance(form, Form) else Form(form))
            for name, kind in self.lines.items()
            for form in kind.forms
        ]
        return [(name, form, LineTemplate(form.text)) for name, form in forms]


@cache
def line_catalogue() -> LineCatalogue:
    """The lines that ship. Raises: RuleError."""
    return read_lines(data("rules") / "common" / "log-lines.toml")


def read_lines(file: Path) -> LineCatalogue:
    """A file of lines. Raises: RuleError with all problems."""
    tables, _ = read_tables(file)
    try:
        catalogue = msgspec.convert(tables, LineCatalogue)
    except msgspec.ValidationError as error:
        raise RuleError([f"{file}:1: {error}"]) from None
    problems = [f"{file}:1: {problem}" for problem in _problems(catalogue)]
    if problems:
        raise RuleError(problems)
    return catalogue


def _problems(catalogue: LineCatalogue) -> list[str]:
    problems = []
    for name, form, template in catalogue.templates():
        kind = catalogue.lines[name]
        said = LineTemplate(f"-{kind.says}{kind.fix}").names | LineTemplate(f"-{kind.part}").names
        if len(template.anchor) < 6:
            problems.append(f"{name}: {form.text!r} has too little text of its own to be told by")
        # Of several forms the first has all that is said; what a later one lacks must not be.
        problems += [f"{name}: {form.text!r} has no {{{missing}}}" for missing in said - template.names]
        if kind.tells and kind.tells not in TELLS:
            problems.append(f"{name}: tells {kind.tells!r}; expected one of {', '.join(TELLS)}")
    dated = [form for _, form, _ in catalogue.templates()] + list(catalogue.refusals)
    for release in {date for form in dated for date in (form.since, form.before) if date}:
        if release not in catalogue.releases:
            problems.append(f"release {release} is not among releases")
    return sorted(problems)
