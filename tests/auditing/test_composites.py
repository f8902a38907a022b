"""Composites that a delegate has a kernel for: the subgraph that they stand for is gone with them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.auditing.auditing import audited, lost, places
from tests.building import Description, model, operator, subgraph, tensor
from tests.packs import tiny
from tests.sweeps.borders.seeds import seeds

_TAKEN = "\n[op.STABLEHLO_COMPOSITE]\noptions = {name = 'known'}\nfixes = {'option.name' = 'Name it.'}\n"
REPLACED = "build_failure = 'rolls-back-model'\nreplaces_composites = true"


def composite(at: int, name: str = "known", names: Sequence[str] = ("x", "y")) -> Description:
    options = {
        "name": name,
        "decomposition_subgraph_index": at,
        "composite_attributes": b"\0\1$\1",
        "composite_attributes_format": "FLEXBUFFERS",
        "version": 1,
    }
    return operator("STABLEHLO_COMPOSITE", names[:1], names[1:], options)


def graph(*operators: Description) -> Description:
    return subgraph([tensor("x", [1, 8]), tensor("y", [1, 8])], operators, inputs=["x"], outputs=["y"])


def standing_for(*names: str, name: str = "known") -> bytes:
    """A composite for operators one after the other."""
    tensors = [tensor(f"t{i}", [1, 8]) for i in range(len(names) + 1)]
    inner = [operator(one, [f"t{i}"], [f"t{i + 1}"]) for i, one in enumerate(names)]
    body = subgraph(tensors, inner, inputs=["t0"], outputs=[f"t{len(names)}"])
    return model(subgraphs=[graph(composite(1, name)), body])


def test_nothing_is_said_of_operators_that_nobody_runs() -> None:
    # NEG is refused, COS can't be built.
    found = audited(standing_for("RELU", "NEG", "COS"), tiny(REPLACED) + _TAKEN)
    assert (found.summary.verdict, found.summary.unsupported, found.summary.delegated) == ("full", 0, 4)
    assert [one.folded for one in found.operators] == [False, True, True, True]
    assert not any(one.findings for one in found.operators)
    assert found.blockers == () and found.to_full is not None and found.to_full.operators == ()


@pytest.mark.parametrize(("names", "verdict"), [(("RELU", "NEG"), "partial"), (("RELU", "COS"), "fails")])
def test_elsewhere_they_are_operators_like_others(names: Sequence[str], verdict: str) -> None:
    for data, key in (
        (standing_for(*names, name="other"), REPLACED),
        (standing_for(*names), REPLACED.replace("true", "false")),
    ):
        assert audited(data, tiny(key) + _TAKEN).summary.verdict == verdict


def test_composites_within_are_gone_too() -> None:
    inner = [graph(composite(2)), graph(operator("NEG", ["x"], ["y"]))]
    found = audited(model(subgraphs=[graph(composite(1)), *inner]), tiny(REPLACED) + _TAKEN)
    assert found.summary.verdict == "full"
    assert places(found) == [(0, [0]), (1, [0]), (2, [0])]
    assert lost(found) == {}


def test_litert_gpu_dies_of_all_that_it_takes_on_webgpu() -> None:
    # Each was run: ended by SIGSEGV while the graph was built.
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["litert-gpu", "litert-gpu:backend=opencl"]))
    taken = set()
    for case in seeds():
        on_webgpu, on_opencl = auditor.audit(read_bytes(case.data, case.path)).delegates
        if on_webgpu.operators[0].delegated and on_opencl.summary.verdict == "full":
            taken.add(case.base)
            assert on_webgpu.summary.verdict == "crash", case.base
    assert {
        "seed: odml.rope of 2 to 1",
        "seed: attention, masked",
        "seed: cache of 3 to 2 without None",
    } <= taken
