"""Predictions against what is true, and against another model's predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from analyzer.errors import UsageError

CLASSIFICATION, REGRESSION = "classification", "regression"

#: How many of the best classes count as right, besides the best alone.
TOP = 5


class Score(Struct, frozen=True, kw_only=True):
    """Shares of samples for classes, errors in the labels' own units for numbers; None for the other."""

    top1: float | None = None
    #: None where there are no more classes than that.
    top5: float | None = None
    mae: float | None = None
    mse: float | None = None


class Difference(Struct, frozen=True, kw_only=True):
    """Against the first model: samples that got another class, those it had right, those it had wrong."""

    changed: int | None = None
    lost: int | None = None
    gained: int | None = None
    #: Mean absolute difference of outputs.
    mean: float | None = None


class ClassScore(Struct, frozen=True):
    """One class: samples of it, how many are right, and how they differ from the first model's."""

    number: int
    name: str | None
    samples: int
    right: int
    changed: int = 0
    lost: int = 0
    gained: int = 0


class Truth:
    """What is true of the samples of a data set: a class each, or numbers."""

    def __init__(self, labels: Any, names: Sequence[str] = (), task: str | None = None) -> None:
        """Classes are integers [n] or rows of a single one [n, classes], unless told. Raises: UsageError."""
        import numpy as np

        values = labels.reshape(len(labels), -1)
        rows = values.shape[1] > 1 and _one_hot(values)
        numbers = values.shape[1] == 1 and values.dtype.kind in "iub"
        self.task = task or (CLASSIFICATION if rows or numbers else REGRESSION)
        self.names = names
        self.values = values.astype(np.float64)
        if self.task == CLASSIFICATION:
            self.values = values.argmax(axis=1) if rows else _classes(values)

    def problem(self, width: int) -> str | None:
        """Why outputs of so many numbers can't be judged by this."""
        if self.task == REGRESSION:
            wanted = self.values.shape[1]
            return None if width == wanted else f"gives {width} numbers a sample, y has {wanted}"
        most = int(self.values.max())
        classes = max(width, 2)
        return None if most < classes else f"tells {classes} classes apart, y goes up to class {most}"

    def score(self, found: Any, width: int) -> Score:
        """Ranked classes [n, up to TOP], or outputs [n, width]."""
        import numpy as np

        if self.task == REGRESSION:
            errors = found - self.values
            return Score(mae=float(np.abs(errors).mean()), mse=float((errors**2).mean()))
        hits = found == self.values[:, None]
        best = float(hits.any(axis=1).mean()) if width > TOP else None
        return Score(top1=float(hits[:, 0].mean()), top5=best)

    def difference(self, first: Any, found: Any) -> Difference:
        """One model's predictions against the first's."""
        import numpy as np

        if self.task == REGRESSION:
            return Difference(mean=float(np.abs(found - first).mean()))
        changed, lost, gained = self._changes(first, found)
        return Difference(changed=int(changed.sum()), lost=int(lost.sum()), gained=int(gained.sum()))

    def classes(self, first: Any, found: Any) -> tuple[ClassScore, ...]:
        """Every class that the data set has samples of; none for numbers."""
        import numpy as np

        if self.task == REGRESSION:
            return ()
        right = found[:, 0] == self.values
        several = (np.ones_like(right), right, *self._changes(first, found))
        size = int(self.values.max()) + 1
        counts = [np.bincount(self.values[one], minlength=size) for one in several]
        return tuple(
            ClassScore(number, self.names[number] if self.names else None, *(int(c[number]) for c in counts))
            for number in np.flatnonzero(counts[0]).tolist()
        )

    def _changes(self, first: Any, found: Any) -> tuple[Any, Any, Any]:
        before, now = first[:, 0], found[:, 0]
        right_before, right = before == self.values, now == self.values
        return before != now, right_before & ~right, right & ~right_before


def _classes(values: Any) -> Any:
    import numpy as np

    found = values[:, 0].astype(np.int64)
    if values.shape[1] > 1 or np.any(found != values[:, 0]) or found.min() < 0:
        raise UsageError(
            "--data: y isn't a class for each sample; give a number from 0, or a row with a single 1"
        )
    return found


def _one_hot(values: Any) -> bool:
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())
