"""Integers that an input may hold, by what the graph does with them."""

from __future__ import annotations

from analyzer.model.graph import OMITTED, Operator, Subgraph

#: Operators that look up rows, and which operand holds their numbers and which the rows.
_LOOKUPS = {"GATHER": (1, 0), "EMBEDDING_LOOKUP": (0, 1)}
#: Operators whose second operand, an integer, may not be zero.
_DIVISIONS = ("DIV", "FLOOR_DIV", "FLOOR_MOD", "STABLEHLO_DIVIDE", "STABLEHLO_REMAINDER")
#: Operators that hand numbers on.
_CARRIERS = ("RESHAPE", "CAST", "EXPAND_DIMS", "SQUEEZE")


def rows(subgraph: Subgraph, index: int) -> int | None:
    """The number of rows of the smallest table that a tensor looks up in."""
    sizes: list[int] = []
    for operator in _consumers(subgraph, index):
        if operator.name in _CARRIERS and operator.inputs[0] == index and operator.outputs:
            below = rows(subgraph, operator.outputs[0])
            sizes += [below] if below is not None else []
        numbers, table = _LOOKUPS.get(operator.name, (0, 0))
        if numbers != table and operator.inputs[numbers] == index and operator.inputs[table] != OMITTED:
            shape = subgraph.tensors[operator.inputs[table]].shape
            axis = int(operator.options.get("axis") or 0)
            sizes += [shape[axis]] if -len(shape) <= axis < len(shape) else []
    return min(sizes, default=None)


def divides(subgraph: Subgraph, index: int) -> bool:
    """True where something is divided by a tensor."""
    return any(
        (operator.name in _DIVISIONS and index in operator.inputs[1:])
        or (
            operator.name in _CARRIERS
            and operator.inputs[0] == index
            and divides(subgraph, operator.outputs[0])
        )
        for operator in _consumers(subgraph, index)
    )


def _consumers(subgraph: Subgraph, index: int) -> list[Operator]:
    return [subgraph.operators[number] for number in subgraph.consumers.get(index, ())]
