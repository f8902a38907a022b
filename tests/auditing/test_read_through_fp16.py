"""Float16 weights: how delegates read them through their DEQUANTIZE, and what becomes of those."""

from __future__ import annotations

import pytest

from tests.auditing.auditing import audited, blockers, letters, lost, places
from tests.building import Description, model, operator, subgraph, tensor
from tests.packs import tiny

NEVER = "constant_fp16_dequantize = 'never'"
FULLY = "constant_fp16_dequantize = 'if-fully-delegated'"
PLAIN = "constant_fp16_dequantize = 'as-any-operator'"
WHOLE = "full_delegation_ignores_limits = true"


def graph(*consumers: str, name: str = "main", unread: bool = False) -> Description:
    """For each consumer a DEQUANTIZE of a float16 constant, then the consumers one after the other."""
    tensors, weights, readers = [tensor("x0", [1, 8])], [], []
    for i, consumer in enumerate(consumers):
        tensors += [tensor(f"h{i}", [1, 8], "FLOAT16", data=bytes(16)), tensor(f"w{i}", [1, 8])]
        tensors.append(tensor(f"x{i + 1}", [1, 8]))
        weights.append(operator("DEQUANTIZE", [f"h{i}"], [f"w{i}"]))
        readers.append(operator(consumer, [f"x{i}", f"w{i}"], [f"x{i + 1}"]))
    if unread:
        tensors += [tensor("hu", [1, 8], "FLOAT16", data=bytes(16)), tensor("wu", [1, 8])]
        weights.append(operator("DEQUANTIZE", ["hu"], ["wu"]))
    last = f"x{len(consumers)}"
    return subgraph(tensors, [*weights, *readers], inputs=["x0"], outputs=[last], name=name)


def small(*consumers: str, unread: bool = False) -> bytes:
    return model(subgraphs=[graph(*consumers, unread=unread)])


@pytest.mark.parametrize(
    ("mode", "consumers", "expected", "partitions"),
    [
        # All accepted: the whole subgraph goes, whatever the minimum.
        (f"{NEVER}\n{WHOLE}\nmin_operators = 9", ["ADD"], "FS", [[0, 1]]),
        (f"{FULLY}\n{WHOLE}\nmin_operators = 9", ["ADD"], "BS", [[0, 1]]),
        (f"{FULLY}\n{WHOLE}", ["ADD", "MUL"], "BBSS", [[0, 1, 2, 3]]),
        # Otherwise DEQUANTIZEs stay on the CPU, read through where a consumer is accepted.
        (f"{NEVER}\n{WHOLE}", ["ADD", "SUB"], "f-S-", [[2]]),
        (f"{FULLY}\n{WHOLE}", ["ADD", "SUB"], "f-S-", [[2]]),
        (NEVER, ["ADD"], "fS", [[1]]),
        (FULLY, ["ADD"], "fS", [[1]]),
        (NEVER, ["ADD", "SUB", "MUL"], "f-fS-S", [[3], [5]]),
        # Nobody accepted reads it.
        (f"{NEVER}\n{WHOLE}", ["SUB"], "--", []),
        (f"{FULLY}\n{WHOLE}", ["SUB"], "--", []),
        # As any other operator: nothing is read through.
        (PLAIN, ["ADD", "SUB"], "SSS-", [[0, 1, 2]]),
        (PLAIN, ["SUB"], "S-", [[0]]),
    ],
)
def test_modes(mode: str, consumers: list[str], expected: str, partitions: list[list[int]]) -> None:
    found = audited(small(*consumers), tiny(mode))
    assert letters(found.operators) == expected
    assert places(found) == [(0, one) for one in partitions]
    assert found.summary.folded == sum(expected.upper().count(letter) for letter in "FB")
    assert found.summary.unsupported == expected.count("-")


@pytest.mark.parametrize(
    ("graph_rules", "expected"),
    [(f"{NEVER}\n{WHOLE}", "--"), (f"{NEVER}\n{WHOLE}\ntakes_dequantize_alone = true", "FF")],
)
def test_nothing_but_dequantize(graph_rules: str, expected: str) -> None:
    tensors = [tensor("h", [1, 8], "FLOAT16", data=bytes(16)), tensor("a", [1, 8]), tensor("b", [1, 8])]
    operators = [operator("DEQUANTIZE", ["h"], ["a"]), operator("DEQUANTIZE", ["h"], ["b"])]
    data = model(tensors, operators, outputs=["a", "b"])
    assert letters(audited(data, tiny(graph_rules)).operators) == expected


def test_one_that_nobody_reads_says_so() -> None:
    found = audited(small("ADD", "SUB"), tiny(NEVER))
    [finding] = found.operators[1].findings
    assert (finding.rule, finding.severity) == ("tiny/dequantize/float16-constant", "blocker")
    assert found.operators[0].findings == ()


def test_a_whole_subgraph_takes_unread_ones_along() -> None:
    assert letters(audited(small("ADD", unread=True), tiny(f"{NEVER}\n{WHOLE}")).operators) == "FFS"


def test_consumers_are_judged_with_the_float16_constant() -> None:
    rules = (
        tiny(NEVER)
        + """
[op.SUB]
operands = {input2 = "FLOAT16"}
constant = ["input2"]
fixes = {"input2.dtype" = "Use float16.", "input2.constant" = "Use a constant."}
"""
    )
    found = audited(small("SUB"), rules)
    assert letters(found.operators) == "fS"


def test_neighbours_are_seen_with_the_float16_constant() -> None:
    """By operators too that read no such constant themselves."""
    rules = (
        tiny(NEVER)
        + """
[op.NEG.check.behind-constant]
stage = "run"
severity = "wrong"
require = "not holds(input.writer.inputs[1].constant)"
fix = "Use a constant."
"""
    )
    tensors = [tensor("h", [1, 8], "FLOAT16", data=bytes(16)), *(tensor(name, [1, 8]) for name in "wxyz")]
    operators = [
        operator("DEQUANTIZE", ["h"], ["w"]),
        operator("ADD", ["x", "w"], ["y"]),
        operator("NEG", ["y"], ["z"]),
    ]
    found = audited(model(tensors, operators), rules)
    assert [finding.rule for finding in found.operators[2].findings] == ["tiny/neg/behind-constant"]


def test_a_dequantize_of_anything_else_is_an_operator_like_others() -> None:
    tensors = [tensor("x", [1, 8], "FLOAT16"), tensor("y", [1, 8]), tensor("z", [1, 8])]
    data = model(tensors, [operator("DEQUANTIZE", ["x"], ["y"]), operator("RELU", ["y"], ["z"])])
    assert letters(audited(data, tiny(NEVER)).operators) == "SS"


def test_boundaries_count_no_constants_that_are_read_through() -> None:
    found = audited(small("ADD", "SUB"), tiny(NEVER))
    [partition] = found.partitions
    assert (partition.inputs, partition.boundary_bytes) == ((0,), 64)


@pytest.mark.parametrize("rolls_back", ["false", "true"])
def test_a_limit_that_strands_float16_operands(rolls_back: str) -> None:
    tensors = [tensor(f"x{i}", [1, 8]) for i in range(5)]
    for i in (0, 1):
        tensors += [tensor(f"h{i}", [1, 8], "FLOAT16", data=bytes(16)), tensor(f"w{i}", [1, 8])]
    operators = [
        operator("DEQUANTIZE", ["h0"], ["w0"]),
        operator("DEQUANTIZE", ["h1"], ["w1"]),
        operator("ADD", ["x0", "w0"], ["x1"]),
        operator("RELU", ["x1"], ["x2"]),
        operator("NEG", ["x2"], ["x3"]),
        operator("ADD", ["x3", "w1"], ["x4"]),
    ]
    data = model(tensors, operators, inputs=["x0"], outputs=["x4"])
    found = audited(data, tiny(f"{FULLY}\nmax_partitions = 1\nreads_through_before_limit = {rolls_back}"))
    if rolls_back == "true":
        assert letters(found.operators) == "ffss-s"
        assert blockers(found) == [("tiny/graph/fp16-limit", "fails", 0, 5)]
        assert set(lost(found).values()) == {"rolled-back"}
    else:
        assert letters(found.operators) == "ffSS-s"
        assert places(found) == [(0, [2, 3])]
        assert lost(found) == {(0, 5): "limit"}


@pytest.mark.parametrize("early", ["false", "true"])
def test_the_limit_meets_the_graph_as_it_is_then(early: str) -> None:
    """Read through, the second ADD waits for no DEQUANTIZE: one partition where there were two."""
    tensors = [tensor(f"x{i}", [1, 8]) for i in range(4)] + [tensor("z", [1, 8])]
    for i in range(3):
        tensors += [tensor(f"h{i}", [1, 8], "FLOAT16", data=bytes(16)), tensor(f"w{i}", [1, 8])]
    operators = [
        operator("DEQUANTIZE", ["h0"], ["w0"]),
        operator("ADD", ["x0", "w0"], ["x1"]),
        operator("DEQUANTIZE", ["h1"], ["w1"]),
        operator("ADD", ["x1", "w1"], ["x2"]),
        operator("SUB", ["x2", "x0"], ["z"]),
    ]
    data = model(tensors, operators, inputs=["x0"], outputs=["z"])
    found = audited(data, tiny(f"{FULLY}\nmax_partitions = 1\nreads_through_before_limit = {early}"))
    assert places(found) == [(0, [1, 3])]


def test_a_filter_that_the_cpu_misreads_rolls_nothing_back() -> None:
    tensors = [tensor("x0", [1, 8, 8, 4]), tensor("h", [4, 1, 1, 4], "FLOAT16", data=bytes(32))]
    tensors += [tensor("w", [4, 1, 1, 4]), tensor("b", [4], data=bytes(16))]
    tensors += [tensor(f"x{i}", [1, 8, 8, 4]) for i in range(1, 5)]
    convolution = operator(
        "CONV_2D", ["x3", "w", "b"], ["x4"], {"padding": "SAME", "stride_w": 1, "stride_h": 1}
    )
    operators = [
        operator("DEQUANTIZE", ["h"], ["w"]),
        operator("RELU", ["x0"], ["x1"]),
        operator("RELU", ["x1"], ["x2"]),
        operator("NEG", ["x2"], ["x3"]),
        convolution,
    ]
    data = model(tensors, operators, inputs=["x0"], outputs=["x4"])
    rules = tiny(f"{FULLY}\nmax_partitions = 1\nreads_through_before_limit = true")
    found = audited(data, rules)
    assert places(found) == [(0, [1, 2])]
    assert blockers(found) == [("tiny/graph/fp16-misread", "wrong", 0, 4)]
    assert found.summary.verdict == "wrong"


def test_a_limit_that_strands_nothing_rolls_nothing_back() -> None:
    rules = tiny(f"{FULLY}\nmax_partitions = 9\nreads_through_before_limit = true")
    assert letters(audited(small("ADD", "SUB", "MUL"), rules).operators) == "f-fS-S"


def test_nobody_is_asked_after_a_roll_back() -> None:
    first = graph("ADD", "SUB", "MUL")
    plain = subgraph([tensor("a", [1, 8]), tensor("b", [1, 8])], [operator("RELU", ["a"], ["b"])])
    rules = tiny(f"{FULLY}\nmax_partitions = 1\nreads_through_before_limit = true")
    found = audited(model(subgraphs=[plain, first, plain]), rules)
    assert places(found) == []
    assert blockers(found) == [("tiny/graph/fp16-limit", "fails", 1, 5)]
    assert lost(found)[2, 0] == "rolled-back"


@pytest.mark.parametrize(("choosing", "expected"), [("false", "bss"), ("true", "fss")])
def test_a_build_failure_while_choosing_refuses_dequantize_too(choosing: str, expected: str) -> None:
    tensors = [tensor("x", [1, 8]), tensor("h", [1, 8], "FLOAT16", data=bytes(16))]
    tensors += [tensor(name, [1, 8]) for name in ("w", "y", "z")]
    operators = [
        operator("DEQUANTIZE", ["h"], ["w"]),
        operator("ADD", ["x", "w"], ["y"]),
        operator("COS", ["y"], ["z"]),
    ]
    mode = f"{FULLY}\n{WHOLE}\nbuild_failure = 'rolls-back-model'\nbuilds_while_choosing = {choosing}"
    found = audited(model(tensors, operators), tiny(mode))
    assert places(found) == []
    assert letters(found.operators) == expected


def test_in_a_model_that_no_interpreter_is_built_for_nothing_is_read_through() -> None:
    refused = subgraph([tensor("a", [1, 8]), tensor("b", [1, 8])], [operator("STABLEHLO_CBRT", ["a"], ["b"])])
    found = audited(model(subgraphs=[graph("ADD"), refused]), tiny(f"{FULLY}\n{WHOLE}"))
    # Choosing is never reached: the DEQUANTIZE is asked about as any operator.
    assert letters(found.operators) == "ss-"
    assert places(found) == []
