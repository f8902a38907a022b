"""TOML -> RulePack, strictly: every problem of a file in one go, each with file, line and rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from analyzer.errors import RuleError, UsageError
from analyzer.expressions.bodies import Bodies
from analyzer.expressions.scope import Scope
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.loading import android_section, graph_section
from analyzer.rules.loading.clauses import ClauseReader, Section
from analyzer.rules.loading.file import RuleFile
from analyzer.rules.loading.format import Upstream
from analyzer.rules.loading.names import read_names
from analyzer.rules.loading.operator_rules import OperatorReader
from analyzer.rules.pack import BUILD, LOAD, RUN, Also, Clause, RulePack
from analyzer.rules.parameters import as_written, resolve
from analyzer.suggest import nearest

#: What checks of a whole partition have in place of an operator's own facts.
_PARTITION = dict.fromkeys(("inputs", "outputs", "unread"), "list[tensor]") | {"operators": "list[operator]"}
#: What checks of a whole model have, all its subgraphs together.
_MODEL = {
    "tensors": "list[tensor]",
    "operators": "list[operator]",
    "outputs": "list[tensor]",
    "intermediates": "list[tensor]",
    "signatures_fit": "bool",
}

#: How rules ask for what becomes of an operator's readers.
_READERS = b'"consumers_accepted"'
#: What the words on a part may name.
_COUNTS = ("delegated", "operators")


def load(path: Path, catalogue: Catalogue) -> RulePack:
    """The rule pack in the file `path`.

    Raises: RuleError with all problems of the file.
    """
    file = RuleFile(path)
    pack = _pack(file, catalogue)
    if pack.also is not None and not file.problems:
        try:
            resolve(pack, pack.also.parameters)
        except UsageError as error:
            file.problem("also", error, "parameters")
    if file.problems:
        raise RuleError(file.problems)
    return pack


def _pack(file: RuleFile, catalogue: Catalogue) -> RulePack:
    table = file.table
    if table.upstream is None and file.fits("upstream"):
        file.problem("", "upstream is missing: {repository, revision} of the delegate's source")
    upstream = table.upstream or Upstream("", "")
    names = read_names(file)
    clauses = ClauseReader(file, names)
    scope = names.scope({}, None)
    every_op = clauses.checks(table.every_op, Section("every_op", "every-op", scope, table.source))
    partition = _whole(file, clauses, "partition", replace(scope, facts=_PARTITION, options={}))
    load = _whole(file, clauses, "load", replace(scope, facts=_MODEL, options={}))
    unlisted = clauses.unlisted(table.unlisted, "unlisted", scope)
    custom = table.unlisted_custom
    operators, bodies = list(OperatorReader(clauses, catalogue).operators()), Bodies()
    return RulePack(
        delegate=table.delegate,
        title=table.title,
        version=table.version,
        sha256=file.sha256,
        repository=upstream.repository,
        revision=upstream.revision,
        status=table.status,
        platforms=tuple(table.platforms),
        fallback=table.fallback,
        default_order=table.default_order,
        parameters=dict(names.parameters),
        graph=graph_section.convert(file, Scope(parameters=scope.parameters)),
        android=android_section.convert(file, Scope(parameters=scope.parameters)),
        stages=clauses.stages,
        every_op=tuple(every_op),
        partition_checks=tuple(
            clause if clause.stage == RUN else replace(clause, stage=BUILD) for clause in partition
        ),
        load_checks=tuple(replace(clause, stage=LOAD) for clause in load),
        bodies=bodies,
        operators={name: bodies.encode(rules) for name, rules in operators},
        awaiting_readers=tuple(name for name, rules in operators if _READERS in msgspec.json.encode(rules)),
        unlisted=unlisted,
        unlisted_custom=unlisted if custom is None else clauses.unlisted(custom, "unlisted_custom", scope),
        values={name: value.default for name, value in table.values.items()},
        **_words(file),
        recipes=clauses.fixes.recipes(),
        # The last to be asked for: reading clauses gathers them.
        fixes=bodies.encode(clauses.fixes.fixes()),
    )


def _whole(file: RuleFile, clauses: ClauseReader, name: str, scope: Scope) -> list[Clause]:
    """The clauses on a whole partition, or on a whole model."""
    tables = {"partition": file.table.partition.check, "load": file.table.load.check}
    return list(clauses.checks(tables[name], Section(f"{name}.check", name, scope, file.table.source)))


def _words(file: RuleFile) -> dict[str, Any]:
    """What is told of the delegate, and of outcomes beside the verdict."""
    table = file.table
    for name in file.names_in(table.partial, "", "partial"):
        if name not in _COUNTS:
            file.problem("", f"there is no count {name}; use {' and '.join(_COUNTS)}", "partial")
    return {"notes": table.notes, "partial": table.partial, "also": _also(file)}


def _also(file: RuleFile) -> Also | None:
    """The parameters that are asked as well, as a SPEC writes them."""
    table, known = file.table.also, list(file.table.parameters)
    if table is None:
        return None
    for name in table.parameters:
        if name not in known:
            file.problem("also", f"there is no parameter {name}{nearest(name, known)}", "parameters")
    return Also(table.when, {name: as_written(value) for name, value in table.parameters.items()})
