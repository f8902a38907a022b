"""Inputs that a model could meet."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.execution.inputs import generate, signatures, user_files
from analyzer.execution.inputs.generate import Wanted
from analyzer.execution.request import Sample
from analyzer.model import read_bytes
from tests.building import Description, model, operator, tensor


def made(x: Description, **wanted: Any) -> list[Sample]:
    loaded = read_bytes(model([x, tensor("y", x["shape"])], [operator("CUSTOM_OP", ["x"], ["y"])]), "m")
    return generate.samples(loaded, signatures.entries(loaded)[0], Wanted(**wanted))


@pytest.mark.parametrize(
    ("dtype", "fields", "kind", "low", "high"),
    [
        ("FLOAT32", {}, "float32", 0, 1),
        ("FLOAT16", {}, "float16", 0, 1),
        ("UINT8", {}, "uint8", 0, 255),
        ("INT8", {"scale": [0.1]}, "int8", -128, 127),
        ("INT16", {"scale": [0.1]}, "int16", -32768, 32767),
        ("INT32", {}, "int32", 0, 10),
        ("INT64", {}, "int64", 0, 10),
        ("BOOL", {}, "bool", 0, 1),
    ],
)
def test_random_values_suit_the_element_type(
    dtype: str, fields: dict[str, Any], kind: str, low: int, high: int
) -> None:
    values = made(tensor("x", [400], dtype, **fields))[0]["x"]
    assert values.dtype == kind and values.shape == (400,)
    assert low <= values.min() and values.max() <= high
    assert len(set(values.tolist())) > 1


def test_samples_differ_and_come_again_with_their_seed() -> None:
    x = tensor("x", [8])
    first, second = (sample["x"] for sample in made(x, seed=4))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, made(x, seed=4)[0]["x"])
    assert not np.array_equal(first, made(x, seed=5)[0]["x"])
    assert second.min() < 0  # every other sample has negative values too


def test_inputs_alike_get_values_of_their_own() -> None:
    tensors = [tensor("a", [4]), tensor("b", [4]), tensor("y", [4])]
    loaded = read_bytes(model(tensors, [operator("ADD", ["a", "b"], ["y"])]), "m")
    (sample, *_) = generate.samples(loaded, signatures.entries(loaded)[0], Wanted())
    assert not np.array_equal(sample["a"], sample["b"])


def test_rows_that_are_looked_up_are_there() -> None:
    tensors = [
        tensor("words", [1, 64], "INT32"),
        tensor("flat", [64], "INT32"),
        tensor("table", [3, 2], data=bytes(24)),
        tensor("y", [64, 2]),
    ]
    operators = [
        operator("RESHAPE", ["words"], ["flat"], {"new_shape": [64]}),
        operator("GATHER", ["table", "flat"], ["y"]),
    ]
    loaded = read_bytes(model(tensors, operators), "m")
    entry = signatures.entries(loaded)[0]
    values = generate.samples(loaded, entry, Wanted())
    assert set(values[0]["words"].flat) == {0, 1, 2}
    np.testing.assert_array_equal(
        generate.nudged(loaded.subgraphs[0], entry, values)[0]["words"], values[0]["words"]
    )


@pytest.mark.parametrize(
    ("dtype", "fields", "zero"), [("INT8", {"scale": [0.1], "zero_point": [127]}, 127), ("INT32", {}, 0)]
)
def test_nothing_is_divided_by_zero_where_the_cpu_refuses_to(
    dtype: str, fields: dict[str, Any], zero: int
) -> None:
    tensors = [tensor(name, [2000], dtype, **fields) for name in "abcy"]
    operators = [operator("RESHAPE", ["b"], ["c"]), operator("DIV", ["a", "c"], ["y"])]
    loaded = read_bytes(model(tensors, operators), "m")
    entry = signatures.entries(loaded)[0]
    values = generate.samples(loaded, entry, Wanted(special=("zeros", "large")))
    for sample in (*values, *generate.nudged(loaded.subgraphs[0], entry, values)):
        assert not {zero, 0} & set(sample["b"].tolist())
    assert zero in values[0]["a"]


@pytest.mark.parametrize(
    ("x", "edges"),
    [
        (tensor("x", [8], "INT8", scale=[0.1], zero_point=[3]), [-128, 2, 4, 127]),
        (tensor("x", [8], "INT32"), [0, 1, 10]),
    ],
)
def test_integers_that_kernels_part_at_are_among_the_values(x: Description, edges: list[int]) -> None:
    assert made(x)[0]["x"][: len(edges)].tolist() == edges


def test_ranges_are_in_real_units() -> None:
    x = tensor("x", [500], "INT8", scale=[0.5], zero_point=[10])
    for ranges in ({"x": (-2.0, 2.0)}, {"": (-2.0, 2.0)}):
        values = made(x, ranges=ranges)[0]["x"]
        assert values.min() == 6 and values.max() == 14


def test_special_samples_come_after_random_ones() -> None:
    *_, zeros, large = made(tensor("x", [100]), samples=1, special=("zeros", "large"))
    assert not zeros["x"].any()
    assert np.abs(large["x"]).max() > 50
    quantized_zero = made(
        tensor("x", [4], "INT8", scale=[0.5], zero_point=[10]), samples=1, special=("zeros",)
    )
    assert set(quantized_zero[-1]["x"]) == {10}


def test_given_values_take_the_type_that_the_model_has() -> None:
    x = tensor("x", [2, 2], "INT8", scale=[0.5], zero_point=[1])
    assert made(x, given={"x": [0.5, 1.0, -0.5, 0.0]})[0]["x"].tolist() == [[2, 3], [0, 1]]
    assert made(x, given={"x": np.array([1, 2, 3, 4])})[0]["x"].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"given": {"x": [1, 2, 3]}}, r"--input x: has shape 3, the model wants 2x2; .*--shape x=3"),
        ({"given": {"x": [1, 2, 3, 300]}}, "--input x: holds 300, expected INT8's -128 to 127"),
        ({"given": {"z": [1]}}, "--input z: there is no such input; there are x"),
        ({"ranges": {"z": (0, 1)}}, "--range z: there is no such input; there are x"),
        ({"shapes": {"z": (1,)}}, "--shape z: there is no such input; there are x"),
        ({"ranges": {"": (0, math.inf)}}, "--range 0,inf: isn't a range of float32; give finite"),
        ({"ranges": {"x": (-1e308, 1e308)}}, r"--range x=-1e\+308,1e\+308: isn't a range of float32"),
        ({"shapes": {"x": (1 << 20, 1 << 20)}}, "input x: no values can be made up for the shape 1048576x"),
        ({"shapes": {"x": (-1, 4)}}, "input x: no values can be made up for the shape -1x4; resize it"),
        ({"given": {"x": list("abcd")}}, "--input x: holds <U1, expected numbers as INT8 has them"),
        ({"given": {"x": [1j, 2, 3, 4]}}, "--input x: holds complex128, expected numbers as INT8"),
        ({"given": {"x": np.zeros(4, "M8[s]")}}, r"--input x: holds datetime64\[s\], expected numbers"),
        ({"given": {"x": [math.nan, 1, 2, 3]}}, "--input x: holds NaN, which INT8 hasn't got; give"),
    ],
)
def test_what_does_not_fit_is_refused(wanted: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        made(tensor("x", [2, 2], "INT8"), **wanted)


@pytest.mark.filterwarnings("error")
def test_what_a_type_cannot_hold_is_no_matter_to_speak_of() -> None:
    half = tensor("x", [4], "FLOAT16")
    assert made(half, given={"x": [1e300, 1, 2, 3]})[0]["x"][0] == math.inf
    assert made(half, special=("large",), ranges={"": (0.0, 1e38)})[-1]["x"].max() == math.inf
    nothing = tensor("x", [4], "INT8", scale=[0.0], zero_point=[0])
    assert made(nothing, special=("zeros",))[-1]["x"].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "bits", [0x7FA00001, 0x7F7FFFFF, 0xFF800000], ids=["signaling NaN", "largest", "infinite"]
)
@pytest.mark.parametrize("dtype", ["FLOAT16", "FLOAT32", "FLOAT64"])
def test_given_values_may_be_any_bits(bits: int, dtype: str) -> None:
    description = model([tensor("x", [2], dtype), tensor("y", [2], dtype)], [operator("ABS", ["x"], ["y"])])
    loaded = read_bytes(description, "m")
    (entry,) = signatures.entries(loaded)
    given = {"x": np.full(2, bits, np.uint32).view(np.float32)}
    samples = generate.samples(loaded, entry, Wanted(given=given))
    assert len(generate.nudged(loaded.subgraphs[entry.subgraph], entry, samples)) == len(samples)


def test_texts_are_not_made_up() -> None:
    with pytest.raises(RuntimeUnavailable, match=r"give them with --input x=FILE.npy"):
        made(tensor("x", [1], "STRING"))


def test_moved_values_stay_near() -> None:
    loaded = read_bytes(
        model([tensor("x", [500], "UINT8"), tensor("y", [500])], [operator("CAST", ["x"], ["y"])]), "m"
    )
    entry = signatures.entries(loaded)[0]
    before = generate.samples(loaded, entry, Wanted())
    (after, *_) = generate.nudged(loaded.subgraphs[0], entry, before)
    steps = after["x"].astype(int) - before[0]["x"]
    assert set(steps) == {-1, 0, 1}


def given(folder: Path, *texts: str, shape: tuple[int, ...] = (1, 2, 2, 3), dtype: str = "FLOAT32") -> Any:
    tensors = [tensor("x", shape, dtype), tensor("y", shape)]
    loaded = read_bytes(model(tensors, [operator("CAST", ["x"], ["y"])]), "m")
    return user_files.given(loaded, signatures.entries(loaded)[0], texts, {}, {})


def test_arrays_are_read_from_files(tmp_path: Path) -> None:
    values = np.arange(4.0)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "a.npz", x=values)
    for text in (f"x={tmp_path}/a.npy", f"{tmp_path}/a.npy", f"{tmp_path}/a.npz", f"x={tmp_path}/a.npz"):
        np.testing.assert_array_equal(given(tmp_path, text)["x"], values)


def test_images_take_the_size_of_the_input(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (8, 8), (255, 0, 51)).save(tmp_path / "i.png")
    values = given(tmp_path, f"{tmp_path}/i.png")["x"]
    assert values.shape == (1, 2, 2, 3)
    np.testing.assert_allclose(values[0, 0, 0], [1, 0, 0.2])
    np.testing.assert_allclose(
        given(tmp_path, f"{tmp_path}/i.png", dtype="UINT8")["x"][0, 0, 0], [255, 0, 51]
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nowhere.npy", "nowhere.npy: can't be read"),
        ("z=nowhere.npy", "--input z: there is no such input; there are x"),
    ],
)
def test_files_that_can_not_be_used_are_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        given(tmp_path, text)
