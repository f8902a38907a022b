"""Outputs that are the same, that differ by rounding, that are wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.execution.compare.measures import OutputComparison, Thresholds, compare_output
from analyzer.execution.compare.measures import compare as compare_outputs
from analyzer.execution.inputs import signatures
from analyzer.model import read_bytes
from analyzer.model.graph import Quantization, Tensor
from tests.building import model, operator, tensor

FLOAT = Tensor(0, "y", "FLOAT32", (4,))
INT8 = Tensor(0, "y", "INT8", (4,), quantization=Quantization(1, 1, (0.5,), (10,)))
CLASSES = Tensor(0, "y", "INT32", (4,))


def compare(tensor: Tensor, a: Any, b: Any, thresholds: Thresholds = Thresholds()) -> OutputComparison:  # noqa: B008
    kinds = {"FLOAT32": np.float32, "INT8": np.int8, "INT32": np.int32}
    kind = kinds[tensor.dtype]
    return compare_output("y", tensor, [(np.asarray(a, kind), np.asarray(b, kind))], thresholds)


def test_whole_numbers_are_compared_as_such() -> None:
    """These two are one as real numbers of 64 bits."""
    large = Tensor(0, "y", "INT64", (2,))
    pair = np.array([1 << 53, 7]), np.array([(1 << 53) + 1, 7])
    differing = compare_output("y", large, [pair], Thresholds())
    assert not differing.within and differing.problem == "1 of 2 elements differ, expected none"
    assert compare_output("y", large, [(pair[0], pair[0])], Thresholds()).within


def test_texts_are_the_same_or_not() -> None:
    said = Tensor(0, "y", "STRING", (2,))
    pair = np.array([b"cat", b"dog"]), np.array([b"cat", b"hen"])
    differing = compare_output("y", said, [pair], Thresholds())
    assert (differing.within, differing.equal, differing.problem) == (False, 0.5, "differs")
    assert compare_output("y", said, [(pair[0], pair[0])], Thresholds()).equal == 1.0


@pytest.mark.parametrize("scale", [math.nan, math.inf, 0.0])
def test_a_scale_that_is_none_scales_nothing(scale: float) -> None:
    quantized = Tensor(0, "y", "INT8", (4,), quantization=Quantization(1, 1, (scale,), (0,)))
    assert compare(quantized, [1, 2, 3, 4], [1, 2, 3, 4]).within
    assert not compare(quantized, [1, 2, 3, 4], [1, 2, 3, 40]).within


SIGNAL = np.linspace(-1, 1, 1000)


@pytest.mark.parametrize(
    ("tensor", "reference", "actual", "within"),
    [
        pytest.param(FLOAT, SIGNAL, SIGNAL, True, id="same"),
        pytest.param(FLOAT, SIGNAL, SIGNAL * 1.00005, True, id="each element close"),
        pytest.param(FLOAT, [0, 0, 0, 0], [1e-6, 0, 0, 0], True, id="next to nothing"),
        pytest.param(FLOAT, SIGNAL, SIGNAL + 0.004 * np.sin(np.arange(1000) * 9.0), True, id="little noise"),
        pytest.param(FLOAT, SIGNAL, SIGNAL + 0.04 * np.sin(np.arange(1000) * 9.0), False, id="much noise"),
        pytest.param(FLOAT, [0, 0, 0, 0], [1, 0, 0, 0], False, id="noise without signal"),
        pytest.param(FLOAT, [1, np.nan, np.inf, 2], [1, np.nan, np.inf, 2], True, id="same NaN"),
        pytest.param(FLOAT, [1, 2, 3, 4], [1, np.nan, 3, 4], False, id="NaN"),
        pytest.param(FLOAT, [1, 2, np.inf, 4], [1, 2, -np.inf, 4], False, id="other infinity"),
        pytest.param(INT8, [1, 2, 3, 4], [1, 2, 3, 7], True, id="three steps"),
        pytest.param(INT8, [10, 10, 10, 30], [10, 10, 10, 26], False, id="four steps"),
        pytest.param(CLASSES, [1, 2, 3, 4], [1, 2, 3, 4], True, id="same classes"),
        pytest.param(CLASSES, [1, 2, 3, 4], [1, 2, 3, 5], False, id="another class"),
        pytest.param(FLOAT, [], [], True, id="nothing"),
    ],
)
def test_default_thresholds(tensor: Tensor, reference: Any, actual: Any, within: bool) -> None:
    result = compare(tensor, reference, actual)
    assert result.within is within
    assert bool(result.problem) is not within


@pytest.mark.parametrize(
    ("thresholds", "within"),
    [
        (Thresholds(atol=0.2), True),
        (Thresholds(atol=0.05), False),
        (Thresholds(rtol=0.11), True),
        (Thresholds(rtol=0.01), False),
        (Thresholds(min_snr=20), True),
        (Thresholds(min_snr=40), False),
        (Thresholds(atol=0.2, min_snr=40), False),
    ],
)
def test_each_threshold_of_the_user_must_hold(thresholds: Thresholds, within: bool) -> None:
    assert compare(FLOAT, [1, 2, 3, 4], [1.1, 2, 3, 4], thresholds).within is within


def test_what_is_dequantized_in_the_end_is_told_in_steps_too() -> None:
    tensors = [tensor("x", [4]), tensor("q", [4], "INT8", scale=[0.5], zero_point=[3]), tensor("y", [4])]
    operators = [operator("QUANTIZE", ["x"], ["q"]), operator("DEQUANTIZE", ["q"], ["y"])]
    loaded = read_bytes(model(tensors, operators), "m")
    right, wrong = np.array([0, 1, 0.5, 2], np.float32), np.array([0, 1.5, 0.5, 2], np.float32)
    (one,) = compare_outputs(loaded, signatures.entries(loaded)[0], [{"y": right}], [{"y": wrong}])
    assert one.quanta == 1
    assert one.problem == (
        "SNR 13.2 dB, expected at least 42 (1 step of the 8-bit numbers that it is made of)"
    )


def test_figures_are_in_real_units() -> None:
    output = compare(INT8, [10, 12, 14, 16], [10, 12, 14, 18])
    assert (output.max_abs, output.quanta) == (1.0, 2)
    assert output.max_rel == pytest.approx(1 / 3)
    assert output.snr_db == pytest.approx(10 * math.log10((1 + 4 + 9) / 1))
    assert output.equal == 0.75


def test_scores_are_also_compared_by_their_highest() -> None:
    assert compare(FLOAT, [[0.1, 0.9, 0]], [[0.2, 0.8, 0]]).top1_equal is True
    assert compare(FLOAT, [[0.1, 0.9, 0]], [[0.9, 0.2, 0]]).top1_equal is False
    assert compare(FLOAT, [[[[0.1, 0.9, 0]]]], [[[[0.9, 0.2, 0]]]]).top1_equal is False
    assert compare(FLOAT, [[[0.1, 0.9, 0]] * 2], [[[0.1, 0.9, 0]] * 2]).top1_equal is None


def test_either_of_two_equal_scores_is_the_highest() -> None:
    assert compare(INT8, [1, 9, 9, 0], [1, 8, 9, 0]).top1_equal is True
    assert compare(INT8, [1, 9, 8, 0], [1, 8, 9, 0]).top1_equal is False


def test_the_opposite_is_not_alike() -> None:
    assert compare(FLOAT, SIGNAL, -SIGNAL).cosine == pytest.approx(-1)
    assert compare(FLOAT, SIGNAL, SIGNAL * 3).cosine == pytest.approx(1)


def test_numbers_too_large_to_be_squared_have_a_ratio_too() -> None:
    double = Tensor(0, "y", "FLOAT64", (2,))
    output = compare_output("y", double, [(np.array([1e300, 1e300]), np.array([1e300, 0]))], Thresholds())
    assert output.snr_db == pytest.approx(10 * math.log10(2)) and not output.within
    assert output.cosine == pytest.approx(math.sqrt(0.5))


def test_another_shape_is_no_agreement() -> None:
    output = compare(FLOAT, [1, 2], [1, 2, 3])
    assert not output.within and output.problem == "its shape is 3, on the CPU 2"


def test_the_worst_sample_counts() -> None:
    one, other = np.array([1, 2], np.float32), np.array([1, 3], np.float32)
    pairs = [(one, one), (one, other)]
    output = compare_output("y", FLOAT, pairs, Thresholds())
    assert not output.within and output.max_abs == 1 and output.equal == 0.5


def test_the_problem_named_is_that_of_the_worst_sample() -> None:
    right = np.array([1, 2], np.float32)
    output = compare_output("y", FLOAT, [(right, right * by) for by in (1.1, 3, 1.2)], Thresholds())
    assert output.problem == "SNR -6.0 dB, expected at least 42"
    assert output.snr_db == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize(
    ("tensor", "reference", "actual", "counts"),
    [
        pytest.param(FLOAT, [1, 2, 3, 4], [1, 2, 3.25, 4.02], {0.0: 2, 0.03: 1, 0.3: 1}, id="real units"),
        pytest.param(FLOAT, [0, 0, 0, 0], [1e-30, 0, 0, 0], {0.0: 3, 1e-12: 1}, id="next to nothing"),
        pytest.param(FLOAT, [1, np.nan, np.inf, 2], [1, 1, np.inf, 2], {0.0: 2}, id="finite ones alone"),
        pytest.param(INT8, [1, 2, 3, 4], [1, 3, 6, 8], {0.0: 1, 1.0: 1, 3.0: 1, 7.0: 1}, id="steps"),
        pytest.param(CLASSES, [1, 2, 3, 4], [1, 2, 3, 9], {0.0: 3, 10.0: 1}, id="classes"),
    ],
)
def test_errors_are_counted(tensor: Tensor, reference: Any, actual: Any, counts: dict[float, int]) -> None:
    result = compare(tensor, reference, actual)
    assert result.errors is not None
    assert result.errors.counts == counts
    assert result.errors.steps is (tensor is INT8)


def test_errors_of_samples_are_counted_together() -> None:
    pairs = [
        (np.zeros(4, np.float32), np.asarray(other, np.float32)) for other in ([0, 0, 0, 1], [0, 0, 2, 1])
    ]
    errors = compare_output("y", FLOAT, pairs, Thresholds()).errors
    assert errors is not None and errors.counts == {0.0: 5, 1.0: 2, 3.0: 1}


KINDS = {
    "FLOAT16": "float16",
    "FLOAT32": "float32",
    "FLOAT64": "float64",
    "COMPLEX64": "complex64",
    "INT8": "int8",
    "INT64": "int64",
    "UINT64": "uint64",
    "BOOL": "bool",
}
#: A NaN that arithmetic complains of, as memory that nothing was written to may hold.
SIGNALING = b"\x01\x00\xa0\x7f\x01\x00\xa0\x7f"
LARGEST, LEAST = (np.float64(number).tobytes() for number in (1.7e308, -1.7e308))


@given(st.sampled_from(sorted(KINDS)), *[st.binary(min_size=8, max_size=8)] * 2, st.booleans())
@example("FLOAT32", SIGNALING, bytes(8), True)
@example("FLOAT64", LARGEST, LEAST, True)
@example("COMPLEX64", SIGNALING, SIGNALING, False)
def test_whatever_memory_holds_is_compared(dtype: str, one: bytes, other: bytes, rounded: bool) -> None:
    """What a run never wrote is any bits; the processor's complaints of them are nobody's fault."""
    kind = np.dtype(KINDS[dtype])
    a, b = (
        np.frombuffer(data if dtype != "BOOL" else bytes(map((1).__and__, data)), kind)
        for data in (one, other)
    )
    source = Tensor(0, "q", "INT8", a.shape, quantization=Quantization(1, 1, (0.5,), (10,)))
    compared = compare_output(
        "y", Tensor(0, "y", dtype, a.shape), [(a, b), (a, a)], Thresholds(), source if rounded else None
    )
    assert compared.within or compared.problem
    assert compare_output("y", Tensor(0, "y", dtype, a.shape), [(b, b)], Thresholds()).within
