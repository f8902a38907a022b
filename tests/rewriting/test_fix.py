"""What is applied, what is left, what is dropped: audits and runs decide."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import DelegateAudit
from analyzer.errors import AnalyzerError, ModelError, UsageError
from analyzer.execution.request import Limits
from analyzer.model import read, read_bytes
from analyzer.rewriting import rewrite
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.fix import Fix, fix
from analyzer.rewriting.gain import Place, troubled
from analyzer.rewriting.prepared_graph import Unfit
from analyzer.rewriting.proof import BROKEN, HOLDS, UNPROVEN, Proof
from analyzer.rewriting.rewrite import EQUAL, Promise, Rewrite
from analyzer.rewriting.site import Site, packed
from analyzer.rules.registry import Packs
from tests.building import chain, model, operator, subgraph, tensor
from tests.rewriting.holding import prepares

pytest.importorskip("ai_edge_litert.interpreter")


def fixed(tmp_path: Path, data: bytes, *delegates: str, proven: bool = True) -> Fix:
    file = tmp_path / "m.tflite"
    file.write_bytes(data)
    packs = Packs()
    auditor = Auditor(packs, configure(packs, delegates))
    return fix(read(file), str(file), auditor, prepares(), Limits(60), proven)


def other(name: str, promise: Promise = EQUAL) -> Rewrite:
    """A rewrite that puts another operator of one input in ROUND's place."""

    def function(site: Site) -> Patch | None:
        return site.replaced(site.make(name, [site.input().index], [site.output().index]))

    return Rewrite("other", f"ROUND becomes {name}", frozenset(["ROUND"]), promise, function)


def using(monkeypatch: pytest.MonkeyPatch, *rewrites: Rewrite) -> None:
    monkeypatch.setattr("analyzer.rewriting.fixer.rewrites", lambda: rewrites)


def test_what_isnt_borne_out_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, other("ABS"))
    data = chain("ROUND", "NEG")
    result = fixed(tmp_path, data, "gpu")
    assert result.plan.steps == ()
    assert list(result.dropped) == ["other"]
    assert "expected equal" in result.dropped["other"]
    assert result.data == data


def test_a_bound_that_isnt_kept_is_no_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, other("ABS", Promise(100.0)))
    result = fixed(tmp_path, chain("ROUND", "NEG"), "gpu")
    assert "expected at least 100 dB" in result.dropped["other"]


@pytest.mark.parametrize("promise", [EQUAL, Promise(100.0)], ids=str)
def test_an_output_of_another_shape_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promise: Promise
) -> None:
    def function(site: Site) -> Patch | None:
        shape = site.constant("INT32", [2], [8, 1], "shape")
        return site.replaced(
            site.make("RESHAPE", [site.input().index, shape], [site.output().index], {"new_shape": (8, 1)})
        )

    using(monkeypatch, Rewrite("other", "ROUND becomes RESHAPE", frozenset(["ROUND"]), promise, function))
    result = fixed(tmp_path, chain("ROUND"), "gpu")
    assert result.dropped["other"].startswith("output t1: its shape is 8x1, on the CPU 1x8, expected")


def test_a_rewrite_that_holds_stays_beside_one_that_doesnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, other("ABS"), *rewrite.rewrites())
    data = model(
        [tensor("x", [1, 1, 4]), tensor("a", [1, 4]), tensor("y", [1, 4])],
        [operator("SQUEEZE", ["x"], ["a"], {"squeeze_dims": [1]}), operator("ROUND", ["a"], ["y"])],
    )
    result = fixed(tmp_path, data, "gpu")
    assert [step.rewrite.name for step in result.plan.steps] == ["views-as-reshape"]
    assert list(result.dropped) == ["other"]
    assert result.proof is not None and result.proof.status == HOLDS


def test_what_an_app_may_resize_is_run_in_another_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def function(site: Site) -> Patch | None:
        return site.replaced(site.reshape(site.input().index, site.output().index, ()))

    using(monkeypatch, Rewrite("other", "SQUEEZE becomes RESHAPE", frozenset(["SQUEEZE"]), EQUAL, function))
    data = model(
        [
            tensor("x", [1, 1, 4], shape_signature=[-1, 1, 4]),
            tensor("a", [1, 4], shape_signature=[-1, 4]),
            tensor("y", [1, 4], shape_signature=[-1, 4]),
        ],
        [operator("SQUEEZE", ["x"], ["a"], {"squeeze_dims": [1]}), operator("ABS", ["a"], ["y"])],
    )
    result = fixed(tmp_path, data, "gpu")
    assert result.plan.steps == ()
    assert result.dropped["other"].startswith("with other sizes of the inputs: it no longer runs on the CPU")


def test_what_hurts_another_delegate_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The one takes SIGN and not ROUND, the other ROUND and not SIGN.
    using(monkeypatch, other("SIGN"))
    data = chain("ROUND", "NEG")
    alone = fixed(tmp_path, data, "gpu", proven=False)
    both = fixed(tmp_path, data, "gpu", "xnnpack", proven=False)
    assert [step.rewrite.name for step in alone.plan.steps] == ["other"]
    assert both.plan.steps == ()


def test_what_the_cpu_cannot_run_is_unproven(tmp_path: Path) -> None:
    data = model(
        [tensor("x", [1, 1, 4]), tensor("a", [1, 4]), tensor("y", [1, 4])],
        [operator("SQUEEZE", ["x"], ["a"], {"squeeze_dims": [1]}), operator("Mine", ["a"], ["y"], None)],
    )
    file = tmp_path / "m.tflite"
    file.write_bytes(data)
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["gpu"]), registered=["Mine"])
    result = fix(read(file), str(file), auditor, prepares(), Limits(60))
    assert [step.rewrite.name for step in result.plan.steps] == ["views-as-reshape"]
    assert result.proof is not None and result.proof.status == UNPROVEN
    assert "the original doesn't run on this CPU" in result.proof.message


@pytest.mark.parametrize("circle", [["y"], ["y", "z"], ["y", "z", "w"]], ids=len)
def test_operators_in_a_circle_never_stand_for_each_other(tmp_path: Path, circle: list[str]) -> None:
    shape = struct.pack("<2i", 1, 4)
    turned = zip(circle, [*circle[1:], circle[0]], strict=True)
    data = model(
        [tensor(name, [1, 4]) for name in ("x", *circle, "out")] + [tensor("to", [2], "INT32", data=shape)],
        [
            *(operator("RESHAPE", [one, "to"], [other]) for one, other in turned),
            operator("Mine", [circle[0]], ["out"], None),
        ],
        inputs=["x"],
        outputs=["out"],
    )
    held = read_bytes(fixed(tmp_path, data, "litert-gpu", "gpu", proven=False).data, "m")
    assert held.subgraphs[0].outputs


def test_numbers_that_a_type_cannot_hold_fit_no_constant() -> None:
    for dtype, number in (("INT32", 1 << 31), ("INT8", -129), ("UINT8", -1)):
        with pytest.raises(Unfit):
            packed(dtype, [number])


def test_the_documentation_lists_every_rewrite() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fix.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([a-z0-9-]+)` \|.*\| (equal|[\d.]+ dB) \|$", page, re.MULTILINE))
    assert listed == {
        each.name: "equal" if each.promise == EQUAL else f"{each.promise.snr_db:g} dB"
        for each in rewrite.rewrites()
    }


def free_batch(batch: int) -> bytes:
    """TRANSPOSE_CONV whose output's shape is put together of the input's batch, as Keras does."""
    positions = {"begin": 0, "end": 1, "one": 1}
    sizes = {"height": 4, "width": 4, "depth": 1}
    return model(
        [
            tensor("x", [1, 2, 2, 1], shape_signature=[batch, 2, 2, 1]),
            *(tensor(name, [1], "INT32", data=struct.pack("<i", at)) for name, at in positions.items()),
            *(tensor(name, [], "INT32", data=struct.pack("<i", size)) for name, size in sizes.items()),
            tensor("w", [1, 2, 2, 1], data=struct.pack("<4f", 1, 2, 3, 4)),
            tensor("shape", [4], "INT32"),
            tensor("batch", [], "INT32"),
            tensor("packed", [4], "INT32"),
            tensor("y", [1, 4, 4, 1], shape_signature=[batch, 4, 4, 1]),
        ],
        [
            operator("SHAPE", ["x"], ["shape"], {"out_type": "INT32"}),
            operator("STRIDED_SLICE", ["shape", "begin", "end", "one"], ["batch"], {"shrink_axis_mask": 1}),
            operator(
                "PACK", ["batch", "height", "width", "depth"], ["packed"], {"values_count": 4, "axis": 0}
            ),
            operator("TRANSPOSE_CONV", ["packed", "w", "x"], ["y"], {"stride_w": 2, "stride_h": 2}),
        ],
    )


@pytest.mark.parametrize("batch", [1, 3])
def test_a_free_batch_is_fixed_only_when_asked(tmp_path: Path, batch: int) -> None:
    data = free_batch(-1)
    assert fixed(tmp_path, data, "gpu", proven=False).data == data
    file, packs = tmp_path / "m.tflite", Packs()
    auditor = Auditor(packs, configure(packs, ["gpu"]))
    result = fix(read(file), str(file), auditor, prepares(), Limits(60), batch=batch)
    assert result.proof is not None and result.proof.equal
    after = read_bytes(result.data, "m").subgraphs[0]
    assert [node.name for node in after.operators] == ["TRANSPOSE_CONV"]
    assert (after.tensors[0].shape, after.tensors[0].shape_signature) == ((batch, 2, 2, 1), None)
    file.write_bytes(free_batch(1))
    with pytest.raises(UsageError, match="has no input with a free batch"):
        fix(read(file), str(file), auditor, prepares(), batch=batch)


def test_a_batch_that_the_model_cannot_have_is_refused(tmp_path: Path) -> None:
    to = tensor("to", [2], "INT32", data=struct.pack("<2i", 1, 4))
    data = model(
        [tensor("x", [1, 4], shape_signature=[-1, 4]), to, tensor("y", [1, 4])],
        [operator("RESHAPE", ["x", "to"], ["y"])],
    )
    file, packs = tmp_path / "m.tflite", Packs()
    file.write_bytes(data)
    auditor = Auditor(packs, configure(packs, ["gpu"]))
    refused = {
        0: "no such batch",
        2: "the new shape doesn't hold",
        1 << 62: "more elements than can be counted",
    }
    for batch, why in refused.items():
        with pytest.raises(AnalyzerError, match=why):
            fix(read(file), str(file), auditor, prepares(), proven=False, batch=batch)


def test_a_batch_that_changes_the_numbers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.rewriting.fix.prove", lambda *_: Proof(BROKEN, "output y: differs"))
    file, packs = tmp_path / "m.tflite", Packs()
    file.write_bytes(free_batch(-1))
    using(monkeypatch)
    auditor = Auditor(packs, configure(packs, ["gpu"]))
    with pytest.raises(ModelError, match="can't have this batch: output y: differs; give --batch another"):
        fix(read(file), str(file), auditor, prepares(), batch=1)


def test_a_batch_is_fixed_whatever_signatures_call_their_inputs(tmp_path: Path) -> None:
    graphs, signatures = [], []
    for number, depth in enumerate((4, 8)):
        tensors = [tensor(name, [1, depth], shape_signature=[-1, depth]) for name in "xy"]
        graphs.append(subgraph(tensors, [operator("ABS", ["x"], ["y"])], name=f"graph{number}"))
        signatures.append(
            {
                "signature_key": f"of {depth}",
                "subgraph_index": number,
                "inputs": [{"name": "x", "tensor_index": 0}],
                "outputs": [{"name": "y", "tensor_index": 1}],
            }
        )
    file, packs = tmp_path / "m.tflite", Packs()
    file.write_bytes(model(subgraphs=graphs, signature_defs=signatures))
    auditor = Auditor(packs, configure(packs, ["gpu"]))
    result = fix(read(file), str(file), auditor, prepares(), Limits(60), batch=3)
    assert result.proof is not None and result.proof.equal
    made = read_bytes(result.data, "m").subgraphs
    assert [each.shape for graph in made for each in graph.tensors] == [(3, 4), (3, 4), (3, 8), (3, 8)]


def test_how_operators_fare_is_asked_once_for_all_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(places: int) -> int:
        number = 0

        def counting(audit: DelegateAudit) -> set[Place]:
            nonlocal number
            number += 1
            return troubled(audit)

        monkeypatch.setattr("analyzer.rewriting.fixer.troubled", counting)
        fixed(tmp_path, chain(*["ROUND"] * places), "coreml", proven=False)
        return number

    using(monkeypatch, other("SIGN"))  # which is refused too, so that each place is looked at
    assert asked(40) == asked(20) > 0
