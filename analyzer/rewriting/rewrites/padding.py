"""Paddings that delegates merge into what stands behind them, and then forget what they were filled with."""

from __future__ import annotations

from math import prod

from msgspec.structs import replace

from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.site import Site

_POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
#: Zeros that are written out beside what is padded.
_MOST = 1 << 18


@rewrite("PAD", "PADV2", title="PAD before a pool becomes part of a depthwise convolution with ones")
def pad_by_convolution(site: Site) -> Patch | None:
    """A convolution of one pixel changes no number; it is what the padding is merged into."""
    source, output = site.input(), site.output()
    readers = site.graph.readers(output.index)
    site.require(source.dtype == output.dtype == "FLOAT32", len(output.shape) == 4)
    site.require(any(reader.name in _POOLS for reader in readers))
    axes, channels = site.graph.open_axes(output.index), output.shape[3]
    site.require(3 not in axes, channels > 0)
    padded = site.add(output, output.shape, "padded", axes)
    ones = site.constant("FLOAT32", [1, 1, 1, channels], [1.0] * channels, f"{output.name}/ones")
    bias = site.constant("FLOAT32", [channels], [0.0] * channels, f"{output.name}/zeros")
    options = {
        "padding": "VALID",
        "stride_h": 1,
        "stride_w": 1,
        "depth_multiplier": 1,
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
    }
    return site.replaced(
        replace(site.operator, outputs=(padded,)),
        site.make("DEPTHWISE_CONV_2D", [padded, ones, bias], [output.index], options),
    )


@rewrite("PAD", title="PAD that adds channels becomes CONCATENATION with zeros")
def channels_by_concatenation(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    site.require(source.dtype == output.dtype == "FLOAT32", len(source.shape) == 4)
    site.require(source.shape[:3] == output.shape[:3], not site.graph.open_axes(output.index))
    paddings = site.values(site.input(1))
    shape = (*source.shape[:3], output.shape[3] - source.shape[3])
    site.require(len(paddings) == 8, paddings[6] == 0, shape[3] > 0, prod(shape) <= _MOST)
    zeros = site.constant("FLOAT32", shape, bytes(4 * prod(shape)), f"{output.name}/zeros")
    return site.replaced(site.make("CONCATENATION", [source.index, zeros], [output.index], {"axis": 3}))
