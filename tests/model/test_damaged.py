"""Whatever the bytes, reading ends in a model or in one line that says what is wrong."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import flatbuffers
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import ModelError
from analyzer.model import Model, read, read_bytes
from analyzer.model.flatbuffer import Flatbuffer
from analyzer.model.vtable import Kind, kind
from tests.building import build, model, operator, subgraph, tensor


@cache
def sample() -> bytes:
    """A model with something of everything in it."""
    sparsity = {
        "traversal_order": [0],
        "dim_metadata": [{"array_indices_type": "Uint8Vector", "array_indices": {}}],
    }
    main = subgraph(
        [
            tensor("x", [1, 4, 4, 2], shape_signature=[-1, 4, 4, 2], scale=[0.5], zero_point=[3]),
            tensor("w", [2, 3, 3, 2], "INT8", data=bytes(36), scale=[0.5] * 6, axis=3),
            tensor("s", [2], data=bytes(8), sparsity=sparsity),
            tensor("y", [1, 4, 4, 2]),
            tensor("z", [1, 4, 4, 2]),
            *(tensor(f"t{i}", [1, i], "INT8", scale=[0.5], zero_point=[i], axis=i % 2) for i in range(12)),
        ],
        [
            operator("CONV_2D", ["x", "w", "s"], ["y"], {"padding": "VALID"}),
            operator("STABLEHLO_COMPOSITE", ["y"], ["z"], {"name": "c", "composite_attributes": b"ab"}),
            operator("RESHAPE", ["z"], ["z"], {"new_shape": [1, 32]}),
            operator("Mine", ["z", -1], ["z"], custom_options=b"abc", intermediates=[0]),
        ],
    )
    return model(
        subgraphs=[main, subgraph([tensor("a")], [], inputs=["a"], outputs=["a"])],
        metadata={"model_control_dependencies": b"\1\2\0\0", "other": b"abc"},
        signature_defs=[{"signature_key": "k", "inputs": [{"name": "x", "tensor_index": 0}]}],
        external_buffer_groups=[{"name": "g"}],
        external_buffers=[{"id": 1, "packing": "p"}],
    )


def look(data: bytes) -> Model | None:
    """The model, with everything in it looked at; None where it is refused as it should be."""
    try:
        loaded = read_bytes(data, "some.tflite")
    except ModelError as error:
        assert str(error).startswith("some.tflite: ")
        assert "\n" not in str(error)
        return None
    repr(loaded)
    return loaded


def test_the_sample_reads() -> None:
    loaded = look(sample())
    assert loaded is not None
    assert loaded.remarks == ()
    assert loaded.control_dependencies == {0: (), 1: ()}


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    look(data)


@given(st.binary(max_size=400), st.integers(0, 64))
def test_any_bytes_behind_the_identifier(data: bytes, root: int) -> None:
    look(root.to_bytes(4, "little") + b"TFL3" + data)


@given(st.data())
def test_any_change_to_a_model(data: st.DataObject) -> None:
    changed = bytearray(sample())
    for place in data.draw(st.lists(st.integers(8, len(changed) - 1), min_size=1, max_size=4)):
        changed[place] = data.draw(st.sampled_from([0, 1, 4, 127, 128, 255]) | st.integers(0, 255))
    look(bytes(changed))


def told(data: bytes) -> bytes:
    """All of a model, or what is wrong with it."""
    try:
        return msgspec.json.encode(read_bytes(data, "m"))
    except ModelError as error:
        return str(error).encode()


@given(st.integers(0, 1 << 20), st.sampled_from([0, 1, 4, 127, 128, 255]))
def test_a_vector_of_tables_is_read_as_one_by_one(place: int, byte: int) -> None:
    changed = bytearray(sample())
    changed[8 + place % (len(changed) - 8)] = byte
    whole, rows = told(bytes(changed)), Flatbuffer.rows

    def one_by_one(file: Flatbuffer, kind: Kind, positions: Sequence[int]) -> list[Sequence[object]]:
        return [row for position in positions for row in rows(file, kind, [position])]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Flatbuffer, "rows", one_by_one)
        assert told(bytes(changed)) == whole


def test_a_table_without_fields_at_the_end_of_the_file_after_one_with_more() -> None:
    vtables = struct.pack("<4H2H", 8, 12, 0, 8, 4, 4)
    file = Flatbuffer(vtables + struct.pack("<iIIi", 12, 0, 7, 16))
    assert file.rows(kind("Metadata"), [12, 24]) == [(None, 7), (None, 0)]


def test_a_field_that_lies_in_the_distance_to_the_vtable() -> None:
    file = Flatbuffer(struct.pack("<4H", 6, 8, 2, 0) + struct.pack("<i", 8))
    assert file.decode("SequenceRNNOptions", 8)["time_major"] is False
    assert [*file.row(kind("SequenceRNNOptions"), 8)] == [False, 0, False]


@pytest.mark.parametrize("part", range(0, 100, 7))
def test_a_truncated_model(part: int) -> None:
    assert look(sample()[: len(sample()) * part // 100]) is None


def test_where_a_truncated_model_ends() -> None:
    data = sample()[:1000]
    with pytest.raises(ModelError, match=r"ends early: byte \d+ is wanted, the file has 1000 bytes; fetch"):
        read_bytes(data, "m")


def vector_of(builder: flatbuffers.Builder, target: int, count: int) -> int:
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(target)
    return int(builder.EndVector())


def table_of(builder: flatbuffers.Builder, slots: int, vectors: dict[int, int]) -> int:
    builder.StartObject(slots)
    for slot, vector in vectors.items():
        builder.PrependUOffsetTRelativeSlot(slot, vector, 0)
    return int(builder.EndObject())


def test_a_small_file_that_asks_for_a_million_operators() -> None:
    builder = flatbuffers.Builder(0)
    one_operator = table_of(builder, 1, {})
    graph = table_of(builder, 4, {3: vector_of(builder, one_operator, 1000)})
    code = vector_of(builder, table_of(builder, 1, {}), 1)
    builder.Finish(
        table_of(builder, 3, {1: code, 2: vector_of(builder, graph, 1000)}), file_identifier=b"TFL3"
    )
    with pytest.raises(ModelError, match="over and over"):
        read_bytes(bytes(builder.Output()), "m")


def test_a_small_file_that_asks_for_a_million_letters() -> None:
    builder = flatbuffers.Builder(0)
    one_tensor = table_of(builder, 4, {3: builder.CreateString("x" * 4000)})
    graph = table_of(builder, 1, {0: vector_of(builder, one_tensor, 1000)})
    builder.Finish(table_of(builder, 3, {2: vector_of(builder, graph, 1)}), file_identifier=b"TFL3")
    with pytest.raises(ModelError, match="over and over"):
        read_bytes(bytes(builder.Output()), "m")


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("m.tflite", sample())
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "problem", "advice"),
    [
        (b"", "is empty", "fetch"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 1\n",
            "Git LFS pointer",
            "git lfs pull",
        ),
        (zipped(), "zip archive", "unpack"),
        (gzip.compress(sample()), "gzip", "gunzip"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "HTML page", "download"),
        (b"\n\n  <html lang=en>\n" + b"<p>" * 300, "HTML page", "download"),
        (b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', "XML document", "download"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5", "convert"),
        (b"\x08\x01\x12\x90\x01\x0a\x8b\x01saved_model_schema_version", "SavedModel", "convert"),
        (b"\x0a\x2b\x0a\x05input\x12\x0bPlaceholder", "protobuf", "convert"),
        (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ", "AppleDouble", r"\._"),
        (b"\x10\x00\x00\x00MONS" + bytes(100), "another kind .MONS", "name the"),
        (b"../../models/mobilenet.tflite", "symbolic link", "use the file that it names"),
        (b"all:\n\techo hello\n", "text file", "name the"),
        (b"\x20\x00\x00\x00TFL", "ends early: byte 7 is wanted, the file has 7", "fetch"),
        (bytes(range(128, 256)), "lacks the identifier", "fetch"),
    ],
)
def test_files_that_are_no_model(data: bytes, problem: str, advice: str) -> None:
    with pytest.raises(ModelError, match=rf"^m: .*{problem}.*; .*{advice}"):
        read_bytes(data, "m")


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="called: no such file or directory; check the path"):
        read(tmp_path / "missing.tflite", "called")
    with pytest.raises(ModelError, match="is a folder, not a model"):
        read(tmp_path)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(ModelError, match="permission denied; make the file readable"):
        read(tmp_path / "m.tflite")


def test_a_name_that_never_ends() -> None:
    data = build({"version": 3, "subgraphs": [{"name": "endless"}]}).replace(b"endless\0", b"endless!")
    with pytest.raises(ModelError, match="not terminated"):
        read_bytes(data, "m")
