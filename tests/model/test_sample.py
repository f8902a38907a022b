"""The sample that ships is what its script makes, and a model that runs."""

from __future__ import annotations

import pytest

from analyzer.model import read
from tests.make_sample import SAMPLE, sample


def test_the_file_is_what_the_script_makes() -> None:
    assert SAMPLE.read_bytes() == sample()
    assert SAMPLE.stat().st_size < 300_000


def test_it_reads_without_remarks() -> None:
    model = read(SAMPLE)
    assert not model.remarks
    assert [len(subgraph.operators) for subgraph in model.subgraphs] == [50]


def test_it_runs() -> None:
    numpy = pytest.importorskip("numpy")
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(str(SAMPLE))
    outputs = interpreter.get_signature_runner()(image=numpy.zeros([1, 96, 96, 3], numpy.float32))
    assert {name: list(value.shape) for name, value in outputs.items()} == {
        "detection_boxes": [1, 10, 4],
        "detection_classes": [1, 10],
        "detection_scores": [1, 10],
        "num_detections": [1],
        "mask": [1, 24, 24],
    }
    assert outputs["num_detections"][0] > 0
