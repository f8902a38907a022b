"""Operators' tables of a rule file -> what the pack says of each operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from analyzer.expressions.nodes import Node
from analyzer.expressions.partial import constant
from analyzer.expressions.scope import Scope
from analyzer.model import schema
from analyzer.rules.catalogue import Catalogue, Entry
from analyzer.rules.catalogue import places as places_of
from analyzer.rules.loading.clauses import ClauseReader, Section, refusal_name
from analyzer.rules.loading.format import FormTable, OperatorTable
from analyzer.rules.loading.option_types import option_types
from analyzer.rules.loading.shorthand import requirements
from analyzer.rules.pack import Clause, Form, OperatorRules, slug
from analyzer.suggest import nearest

_SIDES = ("inputs", "outputs", "intermediates")


class OperatorReader:
    """Reads the operators of one pack."""

    def __init__(self, clauses: ClauseReader, catalogue: Catalogue) -> None:
        self._clauses = clauses
        self._catalogue = catalogue
        self._file = clauses.file
        self._table = clauses.file.table

    def operators(self) -> Iterator[tuple[str, OperatorRules]]:
        """Operator name, or `custom:CODE`, and its rules."""
        known = list(schema.members("BuiltinOperator").values())
        read: set[str] = set()
        for key, table in self._table.op.items():
            header = f"op.{key}"
            for name in key.split("|"):
                if name not in known:
                    self._file.problem(header, f"there is no operator {name}{nearest(name, known)}")
                elif name not in read:
                    read.add(name)
                    yield name, self._operator(name, table, header)
        for code, table in self._table.custom.items():
            name = f"custom:{code}"
            yield name, self._operator(name, table, f"custom.{code}")

    def _operator(self, name: str, table: OperatorTable, header: str) -> OperatorRules:
        prefix = slug(name.removeprefix("custom:"))
        source = table.source or self._table.source
        section = Section(header, prefix, self._scope(name, table.names, header), source, operator=name)
        common = self._requirements(table, section)
        if any(not clause.source and clause.kind != "check" for clause in common):
            self._file.problem(header, "source is missing; write it here, or once before all tables")
        forms = list(self._forms(name, table, header, prefix)) or [Form()]
        conditional = not table.supported or table.since or table.until
        return OperatorRules(
            forms=tuple(replace(form, clauses=(*common, *form.clauses)) for form in forms),
            accept_when=tuple(self._early_accepts(table, section)),
            refused=self._clauses.refusal(table, section) if conditional else None,
            values=dict(self._values(table, section)),
        )

    def _scope(self, name: str, names: Mapping[str, Sequence[str]], header: str) -> Scope:
        """What the operator's expressions may name; `names` are operand names in place of the catalogue's."""
        for side in names:
            if side not in _SIDES:
                self._file.problem(
                    header, f"names: {side}{nearest(side, _SIDES)}; expected {', '.join(_SIDES)}"
                )
        own = msgspec.convert({side: names[side] for side in _SIDES if side in names}, Entry)
        kept = {word: at for word, at in self._catalogue.places(name).items() if at[0] not in names}
        return self._clauses.names.scope(kept | places_of(own), option_types(name))

    def _early_accepts(self, table: OperatorTable, section: Section) -> Iterator[Node]:
        for text in [table.accept_when] if isinstance(table.accept_when, str) else table.accept_when:
            tree = self._file.tree(text, section.scope, section.header, "accept_when")
            if tree is not None:
                yield tree

    def _forms(self, name: str, outer: OperatorTable, header: str, prefix: str) -> Iterator[Form]:
        for identity, table in outer.form.items():
            below = f"{header}.form.{identity}"
            scope = self._scope(name, table.names or outer.names, below)
            source = table.source or outer.source or self._table.source
            section = Section(below, f"{prefix}.{identity}", scope, source, name)
            merged = replace(table, fixes=outer.fixes | table.fixes)
            when = self._file.tree(table.when, scope, below, "when") if table.when else None
            yield Form(clauses=tuple(self._requirements(merged, section)), when=when, id=identity)

    def _requirements(self, table: FormTable | OperatorTable, section: Section) -> list[Clause]:
        """All clauses of a table."""
        before = len(self._file.problems)
        clauses = [*self._compact(table, section), *self._shared(table, section)]
        clauses += self._clauses.checks(table.check, replace(section, header=f"{section.header}.check"))
        if isinstance(table, OperatorTable) and not table.form and len(self._file.problems) == before:
            self._no_stray_words(table, clauses, section)
        return _in_order(clauses, table.order)

    def _compact(self, table: FormTable | OperatorTable, section: Section) -> Iterator[Clause]:
        def problem(what: object, key: str) -> None:
            self._file.problem(section.header, what, key)

        for requirement in requirements(table, section.scope.operands, problem):
            clause = self._clauses.compact(requirement, table, section)
            if clause is not None:
                yield clause

    def _shared(self, table: FormTable | OperatorTable, section: Section) -> Iterator[Clause]:
        known = self._table.shared
        for name in table.use:
            if name not in known:
                what = f"nothing shared is called {name}{nearest(name, list(known))}"
                self._file.problem(section.header, what, "use")
                continue
            check = known[name]
            identity = check.id or name
            worded = replace(
                check,
                fix=table.fixes.get(identity, check.fix),
                message=table.messages.get(identity, check.message),
                source=table.sources.get(identity, check.source),
            )
            clause = self._clauses.check(identity, worded, section)
            if clause is not None:
                yield clause

    def _no_stray_words(self, table: OperatorTable, clauses: Sequence[Clause], section: Section) -> None:
        """`fixes`, `messages`, `sources` and `order` may only speak of clauses that are there."""
        known = [_own_name(clause) for clause in clauses] + [refusal_name(table)]
        said: Mapping[str, Iterable[str]] = {
            "fixes": table.fixes,
            "messages": table.messages,
            "sources": table.sources,
            "order": table.order,
        }
        for key, words in said.items():
            for word in words:
                if word not in known:
                    what = f"no clause here is called {word}{nearest(word, known)}"
                    self._file.problem(section.header, what, key)

    def _values(self, table: OperatorTable, section: Section) -> Iterator[tuple[str, Any]]:
        """The operator's values; the text of a list is the name of a definition."""
        known = self._clauses.names.values
        for name, value in table.values.items():
            if name not in known:
                what = f"values has no {name}{nearest(name, list(known))}"
                self._file.problem(section.header, what, "values")
            elif isinstance(value, str) and known[name].startswith("list["):
                # Names of element types are texts, until they meet one.
                wanted = known[name].replace("dtype", "str")
                tree = self._file.tree(value, section.scope, section.header, "values", wanted)
                yield name, None if tree is None else constant(tree, {})
            else:
                yield name, value


def _own_name(clause: Clause) -> str:
    return clause.id.rpartition("/")[2]


def _in_order(clauses: list[Clause], first: Sequence[str]) -> list[Clause]:
    """The clauses that are named first, in that order, then the others as they are."""
    places = {name: place for place, name in enumerate(first)}
    return sorted(clauses, key=lambda clause: places.get(_own_name(clause), len(places)))
