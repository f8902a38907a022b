"""Operators' tables of a rule file -> what the pack says of each operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from analyzer.expressions.check import Scope
from analyzer.expressions.nodes import Tree
from analyzer.model import schema
from analyzer.rules.catalogue import Catalogue, Entry
from analyzer.rules.catalogue import places as places_of
from analyzer.rules.loading.clauses import ClauseReader, Section
from analyzer.rules.loading.format import FormTable, OperatorTable
from analyzer.rules.loading.option_types import option_types
from analyzer.rules.loading.shorthand import requirements
from analyzer.rules.pack import Clause, Form, OperatorRules, slug
from analyzer.suggest import nearest

_SIDES = ("inputs", "outputs", "intermediates")
#: A table that states requirements on an operator, with its header.
_Headed = tuple[str, OperatorTable]


class OperatorReader:
    """Reads the operators of one pack; an operator may stand in several tables, which add up."""

    def __init__(self, clauses: ClauseReader, catalogue: Catalogue) -> None:
        self._clauses = clauses
        self._catalogue = catalogue
        self._file = clauses.file
        self._table = clauses.file.table

    def operators(self) -> Iterator[tuple[str, OperatorRules]]:
        """Operator name, or `custom:CODE`, and its rules."""
        for name, tables in self._gathered().items():
            self._no_entry_twice(name, tables)
            yield name, self._operator(name, tables)

    def _gathered(self) -> Mapping[str, list[_Headed]]:
        known = list(schema.members("BuiltinOperator").values())
        found: dict[str, list[_Headed]] = {}
        for key, table in self._table.op.items():
            header = f"op.{key}"
            for name in key.split("|"):
                if name not in known:
                    self._file.problem(header, f"there is no operator {name}{nearest(name, known)}")
                else:
                    found.setdefault(name, []).append((header, table))
        for key, table in self._table.custom.items():
            found[f"custom:{key}"] = [(f"custom.{key}", table)]
        return found

    def _no_entry_twice(self, name: str, tables: Sequence[_Headed]) -> None:
        seen: dict[str, str] = {}
        for header, table in tables:
            for entry in ("version", "inputs", "outputs"):
                if getattr(table, entry) is None:
                    continue
                if entry in seen:
                    self._file.problem(header, f"{name}: {entry} is already stated in [{seen[entry]}]", entry)
                seen[entry] = header

    def _operator(self, name: str, tables: Sequence[_Headed]) -> OperatorRules:
        prefix = slug(name.removeprefix("custom:"))
        common: list[Clause] = []
        forms: list[Form] = []
        accept: list[Tree] = []
        refused = None
        values: dict[str, Any] = {}
        for header, table in tables:
            source = table.source or self._table.source
            section = Section(header, prefix, self._scope(name, table.names, header), source, operator=name)
            required = list(self._requirements(table, section))
            if any(not clause.source and clause.kind != "check" for clause in required):
                self._file.problem(header, "source is missing; write it here, or once before all tables")
            common += required
            accept += self._early_accepts(table, section)
            forms += self._forms(name, table, header, prefix)
            if not table.supported or table.since or table.until:
                refused = self._clauses.refusal(table, section)
            values |= self._values(table, header)
        if not forms:
            forms = [Form()]
        forms = [replace(form, clauses=(*common, *form.clauses)) for form in forms]
        return OperatorRules(forms=tuple(forms), accept_when=tuple(accept), refused=refused, values=values)

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

    def _early_accepts(self, table: OperatorTable, section: Section) -> Iterator[Tree]:
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
        return clauses

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
            fix, message = table.fixes.get(name, check.fix), table.messages.get(name, check.message)
            clause = self._clauses.check(name, replace(check, fix=fix, message=message), section)
            if clause is not None:
                yield clause

    def _no_stray_words(self, table: OperatorTable, clauses: Sequence[Clause], section: Section) -> None:
        """`fixes` and `messages` may only speak of clauses that are there."""
        known = [clause.id.rpartition("/")[2] for clause in clauses]
        for word in (*table.fixes, *table.messages):
            if word not in known:
                what = f"no clause here is called {word}{nearest(word, known)}"
                self._file.problem(section.header, what, "fixes")

    def _values(self, table: OperatorTable, header: str) -> Mapping[str, Any]:
        known = list(self._clauses.names.values)
        for name in table.values:
            if name not in known:
                self._file.problem(header, f"values has no {name}{nearest(name, known)}", "values")
        return table.values
