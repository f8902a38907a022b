"""Shapes of recurrent layers, whose inputs stand at fixed positions."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.expressions.vocabulary import Context
from analyzer.interpreter.shapes.common import Shape, ShapeFunction, options, shape


def rnn(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/basic_rnn.cc::Prepare."""
    return ((shape(context, 0)[0], shape(context, 1)[0]),)


def sequence_rnn(context: Context) -> Sequence[Shape]:
    """UNIDIRECTIONAL_SEQUENCE_RNN: two leading dimensions, time and batch in either order.

    Source: tflite/kernels/unidirectional_sequence_rnn.cc::Prepare
    """
    return ((*shape(context, 0)[:2], shape(context, 1)[0]),)


def bidirectional_sequence_rnn(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/bidirectional_sequence_rnn.cc::Prepare."""
    return _both(context, shape(context, 1)[0], shape(context, 5)[0])


def lstm(context: Context) -> Sequence[Shape | None]:
    """The full kernel gives as many units as recurrent_to_output_weights has columns.

    The basic one hands its state on, and has two scratch tensors among its outputs.

    Source: tflite/kernels/lstm.cc::Prepare
    """
    source = shape(context, 0)
    if options(context)["kernel_type"] == "FULL":
        return ((source[0], shape(context, 8)[1]),)
    activation, state = shape(context, 1), shape(context, 4)
    depth = source[1] + activation[1]
    return (activation, state, (source[0], depth), (source[0], 4 * activation[1]))


def sequence_lstm(context: Context) -> Sequence[Shape]:
    """UNIDIRECTIONAL_SEQUENCE_LSTM, whose recurrent weights may be just a diagonal.

    Source: tflite/kernels/unidirectional_sequence_lstm.cc::Prepare
    """
    recurrent = shape(context, 8)
    return ((*shape(context, 0)[:-1], recurrent[0] if len(recurrent) == 1 else recurrent[1]),)


def bidirectional_sequence_lstm(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/bidirectional_sequence_lstm.cc::Prepare."""
    return _both(context, shape(context, 8)[1], shape(context, 25)[1])


def _both(context: Context, forward: int, backward: int) -> Sequence[Shape]:
    times = shape(context, 0)[:2]
    if options(context)["merge_outputs"]:
        return ((*times, forward + backward),)
    return ((*times, forward), (*times, backward))


def svdf(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/svdf.cc::Prepare."""
    return ((shape(context, 0)[0], shape(context, 1)[0] // options(context)["rank"]),)


FUNCTIONS: dict[str, ShapeFunction] = {
    "rnn": rnn,
    "sequence-rnn": sequence_rnn,
    "bidirectional-sequence-rnn": bidirectional_sequence_rnn,
    "lstm": lstm,
    "sequence-lstm": sequence_lstm,
    "bidirectional-sequence-lstm": bidirectional_sequence_lstm,
    "svdf": svdf,
}
