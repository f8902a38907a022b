"""Checks and compact entries of a rule file -> clauses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.expressions.nodes import FALSE, And, Comparison, Literal, Node, operator_names, parameters_in
from analyzer.expressions.nodes import Parameter as ParameterNode
from analyzer.expressions.scope import Scope
from analyzer.expressions.steps import takes_steps
from analyzer.rules.loading.file import RuleFile
from analyzer.rules.loading.fixes import FixReader
from analyzer.rules.loading.fixes_file import shared
from analyzer.rules.loading.format import CheckTable, FormTable, OperatorTable, Words
from analyzer.rules.loading.names import Names
from analyzer.rules.loading.shorthand import Requirement
from analyzer.rules.origin import path_in
from analyzer.rules.pack import LATER, REFUSING, RUN, SEVERITIES, Clause, Parameter
from analyzer.rules.parameters import releases
from analyzer.rules.versions import place
from analyzer.suggest import nearest

#: Kind of a compact clause -> the stage it belongs to, in packs that have it.
_STAGES = {"version": "version", "known": "size"}


class Section(Struct, frozen=True):
    """A part of the file that clauses stand in, and what holds for all of them."""

    header: str
    #: What the ids of its clauses have between the delegate's name and their own.
    prefix: str
    scope: Scope
    source: str
    #: The operator that its clauses are about, where they are about one.
    operator: str = ""


class ClauseReader:
    """Makes a pack's clauses, and sees to it that no two have one id."""

    def __init__(self, file: RuleFile, names: Names) -> None:
        self.file = file
        self.names = names
        self.stages = tuple(file.table.stages) or ("operator",)
        #: The stage of clauses that don't name one.
        self.operator_stage = "operator" if "operator" in self.stages else self.stages[-1]
        self.fixes = FixReader(file, names)
        self._raised = shared().raised()
        #: Id of a clause -> the table that it comes from.
        self._headers: dict[str, str] = {}

    def checks(self, tables: Mapping[str, CheckTable], section: Section) -> Iterator[Clause]:
        """Clauses of the checks below a section's table, in the order in which they are written."""
        for name, table in tables.items():
            clause = self.check(name, table, replace(section, header=f"{section.header}.{name}"))
            if clause is not None:
                yield clause

    def check(self, name: str, table: CheckTable, section: Section) -> Clause | None:
        """The clause of a check that stands, or is used, where the section says."""
        identity = self.identity(name, section)
        self._known("severity", table.severity, SEVERITIES, section)
        stage = table.stage or self.operator_stage
        if stage == RUN and table.severity in REFUSING[:2]:
            what = "nothing is refused when the graph runs; use crash, wrong, hazard or note"
            self.file.problem(section.header, what, "severity")
        self._known("stage", stage, (*self.stages, *LATER), section)
        require = self.file.tree(table.require, section.scope, section.header, "require")
        when = self.when(table.when, table, section)
        fix = table.fix or self.fixes.general("check")
        source = table.source or section.source
        general = {"fix": '[fixes] check = "..." for all', "source": "once before all tables"}
        for word, value in (("fix", fix), ("source", source)):
            if not value:
                what = f"{word} is missing; write it here, or {general[word]}"
                self.file.problem(section.header, what, rule=identity)
        if require is None:
            return None
        return Clause(
            id=identity,
            require=require,
            when=when,
            severity=table.severity,
            stage=stage,
            message=table.message,
            fix=self.fixes.read(fix, identity, section.scope, section.header, "fix"),
            source=self._rooted(source),
            operand=table.operand or None,
            formerly=tuple(table.formerly),
            **_known_of(require, when),
        )

    def _known(self, key: str, word: str, known: Sequence[str], section: Section) -> None:
        if word not in known:
            what = f"{key} {word}{nearest(word, known)}; expected one of {', '.join(known)}"
            self.file.problem(section.header, what, key)

    def when(self, text: str, table: CheckTable | OperatorTable, section: Section) -> Node | None:
        """The condition of a table: its own, and the runtimes between `since` and `until`."""
        # Releases come first, so that what the rest touches matters to none but those.
        parts = list(self._releases(table, section))
        if text:
            tree = self.file.tree(text, section.scope, section.header, "when")
            parts += [] if tree is None else [tree]
        return And(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None

    def _releases(self, table: CheckTable | OperatorTable, section: Section) -> Iterator[Node]:
        runtime = self.names.parameters.get("runtime")
        for key, sign, release in (("since", ">=", table.since), ("until", "<=", table.until)):
            if not release:
                continue
            if problem := _not_a_release(release, runtime):
                self.file.problem(section.header, f"{key} {problem}", key)
            else:
                yield Comparison(sign, ParameterNode("runtime"), Literal(release))

    def identity(self, name: str, section: Section) -> str:
        """The whole name of a clause; no check may be called like a compact entry, or one that is used."""
        identity = f"{self.file.table.delegate}/{section.prefix}/{name}"
        if identity in self._headers:
            self.file.problem(section.header, f"{identity} is already the id of {self._headers[identity]}")
        self._headers[identity] = f"{section.header} at line {self.file.lines.of(section.header)}"
        return identity

    def compact(
        self, requirement: Requirement, table: FormTable | OperatorTable, section: Section
    ) -> Clause | None:
        """The clause of a compact entry."""
        header, key = section.header, requirement.key
        identity = self.identity(requirement.id, section)
        tree = self.file.tree(requirement.text, section.scope, header, key)
        fix = table.fixes.get(requirement.id) or self.fixes.general(requirement.kind)
        if not fix:
            what = (
                f'fixes has nothing for {requirement.kind}; write [fixes] {requirement.kind} = "...", '
                f'or fixes."{requirement.id}" = "..." here'
            )
            self.file.problem(header, what, key, identity)
        if tree is None:
            return None
        stage = _STAGES.get(requirement.kind, "")
        return Clause(
            id=identity,
            require=tree,
            stage=stage if stage in self.stages else self.operator_stage,
            kind=requirement.kind,
            message=table.messages.get(requirement.id, ""),
            fix=self.fixes.read(fix, identity, section.scope, header, "fixes"),
            raised=self._raised.get(section.operator, ()) if requirement.kind == "version" else (),
            source=self._rooted(
                table.sources.get(requirement.id)
                or self.file.table.sources.get(requirement.kind, section.source)
            ),
            operand=requirement.operand,
            **_known_of(tree),
        )

    def refusal(self, table: OperatorTable, section: Section) -> Clause:
        """The clause of an operator that is never taken, or not by every runtime."""
        if not table.fix or (table.supported and not table.message):
            self.file.problem(section.header, "an operator that is not taken needs message and fix")
        available = self.when("", table, section) if table.supported else None
        require = FALSE if available is None else available
        unlisted = Words() if table.supported else self.file.table.unlisted
        name = refusal_name(table)
        identity = self.identity(name, section)
        source = table.sources.get(name) or table.source or unlisted.source or self.file.table.source
        return Clause(
            id=identity,
            require=require,
            kind="unlisted",
            stage=self.operator_stage,
            message=table.message or unlisted.message,
            fix=self.fixes.read(table.fix, identity, section.scope, section.header, "fix"),
            source=self._rooted(source),
            **_known_of(require),
        )

    def unlisted(self, words: Words, header: str, scope: Scope) -> Clause:
        """The clause of operators that the pack doesn't list."""
        identity = header.replace("_", "-")
        source = words.source or self.file.table.source
        if not (words.message and words.fix and source):
            needs = "needs" if words != Words() else f"[{header}] is missing; add it with"
            what = f"{needs} message, fix and source: what is said of operators the pack doesn't list"
            self.file.problem(header, what)
        return Clause(
            id=identity,
            require=FALSE,
            kind="unlisted",
            stage=self.operator_stage,
            message=words.message,
            fix=self.fixes.read(words.fix, identity, scope, header, "fix"),
            source=self._rooted(source),
        )

    def _rooted(self, source: str) -> str:
        """The source with its path from the repository's root on, where it begins with a path."""
        return self.file.table.source_root + source if path_in(source) else source


def _known_of(require: Node, when: Node | None = None) -> dict[str, Any]:
    """What a clause depends on beside the model, and whether it takes steps that count."""
    names = (operator_names(node) for node in (require, when) if node is not None)
    return {
        "reads": tuple(sorted(parameters_in(require) | parameters_in(when))),
        "names": tuple(sorted({of for found in names for of in found})),
        "counts": takes_steps(require),
        "when_counts": when is not None and takes_steps(when),
    }


def refusal_name(table: OperatorTable) -> str:
    """What the clause is called that refuses the operator, always or in some releases."""
    return "runtime" if table.supported else "never"


def _not_a_release(text: str, runtime: Parameter | None) -> str:
    """What is wrong with a release that rules name; empty where nothing is."""
    if runtime is None or runtime.type != "version":
        return "needs a parameter runtime of type version"
    known = releases(runtime)
    try:
        place(text, known)
    except ValueError:
        wanted = f"one of runtime's values{nearest(text, known)}" if known else "a version like 2.1"
        return f"{text!r} is not {wanted}"
    return ""
