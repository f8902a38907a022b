"""Reading what the runtime writes of itself: against the message's own classes, and from any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.execution.android.protobuf import fields, numbers
from analyzer.execution.android.runtime_info import read


def test_what_delegates_replaced_and_shapes() -> None:
    proto = pytest.importorskip("ai_edge_litert.model_runtime_info_pb2")
    details = proto.ModelRuntimeDetails(model_name="m")
    first = details.subgraphs.add(subgraph_id=0, name="main", execution_plan=[3])
    first.edges.add(id=0, name="x", shape=[1, 300, 1], data_type=1, size=1200)
    first.edges.add(id=1, name="scalar")
    for index in range(3):
        first.nodes.add(id=index, name="ADD", delegated_to_node_id=3)
    node = first.nodes.add(id=3, name="TfLiteGpuDelegateV2")
    node.delegate_node_details.delegate_name = "TfLiteGpuDelegateV2"
    node.delegate_node_details.tflite_node_ids_replaced.extend([0, 1, 200])
    details.subgraphs.add(subgraph_id=1).nodes.add(id=0, name="MUL")

    main, other = read(details.SerializeToString())

    assert (main.index, other.index) == (0, 1)
    assert main.shapes == {0: (1, 300, 1), 1: ()}
    assert main.replaced == (("TfLiteGpuDelegateV2", (0, 1, 200)),)
    assert other.replaced == ()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"", []),
        (b"\x08\x96\x01", [(1, 150)]),
        (b"\x12\x03abc", [(2, b"abc")]),
        (b"\x1d\x01\x02\x03\x04\x21" + bytes(8), [(3, b"\x01\x02\x03\x04"), (4, bytes(8))]),
    ],
)
def test_fields(message: bytes, expected: list[tuple[int, int | bytes]]) -> None:
    assert list(fields(message)) == expected


@pytest.mark.parametrize("message", [b"\x08", b"\x08\x80", b"\x12\x05abc", b"\x0b", b"\x08" + b"\xff" * 11])
def test_bytes_that_are_no_message(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut short|unknown wire type"):
        list(fields(message))


def test_numbers_come_packed_or_one_by_one() -> None:
    assert numbers(7) == [7]
    assert numbers(b"\x00\x96\x01\x02") == [0, 150, 2]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    try:
        read(message)
    except ValueError as error:
        assert str(error)
