"""Finds the rewrites that help a model: those that audits say some delegate gains by and none loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.types import Audit
from analyzer.interpreter import Interpreter
from analyzer.interpreter.arena import overwritten
from analyzer.model.graph import Model, Prepared
from analyzer.rewriting.draft import Draft, Patch
from analyzer.rewriting.gain import Place, gained, helps, lost, troubled
from analyzer.rewriting.prepared_graph import Graph, graphs
from analyzer.rewriting.rewrite import Rewrite, rewrites

#: Rounds over all rewrites, and places that one is tried at alone where it doesn't help at all of them.
_ROUNDS, _ALONE = 30, 12


class Step(Struct, frozen=True):
    """A rewrite, at how many places it was applied, and what it made of the operators there."""

    rewrite: Rewrite
    places: int
    operators: Counter[str]
    #: The model with it and all before it.
    draft: Draft


class Plan(Struct, frozen=True):
    """What is to become of a model."""

    before: Audit
    after: Audit
    draft: Draft
    steps: tuple[Step, ...] = ()


class Fixer:
    """Plans for models, by the delegates of an auditor."""

    def __init__(self, auditor: Auditor, interpreter: Interpreter) -> None:
        self._auditor = auditor
        self._interpreter = interpreter
        #: The model whose graphs were last asked for, and they.
        self._seen: tuple[Prepared | None, list[Graph]] = None, []

    def plan(self, draft: Draft, banned: Collection[str] = ()) -> Plan:
        """What helps a model, without rewrites of these names."""
        before = self._auditor.audit(draft.model)
        usable = [each for each in rewrites() if each.name not in banned]
        plan = self._settled(Plan(before, before, draft), usable)
        for name in dict.fromkeys(step.rewrite.name for step in plan.steps):
            # What the end doesn't hang on is left as it was.
            others = [each for each in usable if each.name != name]
            less = self._settled(Plan(before, before, draft), others)
            if not gained(less.after, plan.after):
                plan, usable = less, others
        return plan if gained(before, plan.after) else Plan(before, before, draft)

    def _settled(self, plan: Plan, usable: Sequence[Rewrite]) -> Plan:
        """All that helps, over and over: one rewrite makes room for another."""
        for _ in range(_ROUNDS):
            steps = len(plan.steps)
            for rewrite in usable:
                plan = self._applied(plan, rewrite)
            if len(plan.steps) == steps:
                break
        return plan

    def _applied(self, plan: Plan, rewrite: Rewrite) -> Plan:
        """The rewrite wherever it helps: everywhere at once, else where it does by itself."""
        patches = list(self._patches(plan, rewrite))
        if not patches:
            return plan
        made = self._with(plan, rewrite, patches)
        if _better(plan, made):
            return made
        patches = _easing(patches, plan, made)
        if len(patches) > 1 and _better(plan, made := self._with(plan, rewrite, patches)):
            return made
        kept: list[Patch] = []
        best = plan
        for patch in patches[:_ALONE]:
            made = self._with(plan, rewrite, [*kept, patch])
            if _better(best, made):
                best = made
                kept.append(patch)
        return best

    def _with(self, plan: Plan, rewrite: Rewrite, patches: Sequence[Patch]) -> Plan:
        draft = plan.draft.apply(patches)
        step = Step(rewrite, len(patches), draft.grown(plan.draft), draft)
        return Plan(plan.before, self._auditor.audit(draft.model), draft, (*plan.steps, step))

    def _patches(self, plan: Plan, rewrite: Rewrite) -> Iterator[Patch]:
        """What a rewrite would do where something is the matter, no two of them at one operator."""
        trouble = set().union(*(lost(audit) for audit in plan.after.delegates))
        taken: set[tuple[int, int]] = set()
        for graph in self._graphs(plan.after.prepared):
            instead: dict[int, int] = {}
            for patch in _found(graph, rewrite):
                places = {(patch.subgraph, index) for index in patch.touches(graph.subgraph)}
                readers = {(patch.subgraph, index) for index in patch.readers(graph.subgraph)}
                apart = not places & taken and not patch.circular(instead)
                if apart and (places | readers) & trouble:
                    taken |= places
                    instead |= patch.read_instead
                    yield patch

    def _graphs(self, prepared: Prepared) -> list[Graph]:
        if self._seen[0] is not prepared:
            self._seen = prepared, graphs(self._interpreter, prepared)
        return self._seen[1]


def _better(plan: Plan, made: Plan) -> bool:
    """Whether it helps, and the CPU still computes the same: it doesn't write over what is read later."""
    return helps(plan.after, made.after) and _overwritten(made) <= _overwritten(plan)


def _overwritten(plan: Plan) -> int:
    return sum(len(overwritten(subgraph)) for subgraph in plan.after.prepared.subgraphs)


def _easing(patches: Sequence[Patch], before: Plan, after: Plan) -> list[Patch]:
    """The patches that put operators in place which fare better than those that they replace."""
    moved = _moved(patches, before.draft.model)
    pairs = list(zip(before.after.delegates, after.after.delegates, strict=True))
    troubles = [(troubled(was), troubled(now_is)) for was, now_is in pairs]
    losses = [(lost(was), lost(now_is)) for was, now_is in pairs]

    def eases(patch: Patch) -> bool:
        then = {(patch.subgraph, index) for index in patch.operators}
        now = {place for operator in then for place in moved[operator]}
        hurt = [(len(then & was), len(now & now_is)) for was, now_is in troubles]
        left = [(len(then & was), len(now & now_is)) for was, now_is in losses]
        eased = any(was > now_is for was, now_is in (*hurt, *left))
        return eased and not any(now_is > was for was, now_is in hurt)

    return [patch for patch in patches if eases(patch)]


def _moved(patches: Iterable[Patch], model: Model) -> dict[Place, list[Place]]:
    """Operators of a model -> where they are with the patches, or what stands in their place."""
    sizes = {(each.subgraph, index): len(made) for each in patches for index, made in each.operators.items()}
    moved: dict[Place, list[Place]] = {}
    for subgraph in model.subgraphs:
        place = 0
        for operator in subgraph.operators:
            known = subgraph.index, operator.index
            size = sizes.get(known, 1)
            moved[known] = [(subgraph.index, place + i) for i in range(size)]
            place += size
    return moved


def _found(graph: Graph, rewrite: Rewrite) -> Iterator[Patch]:
    for operator in graph.subgraph.operators:
        if (patch := rewrite.at(graph, operator.index)) is not None:
            yield patch
