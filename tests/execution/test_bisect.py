"""The operator that computes something else is found, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from analyzer.execution.bisection.bisect import Culprit, culprits
from analyzer.execution.bisection.parts import parts
from analyzer.execution.compare.measures import Thresholds
from analyzer.execution.engines import lookup
from analyzer.execution.request import FAILED, Limits, Runner, RunRequest, RunResult, Sample
from analyzer.model import read, read_bytes
from tests.building import model, operator, subgraph, tensor
from tests.execution import models
from tests.execution.running import Given


class Wrong:
    """The CPU, but where operators of some kinds are there together, whose results it gets wrong."""

    name = "wrong"
    rounds_alike = False

    def __init__(self, *kinds: str, fails: bool = False) -> None:
        self.kinds, self.fails = kinds, fails

    def check(self, request: RunRequest) -> None: ...

    def run(self, request: RunRequest, samples: Sequence[Sample], limits: Limits) -> RunResult:
        operators = read(request.model).subgraphs[0].operators
        wrong = {operator.name for operator in operators} >= set(self.kinds)
        if wrong and self.fails:
            return RunResult(status=FAILED, message="no such kernel")
        if wrong:
            samples = [{name: values + 1 for name, values in sample.items()} for sample in samples]
        return lookup.local("cpu").run(request, samples, limits)


CHAIN = ("ABS", "NEG", "SQUARE", "NEG", "EXP", "NEG", "SIN", "ABS")


def search(given: Given, runner: Runner, taken: dict[int, Sequence[int]] | None) -> list[Culprit]:
    pieces = parts(given.model, runner, given.request(), given.samples, Limits(60), Thresholds())
    return list(culprits(pieces, taken))


@pytest.mark.parametrize(
    ("kind", "number"), [pytest.param("SQUARE", 2, marks=pytest.mark.tensorflow), ("EXP", 4)]
)
def test_the_wrong_operator_is_found_with_its_tensor_and_the_error_before_and_after(
    tmp_path: Path, kind: str, number: int
) -> None:
    given = Given(tmp_path, models.chain(*CHAIN), samples=1)
    (culprit,) = search(given, Wrong(kind), {0: range(6)})
    assert (culprit.subgraph, culprit.operator, culprit.together) == (0, number, ())
    assert culprit.message.startswith(f"results part at #{number} {kind}, tensor t{number + 1}: SNR ")
    assert culprit.message.endswith("; what it reads is equal, by itself it is wrong too")
    assert culprit.before is not None and culprit.before.within and culprit.before.name == f"t{number}"
    assert culprit.output is not None and not culprit.output.within and culprit.output.max_abs > 0
    assert culprit.alone is not None and not culprit.alone.within


def test_what_is_wrong_only_in_company_is_found_with_it(tmp_path: Path) -> None:
    given = Given(tmp_path, models.chain(*CHAIN), samples=1)
    (culprit,) = search(given, Wrong("SQUARE", "EXP"), {0: range(6)})
    assert (culprit.operator, culprit.together) == (4, (2, 3, 4))
    assert culprit.alone is not None and culprit.alone.within
    assert "by itself it agrees, together with 2 operators from #2 SQUARE on it doesn't" in culprit.message


@pytest.mark.parametrize(("kinds", "operators"), [(("SQUARE",), (2,)), (("SQUARE", "EXP"), (2, 3, 4))])
def test_the_smallest_model_that_differs_is_kept_with_its_inputs(
    tmp_path: Path, kinds: tuple[str, ...], operators: tuple[int, ...]
) -> None:
    given = Given(tmp_path, models.chain(*CHAIN), samples=2)
    (culprit,) = search(given, Wrong(*kinds), {0: range(6)})
    made = culprit.reproducer
    assert made is not None and made.operators == operators
    small = read_bytes(made.model, "small.tflite")
    assert [one.name for one in small.subgraphs[0].operators] == [CHAIN[number] for number in operators]
    assert {name: values.shape for name, values in made.inputs.items()} == {"t2": (1, 8)}


def test_only_what_was_delegated_is_suspected(tmp_path: Path) -> None:
    given = Given(tmp_path, models.chain(*CHAIN), samples=1)
    (culprit,) = search(given, Wrong("SQUARE"), {0: [0, 1, 4]})
    assert culprit.operator is None
    assert "agree with the CPU when they are run by themselves" in culprit.message


def test_what_only_the_cpu_magnifies_is_told(tmp_path: Path) -> None:
    level = {"t0": [40 + number for number in range(32)]}
    given = Given(tmp_path, models.quantized(operators=3), given=level)
    (culprit,) = search(given, Wrong("CONV_2D"), {0: [0]})
    assert culprit.operator is None and culprit.output is not None and culprit.output.quanta == 1
    assert culprit.message.endswith(" dB, 1 step); what the CPU makes of that parts")


def test_everything_is_suspected_where_the_runtime_does_not_tell(tmp_path: Path) -> None:
    given = Given(tmp_path, models.chain(*CHAIN), samples=1)
    assert [one.operator for one in search(given, Wrong("EXP"), None)] == [4]


def test_an_operator_that_can_not_be_run_is_found_too(tmp_path: Path) -> None:
    given = Given(tmp_path, models.chain(*CHAIN), samples=1)
    (culprit,) = search(given, Wrong("EXP", fails=True), {0: range(6)})
    assert culprit.operator == 4 and "no such kernel" in culprit.message


def test_each_signature_is_searched_in_its_own_subgraph(tmp_path: Path) -> None:
    given = Given(tmp_path, models.signatures(), "square", samples=1)
    (culprit,) = search(given, Wrong("MUL"), {0: [0], 1: [0]})
    assert (culprit.subgraph, culprit.operator) == (1, 0)
    assert "#0 MUL of subgraph 1, tensor y" in culprit.message


def test_subgraphs_that_are_called_are_searched_too(tmp_path: Path) -> None:
    given = Given(tmp_path, models.counting(), samples=2)
    culprits_found = search(given, Wrong("ADD"), {0: [1], 1: [], 2: [0]})
    assert [(one.subgraph, one.operator) for one in culprits_found] == [(0, 1), (2, 0)]


def test_a_branch_that_is_not_taken_is_not_searched(tmp_path: Path) -> None:
    branches = {"then_subgraph_index": 1, "else_subgraph_index": 2}
    tensors = [tensor("which", [1], "BOOL"), tensor("x", [1]), tensor("y", [1])]
    main = subgraph(tensors, [operator("IF", ["which", "x"], ["y"], branches)])
    branch, other = (
        subgraph([tensor("a", [1]), tensor("b", [1])], [operator(name, ["a"], ["b"])], name=name)
        for name in ("NEG", "ABS")
    )
    given = Given(tmp_path, model(subgraphs=[main, branch, other]), samples=1, given={"which": [False]})
    (nowhere,) = search(given, Wrong("NEG"), {1: [0], 2: [0]})
    assert nowhere.operator is None
    culprits_found = search(given, Wrong("ABS"), {1: [0], 2: [0]})
    assert [(each.subgraph, each.operator) for each in culprits_found] == [(2, 0)]


def test_sizes_that_were_changed_are_those_of_the_parts(tmp_path: Path) -> None:
    given = Given(tmp_path, models.chain(*CHAIN), samples=1, shapes={"t0": (3, 8)})
    pieces = parts(
        given.model,
        Wrong("EXP"),
        given.request(shapes={"t0": (3, 8)}),
        given.samples,
        Limits(60),
        Thresholds(),
    )
    assert [one.operator for one in culprits(pieces, {0: range(6)})] == [4]


def test_a_model_that_the_cpu_can_not_run_is_not_searched(tmp_path: Path) -> None:
    given = Given(tmp_path, models.chain("ABS", "Unheard"), samples=1)
    (culprit,) = search(given, Wrong("ABS"), {0: [0]})
    assert culprit.operator is None and "the CPU can't keep every tensor for the search" in culprit.message
