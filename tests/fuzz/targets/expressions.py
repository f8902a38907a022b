"""A condition of the rule language: checked, shown, simplified, evaluated on every operator of a model."""

from __future__ import annotations

from functools import cache
from random import Random

from analyzer.errors import UndecidedError
from analyzer.expressions.check import parse
from analyzer.expressions.context import Context, Undefined
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.partial import partially_evaluated
from analyzer.expressions.scope import ExpressionError
from analyzer.expressions.show import show
from analyzer.expressions.steps import StepsFor
from analyzer.interpreter import Interpreter
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.expressions.scopes import CONVOLUTION
from tests.fuzz import mutation
from tests.fuzz.promised import check_lines
from tests.model.test_damaged import sample

_PARAMETERS = {"api": 29, "accelerator": True, "soc": "sm8650"}
_WORDS = mutation.words(
    """
    input weights bias output inputs outputs options padding stride_w quant8 float circle api
    accelerator soc shape rank dtype constant values scale zero_point all any len min max sum product
    range for in and or not if else true false None 0 1 -1 2 1.5 'FLOAT32' 'VALID' == != < <= // % * + -
    [ ] ( ) , . producer consumers version a b x
    """
)


@cache
def _contexts() -> list[Context]:
    prepared = Interpreter(Packs()).prepare(read_bytes(sample(), "m"), {}, ("Mine",))
    return [Context(subgraph, operator) for subgraph in prepared.subgraphs for operator in subgraph.operators]


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        node = parse(text, CONVOLUTION, None)
    except ExpressionError as error:
        check_lines(error)
        return
    show(node)
    ask = compiled(partially_evaluated(node, _PARAMETERS))
    with StepsFor(1):
        for context in _contexts():
            try:
                ask(context)
            except Undefined:
                continue
            except UndecidedError as error:
                check_lines(error)
                return


def seeds() -> list[bytes]:
    return [
        b"input.rank == 4 and weights.constant",
        b"all(a > 0 for a in input.shape)",
        b"options.padding in ['SAME', 'VALID'] or api >= 29",
        b"(input.shape[1] + 2) // options.stride_w % 3 == 1 if accelerator else soc != 'x'",
        b"any(t.dtype in quant8 for t in inputs) and not float(output)",
        b"product(a for a in range(1, 9)) < 10.5 / 2",
        b"len([1, 2, 3]) > min(input.shape[0], 4) - max(1, -2)",
        b"all(any(x == y for x in t.shape) for t in inputs for y in range(0, 4))",
    ]


def mutate(random: Random, data: bytes) -> bytes | None:
    return mutation.text(random, data, _WORDS)
