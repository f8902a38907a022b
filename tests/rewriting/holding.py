"""Applies one rewrite to a model wherever its pattern is, and holds the result to the original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from analyzer.interpreter import Interpreter
from analyzer.model import read_bytes
from analyzer.rewriting.amend import Amendment
from analyzer.rewriting.draft import Draft
from analyzer.rewriting.prepared_graph import graphs
from analyzer.rewriting.rewrite import Rewrite, rewrites
from analyzer.rules.registry import Packs

Shapes = Mapping[int, Sequence[int]]

_ROUNDS = 20


@cache
def prepares() -> Interpreter:
    return Interpreter(Packs())


def named(name: str) -> Rewrite:
    (found,) = (each for each in rewrites() if each.name == name)
    return found


def rewritten(data: bytes, *names: str, rounds: int = _ROUNDS) -> bytes:
    """The model with rewrites wherever they fit, one place after the other; the same bytes if nowhere."""
    model = read_bytes(data, "model")
    amendment = Amendment(data, model)
    draft = Draft.of(model, amendment)
    for _ in range(rounds):
        patch = next(
            (
                patch
                for name in names
                for graph in graphs(prepares(), prepares().prepare(draft.model))
                for operator in graph.subgraph.operators
                if (patch := named(name).at(graph, operator.index)) is not None
            ),
            None,
        )
        if patch is None:
            break
        draft = draft.apply([patch])
    if draft.model is model:
        return data
    return amendment.written(draft.model, draft.origins, draft.buffers)


def operators(data: bytes) -> list[str]:
    return [operator.name for operator in read_bytes(data, "model").subgraphs[0].operators]


def outputs(data: bytes, shapes: Shapes | None = None, seed: int = 0) -> list[Any]:
    """What the CPU's reference kernels compute of random inputs."""
    from ai_edge_litert.interpreter import Interpreter as Runtime
    from ai_edge_litert.interpreter import OpResolverType

    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    runtime = Runtime(model_content=data, experimental_op_resolver_type=resolver)
    for place, shape in (shapes or {}).items():
        runtime.resize_tensor_input(runtime.get_input_details()[place]["index"], shape)
    runtime.allocate_tensors()
    random = np.random.default_rng(seed)
    for detail in runtime.get_input_details():
        runtime.set_tensor(detail["index"], _values(random, detail["shape"], np.dtype(detail["dtype"])))
    runtime.invoke()
    return [runtime.get_tensor(detail["index"]) for detail in runtime.get_output_details()]


def _values(random: np.random.Generator, shape: Any, dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "f":
        return random.uniform(-3, 3, shape).astype(dtype)
    if dtype == np.bool_:
        return random.integers(0, 2, shape).astype(dtype)
    low, high = (np.iinfo(dtype).min, np.iinfo(dtype).max) if dtype.itemsize == 1 else (0, 4)
    return random.integers(low, high, shape, endpoint=True).astype(dtype)


def assert_same(before: bytes, after: bytes, shapes: Shapes | None = None, rtol: float = 0.0) -> None:
    """Outputs of the same shapes, types and values, up to `rtol` of the largest."""
    expected, found = outputs(before, shapes), outputs(after, shapes)
    assert [(one.shape, one.dtype) for one in found] == [(one.shape, one.dtype) for one in expected]
    for one, other in zip(expected, found, strict=True):
        if not rtol:
            np.testing.assert_array_equal(other, one)
        else:
            largest = float(np.abs(one).max(initial=0))
            np.testing.assert_allclose(other, one, rtol=rtol, atol=rtol * largest)
