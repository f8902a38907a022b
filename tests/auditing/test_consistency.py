"""Whatever the model: an audit is a well-formed document whose figures add up, or a `ModelError`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import ModelError, UsageError
from analyzer.model import read, read_bytes
from analyzer.model.graph import DTYPE_BITS, Model, Tensor
from analyzer.report import FORMATS, render
from analyzer.report.document import audit_document, convert
from analyzer.rules.registry import Packs
from tests.building import model, operator, subgraph, tensor
from tests.thorough import examples

SAMPLE = Path(__file__).parents[2] / "analyzer" / "model" / "sample.tflite"


@cache
def auditor() -> Auditor:
    packs = Packs()
    return Auditor(packs, configure(packs, ["all", "nnapi:api=28", "nnapi:api=29:accelerator=false"]))


@cache
def validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(audit_document.json_schema())


def audit(found: Model, by_schema: bool = True) -> dict[str, Any]:
    """The model's document as a reader of the JSON sees it, after every check on it.

    `by_schema`: held to the schema too, and not only to the types that the schema is made from.
    """
    whole = convert.whole([convert.model(auditor().audit(found))], audit_document.Policy())
    for format in FORMATS:
        # Some lay one delegate over a model, and here there are all.
        with suppress(UsageError):
            render(whole, format)
    written = render(whole, "json")
    msgspec.json.decode(written, type=audit_document.Document)
    read_back: dict[str, Any] = msgspec.json.decode(written)
    if by_schema:
        validator().validate(read_back)
    [model] = read_back["models"]
    for one in model["audits"]:
        adds_up(one, model)
    return read_back


def adds_up(one: dict[str, Any], model: dict[str, Any]) -> None:
    operators, partitions, summary = one["operators"], one["partitions"], one["summary"]
    assert [(o["subgraph"], o["index"]) for o in operators] == [
        (s["index"], i) for s in model["subgraphs"] for i in range(s["operators"])
    ]
    placed = [(p["subgraph"], o, p["index"]) for p in partitions for o in p["operators"]]
    delegated = [o for o in operators if o["delegated"]]
    assert sorted(placed) == [(o["subgraph"], o["index"], o["partition"]) for o in delegated]
    assert all((o["partition"] is not None) == o["delegated"] for o in operators)
    for o in operators:
        refused = any(
            f["severity"] in ("blocker", "aborts", "crash") and f["stage"] == "check" for f in o["findings"]
        )
        assert not (refused and o["supported"]), o
        assert o["supported"] or o["folded"] or refused, o
        assert (o["lost"] is not None) <= (o["supported"] and not o["delegated"]), o
    assert summary["operators"] == len(operators) == model["operators"]
    assert summary["supported"] == sum(o["supported"] for o in operators)
    assert summary["folded"] == sum(o["folded"] for o in operators)
    assert summary["unsupported"] == sum(not o["supported"] and not o["folded"] for o in operators)
    selected = summary["selected"]
    assert selected["delegated"] == len(delegated)
    assert selected["partitions"] == len(partitions)
    assert selected["boundary_bytes"] == sum(p["boundary_bytes"] for p in partitions)
    assert summary["macs"] == sum(o["macs"] or 0 for o in operators) == model["macs"]
    assert selected["delegated_macs"] == sum(o["macs"] or 0 for o in delegated)
    operators_share = share(len(delegated), len(operators))
    assert selected["delegated_operators_share"] == operators_share
    macs_share = share(selected["delegated_macs"], summary["macs"]) if summary["macs"] else operators_share
    assert selected["delegated_macs_share"] == macs_share
    if summary["verdict"] in ("crash", "fails"):
        assert (summary["delegated"], summary["partitions"], summary["boundary_bytes"]) == (0, 0, 0)
    else:
        assert {name: summary[name] for name in selected if name != "verdict"} == {
            name: value for name, value in selected.items() if name != "verdict"
        }
    assert selected["verdict"] == verdict(one)


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def verdict(one: dict[str, Any]) -> str:
    delegated = [o["delegated"] for o in one["operators"]]
    return "full" if all(delegated) else "partial" if any(delegated) else "none"


@cache
def varied() -> bytes:
    """A small model with much of what audits look at: float16 weights, calls, quantization, empty shapes."""
    main = subgraph(
        [
            tensor("x", [1, 4, 4, 2]),
            tensor("h", [2, 1, 1, 2], "FLOAT16", data=bytes(8)),
            tensor("w", [2, 1, 1, 2]),
            tensor("b", [2], data=bytes(8)),
            tensor("y", [1, 4, 4, 2]),
            tensor("size", [2], "INT32", data=b"\1\0\0\0\x20\0\0\0"),
            tensor("z", [1, 32]),
            tensor("q", [1, 32], "INT8", scale=[0.5]),
            tensor("k", [4, 32], "INT8", data=bytes(128), scale=[0.5] * 4, axis=0),
            tensor("r", [1, 4], "INT8", scale=[0.25]),
            tensor("i", [1], "INT64"),
            tensor("condition", [1], "BOOL", data=b"\1"),
            tensor("o", [1, 4], "INT8", scale=[0.25]),
        ],
        [
            operator("DEQUANTIZE", ["h"], ["w"]),
            operator("CONV_2D", ["x", "w", "b"], ["y"], {"stride_w": 1, "stride_h": 1}, version=2),
            operator("RESHAPE", ["y", "size"], ["z"], {"new_shape": [1, 32]}),
            operator("QUANTIZE", ["z"], ["q"]),
            operator("FULLY_CONNECTED", ["q", "k", -1], ["r"], version=4),
            operator("IF", ["condition", "r"], ["o"], {"then_subgraph_index": 1, "else_subgraph_index": 1}),
            operator("Custom", ["o"], ["i"], custom_options=b"abc"),
        ],
    )
    branch = subgraph(
        [tensor("a", [1, 4], "INT8"), tensor("c", [1, 4], "INT8")], [operator("RELU", ["a"], ["c"])]
    )
    return model(subgraphs=[main, branch])


@pytest.mark.parametrize("data", [SAMPLE.read_bytes(), varied(), model(), model(subgraphs=[])])
def test_whole_models(data: bytes) -> None:
    try:
        audit(read_bytes(data, "m"))
    except ModelError:
        assert data == model(subgraphs=[])


def test_a_subgraph_without_operators() -> None:
    graph = subgraph([tensor("x", [1])], [], inputs=["x"], outputs=["x"])
    found = audit(read_bytes(model(subgraphs=[graph]), "m"))
    for one in found["models"][0]["audits"]:
        assert one["summary"]["verdict"] == "full"
        assert one["summary"]["delegated_operators_share"] == one["summary"]["delegated_macs_share"] == 1


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_change_to_a_model(data: st.DataObject) -> None:
    changed = bytearray(varied())
    for place in data.draw(st.lists(st.integers(8, len(changed) - 1), min_size=1, max_size=4)):
        changed[place] = data.draw(st.sampled_from([0, 1, 4, 127, 128, 255]) | st.integers(0, 255))
    try:
        found = read_bytes(bytes(changed), "m")
    except ModelError:
        return
    audit(found)


@st.composite
def tensors(draw: st.DrawFn, kept: Tensor) -> Tensor:
    """The tensor with another type or shape, or with values where it had none."""
    sizes = st.sampled_from([0, 1, 2, 7, 2**31 - 1])
    data = draw(st.sampled_from([None, b"", bytes(4), bytes(range(64))]))
    changes: list[dict[str, Any]] = [
        {"dtype": draw(st.sampled_from(list(DTYPE_BITS)))},
        {"shape": tuple(draw(st.lists(sizes, max_size=6)))},
        {"constant": data is not None, "data": None if data is None else memoryview(data)},
        {"quantization": None},
    ]
    return replace(kept, **draw(st.sampled_from(changes)))


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(40))
@given(st.data())
def test_any_change_to_what_tensors_are(data: st.DataObject) -> None:
    found = read_bytes(varied(), "m")
    graphs = []
    for graph in found.subgraphs:
        changed = list(graph.tensors)
        for index in data.draw(st.lists(st.integers(0, len(changed) - 1), max_size=3)):
            changed[index] = data.draw(tensors(changed[index]))
        graphs.append(replace(graph, tensors=tuple(changed)))
    audit(replace(found, subgraphs=tuple(graphs)))


def real_models() -> Iterator[Any]:
    """Files, and whether a model is one of the few that are held to the schema, which takes longest."""
    folder = os.environ.get("DELEGATE_ANALYZER_MODELS")
    if not folder:
        yield pytest.param(
            "", False, marks=pytest.mark.skip("DELEGATE_ANALYZER_MODELS names no folder of models")
        )
        return
    for place, file in enumerate(sorted(Path(folder).rglob("*.tflite"))):
        yield pytest.param(os.fspath(file), place % 10 == 0, id=file.relative_to(folder).as_posix())


@pytest.mark.parametrize(("file", "by_schema"), list(real_models()))
def test_real_models(file: str, by_schema: bool) -> None:
    audit(read(file), by_schema)
