"""Convolutions that are spelled out, or known to one library alone."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from msgspec.structs import replace

from analyzer.model.graph import Operator, Tensor
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.prepared_graph import Unfit
from analyzer.rewriting.rewrite import Promise, rewrite
from analyzer.rewriting.site import Site, alike

#: The version from which on an operator may dilate.
_DILATING = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 2}
#: Source: tflite/core/c/builtin_op_data.h::TfLiteTransposeConvParams
_CUSTOM_OPTIONS, _PADDINGS = "<iii", {1: "SAME", 2: "VALID"}


@rewrite(
    "BATCH_TO_SPACE_ND",
    title="SPACE_TO_BATCH_ND, a convolution and BATCH_TO_SPACE_ND become one dilated convolution",
)
def dilated_convolution(site: Site) -> Patch | None:
    return _dilated(site, of_one_type=True)


@rewrite(
    "BATCH_TO_SPACE_ND",
    title="SPACE_TO_BATCH_ND, a dynamic-range convolution and BATCH_TO_SPACE_ND become a dilated one",
    promise=Promise(30.0),
)
def dilated_dynamic_range_convolution(site: Site) -> Patch | None:
    return _dilated(site, of_one_type=False)


def _dilated(site: Site, of_one_type: bool) -> Patch | None:
    """One convolution for three operators, where input and weights are of one type, or where they aren't."""
    convolution = _sole_writer(site, site.input().index, *_DILATING)
    spreading = _sole_writer(site, convolution.inputs[0], "SPACE_TO_BATCH_ND")
    source, output = site.tensor(spreading.inputs[0]), site.output()
    site.require(
        len(source.shape) == 4,
        (site.tensor(convolution.inputs[1]).dtype == source.dtype) == of_one_type,
        alike(source, site.tensor(spreading.outputs[0])),
        alike(site.input(), output),
    )
    block = _integers(site, spreading.inputs[1], 2)
    site.require(block == _integers(site, site.operator.inputs[1], 2))
    pads, crops = _integers(site, spreading.inputs[2], 4), _integers(site, site.operator.inputs[2], 4)
    shift = (pads[0] - crops[0], pads[2] - crops[2])
    dilated = replace(
        convolution,
        inputs=(source.index, *convolution.inputs[1:]),
        outputs=(output.index,),
        version=max(convolution.version, _DILATING[convolution.name]),
        options={
            **convolution.options,
            "padding": _padding(site, convolution, block, shift, (source, output)),
            "dilation_h_factor": block[0],
            "dilation_w_factor": block[1],
        },
    )
    return site.patch({spreading.index: (), convolution.index: (), site.operator.index: (dilated,)})


def _sole_writer(site: Site, index: int, *names: str) -> Operator:
    """The operator of one of these names that writes a tensor for one reader alone."""
    graph, writer = site.graph, site.graph.producer(index)
    if writer is None or writer.name not in names or graph.leaves(index) or len(graph.readers(index)) != 1:
        raise Unfit
    return writer


def _integers(site: Site, index: int, count: int) -> tuple[int, ...]:
    values = site.whole(site.tensor(index))
    site.require(len(values) == count)
    return tuple(values)


def _padding(
    site: Site,
    convolution: Operator,
    block: Sequence[int],
    shift: Sequence[int],
    ends: tuple[Tensor, Tensor],
) -> str:
    """The padding with which one convolution reads what the three operators did, `shift` before the first."""
    options, kernel = convolution.options, site.tensor(convolution.inputs[1]).shape[1:3]
    site.require(options["stride_h"] == options["stride_w"] == 1)
    site.require(options["dilation_h_factor"] == options["dilation_w_factor"] == 1)
    site.require(options["padding"] == "VALID" or tuple(kernel) == (1, 1))
    site.require(not {1, 2} & site.graph.open_axes(ends[0].index))
    fits = {"SAME": True, "VALID": True}
    for axis in range(2):
        reach = (kernel[axis] - 1) * block[axis]
        size, made = (end.shape[axis + 1] for end in ends)
        fits["SAME"] &= made == size and shift[axis] == reach // 2
        fits["VALID"] &= made == size - reach and shift[axis] == 0
    site.require(any(fits.values()))
    return "SAME" if fits["SAME"] else "VALID"


@rewrite(
    "custom:Convolution2DTransposeBias",
    title="Convolution2DTransposeBias becomes TRANSPOSE_CONV and ADD",
)
def transposed_convolution_with_bias(site: Site) -> Patch | None:
    data, weights, output = site.input(0), site.input(1), site.output()
    options = site.operator.custom_options
    site.require(options is not None and len(options) >= struct.calcsize(_CUSTOM_OPTIONS))
    assert options is not None
    number, stride_w, stride_h = struct.unpack_from(_CUSTOM_OPTIONS, options)
    site.require(number in _PADDINGS, data.dtype == "FLOAT32", len(data.shape) == len(weights.shape) == 4)
    strides, padding = (stride_h, stride_w), _PADDINGS.get(number, "")
    sizes = [
        size * stride if padding == "SAME" else (size - 1) * stride + kernel
        for size, stride, kernel in zip(data.shape[1:3], strides, weights.shape[1:3], strict=True)
    ]
    shape = (data.shape[0], *sizes, weights.shape[0])
    site.require(shape == output.shape, not site.graph.open_axes(data.index))
    where = site.constant("INT32", [4], shape, f"{output.name}/shape")
    made = site.add(output, shape, "convolved") if site.has(2) else output.index
    transposed = site.make(
        "TRANSPOSE_CONV",
        [where, weights.index, data.index],
        [made],
        {"padding": padding, "stride_h": stride_h, "stride_w": stride_w},
    )
    if not site.has(2):
        return site.replaced(transposed)
    return site.replaced(transposed, site.make("ADD", [made, site.input(2).index], [output.index]))
