"""A delegate's outputs against the CPU's: how far apart they are, and whether that is rounding.

Two outputs agree where every element is close, or where the noise is small beside the signal: numbers in
another order of summation differ everywhere a little, a wrong kernel differs a lot somewhere. What counts
as close follows from the output's element type; each threshold that the user gives must hold by itself.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.execution.compare.histogram import Distribution, distribution, together
from analyzer.execution.request import Entry, Sample
from analyzer.model.graph import Model, Subgraph, Tensor


class Thresholds(Struct, frozen=True):
    """Thresholds that the user asks for; None leaves one to the element type."""

    #: |difference| <= atol + rtol * |reference|, in real units.
    atol: float | None = None
    rtol: float | None = None
    #: Signal to noise, in dB.
    min_snr: float | None = None


#: Nothing asked for.
DEFAULT = Thresholds()


class Bound(Struct, frozen=True):
    """Bounds of rounding: all within `atol + rtol * |reference|`, or within `quanta`, or the SNR."""

    atol: float = 0.0
    rtol: float = 0.0
    quanta: int = 0
    snr_db: float = math.inf


#: Seven bits of the signal: half precision on the way leaves ten or more, about 60 dB.
FLOAT = Bound(atol=1e-5, rtol=1e-4, snr_db=42.0)
#: A few steps of rounding, added up over a deep network.
QUANTIZED_8 = Bound(quanta=3, snr_db=25.0)
QUANTIZED_16 = Bound(quanta=16, snr_db=42.0)
#: Classes, counts, positions: the same, or not.
EXACT = Bound()

#: More steps than any quantized output can be off by.
_STEPS = 2.0**53
#: Rows of this many numbers, with nothing but a batch around them, may be scores of classes.
_CLASSES = 3


class OutputComparison(Struct, frozen=True, kw_only=True):
    """One output over all samples: the worst of each figure, in real units.

    `snr_db` and `cosine` are None where nothing differs or where there is no signal. `nan` counts the
    elements that are finite on one side alone. `quanta` is the largest difference in steps of a quantized
    output, or of what a floating point one is dequantized from. `top1_equal` is None for what isn't a vector
    of scores.
    """

    name: str
    dtype: str
    max_abs: float = 0.0
    max_rel: float = 0.0
    snr_db: float | None = None
    cosine: float | None = None
    quanta: int | None = None
    top1_equal: bool | None = None
    nan: int = 0
    #: The share of elements that are bit for bit the same.
    equal: float = 1.0
    never_written: bool = False
    within: bool = True
    #: What was expected, in words, where it isn't so.
    problem: str = ""
    #: Why more is allowed than the element type's own threshold, where it is.
    allowance: str = ""
    #: All finite elements, by how much they differ.
    errors: Distribution | None = None


def compare(
    model: Model,
    entry: Entry,
    reference: Sequence[Sample],
    outputs: Sequence[Sample],
    thresholds: Thresholds = DEFAULT,
    never_written: Mapping[str, int] | None = None,
) -> list[OutputComparison]:
    """Each output of an entry, its samples side by side."""
    subgraph = model.subgraphs[entry.subgraph]
    result = []
    for name, index in entry.outputs:
        pairs = [(a[name], b[name]) for a, b in zip(reference, outputs, strict=True)]
        comparison = compare_output(
            name, subgraph.tensors[index], pairs, thresholds, _source(subgraph, index)
        )
        if left := (never_written or {}).get(name):
            problem = _left(left, outputs[0][name].size)
            comparison = replace(comparison, within=False, never_written=True, problem=problem)
        result.append(comparison)
    return result


def _source(subgraph: Subgraph, index: int) -> Tensor | None:
    """The 8-bit tensor that a tensor is dequantized from."""
    producers = [subgraph.operators[number] for number in subgraph.producers.get(index, ())]
    sources = [subgraph.tensors[node.inputs[0]] for node in producers if node.name == "DEQUANTIZE"]
    return next((tensor for tensor in sources if tensor.dtype in ("INT8", "UINT8")), None)


def compare_output(
    name: str,
    tensor: Tensor,
    pairs: Sequence[tuple[Any, Any]],
    thresholds: Thresholds,
    source: Tensor | None = None,
) -> OutputComparison:
    """One output, dequantized from `source`: pairs of reference and found values, one a sample."""
    import numpy as np

    # What memory holds may be anything, and is no fault of this program.
    with np.errstate(all="ignore"):
        compared = [_compare(name, tensor, a, b, thresholds, source) for a, b in pairs]
    return compared[0] if len(compared) == 1 else _worst(compared)


def _left(elements: int, of: int) -> str:
    return "the run never wrote it" if elements == of else f"the run never wrote {elements} of {of} elements"


def _failed(name: str, tensor: Tensor, problem: str) -> OutputComparison:
    return OutputComparison(name=name, dtype=tensor.dtype, equal=0.0, within=False, problem=problem)


def _compare(
    name: str, tensor: Tensor, a: Any, b: Any, thresholds: Thresholds, source: Tensor | None
) -> OutputComparison:
    import numpy as np

    if a.shape != b.shape:
        return _failed(name, tensor, f"its shape is {_by(b.shape)}, on the CPU {_by(a.shape)}")
    if a.dtype.kind not in "fiubc":
        share = float(np.mean(a == b)) if a.size else 1.0
        same, problem = share == 1.0, "" if share == 1.0 else "differs"
        return OutputComparison(name=name, dtype=tensor.dtype, equal=share, within=same, problem=problem)
    equal = float(np.mean((a == b) | ((a != a) & (b != b)))) if a.size else 1.0
    real_a, real_b = real(tensor, a), real(tensor, b)
    own_step = _step(tensor, a)
    step = _scale(source) if source else own_step
    finite = np.isfinite(real_a) & np.isfinite(real_b)
    # Infinities of the same sign and NaN on both sides are the same result.
    same_kind = finite | (real_a == real_b) | (np.isnan(real_a) & np.isnan(real_b))
    nan = int(np.size(same_kind) - np.count_nonzero(same_kind))
    kept_a, kept_b = real_a[finite], real_b[finite]
    difference = np.minimum(np.abs(kept_a - kept_b), sys.float_info.max)
    if own_step is None and a.dtype.kind in "iu":
        # What differs by less than a real number of 64 bits can tell differs by one at least.
        difference = np.where(a[finite] == b[finite], 0.0, np.maximum(difference, 1.0))
    largest = float(difference.max(initial=0.0))
    quanta = None if step is None else round(min(largest / step, _STEPS))
    snr = _snr(kept_a, difference)
    bound = _bound(tensor, a, step)
    problem = _nan_problem(nan) or _problem(kept_a, difference, quanta, snr, bound, thresholds)
    return OutputComparison(
        name=name,
        dtype=tensor.dtype,
        max_abs=largest,
        max_rel=_relative(kept_a, difference),
        snr_db=snr,
        cosine=_cosine(kept_a, kept_b),
        quanta=quanta,
        top1_equal=_top1(real_a, real_b),
        nan=nan,
        equal=equal,
        within=not problem,
        problem=problem,
        errors=distribution(difference, own_step),
    )


def real(tensor: Tensor, values: Any) -> Any:
    """Values in real units: quantized ones times their scale."""
    import numpy as np

    step = _step(tensor, values)
    if values.dtype.kind == "c":
        return values.astype(np.complex128)
    with np.errstate(invalid="ignore"):
        real = values.astype(np.float64)
    if step is None or tensor.quantization is None:
        return real
    return (real - (tensor.quantization.zero_points or (0,))[0]) * step


def _step(tensor: Tensor, values: Any) -> float | None:
    """The scale of a quantized output."""
    return _scale(tensor) if values.dtype.kind in "iu" else None


def _scale(tensor: Tensor) -> float | None:
    quantization = tensor.quantization
    if quantization is None or quantization.scale_count != 1:
        return None
    scale = float(quantization.scales[0])
    return scale if scale and math.isfinite(scale) else None


def _bound(tensor: Tensor, values: Any, step: float | None) -> Bound:
    if values.dtype.kind in "fc":
        return FLOAT
    if step is None:
        return EXACT
    return QUANTIZED_8 if values.dtype.itemsize == 1 else QUANTIZED_16


def _nan_problem(nan: int) -> str:
    return f"{nan} elements are NaN or infinite on one side alone" if nan else ""


def _problem(
    reference: Any, difference: Any, quanta: int | None, snr: float | None, bound: Bound, asked: Thresholds
) -> str:
    """The threshold that isn't met, in words; empty where all are."""
    import numpy as np

    if asked.atol is not None or asked.rtol is not None:
        allowed = (asked.atol or 0.0) + (asked.rtol or 0.0) * np.abs(reference)
        if np.any(difference > allowed):
            return f"differs by {float(difference.max()):.3g}, more than --atol and --rtol allow"
    if asked.min_snr is not None and snr is not None and snr < asked.min_snr:
        return f"SNR {snr:.1f} dB, expected at least {asked.min_snr:g}"
    if asked != DEFAULT:
        return ""
    close = bool(np.all(difference <= bound.atol + bound.rtol * np.abs(reference)))
    near = quanta is not None and quanta <= bound.quanta and bound is not FLOAT
    if close or near or (snr is not None and snr >= bound.snr_db):
        return ""
    if bound is EXACT:
        return f"{int(np.count_nonzero(difference))} of {difference.size} elements differ, expected none"
    ratio = "no signal" if snr is None else f"SNR {snr:.1f} dB"
    return f"{ratio}, expected at least {bound.snr_db:g}" + _steps(quanta, bound)


def _steps(quanta: int | None, bound: Bound) -> str:
    if quanta is None:
        return ""
    if bound is FLOAT:
        return f" ({quanta} step{'' if quanta == 1 else 's'} of the 8-bit numbers that it is made of)"
    return f", and {quanta} quanta, expected at most {bound.quanta}"


def _relative(reference: Any, difference: Any) -> float:
    """The largest difference beside the largest value: beside its own, next to nothing is far from zero."""
    import numpy as np

    largest = float(np.abs(reference).max(initial=0.0))
    return float(difference.max(initial=0.0)) / largest if largest else 0.0


def _length(values: Any) -> float:
    """Euclidean, also where squares would be too large."""
    import numpy as np

    largest = float(np.abs(values).max(initial=0.0))
    length = largest * float(np.linalg.norm(values / largest)) if largest else 0.0
    return min(length, sys.float_info.max)


def _snr(reference: Any, difference: Any) -> float | None:
    noise, signal = _length(difference), _length(reference)
    if not noise:
        return None
    return 20 * (math.log10(signal) - math.log10(noise)) if signal else -math.inf


def _cosine(a: Any, b: Any) -> float | None:
    import numpy as np

    lengths = _length(a), _length(b)
    if not all(lengths):
        return None
    product = np.vdot(a / lengths[0], b / lengths[1])
    return float(abs(product) if np.iscomplexobj(product) else product)


def _top1(a: Any, b: Any) -> bool | None:
    """True where the highest score of every row is one of the highest of the other's row."""
    import numpy as np

    rows = a.ndim and a.size and a.shape[-1] >= _CLASSES and math.prod(a.shape[1:-1]) == 1
    if not rows or a.dtype.kind == "c":
        return None
    chosen = np.argmax(b, axis=-1, keepdims=True)
    scores, highest = np.take_along_axis(a, chosen, -1), a.max(axis=-1, keepdims=True)
    return bool(np.array_equal(scores, highest, equal_nan=True))


def _worst(samples: Sequence[OutputComparison]) -> OutputComparison:
    snrs = [sample.snr_db for sample in samples if sample.snr_db is not None]
    cosines = [sample.cosine for sample in samples if sample.cosine is not None]
    quanta = [sample.quanta for sample in samples if sample.quanta is not None]
    top1 = [sample.top1_equal for sample in samples if sample.top1_equal is not None]
    return OutputComparison(
        name=samples[0].name,
        dtype=samples[0].dtype,
        max_abs=max(sample.max_abs for sample in samples),
        max_rel=max(sample.max_rel for sample in samples),
        snr_db=min(snrs, default=None),
        cosine=min(cosines, default=None),
        quanta=max(quanta, default=None),
        top1_equal=all(top1) if top1 else None,
        nan=max(sample.nan for sample in samples),
        equal=min(sample.equal for sample in samples),
        within=all(sample.within for sample in samples),
        problem=max(samples, key=_badness).problem,
        errors=together(sample.errors for sample in samples),
    )


def _badness(output: OutputComparison) -> tuple[bool, int, float]:
    return bool(output.problem), output.nan, -math.inf if output.snr_db is None else -output.snr_db


def _by(shape: Sequence[int]) -> str:
    return "x".join(str(size) for size in shape) or "()"
