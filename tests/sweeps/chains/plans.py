"""What graphs are made by: a plan can be built, and made smaller, as a file can't."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tests.sweeps.chains import arranging, computing
from tests.sweeps.chains.graphs import FLOAT, Graph, Value

KINDS = {**computing.KINDS, **arranging.KINDS}


class Step(Struct, frozen=True):
    """An operator, or a few that belong together, on values by their numbers: inputs come first."""

    kind: str
    first: int
    second: int
    variant: int = 0


class Plan(Struct, frozen=True):
    """Steps on one input; values that nobody reads are outputs, and so are those of `shown`."""

    shape: tuple[int, ...]
    style: str
    steps: tuple[Step, ...]
    shown: tuple[int, ...] = ()
    seed: int = 0


class Built(Struct, frozen=True):
    """A plan's model; `made` are the numbers of the values that each step makes."""

    plan: Plan
    data: bytes
    made: tuple[tuple[int, ...], ...]
    operators: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def name(self) -> str:
        words = ".".join(operator.lower() for operator in self.operators[:5])
        return f"{words}__{hashlib.sha256(self.data).hexdigest()[:6]}"


def build(plan: Plan) -> Built | None:
    """None for a plan in which some step doesn't apply."""
    graph = Graph(plan.style, plan.seed)
    values = [graph.input(plan.shape)]
    made: list[tuple[int, ...]] = []
    for step in plan.steps:
        if max(step.first, step.second) >= len(values):
            return None
        outputs = KINDS[step.kind](graph, values[step.first], values[step.second], step.variant)
        if not outputs or any(0 in value.shape for value in outputs):
            return None
        made.append(tuple(range(len(values), len(values) + len(outputs))))
        values += outputs
    shown = _shown(plan, values, made)
    if not shown:
        return None
    data = graph.finish(values[:1], [values[number] for number in shown])
    return Built(plan, data, tuple(made), tuple(graph.operators), tuple(value.shape for value in values))


def _shown(plan: Plan, values: list[Value], made: list[tuple[int, ...]]) -> list[int]:
    """The outputs: the last step's that nobody reads, and what the plan shows besides."""
    read = {number for step in plan.steps for number in (step.first, step.second)}
    ends = [number for outputs in made for number in outputs if number not in read]
    # Of several that a step makes and nobody reads, one is enough where others are read.
    return sorted({number for number in (*ends, *plan.shown) if 0 < number < len(values)})


def smaller(built: Built) -> Iterator[Plan]:
    """Plans with a step, an output, a variant or some size less; the boldest first."""
    plan = built.plan
    for number in reversed(range(len(plan.steps))):
        yield from _without(built, number)
    for shown in plan.shown:
        yield replace(plan, shown=tuple(one for one in plan.shown if one != shown))
    if plan.style != FLOAT:
        yield replace(plan, style=FLOAT)
    for axis, size in enumerate(plan.shape):
        for less in sorted({1, size // 2} - {0, size}):
            yield replace(plan, shape=(*plan.shape[:axis], less, *plan.shape[axis + 1 :]))
    for number, step in enumerate(plan.steps):
        for variant in sorted({0, step.variant % 4} - {step.variant}):
            yield _changed(plan, number, variant=variant)
        if step.second != step.first:
            yield _changed(plan, number, second=step.first)


def _changed(plan: Plan, number: int, **fields: Any) -> Plan:
    step = replace(plan.steps[number], **fields)
    return replace(plan, steps=(*plan.steps[:number], step, *plan.steps[number + 1 :]))


def _without(built: Built, number: int) -> Iterator[Plan]:
    """The plan without a step: who read what it makes reads what it read."""
    plan, gone = built.plan, built.made[number]
    for instead in dict.fromkeys((plan.steps[number].first, plan.steps[number].second)):
        moved = dict.fromkeys(gone, instead)

        def place(value: int, moved: dict[int, int] = moved) -> int:
            return moved.get(value, value - len(gone) if value > gone[-1] else value)

        kept = (*plan.steps[:number], *plan.steps[number + 1 :])
        steps = tuple(replace(s, first=place(s.first), second=place(s.second)) for s in kept)
        shown = tuple(sorted({place(value) for value in plan.shown if value not in gone}))
        if steps:
            yield replace(plan, steps=steps, shown=shown)
