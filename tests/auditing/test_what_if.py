"""What would have to be accepted for full delegation: enough, and no more than needed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import Configuration, DelegateAudit, ToFull
from analyzer.expressions.vocabulary import Context
from analyzer.rules.judging.judge import ACCEPTED, Finding, Judge, Verdict
from analyzer.rules.registry import Packs
from tests.auditing.auditing import audited
from tests.building import model, operator, tensor
from tests.cli.models import chain
from tests.conformance import cases
from tests.packs import tiny


def missing_operators(audit: DelegateAudit) -> list[int] | None:
    """Operators of the first subgraph, where nothing but operators stands in the way."""
    found = audit.to_full
    assert found is None or not found.blockers
    return None if found is None else [index for _, index in found.operators]


@pytest.mark.parametrize(
    ("names", "graph", "expected"),
    [
        (("RELU", "ABS"), "", []),
        (("RELU", "NEG", "ABS"), "", [1]),
        (("RELU", "NEG", "ABS", "TANH"), "max_partitions = 1", [1, 3]),
        (("RELU", "NEG"), "min_operators = 2", [1]),
        (("RELU",), "min_operators = 2", None),
        (("NEG",), "min_operators = 2\nfull_delegation_ignores_limits = true", [0]),
        (("RELU", "COS"), 'build_failure = "rolls-back-model"', [1]),
        (("RELU", "NEG", "COS"), 'build_failure = "rolls-back-model"\nmax_partitions = 1', [1, 2]),
        (("RELU", "COS"), 'build_failure = "reported-only"', []),
        (("RELU", "SIN"), "", [1]),
    ],
)
def test_names_the_operators_to_accept(names: Sequence[str], graph: str, expected: list[int] | None) -> None:
    assert missing_operators(audited(chain(*names), tiny(graph))) == expected


def test_counts_what_they_compute() -> None:
    small = [
        tensor("x", [1, 4]),
        tensor("w", [2, 4], data=bytes(32)),
        tensor("y", [1, 2]),
        tensor("z", [1, 2]),
    ]
    layers = [operator("FULLY_CONNECTED", ["x", "w"], ["y"]), operator("RELU", ["y"], ["z"])]
    found = audited(model(small, layers), tiny()).to_full
    assert found == ToFull(((0, 0),), 8, ())


def test_a_dynamic_tensor_stands_in_the_way_of_all() -> None:
    open_ended = [tensor("x", [1, 4]), tensor("s", [1], "INT32"), tensor("y", [1, 4]), tensor("z", [1, 4])]
    layers = [operator("RESHAPE", ["x", "s"], ["y"]), operator("RELU", ["y"], ["z"])]
    audit = audited(model(open_ended, layers), tiny())
    assert audit.to_full is not None
    assert audit.to_full.operators == ((0, 0),)
    assert [audit.blockers[position].kind for position in audit.to_full.blockers] == ["dynamic"]


def test_a_constant_that_none_reads_through_follows_from_its_reader() -> None:
    halves = tensor("h", [4], "FLOAT16", data=bytes(8))
    tensors = [halves, tensor("f", [4]), tensor("x", [4]), tensor("y", [4]), tensor("z", [4])]
    layers = [
        operator("DEQUANTIZE", ["h"], ["f"]),
        operator("SUB", ["x", "f"], ["y"]),
        operator("RELU", ["y"], ["z"]),
    ]
    reads = 'constant_fp16_dequantize = "if-fully-delegated"'
    assert missing_operators(
        audited(model(tensors, layers), tiny(f"{reads}\nfull_delegation_ignores_limits = true"))
    ) == [1]
    assert missing_operators(audited(model(tensors, layers), tiny(reads))) is None


class Lenient(Judge):
    """The same judge, but for some operators that it accepts whatever they are."""

    def __init__(self, strict: Configuration) -> None:
        super().__init__(strict.pack, strict.parameters)
        #: Subgraph and index of these operators.
        self.accepted: Sequence[tuple[int, int]] = ()

    def _takes(self, context: Context) -> bool:
        return (context.subgraph.index, context.operator.index) in self.accepted

    def verdict(self, context: Context) -> Verdict:
        return ACCEPTED if self._takes(context) else super().verdict(context)

    def later_findings(self, context: Context) -> list[Finding]:
        return [] if self._takes(context) else super().later_findings(context)


SPECS = [
    "gpu",
    "nnapi",
    "nnapi:api=29:accelerator=false",
    "hexagon",
    "coreml",
    "litert-gpu",
    "xnnpack",
    "qualcomm-htp",
]


@pytest.mark.parametrize("spec", SPECS)
def test_accepting_them_brings_full_delegation(spec: str) -> None:
    packs = Packs()
    [configuration] = configure(packs, [spec])
    judge = Lenient(configuration)
    auditor = Auditor(packs, [configuration])
    lenient = Auditor(packs, [replace(configuration, judge=judge)])

    def verdict(accepted: Sequence[tuple[int, int]]) -> str:
        judge.accepted = accepted
        return lenient.audit(one).delegates[0].summary.selected.verdict

    tried = 0
    for one in cases.models("synth/GRAPH/", every=5):
        [audit] = auditor.audit(one).delegates
        found = audit.to_full
        if found is None or found.blockers:
            assert audit.summary.selected.verdict != "full"
            continue
        tried += 1
        assert (not found.operators) == (audit.summary.selected.verdict == "full"), one.path
        assert verdict(found.operators) == "full", one.path
        if found.operators:
            assert verdict(found.operators[1:]) != "full", one.path
    assert tried > 20


OTHER_REASON = """
[op.SIGN.check.never]
require = "false"
message = "the tiny delegate has no SIGN"
fix = "Compare with zero."
"""


def gains(audit: DelegateAudit) -> list[tuple[list[int], int, int]]:
    """Operators of the first subgraph that one reason refuses, what would be delegated, with its MACs."""
    return [([index for _, index in one.operators], one.delegated, one.delegated_macs) for one in audit.gains]


@pytest.mark.parametrize(
    ("names", "graph", "expected"),
    [
        pytest.param(("RELU", "NEG", "ABS"), "", [], id="nothing is lost"),
        pytest.param(("RELU", "NEG", "ABS"), "max_partitions = 1", [([1], 3, 0)], id="a limit"),
        pytest.param(("RELU", "NEG", "ABS"), "min_operators = 2", [([1], 3, 0)], id="a minimum"),
        pytest.param(
            ("RELU", "NEG", "ABS", "NEG", "ABS"), "max_partitions = 1", [([1, 3], 5, 0)], id="one reason"
        ),
        pytest.param(
            ("RELU", "NEG", "ABS", "ABS", "SIGN", "RELU"),
            f"max_partitions = 1\n{OTHER_REASON}",
            [([1], 4, 0), ([4], 4, 0)],
            id="reasons one at a time",
        ),
        pytest.param(
            ("RELU", "NEG", "ABS", "COS"),
            'max_partitions = 1\nbuild_failure = "rolls-back-model"',
            [],
            id="rolled back",
        ),
    ],
)
def test_tells_what_each_reason_costs(
    names: Sequence[str], graph: str, expected: list[tuple[list[int], int, int]]
) -> None:
    assert gains(audited(chain(*names), tiny(graph))) == expected
