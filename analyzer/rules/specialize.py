"""A pack as it stands for one set of parameters, to be read rather than to judge with.

What can't fail under the parameters is left out, and what is left names them no more. Absent things
are no concern here: `bias.value == 0 or true` reads as nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from analyzer.expressions.bodies import Bodies
from analyzer.expressions.nodes import FALSE, TRUE, And, Literal, Named, Node, Not, Or
from analyzer.expressions.partial import partially_evaluated
from analyzer.rules.pack import Clause, Form, Graph, OperatorRules, RulePack
from analyzer.rules.parameters import compared

ALWAYS, NEVER = TRUE, FALSE


def specialize(
    pack: RulePack, parameters: Mapping[str, Any], operators: Iterable[str] | None = None
) -> RulePack:
    """The pack for these parameters, all of them resolved; of its operators those named, or all."""
    known, bodies = compared(pack, parameters), Bodies()
    listed = pack.operators if operators is None else [name for name in operators if name in pack.operators]
    return replace(
        pack,
        graph=_graph(pack.graph, known),
        bodies=bodies,
        operators={name: bodies.encode(_operator(pack.rules(name), known, pack)) for name in listed},
        fixes=bodies.encode(pack.advice),
        every_op=tuple(_clauses(pack.every_op, known)),
        partition_checks=tuple(_clauses(pack.partition_checks, known)),
        load_checks=tuple(_clauses(pack.load_checks, known)),
    )


def _operator(found: OperatorRules, parameters: Mapping[str, Any], pack: RulePack) -> OperatorRules:
    known = {**parameters, **pack.values, **found.values}
    accepted = [_settled(partially_evaluated(node, known)) for node in found.accept_when]
    return replace(
        found,
        forms=tuple(_forms(found.forms, known)),
        accept_when=tuple(node for node in accepted if node != NEVER),
        refused=next(_clauses([found.refused], known), None) if found.refused else None,
    )


def _forms(forms: Iterable[Form], known: Mapping[str, Any]) -> Iterator[Form]:
    """The forms that can be met; one that always is met is the last."""
    for form in forms:
        when = None if form.when is None else _settled(partially_evaluated(form.when, known))
        if when == NEVER:
            continue
        always = when in (None, ALWAYS)
        yield replace(form, when=None if always else when, clauses=tuple(_clauses(form.clauses, known)))
        if always:
            return


def _clauses(clauses: Iterable[Clause], known: Mapping[str, Any]) -> Iterator[Clause]:
    """The clauses that can fail."""
    for clause in clauses:
        require = _settled(partially_evaluated(clause.require, known))
        when = ALWAYS if clause.when is None else _settled(partially_evaluated(clause.when, known))
        if require != ALWAYS and when != NEVER:
            yield replace(clause, require=require, when=None if when == ALWAYS else when)


def _settled(node: Node) -> Node:
    """The node without parts that decide nothing."""
    match node:
        case And(parts) | Or(parts):
            decides, rest = (ALWAYS, NEVER) if isinstance(node, Or) else (NEVER, ALWAYS)
            kept = [part for part in map(_settled, parts) if part != rest]
            if decides in kept or not kept:
                return decides if kept else rest
            return kept[0] if len(kept) == 1 else type(node)(tuple(kept))
        case Named(text, body=body):
            inner = _settled(body)
            return inner if inner in (ALWAYS, NEVER) else Named(text, inner)
        case Not(of):
            inner = _settled(of)
            return {ALWAYS: NEVER, NEVER: ALWAYS}[inner] if inner in (ALWAYS, NEVER) else Not(inner)
    return node


def _graph(graph: Graph, known: Mapping[str, Any]) -> Graph:
    limits = {
        name: _limit(partially_evaluated(node, known))
        for name in ("max_partitions", "min_operators", "reads_through_before_limit", "builds_while_choosing")
        if (node := getattr(graph, name)) is not None
    }
    return replace(graph, **limits)


def _limit(node: Node) -> Node | None:
    """A limit that limits nothing is none."""
    return None if isinstance(node, Literal) and node.value <= 0 else node
