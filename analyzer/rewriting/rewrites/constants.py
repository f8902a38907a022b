"""Arithmetic on sizes and constants: what is the same whatever an app does is a constant."""

from __future__ import annotations

from msgspec.structs import replace

from analyzer.model.graph import OMITTED
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import ANY, rewrite
from analyzer.rewriting.site import Site, packed

#: Constants in half precision are read through where they are turned into floats: that is no arithmetic.
_LEFT = ("DEQUANTIZE", "DENSIFY")


@rewrite(ANY, title="Shapes and values that hang on constants alone become constants", first=True)
def constants_folded(site: Site) -> Patch | None:
    operator = site.operator
    site.require(operator.name not in _LEFT, OMITTED not in operator.outputs, bool(operator.outputs))
    altered = {}
    for place in range(len(operator.outputs)):
        output = site.output(place)
        site.require(not site.graph.leaves(output.index), not output.constant)
        data = packed(output.dtype, site.values(output))
        altered[output.index] = site.known(output, output.shape, data)
    return site.patch({operator.index: ()}, altered)


@rewrite("RESHAPE", title="The shape of RESHAPE, where it is computed, becomes a constant", first=True)
def reshape_by_constant(site: Site) -> Patch | None:
    site.require(site.has(1), not site.input(1).constant)
    source, target = site.input(), site.output()
    sizes = site.sizes(site.input(1))
    shape = site.constant("INT32", [len(sizes)], sizes, f"{target.name}/shape")
    reshaped = replace(
        site.operator,
        inputs=(source.index, shape),
        options={"new_shape": sizes},
        options_table="ReshapeOptions",
    )
    return site.replaced(reshaped)
