"""Shapes of matrix products, embeddings and recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.expressions.vocabulary import Context, elements
from analyzer.interpreter.shapes.common import Shape, ShapeFunction, broadcast, options, replaced, shape


def fully_connected(context: Context) -> Sequence[Shape | None]:
    """Source: tflite/kernels/fully_connected.cc::UpdateOutputSize."""
    source, weights = shape(context, 0), shape(context, 1)
    units, width = weights[0], weights[1]
    if options(context)["keep_num_dims"]:
        return (replaced(source, len(source) - 1, units), None)
    batch = elements(source) // width if width else elements(source[:-1])
    return ((batch, units), None)


def batch_matmul(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/batch_matmul.cc::ResizeOutputTensor."""
    x, y = shape(context, 0), shape(context, 1)
    rows = x[-1] if options(context)["adj_x"] else x[-2]
    columns = y[-2] if options(context)["adj_y"] else y[-1]
    return ((*broadcast(x[:-2], y[:-2]), rows, columns),)


def embedding_lookup(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/embedding_lookup.cc::Prepare."""
    return ((shape(context, 0)[0], *shape(context, 1)[1:]),)


def hashtable_lookup(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/hashtable_lookup.cc::Prepare."""
    count = shape(context, 0)[0]
    return ((count, *shape(context, 2)[1:]), (count,))


def lsh_projection(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/lsh_projection.cc::Resize."""
    hashes = shape(context, 0)
    return ((hashes[0] if options(context)["type"] == "SPARSE" else hashes[0] * hashes[1],),)


FUNCTIONS: dict[str, ShapeFunction] = {
    "fully-connected": fully_connected,
    "batch-matmul": batch_matmul,
    "embedding-lookup": embedding_lookup,
    "hashtable-lookup": hashtable_lookup,
    "lsh-projection": lsh_projection,
}
