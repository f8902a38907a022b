"""From verdicts to what is delegated: limits, whole graphs, dynamic tensors, crashes, roll-backs."""

from __future__ import annotations

import pytest

from analyzer.auditing.types import DelegateAudit
from tests.auditing.auditing import audited, blockers, letters, lost, places
from tests.building import Description, model, operator, subgraph, tensor
from tests.cli.models import chain
from tests.packs import tiny

WHOLE = "full_delegation_ignores_limits = true"


def graph(*names: str, name: str = "main") -> Description:
    """A subgraph of operators with one float32 input each, one after the other."""
    tensors = [tensor(f"t{i}", [1, 8]) for i in range(len(names) + 1)]
    operators = [operator(one, [f"t{i}"], [f"t{i + 1}"]) for i, one in enumerate(names)]
    return subgraph(tensors, operators, inputs=["t0"], outputs=[f"t{len(names)}"], name=name)


def dynamic(name: str = "main") -> Description:
    """A subgraph that tiny would take whole, were its size known before it runs."""
    tensors = [tensor("x", [1, 8]), tensor("shape", [2], "INT32"), tensor("y", [1, 8]), tensor("z", [1, 8])]
    operators = [
        operator("RELU", ["x"], ["y"]),
        operator("RESHAPE", ["y", "shape"], ["z"], {"new_shape": []}),
    ]
    return subgraph(tensors, operators, name=name)


def failing(name: str = "main") -> Description:
    """A subgraph whose second operator the CPU refuses to prepare."""
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8]), tensor("z", [1, 8])]
    return subgraph(tensors, [operator("RELU", ["x"], ["y"]), operator("ABS", ["y", "x"], ["z"])], name=name)


def several(*graphs: Description, **metadata: bytes) -> bytes:
    return model(subgraphs=graphs, metadata=metadata)


# Limits


@pytest.mark.parametrize(
    ("limits", "partitions", "reasons"),
    [
        ("", [[0], [2, 3], [5], [7, 8]], {}),
        ("max_partitions = 9", [[0], [2, 3], [5], [7, 8]], {}),
        ("max_partitions = 0", [[0], [2, 3], [5], [7, 8]], {}),
        ("max_partitions = -1", [[0], [2, 3], [5], [7, 8]], {}),
        ("max_partitions = 3", [[0], [2, 3], [7, 8]], {5: "limit"}),
        ("max_partitions = 2", [[2, 3], [7, 8]], {0: "limit", 5: "limit"}),
        ("max_partitions = 1", [[2, 3]], {0: "limit", 5: "limit", 7: "limit", 8: "limit"}),
        ("min_operators = 2", [[2, 3], [7, 8]], {0: "minimum", 5: "minimum"}),
        ("min_operators = 3", [], dict.fromkeys([0, 2, 3, 5, 7, 8], "minimum")),
        (
            "min_operators = 2\nmax_partitions = 1",
            [[2, 3]],
            {0: "minimum", 5: "minimum", 7: "limit", 8: "limit"},
        ),
    ],
)
def test_limits(limits: str, partitions: list[list[int]], reasons: dict[int, str]) -> None:
    data = chain("RELU", "NEG", "RELU", "RELU", "NEG", "ABS", "NEG", "ABS", "ABS")
    found = audited(data, tiny(limits))
    assert places(found) == [(0, one) for one in partitions]
    assert lost(found) == {(0, index): why for index, why in reasons.items()}
    assert [p.index for p in found.partitions] == list(range(len(partitions)))
    assert [o.partition for o in found.operators if o.delegated] == [
        number for number, one in enumerate(partitions) for _ in one
    ]


@pytest.mark.parametrize(("spec", "count"), [("tiny", 2), ("tiny:most=1", 1), ("tiny:most=0", 4)])
def test_limits_may_be_expressions_over_parameters(spec: str, count: int) -> None:
    rules = (
        tiny("max_partitions = 'most'")
        + '[parameters]\nmost = {type = "int", default = 2, meaning = "limit"}\n'
    )
    data = chain("RELU", "NEG", "RELU", "RELU", "NEG", "ABS", "NEG", "ABS", "ABS")
    assert len(audited(data, rules, spec).partitions) == count


def test_limits_count_in_each_subgraph() -> None:
    data = several(graph("RELU", "NEG", "RELU"), graph("ABS", "NEG", "ABS"))
    assert places(audited(data, tiny("max_partitions = 1"))) == [(0, [0]), (1, [0])]


@pytest.mark.parametrize(
    ("names", "limits", "whole"),
    [
        (("RELU", "ABS"), f"{WHOLE}\nmin_operators = 9", True),
        (("RELU", "ABS"), "min_operators = 9", False),
        (("RELU", "ABS"), f"{WHOLE}\nmin_operators = 9\nmax_partitions = 1", True),
        (("RELU", "NEG"), f"{WHOLE}\nmin_operators = 9", False),
        ((), f"{WHOLE}\nmin_operators = 9", False),
    ],
)
def test_a_whole_subgraph_may_pass_the_limits(names: tuple[str, ...], limits: str, whole: bool) -> None:
    found = audited(chain(*names), tiny(limits))
    assert places(found) == ([(0, list(range(len(names))))] if whole else [])


# Verdicts and shares


@pytest.mark.parametrize(
    ("names", "verdict", "share"),
    [
        (("RELU", "ABS"), "full", 1),
        (("RELU", "NEG"), "partial", 0.5),
        (("NEG", "NEG"), "none", 0),
        ((), "full", 1),
        (("RELU", "SIN"), "crash", 0),
        (("SIN",), "crash", 0),
    ],
)
def test_verdicts(names: tuple[str, ...], verdict: str, share: float) -> None:
    summary = audited(chain(*names), tiny()).summary
    assert (summary.verdict, summary.delegated_operators_share) == (verdict, share)
    assert summary.delegated_macs_share == share  # there are no MACs


def test_a_share_is_1_only_where_nothing_is_missing() -> None:
    names = ["RELU"] * 2999 + ["NEG"]
    summary = audited(chain(*names), tiny()).summary
    assert summary.delegated_operators_share == 2999 / 3000


def convolved(size: int) -> bytes:
    """A convolution of `size` multiply-accumulates for tiny, and one that it doesn't take."""
    tensors = [
        tensor("x", [1, 1, 1, size]),
        tensor("w", [1, 1, 1, size], data=bytes(4 * size)),
        tensor("y", [1, 1, 1, 1]),
        tensor("z", [1, 1, 1, 1]),
    ]
    options = {"stride_w": 1, "stride_h": 1}
    small = {"stride_w": 1, "stride_h": 1, "depth_multiplier": 1}
    operators = [
        operator("CONV_2D", ["x", "w", "b"], ["y"], options),
        operator("DEPTHWISE_CONV_2D", ["y", "v", "b"], ["z"], small),
    ]
    tensors += [tensor("v", [1, 1, 1, 1], data=bytes(4)), tensor("b", [1], data=bytes(4))]
    return model(tensors, operators)


def test_shares_of_macs() -> None:
    summary = audited(convolved(3_000_000), tiny()).summary
    assert (summary.macs, summary.delegated_macs) == (3_000_001, 3_000_000)
    assert summary.delegated_macs_share == 3_000_000 / 3_000_001 < 1


def test_unsupported_counts_what_is_neither_supported_nor_folded() -> None:
    summary = audited(chain("RELU", "NEG", "ABS", "NEG"), tiny("max_partitions = 1")).summary
    assert (summary.operators, summary.supported, summary.unsupported) == (4, 2, 2)
    assert (summary.delegated, summary.partitions) == (1, 1)


# Dynamic tensors


@pytest.mark.parametrize(
    ("mode", "expected", "reasons"),
    [
        ("not-asked", [(0, [0])], {(1, 0): "dynamic", (2, 0): "dynamic"}),
        ("fails-load", [(0, [0])], {(1, 0): "dynamic", (2, 0): "dynamic"}),
        ("refuses-model", [], dict.fromkeys([(0, 0), (1, 0), (2, 0)], "dynamic")),
        ("accepted", [(0, [0]), (1, [0]), (2, [0])], {}),
    ],
)
def test_dynamic_tensors(
    mode: str, expected: list[tuple[int, list[int]]], reasons: dict[tuple[int, int], str]
) -> None:
    data = several(graph("RELU"), dynamic(), graph("ABS"))
    found = audited(data, tiny(f"dynamic_tensors = '{mode}'"))
    assert places(found) == expected
    assert lost(found) == reasons
    if mode == "accepted":
        assert found.blockers == ()
    else:
        [blocker] = found.blockers
        word = "fails" if mode == "fails-load" else "blocker"
        assert (blocker.finding.severity, blocker.kind) == (word, "dynamic")
        assert found.summary.broken == (mode == "fails-load")
        assert (blocker.subgraph, blocker.operator, blocker.tensor) == (1, 1, 3)
        assert "z" in blocker.finding.message and "shape" in blocker.finding.message


def test_operators_keep_their_own_words_behind_a_dynamic_tensor() -> None:
    found = audited(several(dynamic(), graph("RELU", "NEG")), tiny())
    assert letters(found.operators) == "s-s-"
    assert (found.summary.verdict, found.summary.unsupported) == ("none", 2)


def test_a_crash_behind_a_dynamic_tensor_never_happens() -> None:
    found = audited(several(dynamic(), graph("SIN")), tiny())
    assert found.summary.verdict == "none"


@pytest.mark.parametrize("mode", ["not-asked", "refuses-model", "accepted"])
def test_an_operator_that_the_cpu_refuses_rolls_everything_back(mode: str) -> None:
    rules = tiny(f"dynamic_tensors = '{mode}'").replace("|ABS", "")
    found = audited(several(graph("RELU"), failing(), graph("RELU")), rules)
    assert places(found) == []
    [blocker] = found.blockers
    assert (blocker.finding.severity, blocker.kind) == ("fails", "refused")
    assert (blocker.subgraph, blocker.operator) == (1, 1)
    assert lost(found) == dict.fromkeys([(0, 0), (1, 0), (2, 0)], "refused")


def test_a_delegate_that_is_asked_early_may_take_what_the_cpu_refuses() -> None:
    found = audited(several(graph("RELU"), failing()), tiny("dynamic_tensors = 'accepted'"))
    assert places(found) == [(0, [0]), (1, [0, 1])]
    assert found.blockers == ()


def test_a_model_that_the_interpreter_refuses() -> None:
    data = several(graph("RELU"), graph("no_such_operator"), graph("ABS"))
    found = audited(data, tiny())
    assert places(found) == []
    [blocker] = found.blockers
    assert (blocker.finding.severity, blocker.kind) == ("fails", "refused")
    assert found.to_full is not None
    assert found.to_full.blockers == (0,)
    assert "no_such_operator" in blocker.finding.message
    assert blocker.finding.fix
    assert letters(found.operators) == "s-s"
    assert found.summary.verdict == "fails"


# Compiled ahead: the interpreter is only given what the delegate left

AHEAD = "dynamic_tensors = 'compiled-ahead'"


def test_compiling_asks_for_no_sizes() -> None:
    found = audited(several(dynamic()), tiny(AHEAD) + "\n[op.RESHAPE]\n")
    assert (places(found), found.blockers) == ([(0, [0, 1])], ())


def test_what_is_compiled_the_interpreter_never_sees() -> None:
    found = audited(several(graph("RELU", "NEG"), failing()), tiny(AHEAD))
    assert (places(found), found.blockers) == ([(0, [0]), (1, [0, 1])], ())


def test_what_is_left_the_interpreter_still_has_to_prepare() -> None:
    found = audited(several(graph("RELU"), failing()), tiny(AHEAD).replace("|ABS", ""))
    assert places(found) == [(0, [0]), (1, [0])]
    assert blockers(found) == [("runtime/abs/inputs", "fails", 1, 1)]
    assert found.to_full is not None
    assert (found.to_full.operators, found.to_full.blockers) == (((1, 1),), ())


def test_the_operator_table_is_kept_whole() -> None:
    """So that an operator's version has to be registered even where all such operators are compiled."""
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8])]
    found = audited(model(tensors, [operator("RELU", ["x"], ["y"], version=99)]), tiny(AHEAD))
    assert places(found) == [(0, [0])]
    assert blockers(found) == [("runtime/relu/version", "fails", None, None)]


@pytest.mark.parametrize(("name", "rules"), [("RELU", []), ("NEG", ["runtime/build/schema-version"])])
def test_what_is_compiled_is_written_anew(name: str, rules: list[str]) -> None:
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8])]
    found = audited(model(tensors, [operator(name, ["x"], ["y"])], version=2), tiny(AHEAD))
    assert [blocker.finding.rule for blocker in found.blockers] == rules
    assert places(found) == ([] if rules else [(0, [0])])


@pytest.mark.parametrize(
    ("odd", "remains"),
    [
        pytest.param("weights", False, id="only read by what is compiled"),
        pytest.param("inner", False, id="inside a partition"),
        pytest.param("input", True, id="handed over by the caller"),
        pytest.param("left", True, id="written by what is left"),
        pytest.param("between", True, id="handed over from one partition to the other"),
        pytest.param("shared", True, id="also read by what is left"),
    ],
)
def test_tensors_that_the_interpreter_refuses(odd: str, remains: bool) -> None:
    """One of them is quantized along a dimension that it doesn't have."""

    def one(name: str, data: bytes | None = None) -> Description:
        return tensor(name, [2, 8], "INT8", data=data, scale=[0.5, 0.5], axis=4 if name == odd else 0)

    tensors = [one(name) for name in ("input", "inner", "between", "left", "output")]
    tensors += [one(name, bytes(16)) for name in ("weights", "shared")]
    operators = [
        operator("ADD", ["input", "weights"], ["inner"]),
        operator("MUL", ["inner", "shared"], ["between"]),
        operator("SUB", ["input", "shared"], ["left"]),
        operator("ADD", ["between", "left"], ["output"]),
    ]
    found = audited(model(tensors, operators), tiny(AHEAD))
    said = [("runtime/build/quantized-dimension", "fails", 0, None)]
    assert blockers(found) == (said if remains else [])
    assert places(found) == [(0, [0, 1]), (0, [3])]


# Crashes


def test_a_crash_takes_everything_with_it() -> None:
    found = audited(several(graph("RELU"), graph("ABS", "SIN"), graph("ABS")), tiny())
    assert places(found) == []
    assert found.summary.verdict == "crash"
    assert blockers(found) == [("tiny/sin/fatal", "crash", 1, 1)]
    assert letters(found.operators) == "ss-s"
    assert set(lost(found).values()) == {"crash"}


# Building


def failures(found: DelegateAudit) -> list[tuple[str, str, str]]:
    return [(f.rule, f.severity, f.stage) for o in found.operators for f in o.findings]


@pytest.mark.parametrize("mode", ["reported-only", "rolls-back-model"])
def test_a_build_failure(mode: str) -> None:
    data = several(graph("RELU"), graph("ABS", "COS"), graph("RELU"))
    found = audited(data, tiny(f"build_failure = '{mode}'"))
    assert [o.supported for o in found.operators] == [True] * 4
    if mode == "reported-only":
        assert places(found) == [(0, [0]), (1, [0, 1]), (2, [0])]
        assert failures(found) == [("tiny/cos/unbuilt", "fails", "build")]
        assert found.blockers == ()
        assert (found.summary.selected.verdict, found.summary.selected.delegated) == ("full", 4)
    else:
        assert places(found) == []
        assert failures(found) == [("tiny/cos/unbuilt", "fails", "build")]
        assert blockers(found) == [("tiny/cos/unbuilt", "fails", 1, 1)]
        assert set(lost(found).values()) == {"rolled-back"}
    assert (found.summary.verdict, found.summary.delegated) == ("fails", 0)


@pytest.mark.parametrize(("severity", "verdict"), [("aborts", "fails"), ("crash", "crash")])
def test_building_that_ends_in_more_than_a_refusal_rolls_back_too(severity: str, verdict: str) -> None:
    rules = tiny("build_failure = 'rolls-back-model'")
    rules = rules.replace('stage = "build"', f'stage = "build"\nseverity = "{severity}"')
    found = audited(chain("RELU", "COS"), rules)
    assert (found.summary.delegated, found.summary.verdict) == (0, verdict)
    assert blockers(found) == [("tiny/cos/unbuilt", verdict, 0, 1)]


def test_what_is_not_built_cannot_fail_to_build() -> None:
    rules = tiny("build_failure = 'rolls-back-model'\nmax_partitions = 1")
    found = audited(chain("RELU", "ABS", "NEG", "COS"), rules)
    assert places(found) == [(0, [0, 1])]
    assert failures(found) == [("tiny/neg/unlisted", "blocker", "check")]


@pytest.mark.parametrize("severity", ["hazard", "note"])
def test_a_remark_of_building_rolls_nothing_back(severity: str) -> None:
    rules = tiny("build_failure = 'rolls-back-model'")
    rules = rules.replace('stage = "build"', f'stage = "build"\nseverity = "{severity}"')
    found = audited(chain("RELU", "COS"), rules)
    assert places(found) == [(0, [0, 1])]
    assert failures(found) == [("tiny/cos/unbuilt", severity, "build")]


PARTITION_CHECK = """
[partition.check.inputs]
require = "len(inputs) <= 1"
message = "too many inputs"
fix = "Use fewer inputs."
"""


@pytest.mark.parametrize("mode", ["reported-only", "rolls-back-model"])
def test_a_check_of_a_whole_partition(mode: str) -> None:
    tensors = [tensor(name, [1, 8]) for name in "abcde"]
    operators = [operator("RELU", ["a"], ["d"]), operator("ADD", ["d", "b"], ["c"])]
    data = model(tensors[:4], operators)
    found = audited(data, tiny(f"build_failure = '{mode}'") + PARTITION_CHECK)
    assert blockers(found) == [("tiny/partition/inputs", "fails", 0, None)]
    assert found.summary.verdict == "fails"
    assert places(found) == ([(0, [0, 1])] if mode == "reported-only" else [])
    assert failures(found) == []


def test_a_check_of_a_partition_leaves_constants_aside() -> None:
    tensors = [tensor("a", [1, 8]), tensor("b", [1, 8], data=bytes(32)), tensor("c", [1, 8])]
    data = model(tensors, [operator("ADD", ["a", "b"], ["c"])])
    assert blockers(audited(data, tiny() + PARTITION_CHECK)) == []


# Subgraphs and order


def test_validation_subgraphs_are_not_asked() -> None:
    data = several(graph("RELU"), graph("SIN", name="VALIDATION:main"), graph("ABS"))
    found = audited(data, tiny())
    assert places(found) == [(0, [0]), (2, [0])]
    assert found.summary.verdict == "partial"


def test_the_models_own_order_of_operators() -> None:
    tensors = [tensor(name, [1, 8]) for name in "xabcd"]
    pairs = [("RELU", "x", "a"), ("NEG", "x", "b"), ("ABS", "x", "c"), ("RELU", "a", "d")]
    operators = [operator(name, [before], [after]) for name, before, after in pairs]
    free = model(tensors, operators)
    ordered = model(tensors, operators, metadata={"model_control_dependencies": b"\x01\x01\x01\x02\x04"})
    assert places(audited(free, tiny())) == [(0, [0, 2, 3])]
    assert places(audited(ordered, tiny())) == [(0, [0, 3]), (0, [2])]


def test_side_effects_keep_their_order() -> None:
    tensors = [tensor("handle", [], "RESOURCE"), *(tensor(name, [1, 8]) for name in "xyz")]
    operators = [
        operator("VAR_HANDLE", [], ["handle"], {"container": "", "shared_name": "v"}),
        operator("READ_VARIABLE", ["handle"], ["y"]),
        operator("ASSIGN_VARIABLE", ["handle", "x"], []),
        operator("READ_VARIABLE", ["handle"], ["z"]),
    ]
    data = model(tensors, operators, inputs=["x"], outputs=["y", "z"])
    found = audited(data, tiny().replace('"RELU|', '"READ_VARIABLE|RELU|'))
    assert places(found) == [(0, [1]), (0, [3])]


def test_a_cycle_is_not_delegated() -> None:
    tensors = [tensor("a", [1, 8]), tensor("b", [1, 8])]
    operators = [operator("RELU", ["a"], ["b"]), operator("RELU", ["b"], ["a"])]
    found = audited(model(tensors, operators, inputs=[], outputs=["b"]), tiny())
    assert places(found) == []
    assert set(lost(found).values()) == {"graph"}


def test_tensors_of_no_possible_size_take_no_bytes() -> None:
    data = model([tensor("x", [1, 8]), tensor("y", [-1, 8])], [operator("RELU", ["x"], ["y"])])
    found = audited(data, tiny(AHEAD))
    assert [partition.boundary_bytes for partition in found.partitions] == [32]


def test_boundary_bytes() -> None:
    tensors = [
        tensor("x", [1, 8]),
        tensor("w", [1, 8], data=bytes(32)),
        tensor("y", [1, 8]),
        tensor("z", [1, 8]),
    ]
    data = model(tensors, [operator("ADD", ["x", "w"], ["y"]), operator("NEG", ["y"], ["z"])])
    found = audited(data, tiny())
    [partition] = found.partitions
    assert (partition.inputs, partition.outputs, partition.boundary_bytes) == ((0,), (2,), 64)
    assert found.summary.boundary_bytes == 64


LOAD_CHECK = """
[load.check.variables]
require = "not any(t.variable for t in tensors)"
severity = "fails"
message = "the runtime loads no model with variables"
fix = "Hand the state in and out."

[load.check.signatures]
require = "signatures_fit"
severity = "note"
message = "signatures don't match"
fix = "Export again."
"""


def test_a_model_that_the_runtime_does_not_load() -> None:
    tensors = [tensor("a", [1, 8]), tensor("s", [1, 8], is_variable=True), tensor("b", [1, 8])]
    data = model(tensors, [operator("ADD", ["a", "s"], ["b"])], inputs=["a"], outputs=["b"])
    found = audited(data, tiny() + LOAD_CHECK)
    [blocker] = found.blockers
    assert (blocker.finding.rule, blocker.finding.stage) == ("tiny/load/variables", "load")
    assert (found.summary.verdict, found.summary.delegated) == ("fails", 0)
    assert (found.summary.selected.verdict, found.summary.selected.delegated) == ("full", 1)
    assert places(found) == [(0, [0])]


def test_a_remark_on_loading_breaks_nothing() -> None:
    signature = {"signature_key": "s", "subgraph_index": 0, "inputs": [], "outputs": []}
    tensors = [tensor("a", [1, 8]), tensor("b", [1, 8])]
    data = model(tensors, [operator("RELU", ["a"], ["b"])], signature_defs=[signature])
    found = audited(data, tiny() + LOAD_CHECK)
    assert blockers(found) == [("tiny/load/signatures", "note", None, None)]
    assert found.summary.verdict == "full"


RUN_CHECK = """
[op.EXP.check.merged]
stage = "run"
severity = "wrong"
require = "not holds(outputs[0].sole_reader.op == 'RELU' and outputs[0].leaves_partition)"
message = "the output is merged away"
fix = "Give the app a copy."
"""


@pytest.mark.parametrize(("outputs", "verdict"), [(["b", "c"], "wrong"), (["c"], "full")])
def test_what_comes_out_wrong_is_asked_of_the_partition(outputs: list[str], verdict: str) -> None:
    tensors = [tensor(name, [1, 8]) for name in "abc"]
    operators = [operator("EXP", ["a"], ["b"]), operator("RELU", ["b"], ["c"])]
    data = model(tensors, operators, inputs=["a"], outputs=outputs)
    found = audited(data, tiny() + RUN_CHECK)
    assert (found.summary.verdict, found.summary.delegated) == (verdict, 2)
    said = [("tiny/exp/merged", "wrong", "run")] if verdict == "wrong" else []
    assert failures(found) == [("tiny/exp/inexact", "hazard", "check"), *said]


def test_wrong_numbers_that_are_subtracted_from_themselves_break_nothing() -> None:
    check = RUN_CHECK.replace(
        "not holds(outputs[0].sole_reader.op == 'RELU' and outputs[0].leaves_partition)", "false"
    )
    tensors = [tensor(name, [1, 8]) for name in "abc"]
    operators = [operator("EXP", ["a"], ["b"]), operator("SUB", ["b", "b"], ["c"])]
    for outputs, verdict in ((["c"], "partial"), (["b", "c"], "wrong")):
        found = audited(model(tensors, operators, inputs=["a"], outputs=outputs), tiny() + check)
        assert found.summary.verdict == verdict


@pytest.mark.parametrize(("outputs", "verdict"), [(["b", "d"], "wrong"), (["d"], "full")])
def test_wrong_numbers_that_no_output_comes_from_break_nothing(outputs: list[str], verdict: str) -> None:
    check = RUN_CHECK.replace(
        "not holds(outputs[0].sole_reader.op == 'RELU' and outputs[0].leaves_partition)", "false"
    )
    tensors = [tensor(name, [1, 8]) for name in "abcd"]
    operators = [
        operator("EXP", ["a"], ["b"]),
        operator("RELU", ["b"], ["c"]),
        operator("RELU", ["a"], ["d"]),
    ]
    found = audited(model(tensors, operators, inputs=["a"], outputs=outputs), tiny() + check)
    assert (found.summary.verdict, found.summary.delegated) == (verdict, 3)
