"""Numbers in the types and operators in the versions that they need, and no larger ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from msgspec.structs import replace

from analyzer.expressions.evaluate import Evaluate, compiled
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model.graph import OMITTED, Operator
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import ANY, rewrite
from analyzer.rewriting.site import Site
from analyzer.rules.loading.fixes_file import shared
from analyzer.rules.registry import Packs

#: Element types whose versions are known to hang on nothing else than the reasons that are listed.
_ORDINARY = frozenset(("BOOL", "FLOAT32", "INT32", "INT8", "UINT8"))


@rewrite("ARG_MAX", "ARG_MIN", title="ARG_MAX gives indices of 32 bits, which are widened where that is read")
def indices_narrowed(site: Site) -> Patch | None:
    output = site.output()
    site.require(output.dtype == "INT64", site.option("output_type") == "INT64")
    site.require(output.quantization is None or not output.quantization.scale_count)
    axes = site.graph.open_axes(output.index)
    narrow = site.add(output, output.shape, "narrow", axes, dtype="INT32")
    readers = site.graph.readers(output.index)
    casts = [reader for reader in readers if reader.name == "CAST"]
    operators: dict[int, list[Operator]] = {
        site.operator.index: [
            replace(
                site.operator,
                outputs=(narrow,),
                options={**site.operator.options, "output_type": "INT32"},
            )
        ]
    }
    for cast in casts:
        options = {**cast.options, "in_data_type": "INT32"}
        operators[cast.index] = [replace(cast, inputs=(narrow,), options=options)]
    if site.graph.leaves(output.index) or len(casts) < len(readers):
        options = {"in_data_type": "INT32", "out_data_type": "INT64"}
        operators[site.operator.index].append(site.make("CAST", [narrow], [output.index], options))
    return site.patch(operators)


@rewrite(ANY, title="Versions of operators are lowered to what the operators need")
def version_lowered(site: Site) -> Patch | None:
    """The version that the converter would give to the operator by itself."""
    operator = site.operator
    site.require(operator.custom is None, operator.version > 1, not operator.intermediates)
    for index in (*operator.inputs, *operator.outputs):
        tensor = None if index == OMITTED else site.tensor(index)
        site.require(tensor is None or (tensor.dtype in _ORDINARY and tensor.sparsity is None))
    known = shared().raised().get(operator.name, ())
    context = Context(site.graph.subgraph, operator)
    stated = operator.version
    needed = max((n for n, why in known if n <= stated and _holds(_reasons()[why], context)), default=1)
    between = {number for number, _ in known if needed < number <= stated}
    site.require(needed < stated, len(between) == stated - needed)
    return site.replaced(replace(operator, version=needed))


@cache
def _reasons() -> Mapping[str, Evaluate]:
    """What raises a version, as conditions on an operator."""
    return {name: compiled(reason.when) for name, reason in Packs().cpu_kernels.advice.reasons.items()}


def _holds(condition: Evaluate, context: Context) -> bool:
    try:
        return bool(condition(context))
    except Undefined:
        return False
