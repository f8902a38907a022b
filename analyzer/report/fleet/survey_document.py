"""What many models came to, as other programs read it; field names are the JSON's."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from analyzer.report.document.audit_document import Tool, published
from analyzer.report.document.values import Count

#: The number of these shapes.
SCHEMA = 1


class HeldBack(Struct, frozen=True, kw_only=True):
    """A kind of operator, how many models it holds back, and how many operators those are."""

    op: str
    models: Count
    operators: Count


class Fix(Struct, frozen=True, kw_only=True):
    """One thing to change: how many models wait for it, and how many for nothing else.

    `rule` and `message` are those of one of the rules that ask for it; `macs` are kept off the delegate.
    """

    fix: str
    rule: str
    message: str
    models: Count
    frees: Count
    macs: float


class DelegateSurvey(Struct, frozen=True, kw_only=True):
    """What became of the models on one delegate; `waits`: how many have something to be dealt with."""

    delegate: str
    title: str
    legacy: bool
    parameters: dict[str, str | int | bool]
    verdicts: dict[str, int]
    waits: Count
    operators: tuple[HeldBack, ...]
    fixes: tuple[Fix, ...]


class Survey(Struct, frozen=True, kw_only=True):
    """`files` that were named, `models` that differ, files `unread`."""

    schema: int = SCHEMA
    tool: Tool
    files: Count
    models: Count
    unread: Count
    delegates: tuple[DelegateSurvey, ...]


class ListedFile(Struct, frozen=True):
    """One of the files on a page; `verdicts`: one of each delegate, empty where that wasn't asked.

    A file that couldn't be audited has none.
    """

    path: str
    operators: int
    verdicts: tuple[str, ...]


class Change(Struct, frozen=True, kw_only=True):
    """How many models went from one verdict to another."""

    before: str
    after: str
    models: Count


class ChangedModel(Struct, frozen=True, kw_only=True):
    """A model that fares otherwise: its verdicts and how many operators are delegated."""

    path: str
    before: str
    after: str
    delegated: tuple[int, int]
    operators: Count


class ChangedFix(Struct, frozen=True, kw_only=True):
    """A thing to change that more or fewer models wait for than before."""

    fix: str
    rule: str
    before: Count
    after: Count


class DelegateChanges(Struct, frozen=True, kw_only=True):
    """What changed on one delegate; `models` are the worst of those that fare otherwise."""

    delegate: str
    title: str
    rules: tuple[str, str]
    compared: Count
    better: Count
    worse: Count
    #: The same verdict, with other operators delegated.
    shifted: Count
    changes: tuple[Change, ...]
    models: tuple[ChangedModel, ...]
    fixes: tuple[ChangedFix, ...]


class Changes(Struct, frozen=True, kw_only=True):
    """One audit of a zoo against another, of the contents that both have.

    `gone`, `new`: paths that only one has; `replaced`: paths that hold another content now. `unmatched` are
    delegates that only one of them asked.
    """

    schema: int = SCHEMA
    tool: Tool
    tools: tuple[str, str]
    models: Count
    gone: Count
    new: Count
    replaced: Count
    unmatched: tuple[str, ...]
    delegates: tuple[DelegateChanges, ...]

    @property
    def worse(self) -> bool:
        return any(delegate.worse for delegate in self.delegates)


def survey_schema() -> dict[str, Any]:
    """The JSON Schema of `Survey`."""
    return published(msgspec.json.schema(Survey), "Delegate Analyzer fleet")


def changes_schema() -> dict[str, Any]:
    """The JSON Schema of `Changes`."""
    return published(msgspec.json.schema(Changes), "Delegate Analyzer fleet diff")
