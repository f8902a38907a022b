"""The example with handwritten digits bears out what the README says of it."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.docs.quoted import README

_MISSING = not (find_spec("tensorflow") and find_spec("sklearn"))
pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(_MISSING, reason="needs TensorFlow and scikit-learn"),
]

#: What stands beside each converted model: its figures against the Keras model's.
Figures = dict[str, float]


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    """The figures that the example prints of each kind of model, typed as in the README."""
    command = [sys.executable, "-m", "tests.examples.digits"]
    done = subprocess.run(command, cwd=README.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    table = done.stdout.partition("Against digits.keras\n")[2].partition("\n\n")[0]
    head, *rows = [line.split() for line in table.replace("top 1", "top1").splitlines()]
    return {
        _kind(row[0]): {name: float(cell.rstrip("x")) for name, cell in zip(head[1:], row[1:], strict=True)}
        for row in rows
    }


def _kind(file: str) -> str:
    """`digits-int8.tflite`, the start of which may have had no room, -> `int8`."""
    return file.removesuffix(".tflite").partition("-")[2]


@pytest.mark.parametrize("kind", ["float32", "float16"])
def test_conversion_costs_no_accuracy(figures: dict[str, Figures], kind: str) -> None:
    assert abs(figures[kind]["top1"]) <= 1


@pytest.mark.parametrize("kind", ["float32", "float16", "dynamic", "int8"])
def test_converted_models_are_faster(figures: dict[str, Figures], kind: str) -> None:
    assert figures[kind]["speed"] > 1


def test_quantized_models_are_smaller(figures: dict[str, Figures]) -> None:
    sizes = [figures[kind]["size"] for kind in ("float32", "float16", "int8")]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.3


def test_pruning_makes_only_the_compressed_file_smaller(figures: dict[str, Figures]) -> None:
    whole, pruned = figures["int8"], figures["pruned-int8"]
    assert pruned["size"] == whole["size"] and pruned["gzip"] < whole["gzip"]
