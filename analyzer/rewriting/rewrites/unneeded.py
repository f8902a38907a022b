"""Operators that nothing is lost without."""

from __future__ import annotations

from analyzer.model.graph import OMITTED, Operator
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import ANY, rewrite
from analyzer.rewriting.rewrites.views import VIEWS
from analyzer.rewriting.site import Site, alike

#: Operators that do more than write their outputs, or may.
_ACTING = frozenset(
    (
        "ASSIGN_VARIABLE",
        "CALL",
        "CALL_ONCE",
        "CUSTOM",
        "DELEGATE",
        "HASHTABLE",
        "HASHTABLE_IMPORT",
        "IF",
        "MULTINOMIAL",
        "RANDOM_STANDARD_NORMAL",
        "RANDOM_UNIFORM",
        "STABLEHLO_CASE",
        "STABLEHLO_CUSTOM_CALL",
        "STABLEHLO_RNG_BIT_GENERATOR",
        "STABLEHLO_WHILE",
        "VAR_HANDLE",
        "WHILE",
    )
)


@rewrite(ANY, title="Operators whose outputs nothing reads are dropped", first=True)
def dead_operators(site: Site) -> Patch | None:
    graph, operator = site.graph, site.operator
    site.require(operator.name not in _ACTING, not _keeps_state(site, operator))
    for index in operator.outputs:
        site.require(index == OMITTED or not (graph.readers(index) or graph.leaves(index)))
    return site.patch({operator.index: ()})


def _keeps_state(site: Site, operator: Operator) -> bool:
    return any(site.tensor(index).variable for index in operator.inputs if index != OMITTED)


@rewrite("QUANTIZE", title="DEQUANTIZE and QUANTIZE back to the same numbers are dropped", first=True)
def quantize_pairs(site: Site) -> Patch | None:
    before = site.graph.producer(site.input().index)
    if before is None or before.name != "DEQUANTIZE":
        return None
    source, output = site.tensor(before.inputs[0]), site.output()
    site.require(alike(source, output), source.dtype in ("INT8", "UINT8"), not source.constant)
    site.require(source.quantization is not None and source.quantization.scale_count == 1)
    return site.bypass(source.index)


@rewrite(ANY, title="Operators that give what they read are dropped", first=True)
def idle_operators(site: Site) -> Patch | None:
    site.require(_idle(site))
    return site.bypass(site.input().index)


def _idle(site: Site) -> bool:
    """Whether an operator's output is its first input, element by element, whatever is resized."""
    operator = site.operator
    source, output = site.input(), site.output()
    if not alike(source, output):
        return False
    if not site.graph.of_one_shape(source.index, output.index):
        return False
    if operator.name in (*VIEWS, "SLICE", "CAST"):
        return True
    if operator.name == "STRIDED_SLICE":
        # Of the same shape, and nothing is turned round.
        return all(step == 1 for step in site.values(site.input(3)))
    if operator.name == "CONCATENATION":
        return len(operator.inputs) == 1 and site.option("fused_activation_function") == "NONE"
    return operator.name in ("BROADCAST_TO", "TILE", "PAD", "TRANSPOSE") and _kept_order(site)


def _kept_order(site: Site) -> bool:
    if site.operator.name != "TRANSPOSE":
        return True
    order = site.values(site.input(1))
    return order == tuple(range(len(order)))
