"""The tail of a model as a model of its own: both together give what the whole did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.execution.request import Limits
from analyzer.model import read, read_bytes
from analyzer.rewriting.fix import Fix, fix
from analyzer.rewriting.proof import BROKEN, Proof
from analyzer.rules.registry import Packs
from tests.building import model, operator, tensor
from tests.rewriting.holding import prepares

pytest.importorskip("ai_edge_litert.interpreter")

SIGNATURE = {
    "signature_key": "serving",
    "inputs": [{"name": "image", "tensor_index": 0}],
    "outputs": [{"name": "class", "tensor_index": 4}, {"name": "scores", "tensor_index": 2}],
}


def classifier(**fields: Any) -> bytes:
    """Scores, and the class with the best of them, which the GPU delegate leaves."""
    weights = bytes(4 * 4 * 4)
    return model(
        [
            tensor("x", [1, 4]),
            tensor("w", [4, 4], data=weights),
            tensor("y", [1, 4]),
            tensor("axis", [1], "INT32", data=b"\1\0\0\0"),
            tensor("best", [1], "INT64"),
        ],
        [
            operator("FULLY_CONNECTED", ["x", "w", -1], ["y"]),
            operator("ARG_MAX", ["y", "axis"], ["best"], {"output_type": "INT64"}),
        ],
        outputs=["best", "y"],
        **fields,
    )


def cut(tmp_path: Path, data: bytes, proven: bool = False, delegates: Sequence[str] = ("gpu",)) -> Fix:
    file = tmp_path / "m.tflite"
    file.write_bytes(data)
    packs = Packs()
    auditor = Auditor(packs, configure(packs, delegates))
    return fix(read(file), str(file), auditor, prepares(), Limits(60), proven, True)


def test_head_and_tail(tmp_path: Path) -> None:
    result = cut(tmp_path, classifier(), proven=True)
    assert result.proof is not None and result.proof.equal
    assert result.tail is not None and result.audit is not None
    assert result.audit.delegates[0].summary.verdict == "full"
    head, tail = read_bytes(result.data, "head"), read_bytes(result.tail, "tail")
    assert [node.name for node in head.subgraphs[0].operators] == ["FULLY_CONNECTED"]
    assert [node.name for node in tail.subgraphs[0].operators] == ["ARG_MAX"]
    assert (head.subgraphs[0].outputs, tail.subgraphs[0].inputs) == ((2,), (2,))
    assert (tail.subgraphs[0].outputs, len(result.tail) < len(result.data)) == ((4,), True)


def test_signatures_are_parted_and_descriptions_dropped(tmp_path: Path) -> None:
    data = classifier(
        signature_defs=[SIGNATURE], metadata={"TFLITE_METADATA": b"of both outputs", "kept": b"1"}
    )
    result = cut(tmp_path, data, proven=True)
    assert result.proof is not None and result.proof.equal and result.tail is not None
    head, tail = read_bytes(result.data, "head"), read_bytes(result.tail, "tail")
    [first], [second] = head.signatures, tail.signatures
    assert (first.key, first.inputs, first.outputs) == ("serving", {"image": 0}, {"scores": 2})
    assert (second.key, second.inputs, second.outputs) == ("serving", {"y": 2}, {"class": 4})
    assert list(head.metadata) == ["kept"]


def test_every_tensor_keeps_a_name_of_its_own(tmp_path: Path) -> None:
    """A tensor that goes from one part to the other may be called what a signature calls another one."""
    outputs = [
        {"name": name, "tensor_index": index} for name, index in (("class", 5), ("y", 3), ("again", 3))
    ]
    data = model(
        [
            tensor("x", [1, 4]),
            tensor("w", [4, 4], data=bytes(64)),
            tensor("y", [1, 4]),
            tensor("z", [1, 4]),
            tensor("axis", [1], "INT32", data=b"\1\0\0\0"),
            tensor("best", [1], "INT64"),
        ],
        [
            operator("FULLY_CONNECTED", ["x", "w", -1], ["y"]),
            operator("ABS", ["y"], ["z"]),
            operator("ARG_MAX", ["y", "axis"], ["best"], {"output_type": "INT64"}),
        ],
        outputs=["z", "best"],
        signature_defs=[SIGNATURE | {"outputs": outputs}],
    )
    result = cut(tmp_path, data, proven=True)
    assert result.proof is not None and result.proof.equal and result.tail is not None
    [head], [tail] = (read_bytes(part, "m").signatures for part in (result.data, result.tail))
    assert head.outputs == {"y": 3, "again": 3, "y#2": 2}
    assert (tail.inputs, tail.outputs) == ({"y#2": 2}, {"class": 5})


def test_a_split_that_isnt_borne_out_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Proof(BROKEN, "output best: differs")
    monkeypatch.setattr("analyzer.rewriting.fix.prove_split", lambda *_: broken)
    result = cut(tmp_path, classifier(), proven=True)
    assert dict(result.dropped) == {"split-tail": "output best: differs"}
    assert (result.data, result.tail) == (classifier(), None)


def test_a_delegate_that_takes_nothing_anyway_has_no_say(tmp_path: Path) -> None:
    """Hexagon wants 8 bits throughout: no cut helps it, and none may be refused because of it."""
    result = cut(tmp_path, classifier(), delegates=["gpu", "hexagon"])
    assert result.tail is not None and result.audit is not None
    assert [audited.summary.verdict for audited in result.audit.delegates] == ["full", "none"]


def test_a_model_that_is_taken_whole_stays_whole(tmp_path: Path) -> None:
    data = model([tensor("x", [1, 4]), tensor("y", [1, 4])], [operator("ABS", ["x"], ["y"])])
    result = cut(tmp_path, data)
    assert (result.tail, result.data) == (None, data)


def test_what_stands_at_the_start_is_no_tail(tmp_path: Path) -> None:
    data = model(
        [tensor("x", [1, 4]), tensor("r", [1, 4]), tensor("w", [4, 4], data=bytes(64)), tensor("y", [1, 4])],
        [operator("ROUND", ["x"], ["r"]), operator("FULLY_CONNECTED", ["r", "w", -1], ["y"])],
    )
    assert cut(tmp_path, data).tail is None


@pytest.mark.parametrize("shared", [True, False])
def test_a_state_of_both_parts_keeps_them_together(tmp_path: Path, shared: bool) -> None:
    """Two models would keep two of it."""
    assign = [operator("ASSIGN_VARIABLE", ["handle", "best"], [])] if shared else []
    data = model(
        [
            tensor("x", [1, 4]),
            tensor("w", [4, 4], data=bytes(64)),
            tensor("handle", [], "RESOURCE"),
            tensor("before", [1, 4]),
            tensor("a", [1, 4]),
            tensor("y", [1, 4]),
            tensor("axis", [], "INT32", data=bytes(4)),
            tensor("best", [1, 4]),
        ],
        [
            operator("VAR_HANDLE", [], ["handle"], {"shared_name": "state"}),
            operator("READ_VARIABLE", ["handle"], ["before"]),
            operator("FULLY_CONNECTED", ["x", "w", -1], ["a"]),
            operator("ADD", ["a", "before"], ["y"]),
            operator("CUMSUM", ["y", "axis"], ["best"]),
            *assign,
        ],
        inputs=["x"],
        outputs=["best"],
    )
    file, packs = tmp_path / "m.tflite", Packs()
    file.write_bytes(data)
    auditor = Auditor(packs, configure(packs, ["xnnpack"]))
    result = fix(read(file), str(file), auditor, prepares(), Limits(60), False, True)
    assert (result.tail is None) is shared


def test_what_is_refused_is_cut_off_where_all_that_goes_wrong_is_too_much(tmp_path: Path) -> None:
    """A convolution that comes out wrong has the model's work in it, and is no tail."""
    data = model(
        [
            tensor("x", [1, 4, 4, 8]),
            tensor("w", [8, 1, 1, 8], "INT8", data=bytes(64), scale=[0.5]),
            tensor("b", [8], data=bytes(32)),
            tensor("y", [1, 2, 2, 8]),
            tensor("axis", [1], "INT32", data=b"\3\0\0\0"),
            tensor("least", [1, 2, 2], "INT64"),
        ],
        [
            operator("CONV_2D", ["x", "w", "b"], ["y"], {"stride_w": 2, "stride_h": 2}),
            operator("ARG_MIN", ["y", "axis"], ["least"], {"output_type": "INT64"}),
        ],
    )
    file, packs = tmp_path / "m.tflite", Packs()
    file.write_bytes(data)
    auditor = Auditor(packs, configure(packs, ["litert-gpu"]))
    result = fix(read(file), str(file), auditor, prepares(), Limits(60), False, True)
    assert (dict(result.moved), result.audit is not None) == ({"ARG_MIN": 1}, True)
    assert result.audit is not None
    summary = result.audit.delegates[0].summary
    assert (summary.selected.verdict, summary.verdict) == ("full", "wrong")
