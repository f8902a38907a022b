"""TOML -> RulePack, strictly: every problem of a file in one go, each with file, line and rule."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from analyzer.errors import RuleError
from analyzer.model import schema
from analyzer.resources import data
from analyzer.rules import graph_section
from analyzer.rules.catalogue import Catalogue, Entry, Place
from analyzer.rules.catalogue import places as places_of
from analyzer.rules.clauses import CompactError, Requirement, requirements, slug
from analyzer.rules.expression import Definition, ExpressionError, Scope, parse
from analyzer.rules.lines import Lines
from analyzer.rules.option_types import enums, option_types
from analyzer.rules.pack import SEVERITIES, Clause, Form, OperatorRules, Parameter, RulePack
from analyzer.rules.spelling import nearest
from analyzer.rules.tables import CheckTable, FormTable, OperatorTable, PackTable, Words
from analyzer.rules.trees import Tree
from analyzer.rules.versions import version_number

BUILD = "build"
#: Kind of a compact clause -> the stage it belongs to, in packs that have it.
_STAGES = {"version": "version", "known": "size"}


def load(path: Path, catalogue: Catalogue) -> RulePack:
    """The rule pack in the file `path`.

    Raises: RuleError with all problems of the file.
    """
    return _Loader(path, catalogue).load()


def _read(path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError([f"{path}: can't be read ({error}); name a rule file"]) from None
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise RuleError([f"{path.name}: not TOML: {error}"]) from None


class _Loader:
    def __init__(self, path: Path, catalogue: Catalogue) -> None:
        self.path = path
        self.catalogue = catalogue
        self.problems: list[str] = []
        self.ids: dict[str, str] = {}
        raw, text = _read(path)
        self.lines = Lines(text)
        self.digest = hashlib.sha256(text.encode())
        self.table = self.convert(self.extended(raw), PackTable, "")

    def problem(self, header: str, what: object, key: str = "", occurrence: int = 0, rule: str = "") -> None:
        line = self.lines.of(header, occurrence, key)
        self.problems.append(f"{self.path.name}:{line}: {rule or header or 'pack'}: {what}")

    def convert(self, raw: Any, shape: type[Any], header: str, occurrence: int = 0) -> Any:
        try:
            return msgspec.convert(raw, shape)
        except msgspec.ValidationError as error:
            self.problem(header, f"{error}{_nearest_key(str(error), shape)}", _key_of(str(error)), occurrence)
            if header == "":
                raise RuleError(self.problems) from None
            return None

    def extended(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The file's tables laid over those of the pack that it extends."""
        base_name = raw.get("extends")
        if not base_name:
            return raw
        base = data("rules") / f"{base_name}.toml"
        if not base.is_file():
            raise RuleError([f"{self.path.name}:1: extends: there is no pack {base_name}"])
        lower, text = _read(base)
        self.digest.update(text.encode())
        return _laid_over(lower, raw)

    def load(self) -> RulePack:
        table: PackTable = self.table
        if table.upstream is None:
            self.problem("", "upstream is missing: {repository, revision} of the delegate's source")
        self.stages = tuple(table.stages) or ("operator",)
        self.parameters = {name: self.parameter(name) for name in table.parameters}
        self.definitions = {d.name: d for d in self.read_definitions()}
        self.value_types = {
            name: (f"list[{v.type[5:-1]}]" if v.type.startswith("list[") else v.type)
            for name, v in table.values.items()
        }
        scope = self.scope({}, None)
        graph = graph_section.convert(table.graph, Scope(parameters=scope.parameters), self.problem)
        every_op = tuple(self.checks(table.every_op, "every_op", "every-op", scope, table.source))
        whole = msgspec.structs.replace(scope, facts=_PARTITION, options={})
        partition = tuple(
            self.checks(table.partition.check, "partition.check", "partition", whole, table.source)
        )
        operators = {name: msgspec.Raw(msgspec.json.encode(rules)) for name, rules in self.operators()}
        unlisted = self.unlisted(table.unlisted, "unlisted")
        pack = RulePack(
            delegate=table.delegate,
            title=table.title,
            version=table.version,
            sha256=self.digest.hexdigest(),
            repository=table.upstream.repository if table.upstream else "",
            revision=table.upstream.revision if table.upstream else "",
            status=table.status,
            platforms=tuple(table.platforms),
            fallback=table.fallback,
            default_order=table.default_order,
            parameters=self.parameters,
            graph=graph,
            stages=self.stages,
            operators=operators,
            unlisted=unlisted,
            unlisted_custom=unlisted
            if table.unlisted_custom is None
            else self.unlisted_custom(table.unlisted_custom),
            every_op=every_op,
            values={name: value.default for name, value in table.values.items()},
            partition_checks=tuple(msgspec.structs.replace(clause, stage=BUILD) for clause in partition),
            notes=table.notes,
        )
        if self.problems:
            raise RuleError(self.problems)
        return pack

    def unlisted_custom(self, words: Words) -> Clause:
        return self.unlisted(words, "unlisted_custom")

    def unlisted(self, words: Words, header: str) -> Clause:
        if not (words.message and words.fix and words.source):
            self.problem(
                header, "needs message, fix and source: what is said of operators the pack doesn't list"
            )
        return Clause(
            id=header.replace("_", "-"),
            require=["lit", False],
            kind="unlisted",
            stage=self.operator_stage(),
            message=words.message,
            fix=words.fix,
            source=words.source,
        )

    def operator_stage(self) -> str:
        return "operator" if "operator" in self.stages else self.stages[-1]

    def stage_of(self, kind: str) -> str:
        own = _STAGES.get(kind, "")
        return own if own in self.stages else self.operator_stage()

    def parameter(self, name: str) -> Parameter:
        raw = self.table.parameters[name]
        header = f"parameters.{name}"
        kinds = ("int", "bool", "str", "version")
        if raw.type not in kinds:
            self.problem(
                header, f"type {raw.type}{nearest(raw.type, kinds)}; expected one of {', '.join(kinds)}"
            )
        tree, text = None, ""
        if isinstance(raw.default, str) and raw.type in ("int", "bool"):
            others = {other: table.type for other, table in self.table.parameters.items() if other != name}
            tree = self.tree(raw.default, Scope(parameters=others), raw.type, header, "default")
            text = raw.default
        elif raw.default is None:
            self.problem(header, "default is missing")
        return Parameter(
            type=raw.type,
            default=None if tree is not None else raw.default,
            default_expression=tree,
            default_text=text,
            range=raw.range,
            values=tuple(raw.values),
            meaning=raw.meaning,
        )

    def read_definitions(self) -> Iterator[Definition]:
        for key, value in self.table.define.items():
            name, _, rest = key.partition("(")
            arguments = tuple(word.strip() for word in rest.removesuffix(")").split(",") if word.strip())
            if not name.isidentifier() or not all(word.isidentifier() for word in arguments):
                self.problem("define", f"{key} is not a name", key)
            elif not isinstance(value, str):
                self.problem("define", f"{key}: expected an expression in quotes", key)
            else:
                yield Definition(name, value, arguments)

    def scope(self, places: Mapping[str, Place], options: Mapping[str, str] | None) -> Scope:
        types = [*(options or {}).values(), *self.value_types.values()]
        return Scope(
            operands=places,
            options=options,
            parameters={name: _KIND.get(p.type, p.type) for name, p in self.parameters.items()}
            | self.value_types,
            definitions=self.definitions,
            enums=enums(types),
        )

    def tree(
        self, text: str, scope: Scope, wanted: str, header: str, key: str, occurrence: int = 0
    ) -> Tree | None:
        try:
            return parse(text, scope, wanted)
        except ExpressionError as error:
            self.problem(header, error, key, occurrence)
            return None

    def checks(
        self, tables: list[CheckTable], header: str, prefix: str, scope: Scope, source: str
    ) -> Iterator[Clause]:
        for occurrence, table in enumerate(tables):
            clause = self.check(table, header, prefix, scope, source, occurrence)
            if clause is not None:
                yield clause

    def check(
        self, table: CheckTable, header: str, prefix: str, scope: Scope, source: str, occurrence: int = 0
    ) -> Clause | None:
        identity = self.identity(prefix, table.id, header, occurrence)
        if table.severity not in SEVERITIES:
            self.problem(
                header,
                f"severity {table.severity}{nearest(table.severity, SEVERITIES)}",
                "severity",
                occurrence,
            )
        stage = table.stage or self.operator_stage()
        if stage not in (*self.stages, BUILD):
            self.problem(header, f"stage {stage}{nearest(stage, [*self.stages, BUILD])}", "stage", occurrence)
        require = self.tree(table.require, scope, "bool", header, "require", occurrence)
        when = self.when(table, scope, header, occurrence)
        fix = table.fix or self.table.fixes.get("check", "")
        for word, value in (("fix", fix), ("source", table.source or source)):
            if not value:
                self.problem(header, f"{word} is missing", "id", occurrence, identity)
        if require is None:
            return None
        return Clause(
            id=identity,
            require=require,
            when=when,
            severity=table.severity,
            stage=stage,
            message=table.message,
            fix=fix,
            source=table.source or source,
            operand=table.operand or None,
            formerly=tuple(table.formerly),
        )

    def when(
        self, table: CheckTable | OperatorTable, scope: Scope, header: str, occurrence: int = 0
    ) -> Tree | None:
        texts = [getattr(table, "when", "")]
        for sign, version in ((">=", table.since), ("<=", table.until)):
            if version and "runtime" not in self.parameters:
                self.problem(header, "since and until need a parameter runtime", "since", occurrence)
            elif version:
                texts.append(f"runtime {sign} {version_number(version)}")
        text = " and ".join(f"({text})" for text in texts if text)
        return self.tree(text, scope, "bool", header, "when", occurrence) if text else None

    def identity(self, prefix: str, name: str, header: str, occurrence: int) -> str:
        identity = f"{self.table.delegate}/{prefix}/{name}"
        if not name:
            self.problem(header, "id is missing", "", occurrence)
        elif identity in self.ids:
            self.problem(header, f"{identity} is already the id of {self.ids[identity]}", "id", occurrence)
        self.ids[identity] = f"{header} at line {self.lines.of(header, occurrence)}"
        return identity

    def operators(self) -> Iterator[tuple[str, OperatorRules]]:
        gathered: dict[str, list[tuple[str, OperatorTable]]] = {}
        for section in ("op", "custom"):
            for key, raw in getattr(self.table, section).items():
                header = f"{section}.{key}"
                table = self.convert(raw, OperatorTable, header)
                for name in key.split("|") if section == "op" else [key]:
                    if section == "op" and name not in _builtins():
                        self.problem(header, f"there is no operator {name}{nearest(name, _builtins())}")
                    elif table is not None:
                        known = name if section == "op" else f"custom:{name}"
                        gathered.setdefault(known, []).append((header, table))
        for name, tables in gathered.items():
            yield name, self.operator(name, tables)

    def operator(self, name: str, tables: list[tuple[str, OperatorTable]]) -> OperatorRules:
        self.no_entry_twice(name, tables)
        prefix = slug(name.removeprefix("custom:"))
        common: list[Clause] = []
        forms: list[Form] = []
        accept: list[Tree] = []
        refused = None
        values: dict[str, Any] = {}
        for header, table in tables:
            scope = self.operator_scope(name, table.names, header)
            if table.source == "" and self.table.source == "" and _compact(table):
                self.problem(header, "source is missing")
            common += self.form_clauses(table, header, prefix, scope)
            for text in [table.accept_when] if isinstance(table.accept_when, str) else table.accept_when:
                tree = self.tree(text, scope, "bool", header, "accept_when")
                accept += [tree] if tree is not None else []
            for occurrence, form in enumerate(table.form):
                forms.append(self.form(name, form, f"{header}.form", occurrence, prefix, table))
            if not table.supported or table.since or table.until:
                refused = self.refusal(table, header, prefix, scope)
            values |= self.own_values(table, header)
        if not forms:
            forms = [Form(clauses=tuple(common))]
        elif common:
            forms = [msgspec.structs.replace(form, clauses=(*common, *form.clauses)) for form in forms]
        return OperatorRules(forms=tuple(forms), accept_when=tuple(accept), refused=refused, values=values)

    def no_entry_twice(self, name: str, tables: list[tuple[str, OperatorTable]]) -> None:
        if len(tables) < 2:
            return
        seen: dict[str, str] = {}
        for header, table in tables:
            for entry in ("version", "inputs", "outputs"):
                if getattr(table, entry) is not None and entry in seen:
                    self.problem(header, f"{name}: {entry} is already stated in [{seen[entry]}]", entry)
                if getattr(table, entry) is not None:
                    seen[entry] = header

    def operator_scope(self, name: str, names: Mapping[str, list[str]], header: str) -> Scope:
        places = dict(self.catalogue.places(name))
        if names:
            unknown = [side for side in names if side not in ("inputs", "outputs", "intermediates")]
            if unknown:
                self.problem(header, f"names: {unknown[0]}; expected inputs, outputs or intermediates")
            entry = msgspec.convert(
                {side: words for side, words in names.items() if side not in unknown}, Entry
            )
            replaced = set(names)
            places = {word: place for word, place in places.items() if place[0] not in replaced}
            places |= places_of(entry)
        return self.scope(places, option_types(name))

    def form(
        self, name: str, table: FormTable, header: str, occurrence: int, prefix: str, outer: OperatorTable
    ) -> Form:
        scope = self.operator_scope(name, table.names or outer.names, header)
        when = self.tree(table.when, scope, "bool", header, "when", occurrence) if table.when else None
        inner = f"{prefix}.{table.id}" if table.id else prefix
        if not table.id:
            self.problem(header, "a form needs an id", "", occurrence)
        source = table.source or outer.source
        merged = msgspec.structs.replace(table, source=source, fixes=outer.fixes | table.fixes)
        clauses = tuple(self.form_clauses(merged, header, inner, scope, occurrence))
        return Form(clauses=clauses, when=when, id=table.id)

    def form_clauses(
        self, table: FormTable | OperatorTable, header: str, prefix: str, scope: Scope, occurrence: int = 0
    ) -> list[Clause]:
        source = table.source or self.table.source
        found: list[Clause] = []
        try:
            for requirement in requirements(table, scope.operands):
                clause = self.compact(requirement, table, header, prefix, scope, source, occurrence)
                found += [clause] if clause is not None else []
        except (CompactError, msgspec.ValidationError, TypeError) as error:
            self.problem(header, error, "", occurrence)
        for name in table.use:
            shared = self.table.shared.get(name)
            if shared is None:
                known = list(self.table.shared)
                self.problem(
                    header, f"nothing shared is called {name}{nearest(name, known)}", "use", occurrence
                )
                continue
            clause = self.check(
                msgspec.structs.replace(shared, id=name),
                header,
                prefix,
                scope,
                shared.source or source,
                occurrence,
            )
            found += [clause] if clause is not None else []
        found += self.checks(table.check, f"{header}.check", prefix, scope, source)
        self.no_stray_words(table, found, header, prefix)
        return found

    def no_stray_words(
        self, table: FormTable | OperatorTable, clauses: list[Clause], header: str, prefix: str
    ) -> None:
        """`fixes` and `messages` may only speak of clauses that are there."""
        known = [clause.id.removeprefix(f"{self.table.delegate}/{prefix}/") for clause in clauses]
        for word in (*table.fixes, *table.messages):
            if word not in known and isinstance(table, OperatorTable) and not table.form:
                self.problem(header, f"no clause here is called {word}{nearest(word, known)}", "fixes")

    def compact(
        self,
        requirement: Requirement,
        table: FormTable | OperatorTable,
        header: str,
        prefix: str,
        scope: Scope,
        source: str,
        occurrence: int,
    ) -> Clause | None:
        identity = self.identity(prefix, requirement.id, header, occurrence)
        tree = self.tree(requirement.text, scope, "bool", header, requirement.key, occurrence)
        fix = table.fixes.get(requirement.id) or self.table.fixes.get(requirement.kind, "")
        if not fix:
            self.problem(
                header, f"fixes has nothing for {requirement.kind}", requirement.key, occurrence, identity
            )
        if tree is None:
            return None
        return Clause(
            id=identity,
            require=tree,
            stage=self.stage_of(requirement.kind),
            kind=requirement.kind,
            message=table.messages.get(requirement.id, ""),
            fix=fix,
            source=self.table.sources.get(requirement.kind, source),
            operand=requirement.operand,
        )

    def refusal(self, table: OperatorTable, header: str, prefix: str, scope: Scope) -> Clause:
        if not table.fix or (table.supported and not table.message):
            self.problem(header, "an operator that is not taken needs message and fix")
        available = self.when(table, scope, header) if table.supported else None
        unlisted = Words() if table.supported else self.table.unlisted
        return Clause(
            id=self.identity(prefix, "never" if not table.supported else "runtime", header, 0),
            require=available if available is not None else ["lit", False],
            kind="unlisted",
            stage=self.operator_stage(),
            message=table.message or unlisted.message,
            fix=table.fix,
            source=table.source or unlisted.source or self.table.source,
        )

    def own_values(self, table: OperatorTable, header: str) -> dict[str, Any]:
        for name in table.values:
            if name not in self.value_types:
                self.problem(header, f"values has no {name}{nearest(name, list(self.value_types))}", "values")
        return table.values


_KIND = {"version": "int"}
#: What checks of a whole partition have in place of an operator's own facts.
_PARTITION = {"inputs": "list[tensor]", "outputs": "list[tensor]", "operators": "list[operator]"}


def _builtins() -> list[str]:
    return list(schema.members("BuiltinOperator").values())


def _compact(table: OperatorTable) -> bool:
    return table.version is not None or bool(table.operands or table.options or table.constant)


def _key_of(message: str) -> str:
    """The key that a validation message names."""
    if "`" not in message:
        return ""
    path = message.rpartition("`$")[2].rstrip("`)") if "`$" in message else ""
    named = message.split("`")[1] if "field" in message else ""
    return named or path.rpartition(".")[2].split("[")[0]


def _nearest_key(message: str, shape: type[Any]) -> str:
    if "unknown field" not in message:
        return ""
    return nearest(message.split("`")[1], list(shape.__struct_fields__))


def _laid_over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Tables merge key by key; lists of tables with ids merge by id; anything else is replaced."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _laid_over(below, value)
        elif (
            isinstance(below, list)
            and isinstance(value, list)
            and all(isinstance(v, dict) for v in below + value)
        ):
            replaced = {entry.get("id") for entry in value}
            merged[key] = [entry for entry in below if entry.get("id") not in replaced] + value
        else:
            merged[key] = value
    return merged
