"""Small .tflite models that compute something known from rows of numbers, and data sets for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.building import model, operator, tensor

#: Steps of int8 tensors for values from 0 to 1, weights from -1 to 1.
STEP = 1 / 255
WEIGHT_STEP = 1 / 127


def linear(
    weights: Sequence[Sequence[float]],
    *,
    softmax: bool = False,
    batch: int = 1,
    open_batch: bool = False,
    **fields: Any,
) -> bytes:
    """A FULLY_CONNECTED of float32 weights [outputs, inputs], then a SOFTMAX where it is asked for."""
    table = np.array(weights, np.float32)
    outputs, inputs = table.shape
    signature: dict[str, Any] = {"shape_signature": [-1, inputs]} if open_batch else {}
    tensors = [
        tensor("x", [batch, inputs], **signature),
        tensor("w", table.shape, data=table.tobytes()),
        tensor("scores", [batch, outputs]),
    ]
    operators = [operator("FULLY_CONNECTED", ["x", "w", -1], ["scores"])]
    if softmax:
        tensors.append(tensor("y", [batch, outputs]))
        operators.append(operator("SOFTMAX", ["scores"], ["y"], {"beta": 1.0}))
    return model(tensors, operators, **fields)


def linear_int8(weights: Sequence[Sequence[float]]) -> bytes:
    """The same with int8 tensors for values from 0 to 1."""
    table = np.array(weights)
    outputs, inputs = table.shape
    stored = np.rint(table / WEIGHT_STEP).astype(np.int8)
    values: dict[str, Any] = {"scale": [STEP], "zero_point": [-128]}
    return model(
        [
            tensor("x", [1, inputs], "INT8", **values),
            tensor("w", table.shape, "INT8", data=stored.tobytes(), scale=[WEIGHT_STEP]),
            tensor("scores", [1, outputs], "INT8", **values),
        ],
        [operator("FULLY_CONNECTED", ["x", "w", -1], ["scores"], version=4)],
    )


#: Tells which of three numbers is the largest; and one that takes the second for the third.
LARGEST: list[list[float]] = np.eye(3).tolist()
CONFUSED = [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def samples(of_each: Sequence[int] = (4, 3, 2)) -> tuple[Any, Any]:
    """Rows of three numbers from 0 to 1, so many for each class, with the number of the largest."""
    labels = np.repeat(np.arange(len(of_each)), of_each)
    random = np.random.default_rng(0)
    rows = random.uniform(0, 0.4, (len(labels), len(of_each)))
    rows[np.arange(len(labels)), labels] = random.uniform(0.6, 1, len(labels))
    return rows.astype(np.float32), labels


def save(file: Path, x: Any, y: Any) -> Path:
    """A data set as one file."""
    np.savez_compressed(file, x=x, y=y)
    return file
