"""What holds of all rules: judging is total and deterministic, and only the vocabulary is named."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer.auditing.build_partitions import PartitionContext
from analyzer.expressions import nodes
from analyzer.expressions.check import parse
from analyzer.expressions.context import has_few_numbers, is_moderate, taken_together
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.functions import FUNCTIONS
from analyzer.expressions.nodes import Node, Part, unnamed
from analyzer.expressions.operators import ARITHMETIC, COMPARISONS
from analyzer.expressions.scope import ExpressionError, Scope
from analyzer.expressions.show import show
from analyzer.expressions.vocabulary import OPERATOR, TENSOR, Context, Undefined
from analyzer.model.graph import Subgraph, Tensor
from analyzer.rules.judging.judge import Judge
from analyzer.rules.judging.judge_beside import JudgeBeside
from analyzer.rules.judging.traits import shapes, traits
from analyzer.rules.loading import file
from analyzer.rules.loading.load import load
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs
from tests.expressions.scopes import CONVOLUTION
from tests.rules.surroundings import contexts, subgraphs
from tests.thorough import examples

_PACKS = Packs()
_RULES = Path(__file__).parents[2] / "rules"
_NAMES = [*_PACKS.names(), "runtime"]
_FEW = settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
_SLOW = settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))


def new_judge(name: str) -> Judge:
    pack = _PACKS.cpu_kernels if name == "runtime" else _PACKS.get(name)
    return Judge(pack, resolve(pack, {}))


kept_judge = cache(new_judge)


def everything(judge: Judge, subgraph: Subgraph) -> Any:
    """All that a judge says of the operators of a subgraph."""
    judged = [Context(subgraph, operator) for operator in subgraph.operators]
    indices = [operator.index for operator in subgraph.operators]
    verdicts = [judge.verdict(context) for context in judged]
    with taken_together(judged, indices[::2]):
        return (
            verdicts,
            [judge.later_findings(context) for context in judged],
            judge.partition_findings(PartitionContext(subgraph, judged, indices)),
        )


@pytest.mark.parametrize("name", _NAMES)
@_SLOW
@given(subgraph=subgraphs())
def test_judging_is_total_and_deterministic(name: str, subgraph: Subgraph) -> None:
    judge = kept_judge(name)
    first = everything(judge, subgraph)
    assert everything(judge, subgraph) == first
    assert all(verdict.supported or verdict.findings for verdict in first[0])


@_SLOW
@given(subgraph=subgraphs(), name=st.sampled_from(_NAMES))
def test_a_judge_remembers_nothing_of_what_it_judged(subgraph: Subgraph, name: str) -> None:
    assert everything(new_judge(name), subgraph) == everything(kept_judge(name), subgraph)


# Random expressions

_WORDS = [
    *OPERATOR,
    *TENSOR,
    *FUNCTIONS,
    *CONVOLUTION.operands,
    *CONVOLUTION.parameters,
    *CONVOLUTION.definitions,
    *(CONVOLUTION.options or {}),
    "omitted",
    "options",
    "parameters",
    "attributes",
    "t",
    "u",
    *(
        "true",
        "false",
        "os",
        "self",
        "c",
        "open",
        "eval",
        "exec",
        "getattr",
        "globals",
        "print",
        "__import__",
    ),
    *(
        "__class__",
        "__dict__",
        "__globals__",
        "__subclasses__",
        "__builtins__",
        "__init__",
        "data",
        "subgraph",
    ),
    *("append", "format", "operator", "tensors", "variables"),
]
_names = st.sampled_from(_WORDS).map(lambda word: ast.Name(word, ast.Load()))
_constants = st.sampled_from([0, 1, -1, 3, 2.5, "INT8", "FLOAT32", "SAME", "", True, None, b"x", 2**70]).map(
    ast.Constant
)


def _comprehension(make: Any, children: Any) -> Any:
    target = st.sampled_from(["t", "u", "input", "__class__"]).map(lambda word: ast.Name(word, ast.Store()))
    loop = st.builds(ast.comprehension, target, children, st.lists(children, max_size=1), st.just(0))
    return st.builds(make, children, st.lists(loop, min_size=1, max_size=2))


def _larger(children: Any) -> Any:
    some = st.lists(children, max_size=3)
    signs = st.sampled_from([ast.Eq(), ast.NotEq(), ast.Lt(), ast.GtE(), ast.In(), ast.NotIn(), ast.Is()])
    arithmetic = st.sampled_from(
        [ast.Add(), ast.Sub(), ast.Mult(), ast.Mod(), ast.Div(), ast.FloorDiv(), ast.Pow()]
    )
    return st.one_of(
        st.builds(ast.Attribute, children, st.sampled_from(_WORDS), st.just(ast.Load())),
        st.builds(ast.Subscript, children, children, st.just(ast.Load())),
        st.builds(ast.Call, children, some, st.just([])),
        st.builds(
            ast.BoolOp, st.sampled_from([ast.And(), ast.Or()]), st.lists(children, min_size=2, max_size=3)
        ),
        st.builds(ast.UnaryOp, st.sampled_from([ast.Not(), ast.USub(), ast.Invert()]), children),
        st.builds(ast.BinOp, children, arithmetic, children),
        st.builds(lambda a, sign, b: ast.Compare(a, [sign], [b]), children, signs, children),
        st.builds(ast.IfExp, children, children, children),
        st.builds(ast.List, some, st.just(ast.Load())),
        _comprehension(ast.GeneratorExp, children),
        _comprehension(ast.ListComp, children),
    )


#: Python expressions of every kind, most of them nonsense.
pythons = st.recursive(_names | _constants, _larger, max_leaves=8).map(
    lambda node: ast.unparse(ast.fix_missing_locations(ast.Expression(node)))
)

_SIDES = ("inputs", "outputs", "intermediates")


def names_what_is_known(part: Part) -> bool:
    """Whether a node names only what the vocabulary has."""
    match part:
        case nodes.Literal(value):
            return isinstance(value, bool | int | float | str)
        case nodes.Parameter(name):
            return name in CONVOLUTION.parameters
        case nodes.Fact(name):
            return name in OPERATOR
        case nodes.Operand(side, position) | nodes.Rest(side, position):
            return side in _SIDES and isinstance(position, int)
        case nodes.Option(name):
            return name in (CONVOLUTION.options or {})
        case nodes.Property(_, name):
            return name in {*TENSOR, *OPERATOR, "omitted"}
        case nodes.Comparison(sign):
            return sign in COMPARISONS
        case nodes.Arithmetic(sign):
            return sign in ARITHMETIC
        case nodes.Call(function):
            return function in FUNCTIONS
        case nodes.Named(text):
            return text.split("(")[0] in CONVOLUTION.definitions
    return True


@settings(_SLOW, max_examples=examples(1000))
@given(text=pythons)
def test_text_that_loads_names_nothing_outside_the_vocabulary(text: str) -> None:
    try:
        tree = parse(text, CONVOLUTION, None)
    except ExpressionError as refused:
        assert str(refused)
        return
    for part in nodes.walk(tree):
        assert names_what_is_known(part), (text, part)
    assert isinstance(show(tree), str)


#: Expressions that load, built of what fits together.
_numbers = st.recursive(
    st.sampled_from(
        [
            "version",
            "api",
            "input.rank",
            "weights.elements",
            "options.stride_w",
            "bias.value",
            "input.scale",
            "len(inputs)",
            "dim(input.shape, -1)",
            "input.shape[0]",
            "max(input.shape)",
            "0",
            "2.5",
            "-1",
            "sum(t.bytes for t in operands)",
            "product(input.shape)",
            "weights.values[0]",
            "output.zero_point",
        ]
    ),
    lambda n: st.one_of(
        st.builds("({} {} {})".format, n, st.sampled_from(sorted(ARITHMETIC)), n),
        st.builds("min({}, {})".format, n, n),
        st.builds("float32({})".format, n),
        st.builds("dim(weights.shape, {})".format, n),
        st.builds("input.shape[{}]".format, n),
        st.builds("len(range({}, {}))".format, n, n),
    ),
    max_leaves=5,
)
_claims = st.recursive(
    st.one_of(
        st.builds("{} {} {}".format, _numbers, st.sampled_from(["==", "!=", "<", ">=", ">"]), _numbers),
        st.sampled_from(
            [
                "bias.omitted",
                "input.constant",
                "not weights.quantized",
                "input.dtype in quant8",
                "float(bias)",
                "input.shape == output.shape",
                "any(v > 1 for v in weights.values)",
                "input.elements > 0",
                "input.known",
                "weights.scale_count == 1",
                "input.producer.op == 'ADD'",
                "all(a == b for a, b in zip(input.shape, output.shape))",
                "broadcasts_to(bias.shape, output.shape)",
                "attributes.x == 1",
                "attributes.x < 2",
                "attributes.x in [1, 2]",
                "len(attributes.x) == 1",
            ]
        ),
    ),
    lambda c: st.one_of(
        st.builds("({} and {})".format, c, c),
        st.builds("({} or {})".format, c, c),
        st.builds("not ({})".format, c),
        st.builds("all({} for t in inputs)".format, c),
        st.builds("({} if {} else {})".format, c, c, c),
    ),
    max_leaves=4,
)


@settings(_SLOW, max_examples=examples(300))
@given(text=_claims, context=contexts())
def test_text_that_loads_holds_or_not_or_touches_an_absent_thing(text: str, context: Context) -> None:
    try:
        tree = parse(text, CONVOLUTION)
    except ExpressionError:
        return
    evaluate = compiled(_without_parameters(tree))
    try:
        found = evaluate(context)
    except Undefined as absent:
        assert str(absent)
    else:
        assert found in (True, False)


_FACTS = [
    *(word for word in OPERATOR if not word.startswith("has_attr")),
    *(f"input.{word}" for word in TENSOR),
    *("input.shape[0]", "input.elements > 0", "len(input.consumers)", "len(input.producers)"),
    *("inputs[0].value", "options.stride_w", "bias.omitted", "any(t.rank > 2 for t in operands)"),
]


@cache
def _facts() -> list[tuple[str, Callable[[Context], Any]]]:
    return [(text, compiled(parse(text, CONVOLUTION, None))) for text in _FACTS]


@settings(_SLOW, max_examples=examples(100))
@given(context=contexts())
def test_what_looks_at_no_more_than_traits_comes_out_alike_where_they_are_alike(context: Context) -> None:
    like, of_shapes = _of_like(context, sized=False), _of_like(context, sized=True)
    assert traits(like) == traits(of_shapes) == traits(context)
    assert shapes(of_shapes) == shapes(context)
    for text, evaluate in _facts():
        context.look_anew()
        first = _outcome(evaluate, context)
        if not context.looked_further and isinstance(first, bool | int | str | float):
            assert _outcome(evaluate, of_shapes) == first, text
            assert context.shaped or _outcome(evaluate, like) == first, text


@settings(_SLOW, max_examples=examples(30))
@given(context=contexts())
def test_a_judge_says_the_same_of_an_operator_whatever_it_was_asked_before(context: Context) -> None:
    pack = kept_judge("gpu").pack
    asked, fresh = Judge(pack, resolve(pack, {})), Judge(pack, resolve(pack, {}))
    for sized in (False, True):
        for _ in range(2):  # the second time what the first was like is known
            like = _of_like(context, sized)
            asked.verdict(like), asked.later_findings(like)
    assert asked.verdict(context) == fresh.verdict(context)
    assert asked.later_findings(context) == fresh.later_findings(context)


def _of_like(context: Context, sized: bool) -> Context:
    """An operator that differs in all but its traits and, if `sized`, its shapes."""
    subgraph = context.subgraph
    tensors = tuple(_of_like_traits(tensor, sized) for tensor in subgraph.tensors)
    return Context(replace(subgraph, tensors=tensors, inputs=(), outputs=()), context.operator)


def _of_like_traits(tensor: Tensor, sized: bool) -> Tensor:
    """A tensor that differs in all but its traits and, if `sized`, its shape, few numbers and axis."""
    few = sized and has_few_numbers(tensor)
    shape = tuple(
        size + 2 if size > (at == 0) and not sized else size for at, size in enumerate(tensor.shape)
    )
    table = tensor.quantization
    if table is not None:
        scales = tuple(2 * scale for scale in table.scale_data)
        points = tuple(point // 2 + 1 for point in table.zero_point_data)
        table = replace(table, scale_data=scales, zero_point_data=points, axis=table.axis + (not sized))
        if is_moderate(replace(tensor, quantization=table)) != is_moderate(tensor):
            table = tensor.quantization
    computed, data = tensor.computed_values, tensor.data if few else None
    if computed is not None and not few:
        computed = (7, *computed)
    return replace(tensor, name="y", shape=shape, data=data, quantization=table, computed_values=computed)


def _outcome(evaluate: Callable[[Context], Any], context: Context) -> object:
    try:
        return evaluate(context)
    except Undefined:
        return Undefined


def _without_parameters(node: Node) -> Node:
    return (
        nodes.Literal(29) if isinstance(node, nodes.Parameter) else nodes.changed(node, _without_parameters)
    )


@pytest.mark.parametrize("name", _PACKS.names())
def test_a_tree_is_shown_as_text_that_reads_back_as_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[tuple[Node, Scope, str | None]] = []

    def keep(text: str, scope: Scope, wanted: str | None = "bool") -> Node:
        tree = parse(text, scope, wanted)
        parsed.append((tree, scope, wanted))
        return tree

    monkeypatch.setattr(file, "parse", keep)
    load(_RULES / f"{name}.toml", _PACKS.catalogue)
    assert parsed
    for tree, scope, wanted in parsed:
        assert parse(show(tree), scope, wanted) == tree, show(tree)
        assert parse(show(unnamed(tree)), scope, None)


@_FEW
@given(subgraph=subgraphs())
def test_of_what_was_sound_only_what_hangs_on_other_parameters_is_asked_anew(subgraph: Subgraph) -> None:
    usual, pack = kept_judge("gpu"), kept_judge("gpu").pack
    other = Judge(pack, resolve(pack, {"opencl": "false"}))
    beside = JudgeBeside(other, usual)
    for operator in subgraph.operators:
        context = Context(subgraph, operator)
        if beside.chooses_alike(operator.key):
            assert other.verdict(context) == usual.verdict(context)
        if not usual.later_findings(context):
            assert beside.later_findings(context) == other.later_findings(context)


@_FEW
@given(subgraph=subgraphs())
def test_what_is_known_to_stay_wrong_does(subgraph: Subgraph) -> None:
    usual, pack = kept_judge("gpu"), kept_judge("gpu").pack
    for parameters in ({"precision": "fp32"}, {"opencl": "false"}):
        other = Judge(pack, resolve(pack, parameters))
        for operator in subgraph.operators:
            context, kind = Context(subgraph, operator), operator.key
            for finding in usual.later_findings(context):
                if finding.severity == "wrong" and JudgeBeside(other, usual).stays_wrong(
                    {kind}, [(kind, finding.rule)]
                ):
                    again = other.later_findings(context)
                    assert any(each.rule == finding.rule and each.severity == "wrong" for each in again)
