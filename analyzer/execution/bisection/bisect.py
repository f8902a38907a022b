"""Finds the first operator from which a delegate's results part from the CPU's.

The CPU computes every tensor once. The operators that the delegate took are then run as a model of their
own, entered with the CPU's values: first all of them, then the first half, and so on, until one operator more
makes the difference. Where that one is right by itself, so are ever shorter stretches that end with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.bisection.intermediate_values import NotComputed
from analyzer.execution.bisection.parts import Parts, Reproducer
from analyzer.execution.compare.measures import OutputComparison
from analyzer.model.graph import Subgraph

_NOWHERE = "the delegated operators agree with the CPU when they are run by themselves"


class Culprit(Struct, frozen=True, kw_only=True):
    """The operator at which results part in a subgraph.

    Where they can't be made to, `operator` is None, and `output` the worst of what the delegate makes.
    """

    message: str
    subgraph: int = 0
    operator: int | None = None
    #: The tensor of the operator that is wrong, or an earlier one that is once the operator is there.
    output: OutputComparison | None = None
    #: The worst of what the operator reads, as the delegate computes it; None where that is the CPU's.
    before: OutputComparison | None = None
    #: The operator's output where it is run by itself; None where it has none in numbers.
    alone: OutputComparison | None = None
    #: Where it agrees by itself: the shortest stretch of operators up to it that doesn't.
    together: tuple[int, ...] = ()
    #: The smallest model that differs by itself.
    reproducer: Reproducer | None = None


def culprits(searches: Iterable[Parts], taken: Mapping[int, Sequence[int]] | None) -> tuple[Culprit, ...]:
    """One for each subgraph in which results part, or one that says that they don't.

    `taken`: subgraph -> delegated operators, None where those aren't known.
    """
    searched: list[Culprit] = []
    ended: list[Culprit] = []
    try:
        for parts in searches:
            searched.append(search(parts, _suspects(parts.subgraph, taken)))
    except (NotComputed, RuntimeUnavailable) as error:
        ended = [Culprit(message=str(error))]
    wrong = [culprit for culprit in searched if culprit.operator is not None]
    return tuple(wrong + ended or searched[:1])


def _suspects(subgraph: Subgraph, taken: Mapping[int, Sequence[int]] | None) -> Sequence[int]:
    return range(len(subgraph.operators)) if taken is None else taken.get(subgraph.index, ())


def search(parts: Parts, operators: Iterable[int]) -> Culprit:
    """The first of the operators after which results part, or how near what they make comes to doing so."""
    suspects = sorted(operators)
    if not _differ(parts, suspects):
        made = parts.compare(suspects)
        return _nowhere(_worst(made, made))
    count = _least(len(suspects), lambda count: _differ(parts, suspects[:count]))
    return _culprit(parts, suspects[:count])


def _differ(parts: Parts, operators: Sequence[int]) -> bool:
    return any(not comparison.within for comparison in parts.compare(operators).values())


def _least(most: int, holds: Callable[[int], bool]) -> int:
    """The smallest number for which something holds that holds for `most`, and for 0 doesn't."""
    least = 0
    while most - least > 1:
        middle = (least + most) // 2
        if holds(middle):
            most = middle
        else:
            least = middle
    return most


def _culprit(parts: Parts, stretch: Sequence[int]) -> Culprit:
    operator = parts.subgraph.operators[stretch[-1]]
    after = {index: tensor for index, tensor in parts.compare(stretch).items() if not tensor.within}
    output = _worst(after, operator.outputs) or _worst(after, after)
    before = _worst(parts.compare(stretch[:-1]), operator.inputs)
    alone = _worst(parts.compare(stretch[-1:]), operator.outputs)
    together: Sequence[int] = ()
    if alone is not None and alone.within:
        together = stretch[-_least(len(stretch), lambda count: _differ(parts, stretch[-count:])) :]
    # Where a converter fuses operators it joins their names; the first is enough to go by.
    tensor, problem = (output.name.partition(";")[0], output.problem) if output else ("", "")
    told = (
        f"results part at {_name(parts.subgraph, operator.index)}{_where(parts.subgraph)}, "
        f"tensor {tensor}: {problem}; what it reads {_alike(before)}, "
        f"{_by_itself(parts.subgraph, alone, together)}"
    )
    return Culprit(
        message=told,
        subgraph=parts.subgraph.index,
        operator=operator.index,
        output=output,
        before=before,
        alone=alone,
        together=tuple(together),
        # By itself it is wrong, or has no output in numbers that could be.
        reproducer=parts.reproducer(together or (stretch if alone is None else stretch[-1:])),
    )


def _worst(compared: Mapping[int, OutputComparison], of: Collection[int]) -> OutputComparison | None:
    among = [comparison for index, comparison in compared.items() if index in of]
    return max(among, key=lambda comparison: (not comparison.within, comparison.max_rel), default=None)


def _name(subgraph: Subgraph, index: int) -> str:
    operator = subgraph.operators[index]
    return f"#{index} {operator.custom or operator.name}"


def _where(subgraph: Subgraph) -> str:
    return f" of subgraph {subgraph.index}" if subgraph.index else ""


def _nowhere(worst: OutputComparison | None) -> Culprit:
    near = _figures(worst) if worst else ""
    magnified = f" ({near}); what the CPU makes of that parts" if near else ""
    return Culprit(message=_NOWHERE + magnified, output=worst)


def _alike(before: OutputComparison | None) -> str:
    if before is None:
        return "is the CPU's"
    figures = _figures(before)
    return f"agrees ({figures})" if figures else "is equal"


def _figures(output: OutputComparison) -> str:
    """An output's SNR and steps of difference, empty where it is equal."""
    if output.snr_db is None:
        return ""
    steps = "" if output.quanta is None else f", {output.quanta} step{'' if output.quanta == 1 else 's'}"
    return f"SNR {output.snr_db:.1f} dB{steps}"


def _by_itself(subgraph: Subgraph, alone: OutputComparison | None, together: Sequence[int]) -> str:
    if alone is None or not alone.within:
        return "by itself it is wrong too"
    *others, _ = together
    if not others:
        return "by itself it agrees"
    first = _name(subgraph, others[0])
    company = first if len(others) == 1 else f"{len(others)} operators from {first} on"
    return f"by itself it agrees, together with {company} it doesn't"
