"""A batch that an app may choose, fixed: with it, all that hangs on it."""

from __future__ import annotations

from msgspec.structs import replace

from analyzer.errors import ModelError, UsageError
from analyzer.interpreter import Interpreter
from analyzer.interpreter.resize_inputs import TensorKey
from analyzer.model.graph import OMITTED, OPEN, Model, Prepared, Tensor
from analyzer.rewriting.draft import Draft, Patch
from analyzer.rewriting.open_inputs import Shapes, open_inputs, resized


def shapes_with(model: Model, batch: int) -> Shapes:
    """Inputs whose first size is open, in the shape that they get.

    Raises: UsageError where there is none, or the batch is no number of samples.
    """
    if batch < 1:
        raise UsageError(f"--batch {batch}: there is no such batch; give 1 or more")
    shapes = {place: (batch, *tensor.shape[1:]) for place, tensor in _free(model).items()}
    if not shapes:
        raise UsageError(f"--batch {batch}: {model.path} has no input with a free batch; leave it out")
    return shapes


def is_free(model: Model) -> bool:
    """Whether an input's first size is open."""
    return bool(_free(model))


def _free(model: Model) -> dict[TensorKey, Tensor]:
    opened = open_inputs(model)
    return {place: tensor for place, tensor in opened.items() if (tensor.shape_signature or (0,))[0] == OPEN}


def fixed(draft: Draft, interpreter: Interpreter, shapes: Shapes) -> Draft:
    """The model with these inputs, and every tensor in the shape that follows.

    Where nothing else is open, no tensor is said to be. Raises: ModelError where it then no longer works.
    """
    prepared = _prepared(draft.model, interpreter, shapes)
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


def _prepared(model: Model, interpreter: Interpreter, shapes: Shapes) -> Prepared:
    """The model with these inputs. Raises: ModelError where that keeps the CPU from preparing it."""
    before, prepared = interpreter.prepare(model), interpreter.prepare(resized(model, shapes))
    new = [stop for index, stop in prepared.stops.items() if index not in before.stops]
    if prepared.refused is not None and before.refused is None:
        new = [prepared.refused]
    if new:
        why = new[0].message.rstrip(".")
        raise ModelError(model.path, f"can't have this batch: {why}", "give --batch another one")
    return prepared
