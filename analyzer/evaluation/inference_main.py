"""The other process: `python -m analyzer.evaluation.inference_main FOLDER` does what `inference` left."""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from analyzer.evaluation import datasets, inference, io_mapping, metrics
from analyzer.evaluation.datasets import Dataset
from analyzer.evaluation.inference import Outcome, Task, Times
from analyzer.evaluation.io_mapping import IOTensor, Opaque
from analyzer.evaluation.metrics import Accumulator, OutputMetrics
from analyzer.execution import worker
from analyzer.execution.inputs.images import Picture
from analyzer.execution.request import Latency, Measured, Memory, RunRequest, Sample, Session
from analyzer.execution.worker import Answer
from analyzer.execution.worker_main import begin, latency, leave, memory
from analyzer.model import read

#: Progress is written down no more often than this.
_TELL_SECONDS = 0.1


def main(folder: Path) -> None:
    """Do the task and leave an answer."""
    task = begin(folder, Task)
    leave(folder, lambda: (_run(folder, task), []))


def _run(folder: Path, task: Task) -> Answer:
    def stage(name: str) -> None:
        (folder / worker.STAGE).write_text(name)

    data, opened = datasets.open(task.source), inference.engine(task.engine)
    stage("loading the runtime")
    opened.load()
    stage("building")
    before, start = memory("VmRSS"), time.perf_counter()
    session = opened.open(task.request)
    init = time.perf_counter() - start
    stage("running")
    model = _Model(session, data, task)
    first = model.warm_up()
    evaluated = [_EvaluatedOutput(at, model, data, task, folder) for at in range(len(model.outputs))]
    problem = next((output.accumulator.problem for output in evaluated if output.accumulator.problem), "")
    times = array("d") if problem else model.run(evaluated, folder / inference.PROGRESS)
    # Of all that were timed, only what they come to goes on.
    taken = latency(init, first, (), task.request)
    answers = () if problem else tuple(output.answers() for output in evaluated)
    outcome = Outcome(_times(taken, times, task.batch), answers, problem)
    (folder / inference.OUTCOME).write_bytes(msgspec.msgpack.encode(outcome))
    peak = memory("VmHWM")
    measured = Measured(
        runtime=session.runtime,
        device=session.device,
        latency=taken,
        memory=Memory(before, peak) if peak else None,
        delegated=session.delegated(),
        remarks=(
            *session.remarks,
            *model.remarks,
            *(output.accumulator.remark for output in evaluated if output.accumulator.remark),
        ),
    )
    return Answer(measured=measured)


class _Model:
    """A session with what goes into it and what its outputs are held against."""

    def __init__(self, session: Session, data: Dataset, task: Task) -> None:
        request = task.request
        inputs, outputs = _io_tensors(session, request)
        self.outputs = io_mapping.bind_outputs(request.model, outputs, data)
        self._inputs = io_mapping.bind_inputs(request.model, inputs, data)
        self._session, self._data, self._task = session, data, task
        self._shapes = [
            io_mapping.shape(binding, data, task.batch, request.shapes) for binding in self._inputs
        ]
        self._picture = self._pictured()

    @property
    def remarks(self) -> Sequence[str]:
        return (str(self._picture.shades),) if self._picture else ()

    def _pictured(self) -> Picture | None:
        """The conversion of images for the input that takes them."""
        for binding, shape in zip(self._inputs, self._shapes, strict=True):
            if self._data.shapes[binding.array] is None:
                source = self._task.source
                return Picture(shape[1:], binding.shades(source.range), source.crop)
        return None

    def warm_up(self) -> float:
        """Run the first batch a few times; the seconds of the very first inference."""
        self._feed(next(self._batches()))
        first, *_ = [self._infer() for _ in range(max(1, self._task.request.warmup))]
        return first

    def run(self, evaluated: Sequence[_EvaluatedOutput], progress: Path) -> array[float]:
        """Run and judge every batch; the seconds of each, and how many samples went by in a file."""
        times, done, told = array("d"), 0, 0.0
        for batch in self._batches():
            self._feed(batch)
            times.append(self._infer())
            for output in evaluated:
                output.add(batch)
            done += len(next(iter(batch.values())))
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                progress.write_text(str(done))
        progress.write_text(str(done))
        return times

    def real(self, at: int) -> Any:
        """An output of the last inference in real units, [batch, size]."""
        binding = self.outputs[at]
        return binding.real(self._fetched[binding.io.name], self._task.batch)

    def _batches(self) -> Iterator[Sample]:
        names = dict.fromkeys(binding.array for binding in (*self._inputs, *self.outputs))
        return self._data.batches(self._task.batch, list(names), self._picture)

    def _feed(self, batch: Sample) -> None:
        pairs = zip(self._inputs, self._shapes, strict=True)
        size = self._task.batch
        self._session.feed(
            {binding.io.name: binding.stored(batch[binding.array], size, shape) for binding, shape in pairs}
        )

    def _infer(self) -> float:
        start = time.perf_counter()
        self._session.invoke()
        self._fetched = self._session.fetch()
        return time.perf_counter() - start


def _io_tensors(session: Session, request: RunRequest) -> tuple[Sequence[IOTensor], Sequence[IOTensor]]:
    """Inputs and outputs, as a file tells or, where it doesn't, the session."""
    if isinstance(session, Opaque):
        return session.inputs, session.outputs
    model = read(request.model)
    return io_mapping.model_inputs(model, request.entry), io_mapping.model_outputs(model, request.entry)


class _EvaluatedOutput:
    """One output held against its labels and the first model's answers, or itself the first."""

    def __init__(self, at: int, model: _Model, data: Dataset, task: Task, folder: Path) -> None:
        self._at, self._model = at, model
        self._array = model.outputs[at].array
        truth = metrics.truth(data, self._array, task.task)
        order = task.order if len(model.outputs) == 1 else ()
        self.accumulator: Accumulator = metrics.accumulator(
            truth, model.real(at).shape[1], order, task.offset
        )
        name = f"answers{list(data.shapes).index(self._array)}"
        self._own = folder / name if task.first is None else None
        self._first = Path(task.first or folder, name)
        self._compared = task.first is not None and self._first.is_file()
        self._done = 0

    def add(self, batch: Sample) -> None:
        labels = batch[self._array]
        outputs = self._model.real(self._at)[: len(labels)]
        kept = self.accumulator.add(outputs, labels, self._before(len(labels)))
        if self._own is not None:
            with open(self._own, "ab") as file:
                file.write(kept.tobytes())
        self._done += len(labels)

    def _before(self, count: int) -> Any:
        import numpy as np

        if not self._compared:
            return None
        dtype, width = self.accumulator.kept
        at = self._done * width * np.dtype(dtype).itemsize
        return np.fromfile(self._first, dtype, count * width, offset=at).reshape(count, width)

    def answers(self) -> OutputMetrics:
        return self.accumulator.answers(self._array, self._compared)


def _times(taken: Latency, seconds: Sequence[float], batch: int) -> Times:
    import numpy as np

    each = np.array(seconds or [0.0]) * 1000 / batch
    median, p90 = (float(np.percentile(each, share)) for share in (50, 90))
    return Times(taken.init, taken.first or 0.0, median, float(each.mean()), p90)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
