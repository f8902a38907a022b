"""Keras models and SavedModels with other element types, converted in a process of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analyzer.errors import UsageError
from analyzer.evaluation.conversion import requantized
from analyzer.execution.request import Limits
from analyzer.model import read_bytes

LIMITS = Limits(240, 4096)


def test_what_is_no_keras_model_is_a_line() -> None:
    with pytest.raises(UsageError, match=r"--keras a.tflite: is no Keras model; give a \.keras"):
        requantized("a.tflite", None, LIMITS)


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_same_model_with_other_types(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    made = pytest.importorskip("keras")
    model = made.Sequential([made.Input((64,), name="a"), made.layers.Dense(64)])
    model.save(tmp_path / "m.keras")
    model.export(tmp_path / "saved", verbose=False)
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(1).random((9, 64), np.float32))
    np.savez(tmp_path / "other.npz", z=np.zeros((9, 64), np.float32))
    data = str(tmp_path / "x.npz")
    files = dict(requantized(str(tmp_path / "saved"), None, LIMITS))
    files |= requantized(str(tmp_path / "m.keras"), data, LIMITS)
    read = {dtype: read_bytes(file, dtype).subgraphs[0].tensors for dtype, file in files.items()}
    assert sorted(read) == ["dynamic", "float16", "int8"]
    assert "FLOAT16" in {tensor.dtype for tensor in read["float16"]}
    assert all("INT8" in {tensor.dtype for tensor in read[each]} for each in ("dynamic", "int8"))
    with pytest.raises(UsageError, match=r"can't be converted .*has no array x; it has z"):
        requantized(str(tmp_path / "m.keras"), str(tmp_path / "other.npz"), LIMITS)
