"""A batch that an app may choose, fixed: with it, all that hangs on it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.interpreter import Interpreter
from analyzer.model.graph import OMITTED, OPEN, Model, Tensor
from analyzer.rewriting.draft import Draft, Patch
from analyzer.rewriting.prepared_graph import resizable


def shapes_with(model: Model, batch: int) -> dict[str, tuple[int, ...]]:
    """Inputs whose first size is open, in the shape that they get. Raises: UsageError where there is none."""
    shapes = {name: (batch, *tensor.shape[1:]) for name, tensor in resizable(model).items() if _free(tensor)}
    if not shapes:
        raise UsageError(f"--batch {batch}: {model.path} has no input with a free batch; leave it out")
    return shapes


def is_free(model: Model) -> bool:
    """Whether an input's first size is open."""
    return any(map(_free, resizable(model).values()))


def fixed(draft: Draft, interpreter: Interpreter, shapes: Mapping[str, tuple[int, ...]]) -> Draft:
    """The model with these inputs, and every tensor in the shape that follows.

    Where nothing else is open, no tensor is said to be.
    """
    prepared = interpreter.prepare(draft.model, shapes)
    patches = []
    entered = {0, *(signature.subgraph for signature in draft.model.signatures)}
    for subgraph in (draft.model.subgraphs[index] for index in sorted(entered)):
        inputs = [subgraph.tensors[index] for index in subgraph.inputs if index != OMITTED]
        closed = not any(OPEN in (tensor.shape_signature or ())[1:] for tensor in inputs)
        altered = {}
        for tensor, other in zip(subgraph.tensors, prepared.subgraphs[subgraph.index].tensors, strict=True):
            shape = tensor.shape if other.dynamic or tensor.constant else other.shape
            signature = tensor.shape_signature
            if signature is not None and (closed or tensor.index in subgraph.input_set):
                rest = (shape[0], *signature[1:]) if signature and not closed else ()
                signature = rest if OPEN in rest else None
            if (shape, signature) != (tensor.shape, tensor.shape_signature):
                altered[tensor.index] = replace(tensor, shape=shape, shape_signature=signature)
        patches.append(Patch(subgraph.index, altered=altered))
    return draft.apply(patches)


def _free(tensor: Tensor) -> bool:
    return bool(tensor.shape_signature) and (tensor.shape_signature or (0,))[0] == OPEN
