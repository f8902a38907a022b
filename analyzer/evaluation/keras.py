"""Keras models and SavedModels as TensorFlow runs them: where a .tflite file came from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from analyzer.errors import ModelError
from analyzer.evaluation.datasets import INPUT
from analyzer.evaluation.io_mapping import IOTensor
from analyzer.execution.engines.tflite import processor
from analyzer.execution.request import RunRequest, Runtime, Sample, Session, unavailable

#: The engine's name, beside those that run .tflite models.
NAME = "keras"
#: Never held against the reference.
ROUNDS_ALIKE = False

#: The endings of Keras's own files.
ENDINGS = (".keras", ".h5", ".hdf5")
_SAVED_MODEL = "saved_model.pb"


def is_ours(path: str) -> bool:
    """True for a path of a Keras model or a SavedModel."""
    return path.lower().endswith(ENDINGS) or os.path.isfile(os.path.join(path, _SAVED_MODEL))


def check(request: RunRequest) -> None:
    if not os.path.exists(request.model):
        raise ModelError(request.model, "there is no such file", "check the path")
    if find_spec("tensorflow") is None:
        raise unavailable(
            f"{request.model}: Keras models need TensorFlow, which is not installed",
            "pip install 'delegate-analyzer[tensorflow]'",
        )


def load() -> None:
    import tensorflow  # noqa: F401


def open(request: RunRequest) -> Session:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(request.threads)
    tf.config.threading.set_inter_op_parallelism_threads(request.threads)
    saved = os.path.isdir(request.model)
    return _KerasSession(_SavedModel(tf, request) if saved else _KerasFile(tf, request))


class _KerasFile:
    """A Keras file, compiled to one function."""

    def __init__(self, tf: Any, request: RunRequest) -> None:
        try:
            model = tf.keras.models.load_model(request.model, compile=False)
        except TypeError as error:
            # A class that isn't Keras's own, told with all of its configuration.
            what, *_ = str(error).splitlines()[0].split(". ")
            raise ValueError(f"{what}; export it as a SavedModel, which needs no classes") from None
        # Classes of the user's own may tell nothing of what they take.
        told = model.inputs or ()
        inputs = [IOTensor(spec.name, (), _sample(spec.shape)) for spec in told]
        self.inputs = inputs or [IOTensor(INPUT)]
        self.dtypes = {spec.name: str(spec.dtype) for spec in told}
        # Converters number outputs; Keras names them by their layers.
        names = getattr(model, "output_names", None) or ["output"]
        self.outputs = [IOTensor(name, (f"output_{at}",)) for at, name in enumerate(names)]

        def call(*values: Any) -> list[Any]:
            given = values[0] if len(values) == 1 else list(values)
            return list(tf.nest.flatten(model(given, training=False)))

        self._function = tf.function(call)

    def call(self, values: Mapping[str, Any]) -> dict[str, Any]:
        outputs = self._function(*(values[io.name] for io in self.inputs))
        return dict(zip((io.name for io in self.outputs), outputs, strict=True))


class _SavedModel:
    """A signature of a SavedModel."""

    def __init__(self, tf: Any, request: RunRequest) -> None:
        # Its functions live no longer than it does.
        self._model = tf.saved_model.load(request.model)
        key, signatures = request.entry.key or "serving_default", self._model.signatures
        if key not in signatures:
            raise ValueError(f"has no signature {key}, only {', '.join(signatures) or 'none'}")
        self._function = signatures[key]
        _, named = self._function.structured_input_signature
        self.inputs = [IOTensor(name, (), _sample(spec.shape)) for name, spec in named.items()]
        self.dtypes = {name: spec.dtype.name for name, spec in named.items()}
        self.outputs = [IOTensor(name) for name in self._function.structured_outputs]

    def call(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._function(**values))


def _sample(shape: Any) -> tuple[int | None, ...] | None:
    """A sample's shape; None where that is open."""
    return None if shape is None or getattr(shape, "rank", 0) is None else tuple(shape)[1:]


class _KerasSession:
    """A loaded model."""

    remarks: Sequence[str] = ()

    def __init__(self, function: _KerasFile | _SavedModel) -> None:
        import tensorflow as tf

        self.runtime = Runtime("tensorflow", _version())
        self.inputs, self.outputs = function.inputs, function.outputs
        self._convert = tf.convert_to_tensor
        self._function = function
        self._values: dict[str, Any] = {}
        self._fetched: dict[str, Any] = {}
        gpus = tf.config.list_physical_devices("GPU")
        self.device = ", ".join(gpu.name for gpu in gpus) or processor()

    def feed(self, sample: Sample) -> None:
        dtypes = self._function.dtypes
        self._values = {name: self._convert(values, dtypes.get(name)) for name, values in sample.items()}

    def mark(self, pattern: int) -> None:
        """TensorFlow makes new outputs for every run."""

    def invoke(self) -> None:
        self._fetched = {name: value.numpy() for name, value in self._function.call(self._values).items()}

    def fetch(self) -> dict[str, Any]:
        return self._fetched

    def delegated(self) -> Mapping[int, tuple[int, ...]] | None:
        return None


def _version() -> str:
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
