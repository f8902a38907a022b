"""Products of matrices in the shapes that delegates compute them in."""

from __future__ import annotations

from math import prod

from msgspec.structs import replace

from analyzer.model.graph import Operator, Tensor
from analyzer.rewriting.arithmetic import strides, taken
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.site import Site


@rewrite("FULLY_CONNECTED", title="The input of FULLY_CONNECTED is flattened to the depth of its weights")
def depth_by_reshape(site: Site) -> Patch | None:
    source, weights, output = site.input(0), site.input(1), site.output()
    site.require(weights.constant, len(weights.shape) == 2, not site.option("keep_num_dims"))
    depth = weights.shape[1]
    site.require(depth > 0, len(output.shape) == 2, len(source.shape) > 0)
    site.require(source.shape[-1] != depth or len(source.shape) == 1)
    site.require(prod(source.shape) == output.shape[0] * depth)
    axes = site.graph.open_axes(output.index)
    site.require(axes <= {0}, bool(axes) == bool(site.graph.open_axes(source.index)))
    before, flat = site.reshaped(source.index, (output.shape[0], depth), axes)
    return site.replaced(*before, replace(site.operator, inputs=(flat, *site.operator.inputs[1:])))


@rewrite("BATCH_MATMUL", title="Operands of BATCH_MATMUL that it reads transposed are transposed before")
def adjoint_by_transpose(site: Site) -> Patch | None:
    wanted = {0: site.option("adj_x"), 1: site.option("adj_y")}
    site.require(any(wanted.values()))
    before: list[Operator] = []
    inputs = list(site.operator.inputs)
    for operand, turned in wanted.items():
        if turned:
            made, inputs[operand] = _turned(site, site.input(operand))
            before += made
    options = {**site.operator.options, "adj_x": False, "adj_y": False}
    return site.replaced(*before, replace(site.operator, inputs=tuple(inputs), options=options))


@rewrite("BATCH_MATMUL", title="A constant of BATCH_MATMUL loses its dimensions of size 1")
def constant_matrix(site: Site) -> Patch | None:
    matrix, others = site.input(1), site.input(0)
    shape = matrix.shape[-2:]
    site.require(matrix.constant, len(matrix.shape) > 2, prod(matrix.shape) == prod(shape))
    site.require(len(others.shape) == len(site.output().shape), not others.constant)
    viewed = site.viewed_constant(matrix, shape)
    return site.replaced(replace(site.operator, inputs=(site.operator.inputs[0], viewed)))


def _turned(site: Site, tensor: Tensor) -> tuple[list[Operator], int]:
    """A tensor with its last two dimensions exchanged, and the operator that is needed for it, if any."""
    rank = len(tensor.shape)
    site.require(rank >= 2, tensor.quantization is None or tensor.quantization.scale_count <= 1)
    order = [*range(rank - 2), rank - 1, rank - 2]
    shape = [tensor.shape[axis] for axis in order]
    if tensor.constant:
        steps = strides(tensor.shape)
        values = taken(site.values(tensor), shape, [steps[axis] for axis in order])
        name = f"{tensor.name}/transposed"
        return [], site.constant(tensor.dtype, shape, values, name, tensor.quantization)
    axes = [order.index(axis) for axis in site.graph.open_axes(tensor.index)]
    turned = site.add(tensor, shape, "transposed", axes)
    permutation = site.constant("INT32", [rank], order, f"{tensor.name}/order")
    version = 1 if tensor.dtype == "FLOAT32" else 2
    return [site.make("TRANSPOSE", [tensor.index, permutation], [turned], {}, version)], turned
