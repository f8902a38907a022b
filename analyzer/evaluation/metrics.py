"""Predictions against what is true, and against another model's, added up a batch at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.evaluation.datasets import Dataset

CLASSIFICATION, REGRESSION = "classification", "regression"

#: How many of the best classes count as right, besides the best alone.
TOP = 5
#: From so many classes on a data set that lacks the last one is unlikely.
_MANY = 100
#: Numbers that are looked at together, to learn what labels are.
_GLANCE = 1 << 16


class Metrics(Struct, frozen=True, kw_only=True):
    """Shares of samples for classes, errors in the labels' own units for numbers; None for the other."""

    top1: float | None = None
    #: None where there are no more classes than that.
    top5: float | None = None
    mae: float | None = None
    mse: float | None = None


class MetricsChange(Struct, frozen=True, kw_only=True):
    """Against the first model: samples that got another class, those it had right, those it had wrong."""

    changed: int | None = None
    lost: int | None = None
    gained: int | None = None
    #: Mean absolute difference of outputs.
    mean: float | None = None


class ClassMetrics(Struct, frozen=True):
    """One class: samples of it, how many are right, and how they differ from the first model's."""

    number: int
    name: str | None
    samples: int
    right: int
    changed: int = 0
    lost: int = 0
    gained: int = 0


class OutputMetrics(Struct, frozen=True):
    """An output's metrics: `target` is the array that it was compared with."""

    target: str
    task: str
    score: Metrics
    #: None for the first model itself.
    difference: MetricsChange | None = None
    #: Every class that the data set has samples of; none for numbers.
    classes: tuple[ClassMetrics, ...] = ()


class Truth(Struct, frozen=True):
    """Labels: a class for each sample, numbered up to `most`, or `width` numbers."""

    task: str
    width: int
    most: int = 0
    #: Whether a class is a row with a single 1.
    rows: bool = False

    def classes(self, labels: Any) -> Any:
        import numpy as np

        values = labels.reshape(len(labels), -1)
        return values.argmax(axis=1) if self.rows else values[:, 0].astype(np.int64)

    def numbers(self, labels: Any) -> Any:
        import numpy as np

        return labels.reshape(len(labels), -1).astype(np.float64)


def truth(data: Dataset, name: str, task: str | None = None) -> Truth:
    """Classes are integers [n] or rows of a single one [n, classes], unless told. Raises: UsageError."""
    rows, single, most, width, integers = True, True, 0, 1, True
    for batch in data.batches(max(1, _GLANCE // max(1, math.prod(data.shapes[name] or ()))), [name]):
        values = batch[name].reshape(len(batch[name]), -1)
        width, integers = values.shape[1], values.dtype.kind in "iub"
        rows = rows and width > 1 and _one_hot(values)
        single = single and width == 1 and _counts(values)
        if not rows and not single:
            break
        most = width - 1 if rows else max(most, int(values.max()))
    classes = rows or (single and (integers or task == CLASSIFICATION))
    if task == CLASSIFICATION and not classes:
        raise UsageError(
            f"--data: {name} isn't a class for each sample; give a number from 0, or a row with a single 1"
        )
    return Truth(task or (CLASSIFICATION if classes else REGRESSION), width, most, rows)


def _one_hot(values: Any) -> bool:
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())


def _counts(values: Any) -> bool:
    import numpy as np

    return bool((np.isfinite(values) & (values >= 0)).all() and (values == np.floor(values)).all())


class Accumulator(Protocol):
    """Holds one output against what is true."""

    #: Why this output can't be judged by these labels; None where it can.
    problem: str | None
    #: What is to be said all the same.
    remark: str
    #: What `add` keeps of a sample: element type and how many.
    kept: tuple[str, int]

    def add(self, outputs: Any, labels: Any, first: Any) -> Any:
        """A batch of outputs [n, size]; what is kept of it, as `first` is of the first model's (or None)."""

    def answers(self, target: str, compared: bool) -> OutputMetrics: ...


def accumulator(truth: Truth, width: int, order: Sequence[int] = (), offset: int = 0) -> Accumulator:
    """For outputs of so many numbers; `order`: the class of each, else their own number less the offset."""
    if truth.task == REGRESSION:
        return _Numbers(truth, width)
    return _Classes(truth, width, order, offset)


class _Numbers:
    remark = ""

    def __init__(self, truth: Truth, width: int) -> None:
        fits = width == truth.width and width > 0
        self.problem = None if fits else f"gives {width} numbers a sample, there are {truth.width} to compare"
        self.kept = "float32", width
        self._truth = truth
        self._count = 0
        self._absolute = self._squared = self._moved = 0.0

    def add(self, outputs: Any, labels: Any, first: Any) -> Any:
        import numpy as np

        # Outputs may be anything that memory holds, and sums of them without end.
        with np.errstate(all="ignore"):
            numbers = outputs.astype(np.float32)
            errors = numbers - self._truth.numbers(labels)
            self._count += errors.size
            self._absolute += float(np.abs(errors).sum())
            self._squared += float((errors**2).sum())
            if first is not None:
                self._moved += float(np.abs(numbers.astype(np.float64) - first).sum())
        return numbers

    def answers(self, target: str, compared: bool) -> OutputMetrics:
        score = Metrics(mae=self._absolute / self._count, mse=self._squared / self._count)
        difference = MetricsChange(mean=self._moved / self._count) if compared else None
        return OutputMetrics(target, REGRESSION, score, difference)


class _Classes:
    #: A class number that no class has: outputs that are no numbers tell none.
    _NONE = -(1 << 62)

    def __init__(self, truth: Truth, width: int, order: Sequence[int], offset: int) -> None:
        import numpy as np

        several = max(width, 2) if width else 0
        self.kept = "int64", 1
        self.problem = _unfit(several, order, truth.most, offset)
        self.remark = "" if order or offset else _suspicion(several, truth.most)
        self._truth = truth
        self._top = TOP if width > TOP else 1
        self._hits = 0
        self._numbers = np.array(order) if order else np.arange(several) - offset
        #: Class -> samples, right ones, changed, lost and gained ones.
        self._counts = np.zeros((0 if self.problem else truth.most + 1, 5), np.int64)

    def add(self, outputs: Any, labels: Any, first: Any) -> Any:
        import numpy as np

        wanted = self._truth.classes(labels)
        ranked = self._ranked(outputs)
        self._hits += int((ranked == wanted[:, None]).any(axis=1).sum())
        chosen = ranked[:, :1]
        now, before = chosen[:, 0], (chosen if first is None else first)[:, 0]
        right, was = now == wanted, before == wanted
        told = np.stack([np.ones_like(right), right, now != before, was & ~right, right & ~was], axis=1)
        np.add.at(self._counts, wanted, told)
        return chosen

    def _ranked(self, scores: Any) -> Any:
        """Classes, best first; ties go to whichever comes first. A single score is the chance of class 1."""
        import numpy as np

        if scores.shape[1] == 1:
            scores = np.concatenate([1 - scores, scores], axis=1)
        ranked = self._numbers[np.argsort(-scores, axis=1, kind="stable")[:, : self._top]]
        ranked[np.isnan(scores).any(axis=1)] = self._NONE
        return ranked

    def answers(self, target: str, compared: bool) -> OutputMetrics:
        samples, right, changed, lost, gained = (int(count) for count in self._counts.sum(axis=0))
        return OutputMetrics(
            target,
            CLASSIFICATION,
            Metrics(top1=right / samples, top5=self._hits / samples if self._top > 1 else None),
            MetricsChange(changed=changed, lost=lost, gained=gained) if compared else None,
            tuple(
                ClassMetrics(number, None, *counts)
                for number, counts in enumerate(self._counts.tolist())
                if counts[0]
            ),
        )


def _unfit(width: int, order: Sequence[int], most: int, offset: int) -> str | None:
    if order:
        said = f"its labels are {len(order)}" if len(order) != width else ""
    else:
        first = f", of which the first is number {offset}" if offset else ""
        said = f"the labels go up to class {most}{first}" if most + offset >= width else ""
    return f"tells {width} classes apart, {said}" if said else None


def _suspicion(width: int, most: int) -> str:
    """One class more than there are labels for: one that no sample has, or a background."""
    if width != most + 2 or width < _MANY:
        return ""
    return (
        f"it has {width} classes, the labels {most + 1}; if its first is a background, add --class-offset 1"
    )
