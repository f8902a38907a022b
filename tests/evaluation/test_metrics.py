"""Outputs held against what is true."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.evaluation.io_mapping import Binding, IOTensor
from analyzer.evaluation.metrics import CLASSIFICATION, REGRESSION, Truth, accumulator
from analyzer.model.graph import Tensor

#: What memory may hold that nothing was written to: a NaN that arithmetic complains of.
SIGNALING = np.full((1, 3), 0x7FA00001, np.uint32).view(np.float32)


@pytest.mark.parametrize("task", [CLASSIFICATION, REGRESSION])
@pytest.mark.parametrize(
    "outputs",
    [SIGNALING, np.full((1, 3), -1.7e308), np.full((1, 3), np.inf)],
    ids=["NaN", "huge", "infinite"],
)
def test_outputs_may_be_any_numbers(task: str, outputs: np.ndarray) -> None:
    truth = Truth(task, width=3, most=2)
    labels = np.array([1]) if task == CLASSIFICATION else np.full((1, 3), 1.7e308)
    real = Binding(IOTensor("y", tensor=Tensor(0, "y", "FLOAT32", (1, 3))), "y").real(outputs, 1)
    held = accumulator(truth, width=3)
    held.add(real, labels, held.add(real, labels, None))
    assert held.answers("y", compared=True).task == task
