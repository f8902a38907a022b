"""A Keras model or SavedModel converted with other element types, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.evaluation import datasets, keras
from analyzer.evaluation.datasets import Source
from analyzer.evaluation.inference import OPAQUE
from analyzer.execution import worker
from analyzer.execution.request import OK, Limits, RunRequest
from analyzer.files import temporary_folder

CHILD = "analyzer.evaluation.conversion_main"
#: The element types that are made: by weights alone, and in whole numbers throughout, which takes data.
FLOAT16, DYNAMIC, INT8 = "float16", "dynamic", "int8"


class Task(Struct, frozen=True):
    """The other process's work: a model, the types to convert it to, and samples for these."""

    model: str
    types: tuple[str, ...]
    source: Source | None = None


def requantized(path: str, data: str | None, limits: Limits) -> Mapping[str, bytes]:
    """Element type -> the file: float16, and int8 where there is data, else dynamic.

    Raises: UsageError, ModelError, RuntimeUnavailable.
    """
    if not keras.is_ours(path):
        raise UsageError(f"--keras {path}: is no Keras model; give a .keras or .h5 file, or a SavedModel")
    keras.check(RunRequest(model=path, entry=OPAQUE))
    source = None if data is None else Source(data)
    if source is not None:
        datasets.open(source)
    types = (FLOAT16, DYNAMIC if source is None else INT8)
    with temporary_folder() as name:
        folder = Path(name)
        worker.leave_task(folder, Task(path, types, source))
        result = worker.finish(folder, CHILD, limits)
        if result.status != OK:
            raise UsageError(f"--keras {path}: can't be converted ({result.message})")
        return {each: (folder / f"{each}.tflite").read_bytes() for each in types}
