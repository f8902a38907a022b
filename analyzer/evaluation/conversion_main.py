"""The other process: `python -m analyzer.evaluation.conversion_main FOLDER` converts what a folder says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from analyzer.evaluation import datasets
from analyzer.evaluation.conversion import FLOAT16, INT8, Task
from analyzer.evaluation.datasets import INPUT, Dataset
from analyzer.execution import worker
from analyzer.execution.worker import Answer
from analyzer.execution.worker_main import begin, leave

#: So many samples tell the ranges of activations.
_SAMPLES = 100


def main(folder: Path) -> None:
    """Convert, and leave an answer."""
    task = begin(folder, Task)
    leave(folder, lambda: (_run(folder, task), []))


def _run(folder: Path, task: Task) -> Answer:
    (folder / worker.STAGE).write_text("loading the runtime")
    import tensorflow as tf

    source = None if task.source is None else datasets.open(task.source)
    for each in task.types:
        (folder / worker.STAGE).write_text(f"converting to {each}")
        converter, names = _converter(tf, task.model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if each == FLOAT16:
            converter.target_spec.supported_types = [tf.float16]
        elif each == INT8 and source is not None:
            converter.representative_dataset = _samples(source, names)
        (folder / f"{each}.tflite").write_bytes(converter.convert())
    return Answer()


def _converter(tf: Any, path: str) -> tuple[Any, list[str]]:
    """TensorFlow's converter, and the names of the model's inputs."""
    if os.path.isdir(path):
        signature = tf.saved_model.load(path).signatures["serving_default"]
        return tf.lite.TFLiteConverter.from_saved_model(path), list(signature.structured_input_signature[1])
    model = tf.keras.models.load_model(path, compile=False)
    return tf.lite.TFLiteConverter.from_keras_model(model), [tensor.name for tensor in model.inputs or ()]


def _samples(source: Dataset, names: list[str]) -> Callable[[], Iterator[dict[str, Any]]]:
    """Inputs one at a time, by name; the only input of a model may be called `x` in the data."""
    arrays = {name: name if name in source.shapes or len(names) > 1 else INPUT for name in names}
    for array in arrays.values():
        if source.shapes.get(array) is None:
            raise ValueError(f"the data has no array {array}; it has {', '.join(source.shapes)}")

    def samples() -> Iterator[dict[str, Any]]:
        for count, batch in enumerate(source.batches(1, list(arrays.values()))):
            if count == _SAMPLES:
                return
            yield {name: batch[array].astype("float32") for name, array in arrays.items()}

    return samples


if __name__ == "__main__":
    main(Path(sys.argv[1]))
