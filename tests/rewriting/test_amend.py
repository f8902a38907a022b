"""A file written again: what isn't changed stays, byte for byte."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from msgspec.structs import replace

from analyzer.errors import ModelError
from analyzer.model import Model, read_bytes
from analyzer.model.extract import contents
from analyzer.model.graph import Subgraph
from analyzer.rewriting.amend import Amendment
from analyzer.rewriting.compaction import compacted, worth_compacting
from tests.building import build, model, operator, tensor
from tests.rewriting.holding import rewritten


def sample() -> bytes:
    weights = bytes(range(16))
    return model(
        [
            tensor("x", [1, 4], "INT8", scale=[0.5], zero_point=[3]),
            tensor("w", [4, 4], "INT8", data=weights, scale=[0.1, 0.2, 0.3, 0.4]),
            tensor("y", [1, 4], "INT8", scale=[0.25], shape_signature=[-1, 4]),
            tensor("z", [1, 4], "INT8", scale=[0.25]),
        ],
        [
            operator("FULLY_CONNECTED", ["x", "w", -1], ["y"], {"keep_num_dims": True}, version=5),
            operator("Mine", ["y"], ["z"], None, custom_options=b"\x01\x02\x03"),
        ],
        metadata={"TFLITE_METADATA": b"about", "min_runtime_version": b"1.5.0"},
        signature_defs=[
            {
                "signature_key": "serving",
                "inputs": [{"name": "in", "tensor_index": 0}],
                "outputs": [{"name": "out", "tensor_index": 3}],
            }
        ],
        description="mine",
    )


def amended(data: bytes, subgraph: Subgraph, before: Model, origins: list[int | None]) -> bytes:
    after = replace(before, subgraphs=(subgraph,))
    return Amendment(data, before).written(after, [origins], [])


def test_what_isnt_changed_is_referred_to() -> None:
    data = sample()
    before = read_bytes(data, "m")
    first, second = before.subgraphs[0].operators
    changed = replace(before.subgraphs[0], operators=(first, replace(second, inputs=(0,))))
    written = amended(data, changed, before, [0, 1])
    assert written.endswith(data)
    after = read_bytes(written, "m")
    assert after.subgraphs[0].tensors == before.subgraphs[0].tensors
    assert after.subgraphs[0].operators[0] == first
    assert after.subgraphs[0].operators[1].inputs == (0,)
    assert bytes(after.subgraphs[0].operators[1].custom_options or b"") == b"\x01\x02\x03"
    assert (after.signatures, after.description, dict(after.metadata)) == (
        before.signatures,
        before.description,
        dict(before.metadata),
    )
    assert after.operator_codes == before.operator_codes


def test_a_tensor_keeps_what_isnt_said_anew() -> None:
    data = sample()
    before = read_bytes(data, "m")
    tensors = list(before.subgraphs[0].tensors)
    tensors[2] = replace(tensors[2], shape=(2, 4), shape_signature=None)
    changed = replace(before.subgraphs[0], tensors=tuple(tensors))
    after = read_bytes(amended(data, changed, before, [0, 1]), "m").subgraphs[0].tensors
    assert (after[2].shape, after[2].shape_signature, after[2].name) == ((2, 4), None, "y")
    assert after[2].quantization == tensors[2].quantization
    assert after[1] == tensors[1]


def test_an_archive_at_the_end_is_still_one() -> None:
    archive = io.BytesIO(sample())
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("labels.txt", "cat\ndog\n")
        file.writestr("more.txt", "x" * 99)
    data = archive.getvalue()
    before = read_bytes(data, "m")
    second = before.subgraphs[0].operators[1]
    changed = replace(before.subgraphs[0], operators=(second,))
    written = amended(data, replace(changed, operators=(replace(second, index=0),)), before, [1])
    with zipfile.ZipFile(io.BytesIO(written)) as file:
        assert file.testzip() is None
        assert file.read("labels.txt") == b"cat\ndog\n"
        # Readers that take offsets at their word find it too.
        at = file.getinfo("more.txt").header_offset
    (stated,) = struct.unpack_from("<I", written, written.rindex(b"PK\1\2") + 42)
    assert (stated, written[at : at + 4]) == (at, b"PK\3\4")


def test_fields_that_nobody_knows_are_refused() -> None:
    data = bytearray(sample())
    (root,) = struct.unpack_from("<I", data, 0)
    (distance,) = struct.unpack_from("<i", data, root)
    vtable = root - distance
    (size,) = struct.unpack_from("<H", data, vtable)
    (offset,) = struct.unpack_from("<H", data, vtable + 4)
    slots = data[vtable + 4 : vtable + size]
    new = struct.pack("<HH", 4 + 2 * 12, struct.unpack_from("<H", data, vtable + 2)[0])
    new += slots + bytes(2 * 11 - len(slots)) + struct.pack("<H", offset)
    struct.pack_into("<i", data, root, root - len(data))
    data += new
    before = read_bytes(bytes(data), "m")
    with pytest.raises(ModelError, match="m: it has fields of Model that this version doesn't know"):
        Amendment(bytes(data), before)


def test_operators_that_are_ordered_by_number_are_refused() -> None:
    data = model(
        [tensor("x", [4]), tensor("y", [4])],
        [operator("ABS", ["x"], ["y"])],
        metadata={"model_control_dependencies": bytes([1, 1, 0])},
    )
    with pytest.raises(ModelError, match="orders operators by their numbers"):
        Amendment(data, read_bytes(data, "m"))


def test_weights_behind_the_flatbuffer_are_refused() -> None:
    data = build(
        {
            "version": 3,
            "subgraphs": [{"tensors": [], "inputs": [], "outputs": [], "operators": []}],
            "operator_codes": [],
            "buffers": [{}, {"offset": 16, "size": 4}],
        }
    )
    with pytest.raises(ModelError, match="keeps weights behind the flatbuffer"):
        Amendment(data, read_bytes(data, "m"))


def test_options_behind_the_flatbuffer_are_refused() -> None:
    large = {"large_custom_options_offset": 400, "large_custom_options_size": 16}
    data = model(
        [tensor("x", [4]), tensor("y", [4]), tensor("z", [4])],
        [operator("ABS", ["x"], ["y"]), operator("Mine", ["y"], ["z"], None, **large)],
    )
    data = data.ljust(400, b"\0") + bytes(16)
    with pytest.raises(ModelError, match="keeps options of custom operators behind the flatbuffer"):
        Amendment(data, read_bytes(data, "m"))


def test_codes_that_nobody_knows_stay() -> None:
    data = model(
        [tensor("x", [1, 1, 4]), tensor("a", [1, 1, 4]), tensor("y", [1, 4])],
        [operator("ABS", ["x"], ["a"]), operator("SQUEEZE", ["a"], ["y"], {"squeeze_dims": [1]})],
    )
    tables = contents(data)
    tables["operator_codes"][0] |= {"builtin_code": 999, "deprecated_builtin_code": 127}
    made = read_bytes(rewritten(build(tables), "views-as-reshape"), "m")
    assert [node.name for node in made.subgraphs[0].operators] == ["BuiltinOperator:999", "RESHAPE"]


@pytest.mark.parametrize("end", [b"\0", struct.pack("<HHHHIIH", 0, 0, 1, 1, 46, 0xFFFFFFF0, 0)], ids=len)
def test_what_looks_like_an_archive_stays_as_it_is(end: bytes) -> None:
    data = model(
        [tensor("x", [1, 1, 4]), tensor("y", [1, 4])],
        [operator("SQUEEZE", ["x"], ["y"], {"squeeze_dims": [1]})],
    )
    data += b"PK\5\6" + end
    assert rewritten(data, "views-as-reshape").endswith(data)


def test_replaced_weights_are_left_out() -> None:
    data = model(
        [
            tensor("x", [1, 64]),
            tensor("h", [64, 64], "FLOAT16", data=bytes(8192)),
            tensor("w", [64, 64]),
            tensor("kept", [64], data=bytes(range(256))),
            tensor("y", [1, 64]),
        ],
        [
            operator("DEQUANTIZE", ["h"], ["w"], version=3),
            operator("FULLY_CONNECTED", ["x", "w", "kept"], ["y"]),
        ],
        metadata={"mine": b"about"},
    )
    made = rewritten(data, "half-constants-widened")
    smaller = compacted(made)
    assert len(made) - len(smaller) >= 8192
    before, after = read_bytes(made, "m"), read_bytes(smaller, "m")
    assert before.subgraphs[0].operators == after.subgraphs[0].operators
    assert [tensor.name for tensor in after.subgraphs[0].tensors] == ["x", "h", "w", "kept", "y"]
    assert before.subgraphs[0].tensors[2:] == after.subgraphs[0].tensors[2:]
    assert after.metadata == before.metadata
    assert worth_compacting(read_bytes(data, "m"), before)
    assert not worth_compacting(before, before)


def test_files_with_an_archive_keep_their_places() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as labels:
        labels.writestr("labels.txt", "one")
    data = sample() + archive.getvalue()
    assert compacted(data) == data
