"""Rules to read: everything that packs and the runtime can say of a model, each rule by its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.expressions.nodes import FALSE, Node
from analyzer.model import schema
from analyzer.rules import graph_rules
from analyzer.rules.graph_rules import GraphRule
from analyzer.rules.pack import Clause, Form, RulePack, slug
from analyzer.rules.registry import Packs
from analyzer.rules.wording.paraphrase import sentence, terms
from analyzer.suggest import nearest

_RUNTIME = "runtime"
#: What rules are about that concern no single operator.
GRAPH = "the graph"


class Rule(Struct, frozen=True):
    """One rule in words."""

    id: str
    #: What it is about: an operator, a custom operator's code, "every operator", "a partition", "the graph".
    subject: str
    severity: str
    stage: str
    fix: str
    source: str
    #: What is advised in place of `fix`, each with its condition.
    fixes: tuple[str, ...] = ()
    #: All of these, and `fix`, by their texts alone.
    texts: tuple[str, ...] = ()
    #: What it requires; empty where only `meaning` says it.
    requires: str = ""
    #: The rule's own sentence, where it has one.
    meaning: str = ""
    #: Conditions, all of which must hold for the rule to be asked.
    when: tuple[str, ...] = ()
    #: Names used above -> what they stand for.
    terms: Mapping[str, str] = {}
    formerly: tuple[str, ...] = ()


class OperatorPage(Struct, frozen=True):
    """All rules on one operator by itself."""

    name: str
    rules: tuple[Rule, ...]
    #: Conditions under which the operator is taken before any rule is asked.
    accepted: tuple[str, ...] = ()
    #: Why it is never taken, where that is so.
    refused: Rule | None = None
    #: The pack's per-operator values that this operator sets.
    values: Mapping[str, Any] = {}

    @property
    def terms(self) -> Mapping[str, str]:
        """Names that the rules use -> what they stand for."""
        return {name: meaning for rule in self.rules for name, meaning in rule.terms.items()}


class Rulebook:
    """One pack's rules."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack

    def everywhere(self) -> list[Rule]:
        """Rules that every operator is asked."""
        return [self._rule(clause, "every operator") for clause in self.pack.every_op]

    def partitions(self) -> list[Rule]:
        """Rules that a whole partition is asked."""
        return [self._rule(clause, "a partition") for clause in self.pack.partition_checks]

    def models(self) -> list[Rule]:
        """Rules that a whole model is asked before it is loaded."""
        return [self._rule(clause, "the model") for clause in self.pack.load_checks]

    def operators(self) -> list[str]:
        """Names of the operators that the pack lists, custom ones by their code."""
        return [name.removeprefix("custom:") for name in self.pack.operators]

    def operator(self, name: str) -> OperatorPage:
        """What the pack says of an operator. Raises: UsageError where it lists no such operator."""
        if _key(name) not in self._listed:
            hint = nearest(name.upper(), self.operators())
            raise UsageError(f"{self.pack.delegate} lists no operator {name}{hint}")
        return self._page(self._listed[_key(name)])

    @cached_property
    def _listed(self) -> Mapping[str, str]:
        return {_key(known): known for known in self.pack.operators}

    def _page(self, listed: str) -> OperatorPage:
        name = listed.removeprefix("custom:")
        rules = self.pack.rules(listed)
        common = _shared_by_forms(rules.forms)
        found = [self._rule(clause, name) for clause in common]
        for form in rules.forms:
            found += [self._rule(clause, name, form) for clause in form.clauses if clause not in common]
        if all(form.when is not None for form in rules.forms):
            found.append(self._form(name, rules.forms))
        refused = None if rules.refused is None else self._rule(rules.refused, name)
        accepted = tuple(map(sentence, rules.accept_when))
        return OperatorPage(name, tuple(found), accepted, refused, rules.values)

    def _form(self, name: str, forms: tuple[Form, ...]) -> Rule:
        conditions = [form.when for form in forms if form.when is not None]
        return Rule(
            id=f"{self.pack.delegate}/{slug(name)}/form",
            subject=name,
            severity="blocker",
            stage=self.pack.unlisted.stage,
            fix=(fix := list(self._advised(self.pack.unlisted.fix))[-1][0]),
            texts=(fix,),
            source=self.pack.unlisted.source,
            requires="; or ".join(map(sentence, conditions)),
            meaning="The operator is called in one of the forms that are known.",
            terms=terms(*conditions),
        )

    def graph(self) -> list[Rule]:
        """Rules that follow from the pack's policies; of the runtime, what it asks of any model."""
        found = self._preparing() if self.pack.delegate == _RUNTIME else self._policies()
        return [self._of_graph(rule) for rule in found]

    def _preparing(self) -> Iterator[GraphRule]:
        yield from graph_rules.BUILDING.values()
        yield from (graph_rules.CONSTANT_OUTPUT, graph_rules.NEGATIVE_SIZE, graph_rules.VAST_OUTPUT)
        yield from (graph_rules.SIZELESS_OUTPUT, graph_rules.REGISTERED)
        for listed in self.pack.operators:
            construct = self.pack.rules(listed).values.get("calls")
            for rule in graph_rules.CALLS.values() if construct else ():
                if not rule.of or construct in rule.of:
                    yield msgspec.structs.replace(rule, id=f"{slug(listed)}/{rule.id}")

    def _policies(self) -> Iterator[GraphRule]:
        policies = self.pack.graph
        if policies.max_partitions is not None:
            yield graph_rules.TIE
        if policies.reads_through_before_limit is not None:
            yield graph_rules.FLOAT16_LIMIT
            yield graph_rules.FLOAT16_MISREAD
        if policies.constant_fp16_dequantize != "as-any-operator":
            yield graph_rules.FLOAT16_CONSTANT

    def _of_graph(self, rule: GraphRule) -> Rule:
        return Rule(
            id=f"{self.pack.delegate}/{rule.id}",
            subject=GRAPH,
            severity=rule.severity,
            stage=rule.stage,
            fix=rule.fix,
            texts=(rule.fix,),
            source=rule.source,
            meaning=rule.meaning,
        )

    def unlisted(self, operator: str) -> Rule | None:
        """The rule that refuses an operator of that name in ids; None where the pack lists it."""
        if operator in {slug(name) for name in self.operators()}:
            return None
        builtin = {slug(name): name for name in schema.members("BuiltinOperator").values()}
        clause = self.pack.unlisted if operator in builtin else self.pack.unlisted_custom
        found = self._rule(clause, builtin.get(operator, operator))
        return msgspec.structs.replace(found, id=f"{self.pack.delegate}/{operator}/{clause.id}")

    def others(self) -> list[Rule]:
        """What is said of all operators that the pack doesn't list."""
        any_other = f"{self.pack.delegate}/any"
        clauses = {clause.id: clause for clause in (self.pack.unlisted, self.pack.unlisted_custom)}
        return [
            msgspec.structs.replace(self._rule(clause, "any other"), id=f"{any_other}/{clause.id}")
            for clause in clauses.values()
        ]

    def _rule(self, clause: Clause, subject: str, form: Form | None = None) -> Rule:
        whens: list[Node] = [tree for tree in (form.when if form else None, clause.when) if tree is not None]
        advised = list(self._advised(clause.fix))
        *fixes, fix = map(_conditional, advised)
        return Rule(
            id=clause.id,
            subject=subject,
            severity=clause.severity,
            stage=clause.stage,
            fix=fix,
            source=clause.source,
            fixes=tuple(fixes),
            texts=tuple(text for text, _ in advised),
            requires="" if clause.require == FALSE else sentence(clause.require),
            meaning=clause.message,
            when=tuple(map(sentence, whens)),
            terms=terms(clause.require, *whens),
            formerly=clause.formerly,
        )

    def _advised(self, fix: str, given: tuple[Node, ...] = ()) -> Iterator[tuple[str, tuple[Node, ...]]]:
        """All that may be advised, under which conditions; the last has none, unless some are `given`."""
        for one in self.pack.advice.lists.get(fix, ()):
            yield from self._advised(one.fix, given if one.when is None else (*given, one.when))
        if fix not in self.pack.advice.lists:
            yield fix, given

    def rules(self) -> Iterator[Rule]:
        """Every rule of the pack but those on operators that it doesn't list."""
        yield from self.everywhere()
        for listed in self.pack.operators:
            page = self._page(listed)
            yield from page.rules
            yield from [page.refused] if page.refused is not None else []
        yield from self.partitions()
        yield from self.models()
        yield from self.graph()


def find(packs: Packs, identity: str) -> tuple[RulePack, list[Rule]]:
    """The rule with this id, or that had it once; or all rules whose ids begin with it.

    Raises: UsageError where there is none.
    """
    delegate, _, rest = identity.strip("/").partition("/")
    pack = (
        packs.cpu_kernels
        if delegate == _RUNTIME
        else packs.get(delegate)
        if delegate in packs.names()
        else None
    )
    if pack is None:
        known = [*packs.names(), _RUNTIME]
        if (operator := _operator(packs, delegate)) is not None:
            raise UsageError(f"rule {identity}: is an operator; see rules coverage {operator}")
        raise UsageError(
            f"rule {identity}: no delegate {delegate}{nearest(delegate, known)}; known: {', '.join(known)}"
        )
    book = Rulebook(pack)
    rules = list(book.rules())
    for found in (
        [rule for rule in rules if rule.id == identity],
        [rule for rule in rules if identity in rule.formerly],
        _unlisted(book, rest),
        [rule for rule in rules if rule.id.startswith((f"{delegate}/{rest}/", f"{delegate}/{rest}."))],
        [rule for rule in rules if rule.id.startswith(f"{delegate}/{rest}")],
    ):
        if found:
            return pack, found
    raise UsageError(
        f"rule {identity}: {delegate} has no such rule{nearest(identity, [rule.id for rule in rules])}"
    )


def _operator(packs: Packs, name: str) -> str | None:
    """The operator of this name: any that there is, or a custom one that a pack lists."""
    listed = (operator for pack in packs.names() for operator in Rulebook(packs.get(pack)).operators())
    known = (*schema.members("BuiltinOperator").values(), *listed)
    return next((operator for operator in known if _key(operator) == _key(name)), None)


def _conditional(advised: tuple[str, tuple[Node, ...]]) -> str:
    fix, given = advised
    conditions = ", and ".join(map(sentence, given))
    return f"if {conditions}: {fix}" if conditions else fix


def _unlisted(book: Rulebook, rest: str) -> list[Rule]:
    operator, _, name = rest.partition("/")
    if name not in (book.pack.unlisted.id, book.pack.unlisted_custom.id):
        return []
    found = book.unlisted(operator)
    return [found] if found is not None and found.id.endswith(f"/{name}") else []


def _shared_by_forms(forms: tuple[Form, ...]) -> list[Clause]:
    """Clauses that stand in every form, because the operator's table states them."""
    first, *others = forms
    return [clause for clause in first.clauses if others and all(clause in form.clauses for form in others)]


def _key(name: str) -> str:
    return slug(name.removeprefix("custom:"))
