"""`rules/common/log-lines.toml`: the lines that runtimes and delegates write, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from analyzer.device_log.line_template import LineTemplate, holes
from analyzer.errors import RuleError
from analyzer.resources import data
from analyzer.rules.loading.file import read_tables
from analyzer.rules.loading.lines import Lines
from analyzer.suggest import nearest

#: Name of the file.
LINES = "log-lines.toml"
#: So many letters a line has to be told by.
_ANCHOR = 6
#: What `tells` may say.
LIST, FAILURE, SHARE, ROUTINE, RAN = TELLS = ("list", "failure", "share", "routine", "ran")


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """One shape of a line, and the releases that write it: from `since` on, those before `before`."""

    text: str
    since: str = ""
    before: str = ""


class Called(Struct, frozen=True, forbid_unknown_fields=True):
    """A delegate by a name of its own: its pack, and parameters that follow from the name."""

    delegate: str
    parameters: dict[str, str] = {}


class ReasonForm(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an operator is refused or something failed, in a delegate's words and in others."""

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
    breaks: bool = False
    part: str = ""
    fix: str = ""


class LineCatalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    releases: tuple[str, ...]
    called: dict[str, Called]
    means: dict[str, str]
    reasons: tuple[ReasonForm, ...]
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
    return read_lines(data("rules") / "common" / LINES)


def read_lines(file: Path) -> LineCatalogue:
    """A file of lines. Raises: RuleError with all problems."""
    tables, text = read_tables(file)
    try:
        catalogue = msgspec.convert(tables, LineCatalogue)
    except msgspec.ValidationError as error:
        raise RuleError([f"{file}:1: {error}"]) from None
    places = Lines(text)
    problems = sorted((places.of(where), where, what) for where, what in _problems(catalogue))
    if problems:
        raise RuleError([f"{file}:{line}: {where}: {what}" for line, where, what in problems])
    return catalogue


def _problems(catalogue: LineCatalogue) -> Iterator[tuple[str, str]]:
    """The table, and what is wrong with it."""
    known = catalogue.releases
    for name, form, template in catalogue.templates():
        kind, where = catalogue.lines[name], f"lines.{name}"
        if len(template.anchor) < _ANCHOR:
            yield where, f"{form.text!r} has too little text of its own to be told by"
        for missing in sorted((holes(kind.says) | holes(kind.fix)) - template.names):
            yield where, f"{form.text!r} has no {{{missing}}}, which is said of it"
        if kind.tells and kind.tells not in TELLS:
            yield where, f"tells {kind.tells!r}; expected one of {', '.join(TELLS)}"
        for release in (form.since, form.before):
            if release and release not in known:
                yield where, f"release {release} is not among releases{nearest(release, list(known))}"
    for reason in catalogue.reasons:
        for release in (reason.since, reason.before):
            if release and release not in known:
                yield "reasons", f"release {release} is not among releases{nearest(release, list(known))}"
