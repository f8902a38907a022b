"""Operands of one rank: delegates read dimensions by their place, broadcasts align them at the end."""

from __future__ import annotations

from msgspec.structs import replace

from analyzer.model.graph import OMITTED, Operator
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.site import Site

#: Operators that broadcast all their operands.
BROADCASTING = (
    "ADD",
    "DIV",
    "EQUAL",
    "FLOOR_DIV",
    "FLOOR_MOD",
    "GREATER",
    "GREATER_EQUAL",
    "LESS",
    "LESS_EQUAL",
    "LOGICAL_AND",
    "LOGICAL_OR",
    "MAXIMUM",
    "MINIMUM",
    "MUL",
    "NOT_EQUAL",
    "POW",
    "SELECT_V2",
    "SQUARED_DIFFERENCE",
    "SUB",
)


@rewrite(*BROADCASTING, title="Operands of an elementwise operator are brought to one rank")
def operands_of_one_rank(site: Site) -> Patch | None:
    return _of_rank(site, len(site.output().shape))


@rewrite(*BROADCASTING, title="Operands of an elementwise operator are brought to four dimensions")
def operands_of_rank_four(site: Site) -> Patch | None:
    output = site.output()
    site.require(1 <= len(output.shape) < 4)
    return _of_rank(site, 4)


def _of_rank(site: Site, rank: int) -> Patch | None:
    """The operator on operands of a rank, and its output back to its own where that is lower."""
    before: list[Operator] = []
    inputs: list[int] = []
    made: dict[int, int] = {}
    for index in site.operator.inputs:
        site.require(index != OMITTED)
        missing = rank - len(site.tensor(index).shape)
        site.require(missing >= 0)
        if missing and index not in made:
            shape = (1,) * missing + site.tensor(index).shape
            axes = frozenset(axis + missing for axis in site.graph.open_axes(index))
            reshaping, made[index] = site.reshaped(index, shape, axes)
            before += reshaping
        inputs.append(made.get(index, index))
    output = site.output()
    missing = rank - len(output.shape)
    site.require(bool(made))
    if not missing:
        return site.replaced(*before, replace(site.operator, inputs=tuple(inputs)))
    axes = frozenset(axis + missing for axis in site.graph.open_axes(output.index))
    result = site.add(output, (1,) * missing + output.shape, "rank4", axes)
    operator = replace(site.operator, inputs=tuple(inputs), outputs=(result,))
    return site.replaced(*before, operator, site.reshape(result, output.index))
