"""Models' own metadata on their inputs and outputs."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from analyzer.evaluation import class_names
from analyzer.model import metadata, read
from analyzer.model.metadata import Described
from tests.building import build, model, operator, tensor

SAID = {
    "input_tensor_metadata": [
        {
            "name": "image",
            "process_units": [
                {"options_type": "RegexTokenizerOptions", "options": {}},
                {"options_type": "NormalizationOptions", "options": {"mean": [127.5], "std": [2.0]}},
            ],
        }
    ],
    "output_tensor_metadata": [
        {
            "associated_files": [
                {"name": "scores.txt", "type": "TENSOR_AXIS_SCORE_CALIBRATION"},
                {"name": "labels_fr.txt", "type": "TENSOR_AXIS_LABELS", "locale": "fr"},
                {"name": "labels.txt", "type": "TENSOR_AXIS_LABELS"},
            ]
        }
    ],
}


def described(graphs: list[dict[str, Any]], identifier: bytes = b"M001") -> bytes:
    """A model from x to y with such metadata."""
    said = build({"subgraph_metadata": graphs}, identifier, "ModelMetadata")
    return model(
        [tensor("x", [1, 4]), tensor("y", [1, 4])],
        [operator("ABS", ["x"], ["y"])],
        metadata={"TFLITE_METADATA": said},
    )


def both(folder: Path, content: bytes) -> tuple[dict[int, Described], dict[int, Described]]:
    (folder / "m.tflite").write_bytes(content)
    loaded = read(folder / "m.tflite")
    return metadata.inputs(loaded, 0), metadata.outputs(loaded, 0)


def test_normalization_and_labels(tmp_path: Path) -> None:
    assert both(tmp_path, described([SAID])) == (
        {0: Described(mean=(127.5,), std=(2.0,))},
        {1: Described(labels="labels.txt")},
    )


@pytest.mark.parametrize(
    "content",
    [
        described([]),
        described([SAID], b"NONE"),
        model([tensor("x", [1]), tensor("y", [1])], [operator("ABS", ["x"], ["y"])]),
        model(
            [tensor("x", [1]), tensor("y", [1])],
            [operator("ABS", ["x"], ["y"])],
            metadata={"TFLITE_METADATA": b"\xff\xff\0\0M001 and so on"},
        ),
    ],
)
def test_models_that_say_nothing(tmp_path: Path, content: bytes) -> None:
    assert both(tmp_path, content) == ({}, {})


def test_labels_lie_behind_the_model(tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(described([SAID]))
    assert class_names.embedded(str(file), "labels.txt") == (), "there is no archive"
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("labels.txt", "cat\n dog \r\n")
    assert class_names.embedded(str(file), "labels.txt") == ("cat", "dog")
    assert class_names.embedded(str(file), "other.txt") == ()
    assert class_names.embedded(str(file), None) == ()
    assert metadata.inputs(read(file), 0)[0].std == (2.0,)
