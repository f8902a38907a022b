"""Fixes of a rule file: texts, names of fixes, and cases -> what a clause calls its fix by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from analyzer.expressions.check import parse
from analyzer.expressions.scope import ExpressionError, Scope
from analyzer.expressions.steps import takes_steps
from analyzer.rules.loading.file import RuleFile
from analyzer.rules.loading.fixes_file import SHARED, amiss, recipes, shared
from analyzer.rules.loading.format import Fix, FixCase, FixTable
from analyzer.rules.loading.names import Names
from analyzer.rules.pack import Advice, Fixes, Reason, Recipe
from analyzer.suggest import nearest

#: What may be the name of a fix; every text has spaces.
_NAME = re.compile(r"[a-z0-9-]+")
_REASON = "enum:reason"
#: What conditions of fixes may name beside all that rules may.
_FACTS = {"operand": "tensor", "raised_by": _REASON}


class FixReader:
    """Reads a pack's fixes; lists are kept once, by their names or by the clauses that they belong to."""

    def __init__(self, file: RuleFile, names: Names) -> None:
        self._file = file
        self._shared = shared()
        self._known: dict[str, Fix | FixTable] = self._shared.fixes | file.table.fixes
        self._names = names
        self._lists: dict[str, tuple[Advice, ...]] = {}
        self._calling: list[str] = []

    def general(self, kind: str) -> str:
        """What clauses of a kind call their fix by where they have none of their own; empty where none is."""
        return kind if kind in self._known else ""

    def read(self, fix: Fix, name: str, scope: Scope, header: str, key: str) -> str:
        """What the clause called `name` calls its fix by: the text itself, or the name of a list."""
        # A list of a clause's own may lead on to the fix under `[fixes]` that is called like the clause.
        own = f"{header}/{name}" if name in self._known else name
        try:
            return self._read(fix, own, self._widened(scope))
        except ExpressionError as error:
            self._file.problem(header, error, key, name)
            return ""

    def fixes(self) -> Fixes:
        """All that was read, with what all packs have in common."""
        given: list[Advice] = []
        reasons: dict[str, Reason] = {}
        scope = self._widened(self._names.scope({}, None))
        try:
            given += self._cases(self._shared.first, scope)
            for name, reason in self._shared.reasons.items():
                when = parse(reason.when, scope)
                reasons[name] = Reason(reason.says, when, takes_steps(when))
        except ExpressionError as error:
            self._file.problem("fixes", f"in {SHARED}: {error}")
        return Fixes(self._lists, tuple(given), reasons)

    def recipes(self) -> dict[str, Recipe]:
        """The pack's own fixes that it tells in full, by their texts."""
        own = self._file.table.fixes
        for name, fix in own.items():
            for what in amiss(fix) if isinstance(fix, FixTable) else ():
                self._file.problem(f"fixes.{name}", what)
        return recipes(own)

    def _widened(self, scope: Scope) -> Scope:
        return replace(
            scope,
            extra=_FACTS,
            parameters={name: parameter.type for name, parameter in self._names.parameters.items()},
            enums={**scope.enums, "reason": ("", *self._shared.reasons)},
        )

    def _read(self, fix: Fix | FixTable, name: str, scope: Scope) -> str:
        if isinstance(fix, FixTable):
            return fix.text
        if isinstance(fix, str):
            return self._text(fix)
        *cases, last = fix or [""]
        if not isinstance(last, str):
            raise ExpressionError("the last fix must be one without a condition")
        self._lists[name] = (*self._cases(cases, scope), Advice(self._text(last)))
        return name

    def _cases(self, cases: Sequence[str | FixCase], scope: Scope) -> Iterator[Advice]:
        for case in cases:
            if isinstance(case, str):
                raise ExpressionError(f"no fix is given after {case!r}, which has no condition")
            when = parse(case.when, scope)
            yield Advice(self._text(case.text), when, takes_steps(when))

    def _text(self, text: str) -> str:
        return self._called(text) if _NAME.fullmatch(text) else text

    def _called(self, name: str) -> str:
        """What the fix under `[fixes]` of that name is called by."""
        if name in self._lists:
            return name
        if name not in self._known:
            raise ExpressionError(f"there is no fix {name}{nearest(name, list(self._known))}")
        if name in self._calling:
            raise ExpressionError(f"the fix {name} leads to itself")
        self._calling.append(name)
        try:
            return self._read(self._known[name], name, self._widened(self._names.scope({}, None)))
        finally:
            self._calling.pop()
