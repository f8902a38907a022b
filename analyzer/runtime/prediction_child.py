"""The other process: `python -m analyzer.runtime.prediction_child FOLDER` does what `prediction` left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from analyzer.model import read
from analyzer.model.graph import OMITTED, Tensor
from analyzer.runtime import comparison, datasets, inputs, prediction, worker
from analyzer.runtime.child import latency, leave, memory, without_core_dumps
from analyzer.runtime.datasets import Dataset
from analyzer.runtime.engines import engine
from analyzer.runtime.interface import Measured, Memory, RunRequest, Session
from analyzer.runtime.prediction import Task
from analyzer.runtime.worker import Answer

#: Progress is written down no more often than this.
_TELL_SECONDS = 0.1


def main(folder: Path) -> None:
    """Do the task and leave an answer."""
    task = msgspec.msgpack.decode((folder / worker.TASK).read_bytes(), type=Task)
    without_core_dumps()
    leave(folder, lambda: _run(folder, task))


def _run(folder: Path, task: Task) -> tuple[Answer, list[dict[str, Any]]]:
    import numpy as np

    def stage(name: str) -> None:
        (folder / worker.STAGE).write_text(name)

    data, opened = datasets.open(task.source), engine(task.engine)
    stage("building")
    before, start = memory("VmRSS"), time.perf_counter()
    session = opened.open(task.request)
    init = time.perf_counter() - start
    stage("running")
    port = _Port(task.request, session, data, task.batch)
    found: list[Any] = []
    times: list[float] = []
    first = _warm_up(session, port, data, task)
    for values in _telling(data.batches(task.batch, port.shape[1:]), folder / prediction.PROGRESS):
        session.feed({port.input: port.stored(values)})
        start = time.perf_counter()
        session.invoke()
        outputs = session.fetch()
        times.append(time.perf_counter() - start)
        real = port.real(outputs)[: len(values)]
        found.append(_best(real, task.ranks) if task.ranks else real.astype(np.float32))
    peak = memory("VmHWM")
    measured = Measured(
        runtime=session.runtime,
        device=session.device,
        latency=latency(init, first, times, task.request),
        memory=Memory(before, peak) if peak else None,
        delegated=session.delegated(),
        remarks=tuple(session.remarks),
    )
    everything = {
        prediction.FOUND: np.concatenate(found),
        prediction.SECONDS: np.array(times),
        prediction.WIDTH: np.array(real.shape[1]),
    }
    return Answer(measured=measured), [everything]


def _warm_up(session: Session, port: _Port, data: Dataset, task: Task) -> float:
    """Run the first batch a few times; the seconds of the very first inference."""
    session.feed({port.input: port.stored(next(data.batches(task.batch, port.shape[1:])))})
    times = []
    for _ in range(task.request.warmup):
        start = time.perf_counter()
        session.invoke()
        session.fetch()
        times.append(time.perf_counter() - start)
    return times[0]


def _telling(batches: Iterator[Any], file: Path) -> Iterator[Any]:
    """The batches; how many samples went by is kept in a file."""
    done, told = 0, 0.0
    for values in batches:
        yield values
        done += len(values)
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            file.write_text(str(done))
    file.write_text(str(done))


class _Port:
    """Between samples of real values and what a model's one input and one output hold."""

    def __init__(self, request: RunRequest, session: Session, data: Dataset, batch: int) -> None:
        [(self.input, index)], [(self.output, other)] = request.entry.inputs, request.entry.outputs
        self._batch = batch
        self._input: Tensor | None = None
        self._output: Tensor | None = None
        #: The whole input's.
        self.shape: tuple[int, ...]
        if index == OMITTED:
            self.shape = (batch, *_sample_shape(getattr(session, "shape", None), data.shape))
        else:
            tensors = read(request.model).subgraphs[request.entry.subgraph].tensors
            self._input, self._output = tensors[index], tensors[other]
            self.shape = request.shapes.get(self.input, self._input.shape)

    def stored(self, values: Any) -> Any:
        """A batch as the input holds it; the last one, where it is short, filled up with its last sample."""
        import numpy as np

        missing = self._batch - len(values)
        if missing:
            values = np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])
        values = values.reshape(self.shape)
        if self._input is None:
            return values
        dtype = np.dtype(inputs.NUMPY[self._input.dtype])
        return inputs.stored(values.astype(np.float64), self._input, dtype)

    def real(self, outputs: dict[str, Any]) -> Any:
        """Real outputs [batch, size]."""
        values = outputs[self.output]
        rows = values if self._output is None else comparison.real(self._output, values)
        return rows.reshape(self._batch, -1)


def _sample_shape(own: Sequence[int | None] | None, sample: Sequence[int] | None) -> tuple[int, ...]:
    """What a model wants a sample to be, open sizes as the data set has them."""
    if sample is None:
        if own is None or None in own:
            raise ValueError("takes images of any size, so that there is none to bring them to")
        return tuple(size for size in own if size is not None)
    if own is None or None in own:
        return tuple(sample)
    return tuple(size for size in own if size is not None)


def _best(scores: Any, ranks: int) -> Any:
    """The numbers of the highest scores, best first; ties go to whichever comes first.

    A single score is the chance of class 1.
    """
    import numpy as np

    if scores.shape[1] == 1:
        scores = np.concatenate([1 - scores, scores], axis=1)
    found = np.argsort(-scores, axis=1, kind="stable")[:, :ranks].astype(np.int32)
    found[np.isnan(scores).any(axis=1)] = -1
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
