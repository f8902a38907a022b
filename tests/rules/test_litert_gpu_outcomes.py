"""LiteRT's GPU accelerator: what is taken and comes out wrong, fails, crashes or isn't loaded, by kind."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.building import Description, operator, tensor
from tests.rules.litert_gpu import MAP, constant, floats, real, told, whole

RESIZE = operator("RESIZE_BILINEAR", ["y", "size"], ["z"])
EVERYTHING = [whole("begin", [0, 0, 0, 0]), whole("size", [1, 6, 6, 8])]
SLICE = operator("SLICE", ["x", "begin", "size"], ["y"])


@pytest.mark.parametrize(
    ("size", "outputs", "rule"),
    [
        (6, ["y", "z"], "every-op/output-before-no-op"),
        (6, ["z"], None),
        (12, ["y", "z"], None),
    ],
)
def test_an_output_before_what_changes_nothing(size: int, outputs: list[str], rule: str | None) -> None:
    tensors = [*real(x=MAP, y=MAP, z=(1, size, size, 8)), whole("size", [size, size])]
    assert told(tensors, [operator("RELU", ["x"], ["y"]), RESIZE], outputs=outputs) == (
        {rule} if rule else set()
    )


@pytest.mark.parametrize(
    ("inputs", "rule"), [(["x", "y"], "every-op/beside-no-op"), (["y", "y"], None), (["x", "x"], None)]
)
def test_beside_a_slice_of_everything(inputs: list[str], rule: str | None) -> None:
    tensors = [*real(x=MAP, y=MAP, z=MAP), *EVERYTHING]
    found = told(tensors, [SLICE, operator("ADD", inputs, ["z"])], outputs=["z"])
    assert found == ({rule} if rule else set())


@pytest.mark.parametrize(("outputs", "rule"), [(["x", "y"], "every-op/input-is-output"), (["y"], None)])
def test_an_input_that_is_given_out(outputs: list[str], rule: str | None) -> None:
    found = told(real(x=MAP, y=MAP), [operator("RELU", ["x"], ["y"])], outputs=outputs)
    assert found == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("name", "outputs", "rule"),
    [
        ("MUL", ["c", "z"], "every-op/known-output"),
        ("MUL", ["z"], None),
        ("ADD", ["c", "z"], None),
    ],
)
def test_what_is_computed_of_constants_and_given_out(name: str, outputs: list[str], rule: str | None) -> None:
    tensors = [*real(x=MAP, z=MAP, c=[8]), constant("a", [8]), constant("b", [8])]
    operators = [operator(name, ["a", "b"], ["c"]), operator("SUB", ["x", "c"], ["z"])]
    assert told(tensors, operators, outputs=outputs) == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("first", "second", "taken"), [([8], [8], True), ([8], [1, 8], False), ([1, 8], [1, 8], True)]
)
def test_two_constants_are_taken_where_their_ranks_are_the_same(
    first: list[int], second: list[int], taken: bool
) -> None:
    tensors = [*real(x=[1, 8], z=[1, 8], c=max(first, second, key=len))]
    tensors += [constant("a", first), constant("b", second)]
    operators = [operator("ADD", ["a", "b"], ["c"]), operator("SUB", ["x", "c"], ["z"])]
    found = told(tensors, operators, severities=["blocker"])
    assert ("add/one-or-two-operands" not in found) is taken


@pytest.mark.parametrize(
    ("stride", "behind", "rule"),
    [(1, "MUL", "every-op/no-op-before-merge"), (1, "DIV", None), (2, "MUL", None)],
)
def test_what_changes_nothing_between_two_that_merge(stride: int, behind: str, rule: str | None) -> None:
    cut = (1, 6 // stride, 6, 8)
    ends = [whole("begin", [0] * 4), whole("end", list(MAP)), whole("strides", [1, stride, 1, 1])]
    tensors = [*real(x=MAP, y=MAP, z=cut, last=cut), *ends, constant("w", [8, 1, 1, 8])]
    tensors += [constant("b", [8]), constant("v", [8])]
    options = {
        "padding": "SAME",
        "stride_h": 1,
        "stride_w": 1,
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
    }
    chain = [
        operator("CONV_2D", ["x", "w", "b"], ["y"], options),
        operator("STRIDED_SLICE", ["y", "begin", "end", "strides"], ["z"]),
        operator(behind, ["z", "v"], ["last"]),
    ]
    assert told(tensors, chain, outputs=["z", "last"]) == ({rule} if rule else set())


def named(name: str, rule: str | None) -> set[str]:
    return {f"{name}/{rule}"} if rule else set()


@pytest.mark.parametrize(
    ("shape", "other", "rule"),
    [
        ((1, 4, 4), "x", "same-tensor"),
        ((2, 4, 4), "x", None),
        ((1, 4, 4), "b", None),
    ],
)
def test_a_matrix_times_itself(shape: Sequence[int], other: str, rule: str | None) -> None:
    tensors = real(x=shape, b=shape, y=shape)
    found = told(tensors, [operator("BATCH_MATMUL", ["x", other], ["y"])], inputs=["x", "b"])
    assert found == named("batch-matmul", rule)


@pytest.mark.parametrize(
    ("shape", "axis", "rule"),
    [
        ((3, 4, 8), 1, "same-tensor"),
        ((3, 4, 8), 0, None),
        ((3, 8), 1, "same-tensor"),
        ((3, 8), 2, None),
    ],
)
def test_a_tensor_packed_with_itself(shape: Sequence[int], axis: int, rule: str | None) -> None:
    packed = [*shape[:axis], 2, *shape[axis:]]
    chain = [operator("PACK", ["x", "x"], ["y"], {"axis": axis, "values_count": 2})]
    assert told(real(x=shape, y=packed), chain) == named("pack", rule)


@pytest.mark.parametrize(
    ("x", "y", "options", "fixed", "rule"),
    [
        ((2, 4, 8), (8, 8), {}, True, None),
        ((2, 4, 8), (8, 8), {"adj_y": True}, True, "transposed-matrix"),
        ((1, 4, 8), (8, 8), {}, False, None),
        ((2, 4, 8), (8, 8), {}, False, "broadcast"),
        ((1, 6, 4, 8), (1, 1, 8, 8), {}, True, "broadcast"),
        ((1, 6, 4, 8), (1, 6, 8, 8), {}, True, None),
    ],
)
def test_batches_of_matrices(
    x: Sequence[int], y: Sequence[int], options: Description, fixed: bool, rule: str | None
) -> None:
    right = constant("b", y) if fixed else tensor("b", y)
    tensors = [*real(x=x), right, *real(y=[*x[:-1], 8])]
    assert told(tensors, [operator("BATCH_MATMUL", ["x", "b"], ["y"], options)]) == named(
        "batch-matmul", rule
    )


@pytest.mark.parametrize(
    ("rows", "keep", "blockwise", "rule"),
    [
        (1, False, False, None),
        (8, False, False, "sequence"),
        (9, False, False, "many-rows"),
        (9, True, False, None),
    ],
)
def test_quantized_weights_and_rows(rows: int, keep: bool, blockwise: bool, rule: str | None) -> None:
    weights = tensor("w", [8, 8], "INT8", data=bytes(64), scale=[0.1])
    tensors = [*real(x=(1, rows, 8), y=(1, rows, 8) if keep else (rows, 8)), weights]
    layer = operator("FULLY_CONNECTED", ["x", "w", -1], ["y"], {"keep_num_dims": keep}, version=6)
    assert told(tensors, [layer]) == named("fully-connected", rule)


@pytest.mark.parametrize(
    ("shape", "update", "rule"),
    [
        ([8], [2], "layout"),
        ([4, 8], [2, 8], "layout"),
        ([4, 8], [4, 2], None),
        ([2, 8, 4], [2, 2, 4], None),
    ],
)
def test_slices_that_are_updated(shape: Sequence[int], update: Sequence[int], rule: str | None) -> None:
    tensors = [*real(x=shape, u=update, y=shape), tensor("at", [len(shape)], "INT32")]
    found = told(tensors, [operator("DYNAMIC_UPDATE_SLICE", ["x", "u", "at"], ["y"])])
    assert found == named("dynamic-update-slice", rule)


@pytest.mark.parametrize(
    ("kernel", "stride", "size", "out", "padding", "rule"),
    [
        (3, 2, 7, 14, "SAME", "same-padding"),
        (3, 2, 8, 16, "SAME", None),
        (3, 2, 7, 13, "SAME", None),
        (2, 2, 7, 14, "SAME", None),
        (4, 2, 7, 14, "SAME", None),
        (3, 2, 7, 15, "VALID", None),
        (3, 3, 6, 18, "SAME", None),
    ],
)
def test_transposed_convolutions(
    kernel: int, stride: int, size: int, out: int, padding: str, rule: str | None
) -> None:
    tensors = [
        whole("shape", [1, out, out, 4]),
        constant("w", [4, kernel, kernel, 4]),
        *real(x=(1, size, size, 4), y=(1, out, out, 4)),
    ]
    options = {"padding": padding, "stride_h": stride, "stride_w": stride}
    found = told(tensors, [operator("TRANSPOSE_CONV", ["shape", "w", "x"], ["y"], options)])
    differs = max(0, kernel - (size - 1) % stride - 1) // 2 != max(0, (size - 1) * stride + kernel - out) // 2
    assert (rule is not None) == (padding == "SAME" and differs)
    assert found == named("transpose-conv", rule)


@pytest.mark.parametrize(
    ("shape", "axes", "rule"),
    [
        ((1, 1, 1, 512), [1, 2, 3], "reduction-workgroup"),
        ((1, 1, 1, 512), [-1, -2, -3], "reduction-workgroup"),
        ((1, 1, 1, 504), [1, 2, 3], None),
        ((1, 1, 4, 512), [1, 2, 3], None),
        ((1, 7, 7, 1024), [1, 2, 3], None),
        ((1, 1, 1, 512), [3], None),
        ((2, 512, 1, 4), [0, 1, 2], "reduction-workgroup"),
    ],
)
def test_reductions_over_three_dimensions(shape: Sequence[int], axes: list[int], rule: str | None) -> None:
    gone = {axis % 4 for axis in axes}
    reduced = [1 if axis in gone else size for axis, size in enumerate(shape)]
    tensors = [*real(x=shape, y=reduced), whole("axis", axes)]
    found = told(tensors, [operator("SUM", ["x", "axis"], ["y"], {"keep_dims": True})])
    assert found == named("sum", rule)


@pytest.mark.parametrize(
    ("activation", "outputs", "rule"),
    [("NONE", ["y", "z"], "output-before-reduction"), ("RELU", ["y", "z"], None), ("NONE", ["z"], None)],
)
def test_a_sum_that_is_given_out_and_reduced(activation: str, outputs: list[str], rule: str | None) -> None:
    tensors = [*real(a=MAP, b=MAP, y=MAP, z=(1, 1, 1, 8)), whole("axis", [1, 2])]
    chain = [
        operator("ADD", ["a", "b"], ["y"], {"fused_activation_function": activation}),
        operator("MEAN", ["y", "axis"], ["z"], {"keep_dims": True}),
    ]
    assert told(tensors, chain, outputs=outputs) == named("add", rule)


@pytest.mark.parametrize(("root", "rule"), [("RSQRT", "mean-of-squares"), ("SQRT", None)])
def test_a_layer_norm_by_the_mean_of_squares(root: str, rule: str | None) -> None:
    row = (1, 6, 1)
    names = dict.fromkeys(("mean", "mean2", "square2", "variance", "sum", "root"), row)
    tensors = [*real(x=(1, 6, 8), square=(1, 6, 8), less=(1, 6, 8), y=(1, 6, 8), **names), whole("axis", [2])]
    tensors.append(constant("epsilon", [], 1e-3))
    keep = {"keep_dims": True}
    chain = [
        operator("MEAN", ["x", "axis"], ["mean"], keep),
        operator("MUL", ["x", "x"], ["square"]),
        operator("MEAN", ["square", "axis"], ["mean2"], keep),
        operator("SQUARE", ["mean"], ["square2"]),
        operator("SUB", ["mean2", "square2"], ["variance"]),
        operator("ADD", ["variance", "epsilon"], ["sum"]),
        operator(root, ["sum"], ["root"]),
        operator("SUB", ["x", "mean"], ["less"]),
        operator("MUL" if root == "RSQRT" else "DIV", ["less", "root"], ["y"]),
    ]
    assert told(tensors, chain) == named("rsqrt", rule)


def test_intermediate_tensors() -> None:
    relu = operator("RELU", ["x"], ["y"], intermediates=[0])
    assert told(real(x=(1, 8), y=(1, 8)), [relu]) == {"load/intermediates"}


@pytest.mark.parametrize(("scale", "rule"), [(0.1, None), (0.2, "sixteen-bit")])
def test_sixteen_bits_are_added_as_they_are(scale: float, rule: str | None) -> None:
    tensors = [tensor(n, [1, 8], "INT16", scale=[s]) for n, s in (("a", 0.1), ("b", scale), ("y", 0.1))]
    chain = [operator("ADD", ["a", "b"], ["y"], {"pot_scale_int16": False}, version=2)]
    assert told(tensors, chain) == named("add", rule)


@pytest.mark.parametrize(("relu", "rank", "rule"), [(False, 4, "single"), (True, 4, None), (False, 1, None)])
def test_a_concatenation_of_one(relu: bool, rank: int, rule: str | None) -> None:
    shape = MAP[4 - rank :]
    tensors = real(x=shape, a=shape, y=shape) if relu else real(x=shape, y=shape)
    front = [operator("RELU", ["x"], ["a"])] if relu else []
    chain = [*front, operator("CONCATENATION", ["a" if relu else "x"], ["y"], {"axis": -1})]
    assert told(tensors, chain) == named("concatenation", rule)


@pytest.mark.parametrize(
    ("extra", "fields", "rule"),
    [
        (tensor("s", [1, 8], is_variable=True), {}, "load/variables"),
        (tensor("s", [], "VARIANT"), {}, "load/types"),
        (tensor("s", [1, 8], "INT8", data=bytes(8), scale=[0.1]), {}, None),
        (
            tensor("s", [1, 8]),
            {"signature_defs": [{"signature_key": "k", "subgraph_index": 0, "inputs": [], "outputs": []}]},
            "load/signatures",
        ),
    ],
)
def test_what_keeps_a_model_from_being_loaded(
    extra: Description, fields: Description, rule: str | None
) -> None:
    tensors = [*real(x=(1, 8), y=(1, 8)), extra]
    found = told(tensors, [operator("RELU", ["x"], ["y"])], inputs=["x"], **fields)
    assert found == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("shape", "given", "rule"),
    [
        ((4, 8), False, "constant-batch"),
        ((2, 3, 8), False, "constant-batch"),
        ((1, 8), False, None),
        ((1, 3, 8), False, None),
        ((2, 2, 3, 8), False, None),
        ((1, 8), True, "constant-output"),
    ],
)
def test_constants_that_are_dequantized(shape: Sequence[int], given: bool, rule: str | None) -> None:
    count = 1
    for size in shape:
        count *= size
    stored = tensor("q", shape, "INT8", data=bytes(count), scale=[0.1])
    chain = [operator("DEQUANTIZE", ["q"], ["w"], version=2), operator("ADD", ["x", "w"], ["y"])]
    found = told([*real(x=shape, w=shape, y=shape), stored], chain, outputs=["y", "w"] if given else ["y"])
    assert found == named("dequantize", rule)


@pytest.mark.parametrize(
    ("fixed", "rule"),
    [(("w",), None), ((), "computed-table"), (("x", "w"), "constant-ids")],
)
def test_embeddings(fixed: Sequence[str], rule: str | None) -> None:
    table = constant("w", [4, 8]) if "w" in fixed else tensor("w", [4, 8])
    ids = whole("x", [0, 1]) if "x" in fixed else tensor("x", [2], "INT32")
    lookup = operator("EMBEDDING_LOOKUP", ["x", "w"], ["y"])
    beside = operator("ABS", ["i"], ["o"])
    found = told([ids, table, *real(y=(2, 8), i=(1, 8), o=(1, 8))], [lookup, beside])
    assert found == named("embedding-lookup", rule)


@pytest.mark.parametrize(("name", "broken"), [("REDUCE_PROD", False), ("REDUCE_MAX", True)])
def test_a_product_of_so_many_is_zero_anyway(name: str, broken: bool) -> None:
    tensors = [*real(x=(1, 1, 1, 512), y=(1, 1, 1, 1)), whole("axis", [1, 2, 3])]
    reduction = operator(name, ["x", "axis"], ["y"], {"keep_dims": True})
    rule = f"{name.lower().replace('_', '-')}/reduction-workgroup"
    assert told(tensors, [reduction]) == ({rule} if broken else set())
    assert rule in told(tensors, [reduction], severities=["wrong", "hazard"])


@pytest.mark.parametrize(("version", "loads"), [(1, True), (2, False)])
def test_stand_ins_are_of_version_one(version: int, loads: bool) -> None:
    pool = bytes.fromhex("0100000002000000020000000200000002000000") + bytes(20)
    argmax = operator("MaxPoolingWithArgmax2D", ["x"], ["y", "z"], None, version=version, custom_options=pool)
    found = told(real(x=(1, 8, 8, 4), y=(1, 4, 4, 4), z=(1, 4, 4, 4)), [argmax])
    assert bool(found) is not loads


@pytest.mark.parametrize(("dtype", "axis", "taken"), [("INT32", 3, True), ("FLOAT32", 3.0, False)])
def test_an_axis_is_read_as_a_whole_number(dtype: str, axis: float, taken: bool) -> None:
    data = floats(axis) if dtype == "FLOAT32" else int(axis).to_bytes(4, "little")
    tensors = [*real(x=MAP), tensor("axis", [], dtype, data=data), tensor("y", MAP[:3], "INT32")]
    found = told(tensors, [operator("ARG_MAX", ["x", "axis"], ["y"])], severities=["blocker"])
    assert ("arg-max/axis" not in found) is taken


@pytest.mark.parametrize(("shape", "taken"), [([4], True), ([1, 4], False)])
def test_bounds_are_a_number_for_each_dimension(shape: Sequence[int], taken: bool) -> None:
    bounds = [whole("b", [0] * 4, shape), whole("e", MAP), whole("s", [1] * 4)]
    strided = operator("STRIDED_SLICE", ["x", "b", "e", "s"], ["y"])
    found = told([*real(x=MAP, y=MAP), *bounds], [strided], severities=["blocker"])
    assert ("strided-slice/bounds" not in found) is taken
