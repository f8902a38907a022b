"""Differences that rounding explains in a quantized model's output, where the element type doesn't tell.

Kernels that compute in the same integers still round differently here and there, and a network carries
that on: from not at all to beyond recognition, as its layers have it. How far is measured: the CPU's own
result is computed again from inputs moved by one step of rounding, and what is no further off than twice
that is put down to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from analyzer.execution.compare.measures import OutputComparison
from analyzer.execution.request import Entry
from analyzer.model.graph import OMITTED, Operator, Subgraph

#: Twice as far, in dB.
_TWICE = 6.0
#: Float activations that each kernel quantizes by a rule of its own: 8 bits are what is left of them.
_HYBRID_DB = 25.0
_FLOATS = ("FLOAT32", "FLOAT16")
_WEIGHTS = ("INT8", "UINT8", "INT4", "INT2")
_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "BATCH_MATMUL")


def allow(
    subgraph: Subgraph,
    entry: Entry,
    compared: Sequence[OutputComparison],
    moved: Sequence[OutputComparison],
) -> list[OutputComparison]:
    """Comparisons with what rounding explains allowed; `moved` is the CPU beside itself."""
    indices = dict(entry.outputs)
    return [
        _allow(output, own, _is_hybrid(subgraph, indices[output.name]))
        for output, own in zip(compared, moved, strict=True)
    ]


def can_be_rounding(output: OutputComparison) -> bool:
    """True for an output that is too far off, but in no way that rounding couldn't explain."""
    return not output.within and not output.nan and not output.never_written


def _allow(output: OutputComparison, own: OutputComparison, hybrid: bool) -> OutputComparison:
    if not can_be_rounding(output):
        return output
    if hybrid and output.snr_db is not None and output.snr_db >= _HYBRID_DB:
        return replace(
            output, within=True, problem="", allowance="float activations are quantized while it runs"
        )
    if output.snr_db is not None and own.snr_db is not None and output.snr_db >= own.snr_db - _TWICE:
        text = f"inputs moved by one step of rounding move the CPU's own result to {own.snr_db:.1f} dB"
        return replace(output, within=True, problem="", allowance=text)
    if output.quanta is None and own.equal < 1 and 1 - output.equal <= 2 * (1 - own.equal):
        text = f"inputs moved by one step of rounding change {1 - own.equal:.1%} of the CPU's own result"
        return replace(output, within=True, problem="", allowance=text)
    return output


def _is_hybrid(subgraph: Subgraph, tensor: int) -> bool:
    """True where anything that an output is computed from has float activations and integer weights."""
    waiting, seen = [tensor], set()
    while waiting:
        index = waiting.pop()
        if index in seen or index == OMITTED:
            continue
        seen.add(index)
        for producer in subgraph.producers.get(index, ()):
            operator = subgraph.operators[producer]
            if _mixes(subgraph, operator):
                return True
            waiting += operator.inputs
    return False


def _mixes(subgraph: Subgraph, operator: Operator) -> bool:
    if operator.name not in _WEIGHTED or OMITTED in operator.inputs[:2]:
        return False
    dtypes = [subgraph.tensors[index].dtype for index in operator.inputs]
    return any(dtype in _FLOATS for dtype in dtypes) and any(dtype in _WEIGHTS for dtype in dtypes)
