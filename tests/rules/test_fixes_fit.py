"""No fix names a state that the operator is in already: asked of every finding of many models.

Generated models come with the conformance data; real ones take part where DELEGATE_ANALYZER_MODELS names
the folder that holds them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import Audit
from analyzer.conformance.verdicts import Data
from analyzer.errors import ModelError
from analyzer.expressions.vocabulary import Context
from analyzer.model.graph import Tensor
from analyzer.rules.judging.judge import Finding
from analyzer.rules.registry import Packs

MODELS = os.environ.get("DELEGATE_ANALYZER_MODELS")
DATA = Data(Path(__file__).parent.parent / "conformance", Path(MODELS) if MODELS else None)
#: Every pack by default, and with parameters that let other rules speak.
DELEGATES = ["all", "gpu:quantized=false", "nnapi:api=28", "nnapi:api=30", "coreml:version=2"]

Holds = Callable[[Context], bool]


def tensors(context: Context) -> list[Tensor]:
    return [tensor for tensor in (*context.inputs, *context.outputs) if tensor is not None]


def computes(*dtypes: str) -> Holds:
    """Some operand of such a type is computed."""
    return lambda c: any(tensor.dtype in dtypes and not tensor.constant for tensor in tensors(c))


def has(*dtypes: str) -> Holds:
    return lambda c: any(tensor.dtype in dtypes for tensor in tensors(c))


def all_float(context: Context) -> bool:
    return all(tensor.dtype == "FLOAT32" for tensor in tensors(context))


def input_is(position: int, claim: Callable[[Context, Tensor], bool]) -> Holds:
    def holds(context: Context) -> bool:
        tensor = context.inputs[position] if position < len(context.inputs) else None
        return tensor is not None and claim(context, tensor)

    return holds


def is_given(context: Context, tensor: Tensor) -> bool:
    return tensor.index in context.subgraph.inputs


def is_constant(context: Context, tensor: Tensor) -> bool:
    """A constant, or one that the delegate reads through the operator that unpacks it."""
    writers = context.subgraph.producers.get(tensor.index, ())
    return tensor.constant or any(context.subgraph.operators[at].name == "DEQUANTIZE" for at in writers)


def has_open_input(context: Context) -> bool:
    graph = context.subgraph
    return any(-1 in (graph.tensors[index].shape_signature or ()) for index in graph.inputs)


def at_the_start(context: Context) -> bool:
    return context.subgraph.index == 0 and all(
        tensor.constant or is_given(context, tensor) for tensor in context.inputs if tensor
    )


def at_the_end(context: Context) -> bool:
    consumers = context.subgraph.consumers
    return context.subgraph.index == 0 and not any(
        consumers.get(tensor.index) for tensor in context.outputs if tensor
    )


def lacks_bias(context: Context) -> bool:
    place = 3 if context.operator.name == "TRANSPOSE_CONV" else 2
    return len(context.inputs) <= place or context.inputs[place] is None


def is_sparse(context: Context) -> bool:
    graph = context.subgraph
    writers = [
        place for tensor in context.inputs if tensor for place in graph.producers.get(tensor.index, ())
    ]
    return (
        context.operator.name == "DENSIFY"
        or any(tensor.sparsity for tensor in tensors(context))
        or any(graph.operators[place].name == "DENSIFY" for place in writers)
    )


def reads_unpacked(context: Context) -> bool:
    """Whether an operand is a constant that another operator unpacks at run time."""
    graph = context.subgraph
    writers = [
        place for tensor in context.inputs if tensor for place in graph.producers.get(tensor.index, ())
    ]
    return any(graph.operators[place].name == "DEQUANTIZE" for place in writers)


def is_grouped(context: Context) -> bool:
    data, weights = context.inputs[:2]
    return data is not None and weights is not None and data.shape[-1] != weights.shape[-1]


def either(*claims: Holds) -> Holds:
    return lambda c: any(claim(c) for claim in claims)


def exceeds(rank: int) -> Holds:
    return lambda c: any(len(tensor.shape) > rank for tensor in tensors(c))


def option(name: str, value: object) -> Holds:
    return lambda c: c.operator.options.get(name) == value


def keeps_state(context: Context) -> bool:
    held = has("RESOURCE", "VARIANT")(context) or any(tensor.variable for tensor in tensors(context))
    return held or context.operator.name == "CALL_ONCE"


#: What a fix says -> what must be so of an operator that it is said of.
CLAIMS: dict[str, Holds] = {
    r"full integer quantization|[Qq]uantize (the whole model|activations too|fully)": either(
        computes("FLOAT32"), computes("INT16"), has("INT4", "INT2", "FLOAT16")
    ),
    r"8 bits instead of 16": has("INT16", "UINT16"),
    r"8 bits instead of 4": has("INT4", "UINT4"),
    r"float(32|16)? (or float16 )?model|[Kk]eep this operator in float|[Cc]ompute in float|layer in float": (
        lambda c: not all_float(c) or reads_unpacked(c)
    ),
    r"inference_input_type": input_is(0, is_given),
    r"inference_output_type": lambda c: any(t.index in c.subgraph.outputs for t in c.outputs if t),
    r"input shapes|batch_size": has_open_input,
    r"constants? of the model instead of (an input|inputs)": (
        lambda c: any(is_given(c, tensor) for tensor in c.inputs if tensor)
    ),
    r"at the start of the model it splits": at_the_start,
    r"at the end of the model it splits": at_the_end,
    r"or move it to the start or the end": lambda c: not (at_the_start(c) or at_the_end(c)),
    r"a bias(;| \()": lacks_bias,
    r"SELECT_TF_OPS": lambda c: (c.operator.custom or "").startswith("Flex"),
    r"within four dimensions|Merge dimensions": exceeds(4),
    r"within six dimensions": exceeds(6),
    r"EXPERIMENTAL_SPARSITY": is_sparse,
    r"grouped convolution": is_grouped,
    r"reciprocal instead|constant negated": input_is(1, is_constant),
    r"one side is a constant": either(input_is(0, is_constant), input_is(1, is_constant)),
    r"the weights a constant": input_is(1, lambda c, tensor: not tensor.constant),
    r"uint8 isn't taken": has("UINT8"),
    r"(Keep|Pass (the )?) ?state": keeps_state,
    r"[Uu]nroll": lambda c: any(word in c.operator.name for word in ("WHILE", "RNN", "LSTM", "SVDF")),
    r"per tensor": lambda c: any(t.quantization or t.dtype == "INT32" for t in tensors(c)),
    r"keepdims=True": option("keep_dims", False),
    r"without half_pixel_centers": either(option("half_pixel_centers", True), option("align_corners", True)),
    r"to two dimensions before the layer": either(option("keep_num_dims", True), exceeds(2)),
    r"^Compiled ": lambda c: bool(c.subgraph.custom_codes),
}


def speaks_of_others(finding: Finding) -> bool:
    """Whether it is about another operator of the kind, whose version this one has, or an absent operand."""
    return "another one here" in finding.message or "is left out" in finding.message


@cache
def claimed(fix: str) -> list[Holds]:
    """What must be so of whomever a fix is given to."""
    return [holds for words, holds in CLAIMS.items() if re.search(words, fix)]


def contradictions(audit: Audit) -> Iterator[str]:
    for one in audit.delegates:
        for node in one.operators:
            graph = audit.prepared.subgraphs[node.subgraph]
            context = Context(graph, graph.operators[node.index])
            for finding in node.findings:
                if speaks_of_others(finding):
                    continue
                if not all(holds(context) for holds in claimed(finding.fix)):
                    yield f"{finding.rule}: {finding.message}: {finding.fix}"


@pytest.mark.parametrize("kind", ["generated", "real"])
def test_no_fix_asks_for_what_is_so_already(kind: str) -> None:
    if kind == "real" and not MODELS:
        pytest.skip("DELEGATE_ANALYZER_MODELS names no folder of models")
    packs = Packs()
    auditor = Auditor(packs, configure(packs, DELEGATES))
    found: dict[str, str] = {}
    for origin, name, model in DATA.models():
        # What was changed at random isn't a model that anybody would mend.
        if origin != kind or isinstance(model, ModelError) or "/m-" in name:
            continue
        try:
            audit = auditor.audit(model)
        except ModelError:
            continue
        for words in contradictions(audit):
            found.setdefault(words, name)
    assert found == {}
