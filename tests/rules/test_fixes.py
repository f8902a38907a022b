"""Fixes that depend on what an operator is like: cases, names, what raises versions, what comes first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import RuleError
from analyzer.expressions.vocabulary import Context
from analyzer.model import read_bytes
from analyzer.rules.judging.judge import Finding, Judge
from analyzer.rules.loading.catalogue_file import parse_catalogue
from analyzer.rules.loading.fixes_file import read_in_full, read_shared
from analyzer.rules.loading.load import load
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import Rulebook
from tests.building import Description, model, operator, tensor
from tests.packs import saved

_CATALOGUE = parse_catalogue()
_HEAD = """\
delegate = "tiny"
title = "Tiny"
source = "tiny.cc"
stages = ["version", "operator"]
upstream = {repository = "example/tiny", revision = "0123456"}
unlisted = {message = "not known", fix = "unlisted", source = "tiny.cc"}

[parameters]
level = {type = "int", default = 3, meaning = "level"}

[fixes]
count = "Other operands."
dtype = [{when = "operand.graph_input", text = "Change the input."}, "Change the layer."]
version = [
    {when = "eight_bit_data", text = "Compute in float."},
    {when = "raised_by == 'grouped'", text = "Split the groups."},
    "reconvert",
]
inner = [{when = "level > 3", text = "Lower the level."}, "dtype"]

"""
Graph = tuple[list[Description], list[Description]]


def findings(folder: Path, rules: str, graph: Graph, at: int = 0, **written: str) -> list[Finding]:
    pack = load(saved(folder, _HEAD + rules), _CATALOGUE)
    return judged(Judge(pack, resolve(pack, written)), graph, at)


def judged(judge: Judge, graph: Graph, at: int = 0) -> list[Finding]:
    read = read_bytes(model(*graph), "m").subgraphs[0]
    return list(judge.verdict(Context(read, read.operators[at])).findings)


def fixes(folder: Path, rules: str, graph: Graph, at: int = 0, **written: str) -> list[str]:
    return [finding.fix for finding in findings(folder, rules, graph, at, **written)]


def chain(*names: str, dtype: str = "FLOAT32", **more: Any) -> Graph:
    """Operators of one input and one output, one after the other."""
    tensors = [tensor("t0", [1, 4], dtype, **more)]
    tensors += [tensor(f"t{place}", [1, 4], dtype) for place in range(1, len(names) + 1)]
    return tensors, [operator(name, [f"t{i}"], [f"t{i + 1}"]) for i, name in enumerate(names)]


def convolution(version: int, channels: int = 4, dtype: str = "FLOAT32") -> Graph:
    bias = tensor("b", [4], "INT32" if dtype == "INT8" else "FLOAT32", data=bytes(16))
    weights = tensor("w", [4, 1, 1, 4], dtype, data=bytes(16 if dtype == "INT8" else 64))
    tensors = [tensor("x", [1, 2, 2, channels], dtype), weights, bias, tensor("y", [1, 2, 2, 4], dtype)]
    return tensors, [operator("CONV_2D", ["x", "w", "b"], ["y"], version=version)]


def shaped(**more: Any) -> Graph:
    """SHAPE, and an ABS of what it gives."""
    tensors = [tensor("x", [1, 4], **more), tensor("s", [2], "INT32"), tensor("y", [2], "INT32")]
    return tensors, [operator("SHAPE", ["x"], ["s"]), operator("ABS", ["s"], ["y"])]


ABS = '[op.ABS]\noperands = {input = "INT8"}\n'
CASES = '[op.ABS.check.c]\nrequire = "false"\nfix = [%s]\n'


@pytest.mark.parametrize(
    ("rules", "at", "expected"),
    [
        (ABS, 0, "Change the input."),
        (ABS, 1, "Change the layer."),
        (ABS + 'fixes."input.dtype" = "inner"', 1, "Change the layer."),
        (ABS + 'fixes."input.dtype" = "Do so."', 1, "Do so."),
        (CASES % '{when = "input.graph_input", text = "A b."}, "C d."', 0, "A b."),
        (CASES % '{when = "input.graph_input", text = "A b."}, "C d."', 1, "C d."),
        # The first that holds, and what can't be looked at doesn't hold.
        (CASES % '{when = "input.value == 1", text = "A."}, {when = "true", text = "C d."}, "E."', 0, "C d."),
        (CASES % '{when = "input.graph_input", text = "fold"}, "dtype"', 0,
         "Let the converter fold work on constants."),
    ],
)  # fmt: skip
def test_the_first_case_that_holds_is_given(tmp_path: Path, rules: str, at: int, expected: str) -> None:
    assert fixes(tmp_path, rules, chain("ABS", "ABS"), at) == [expected]


def test_a_list_may_end_in_the_fix_that_is_called_like_its_clause(tmp_path: Path) -> None:
    unlisted = 'fix = [{when = "op == \'SQUEEZE\'", text = "Reshape it."}, "unlisted"]'
    rules = _HEAD.replace('fix = "unlisted"', unlisted)
    pack = load(saved(tmp_path, rules), _CATALOGUE)
    judge = Judge(pack, resolve(pack, {}))
    tensors = [tensor(name, [1, 8]) for name in "abcdef"]
    names = ("ABS", "SQUEEZE", "LOCAL_RESPONSE_NORMALIZATION", "ABS")
    chain = [operator(name, [tensors[i]["name"]], [tensors[i + 1]["name"]]) for i, name in enumerate(names)]
    [inner], [squeeze] = judged(judge, (tensors, chain), 2), judged(judge, (tensors, chain), 1)
    assert squeeze.fix == "Reshape it."
    assert inner.fix.startswith("Train without it, or with BatchNormalization")


def test_parameters_have_a_say(tmp_path: Path) -> None:
    rules = ABS + 'fixes."input.dtype" = "inner"'
    assert fixes(tmp_path, rules, chain("ABS"), level="4") == ["Lower the level."]


def test_a_shared_check_takes_the_words_of_the_operator_that_uses_it(tmp_path: Path) -> None:
    rules = '[shared.s]\nrequire = "false"\nmessage = "m"\nfix = "A b."\n'
    rules += '[op."ABS|NEG"]\nuse = ["s"]\n[op.EXP]\nuse = ["s"]\nfixes.s = "C d."\nmessages.s = "n"\n'
    assert fixes(tmp_path, rules, chain("ABS")) == ["A b."]
    (found,) = findings(tmp_path, rules, chain("EXP"))
    assert (found.fix, found.message) == ("C d.", "n")


def beside(graph: Graph, other: Graph) -> Graph:
    """Two graphs as one, the operators of the first one first."""
    renamed = [tensor | {"name": f"other-{tensor['name']}"} for tensor in other[0]]
    sides = ("inputs", "outputs")
    operators = [op | {side: [f"other-{name}" for name in op[side]] for side in sides} for op in other[1]]
    return [*graph[0], *renamed], [*graph[1], *operators]


SIZES = [tensor("s", [2], "INT32"), tensor("y", [2], "INT32")], [operator("ABS", ["s"], ["y"])]


@pytest.mark.parametrize(
    ("when", "graph", "other"),
    [
        ("'INT8' in graph_dtypes", beside(chain("EXP", dtype="INT8"), chain("ABS")), chain("ABS")),
        ("'Odd' in graph_customs", chain("Odd", "ABS"), chain("EXP", "ABS")),
        ("any(t.from_shape for t in inputs)", shaped(), beside(shaped(), SIZES)),
        ("false", shaped(), SIZES),
        ("open_shapes", chain("ABS", shape_signature=[-1, 4]), chain("ABS")),
        ("input.graph_input", chain("ABS"), chain("EXP", "ABS")),
    ],
)
def test_operators_that_are_alike_get_what_fits_their_graphs(
    tmp_path: Path, when: str, graph: Graph, other: Graph
) -> None:
    pack = load(saved(tmp_path, _HEAD + CASES % f'{{when = "{when}", text = "A."}}, "B."'), _CATALOGUE)
    alone = [judged(Judge(pack, resolve(pack, {})), of, -1)[-1].fix for of in (graph, other)]
    judge = Judge(pack, resolve(pack, {}))
    assert [judged(judge, of, -1)[-1].fix for of in (other, graph) * 2] == [*alone[::-1]] * 2
    assert alone[0] != alone[1] == "B."


CONVOLUTION = "[op.CONV_2D]\nversion = 1\n"


@pytest.mark.parametrize(
    ("graph", "fix", "message"),
    [
        (convolution(3, dtype="INT8"), "Compute in float.", "operator version 3 (8 bits), expected 1"),
        (convolution(6, channels=8), "Split the groups.",
         "operator version 6 (grouped convolution), expected 1"),
        (convolution(6),
         "Convert again with a current converter: nothing in this subgraph needs this version.",
         "operator version 6, expected 1"),
    ],
)  # fmt: skip
def test_what_raised_a_version_is_told(tmp_path: Path, graph: Graph, fix: str, message: str) -> None:
    (found,) = findings(tmp_path, CONVOLUTION, graph)
    assert (found.fix, found.message) == (fix, message)


def test_a_version_may_be_that_of_another_operator_of_the_kind(tmp_path: Path) -> None:
    tensors, (plain,) = convolution(6)
    grouped = [tensor("x2", [1, 2, 2, 8]), tensor("y2", [1, 2, 2, 4])]
    both = [plain, operator("CONV_2D", ["x2", "w", "b"], ["y2"], version=6)]
    (found,) = findings(tmp_path, CONVOLUTION, ([*tensors, *grouped], both))
    assert found.fix == "Split the groups."
    assert found.message == "operator version 6 (another one here: grouped convolution), expected 1"


FIXED_SHAPES = "Fix the model's input shapes when converting"


@pytest.mark.parametrize("at", [0, 1])
def test_shape_arithmetic_asks_for_fixed_shapes(tmp_path: Path, at: int) -> None:
    (found,) = fixes(tmp_path, ABS, shaped(shape_signature=[-1, 4]), at)
    assert found.startswith(FIXED_SHAPES)


def test_shapes_that_are_fixed_already_are_not_to_be_fixed(tmp_path: Path) -> None:
    (found,) = fixes(tmp_path, ABS, shaped(), 1)
    assert found.startswith("Write sizes, starts, axes and indices as int32 numbers")


def test_what_only_the_data_tells_is_no_shape_arithmetic(tmp_path: Path) -> None:
    tensors, operators = shaped(shape_signature=[-1, 4])
    mixed = [*operators, operator("ADD", ["y", "z"], ["sum"])]
    more = [*tensors, tensor("z", [2], "INT32"), tensor("sum", [2], "INT32")]
    (found,) = fixes(tmp_path, "[op.ADD]\ninputs = 3", (more, mixed), 2)
    assert found == "Other operands."


@pytest.mark.parametrize("delegate", Packs().names())
def test_a_compiled_file_is_to_be_audited_from_before(delegate: str) -> None:
    tensors = [tensor("x", [1, 4], "UINT8"), tensor("y", [1, 4], "UINT8"), tensor("z", [1, 4], "UINT8")]
    made = [operator("edgetpu-custom-op", ["x"], ["y"]), operator("ARG_MIN", ["y"], ["z"])]
    pack = Packs().get(delegate)
    judge = Judge(pack, resolve(pack, {}))
    said = [finding.fix for at in (0, 1) for finding in judged(judge, (tensors, made), at)]
    assert set(said) == {"Compiled for the Edge TPU: audit the file from before compilation."}


@pytest.mark.parametrize(
    ("names", "at", "expected"),
    [
        (["ABS", "FlexAbs"], 1, "No action is needed"),
        (["Other", "ABS"], 0, "No action is needed"),
        (["ABS", "FlexAbs", "ABS"], 1, "Convert without SELECT_TF_OPS"),
        (["ABS", "Other", "ABS"], 1, "Build it from operators that TFLite has"),
    ],
)
def test_custom_operators_at_the_ends_may_stay(names: list[str], at: int, expected: str) -> None:
    judge = Judge(Packs().get("hexagon"), {"max_partitions": 4, "runtime": "2.3"})
    (found,) = judged(judge, chain(*names, dtype="INT8"), at)
    assert found.fix.startswith(expected)


def test_the_rulebook_tells_every_fix_with_its_condition(tmp_path: Path) -> None:
    pack = load(saved(tmp_path, _HEAD + ABS), _CATALOGUE)
    (rule,) = Rulebook(pack).operator("ABS").rules
    assert rule.fixes == ("if operand is an input of the graph: Change the input.",)
    assert rule.fix == "Change the layer."


@pytest.mark.parametrize(
    ("fix", "words"),
    [
        ('"dtyp"', "there is no fix dtyp; did you mean dtype?"),
        ('[{when = "true", text = "A b."}]', "the last fix must be one without a condition"),
        ('["A b.", "C d."]', "no fix is given after 'A b.', which has no condition"),
        ('[{when = "inputs", text = "A b."}, "C d."]', "expected bool"),
        ('[{when = "raised_by == \'grupped\'", text = "A b."}, "C d."]', "did you mean grouped?"),
        ('[{when = "operand.shape", text = "A b."}, "C d."]', "expected bool"),
        ('"circle"', "the fix circle leads to itself"),
    ],
)
def test_wrong_fixes_are_told_with_their_line(tmp_path: Path, fix: str, words: str) -> None:
    circle = '[fixes]\ncircle = [{when = "true", text = "circle"}, "A b."]\n'
    rules = f'[op.ABS.check.c]\nrequire = "false"\nfix = {fix}\n'
    with pytest.raises(RuleError) as refused:
        load(saved(tmp_path, _HEAD.replace("[fixes]\n", circle) + rules), _CATALOGUE)
    (problem,) = refused.value.problems
    assert words in problem
    assert problem.startswith(f"{tmp_path / 'tiny.toml'}:{len((_HEAD + circle).splitlines()) + 2}:")


def test_what_fixes_alone_know_is_nothing_to_a_rule(tmp_path: Path) -> None:
    rules = '[op.ABS.check.c]\nrequire = "raised_by == \'\'"\nfix = "A b."\n'
    with pytest.raises(RuleError, match="nothing is called raised_by"):
        load(saved(tmp_path, _HEAD + rules), _CATALOGUE)


IN_FULL = """
[fixes.whole]
text = "Bound it."
job = "converter"
before = "y = x"
after = "y = bound(x)"
"""


def test_a_fix_may_be_told_in_full(tmp_path: Path) -> None:
    rules = IN_FULL + '[op.ABS.check.c]\nrequire = "false"\nfix = "whole"\n'
    file = saved(tmp_path, _HEAD + rules)
    assert fixes(tmp_path, rules, chain("ABS")) == ["Bound it."]
    (recipe,) = load(file, _CATALOGUE).recipes.values()
    assert (recipe.text, recipe.job, recipe.after) == ("Bound it.", "converter", "y = bound(x)")
    assert Packs([file]).recipes.of("Bound it.") == recipe


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (IN_FULL.replace('"converter"', '"convertor"'), "there is no job convertor; did you mean converter?"),
        (IN_FULL.replace('before = "y = x"\n', ""), "before and after go together"),
    ],
)
def test_a_fix_in_full_is_checked(tmp_path: Path, wrong: str, words: str) -> None:
    with pytest.raises(RuleError, match=re.escape(words)):
        load(saved(tmp_path, _HEAD + wrong), _CATALOGUE)
    shared = saved(tmp_path, wrong.replace("[fixes.whole]", "[whole]"), "shared.toml")
    with pytest.raises(RuleError, match=re.escape(words)):
        read_in_full(shared)


@pytest.mark.parametrize(
    ("text", "job"),
    [
        ("Convert with the shapes that the model runs with.", "converter"),
        ("Update LiteRT to 2.0 or newer.", "app"),
        ("No action is needed: at the end of the model it splits nothing.", "none"),
        ("Nobody advises this.", "model"),
    ],
)
def test_how_a_fix_begins_says_whose_job_it_is(text: str, job: str) -> None:
    recipe = Packs().recipes.of(text)
    assert recipe.job == job
    assert bool(recipe.why) == (text != "Nobody advises this.")


def test_a_class_of_fixes_is_somebodys_job(tmp_path: Path) -> None:
    table = '[classes.old]\njob = "nobody"\nwhy = "it is old"\ntexts = ["Mend it"]\n'
    with pytest.raises(RuleError, match=r"shared\.toml:2: old: there is no job nobody"):
        read_shared(saved(tmp_path, table, "shared.toml"))
