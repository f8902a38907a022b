"""Runs a model on every sample of a data set, in a process of its own that reads the samples itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.model.graph import OMITTED, Model, Tensor
from analyzer.runtime import worker
from analyzer.runtime.datasets import Source
from analyzer.runtime.interface import Entry, Limits, RunRequest, RunResult

CHILD = "analyzer.runtime.prediction_child"
PROGRESS = "progress"

#: What a prediction's outputs are called: one row a sample, one time an inference, numbers a sample.
FOUND, SECONDS, WIDTH = "found", "seconds", "width"

#: The entry of a model whose inside isn't known here.
OPAQUE = Entry(None, 0, (("x", OMITTED),), (("y", OMITTED),))


class Task(Struct, frozen=True):
    """What the other process is to do; `ranks`: how many of the best classes to keep (0: the outputs)."""

    engine: str
    request: RunRequest
    source: Source
    batch: int = 1
    ranks: int = 0


def predict(task: Task, limits: Limits, moved: Callable[[int], None]) -> RunResult:
    """Run a task; `limits.seconds` are those without any progress, `moved` is told of each in samples.

    Its one mapping of outputs holds FOUND, numbers of classes [n, ranks], best first (-1 where an output is
    NaN), or real outputs [n, WIDTH]; SECONDS; and WIDTH, the numbers that the model gives a sample.
    """
    with TemporaryDirectory(prefix="delegate-analyzer-") as name:
        folder = Path(name)
        (folder / worker.TASK).write_bytes(msgspec.msgpack.encode(task))
        progress = _Progress(folder / PROGRESS, moved)
        result = worker.finish(folder, CHILD, limits, progress)
        progress()
        return result


class _Progress:
    """Tells of the number of samples that a file holds, each time it is another one."""

    def __init__(self, file: Path, moved: Callable[[int], None]) -> None:
        self._file = file
        self._moved = moved
        self._seen = b""

    def __call__(self) -> bool:
        now = self._file.read_bytes() if self._file.is_file() else b""
        if now == self._seen:
            return False
        self._seen = now
        self._moved(int(now or b"0"))
        return True


def shapes(
    model: Model, entry: Entry, sample: Sequence[int] | None, batch: int
) -> dict[str, tuple[int, ...]]:
    """What a model's input is to be resized to, for a batch of samples. Raises: UsageError."""
    if len(entry.inputs) != 1 or len(entry.outputs) != 1:
        raise UsageError(
            f"{model.path}: has {len(entry.inputs)} inputs and {len(entry.outputs)} outputs, expected one "
            "each; name another signature with --signature"
        )
    [(name, index)] = entry.inputs
    tensor = model.subgraphs[entry.subgraph].tensors[index]
    shape = _fitting(tensor, sample, batch)
    if shape is None:
        raise UsageError(
            f"{model.path}: takes {_by(tensor.shape)}, a sample has shape {_by(sample or ())}; "
            "reshape the data set's x"
        )
    return {} if shape == tensor.shape else {name: shape}


def _fitting(tensor: Tensor, sample: Sequence[int] | None, batch: int) -> tuple[int, ...] | None:
    own = tensor.shape
    if own and (sample is None or math.prod(own[1:]) == math.prod(sample)):
        return (batch, *own[1:])
    if sample is None:
        return None
    if batch == 1 and math.prod(own) == math.prod(sample):
        return own
    opened = tensor.shape_signature or ()
    fits = len(opened) == len(sample) + 1 and all(
        have in (-1, want) for have, want in zip(opened[1:], sample, strict=True)
    )
    return (batch, *sample) if fits else None


def _by(shape: Sequence[int]) -> str:
    return "x".join(str(size) for size in shape) or "()"
