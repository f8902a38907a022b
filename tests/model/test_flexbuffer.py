from __future__ import annotations

from typing import Any

import pytest
from flatbuffers import flexbuffers
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import Operator
from analyzer.model.flexbuffer import decode


def custom(options: bytes | None) -> Operator:
    view = None if options is None else memoryview(options)
    return Operator(0, "CUSTOM", 1, (), (), {}, custom="Mine", custom_options=view)


def written(value: Any) -> bytes:
    return bytes(flexbuffers.Dumps(value))


def typed() -> bytes:
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key("floats")
        builder.FixedTypedVectorFromElements([0.5, 1.5])
        builder.Key("ints")
        builder.TypedVectorFromElements([1, 2, 300])
        builder.IndirectInt("indirect", -5)
        builder.Blob("blob", b"abc")
    return bytes(builder.Finish())


OPTIONS = {"a": 1, "b": -70000, "c": 0.5, "d": True, "e": "text", "f": None, "g": {"h": 2}}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (written(OPTIONS), OPTIONS),
        (written({"shape": [1, "two", 3.0]}), {"shape": (1, "two", 3.0)}),
        (written({}), {}),
        (typed(), {"floats": (0.5, 1.5), "ints": (1, 2, 300), "indirect": -5, "blob": b"abc"}),
        (written([1, 2]), None),
        (written(7), None),
        (b"", None),
        (b"\1", None),
        (b"some other format", None),
        (None, None),
    ],
)
def test_decode(options: bytes | None, expected: dict[str, Any] | None) -> None:
    assert decode(custom(options)) == expected


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    decode(custom(data))


@given(st.data())
def test_any_change(data: st.DataObject) -> None:
    changed = bytearray(written(OPTIONS))
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), min_size=1, max_size=3)):
        changed[place] = data.draw(st.integers(0, 255))
    decode(custom(bytes(changed)))


def test_values_that_refer_to_each_other() -> None:
    """Each vector holds the one before it twice: 2 ** 40 values in 200 bytes."""
    data = bytearray(b"\0\0")
    at, packed = 0, 1 << 2
    for _ in range(40):
        start = len(data) + 1
        data += bytes([2, start - at, start + 1 - at, packed, packed])
        at, packed = start, 10 << 2
    data += bytes([len(data) - at, packed, 1])
    assert decode(custom(bytes(data))) is None
