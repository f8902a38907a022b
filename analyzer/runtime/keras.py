"""Keras models and SavedModels as TensorFlow runs them: where a .tflite file came from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from analyzer.errors import ModelError
from analyzer.runtime.interface import RunRequest, Runtime, Sample, Session, unavailable
from analyzer.runtime.interpreter import processor

#: Never held against the reference.
ROUNDS_ALIKE = False

#: The endings of Keras's own files.
ENDINGS = (".keras", ".h5", ".hdf5")
_SAVED_MODEL = "saved_model.pb"


def is_ours(path: str) -> bool:
    """Whether a path names a model of this engine."""
    return path.lower().endswith(ENDINGS) or os.path.isfile(os.path.join(path, _SAVED_MODEL))


def check(request: RunRequest) -> None:
    if not os.path.exists(request.model):
        raise ModelError(request.model, "there is no such file", "check the path")
    if find_spec("tensorflow") is None:
        raise unavailable(
            f"{request.model}: Keras models need TensorFlow, which is not installed",
            "pip install 'delegate-analyzer[tensorflow]'",
        )


def open(request: RunRequest) -> Session:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(request.threads)
    tf.config.threading.set_inter_op_parallelism_threads(request.threads)
    saved = os.path.isdir(request.model)
    return _KerasSession(_saved(tf, request) if saved else _kept(tf, request), request)


class _Function:
    """One compiled function of one input and one output; `shape` is a sample's (None: open)."""

    def __init__(self, call: Any, shape: Sequence[int | None] | None, dtype: str) -> None:
        self.call = call
        self.shape = shape
        self.dtype = dtype


def _kept(tf: Any, request: RunRequest) -> _Function:
    model = tf.keras.models.load_model(request.model, compile=False)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"has {len(model.inputs)} inputs and {len(model.outputs)} outputs, expected one each"
        )
    shape = model.inputs[0].shape
    compiled = tf.function(lambda values: model(values, training=False))
    return _Function(compiled, None if shape is None else tuple(shape)[1:], str(model.inputs[0].dtype))


def _saved(tf: Any, request: RunRequest) -> _Function:
    model = tf.saved_model.load(request.model)
    key = request.entry.key or "serving_default"
    if key not in model.signatures:
        raise ValueError(f"has no signature {key}, only {', '.join(model.signatures) or 'none'}")
    function = model.signatures[key]
    _, named = function.structured_input_signature
    if len(named) != 1 or len(function.structured_outputs) != 1:
        raise ValueError(
            f"has {len(named)} inputs and {len(function.structured_outputs)} outputs, expected one each"
        )
    [(name, spec)] = named.items()

    def call(values: Any) -> Any:
        [output] = function(**{name: values}).values()
        # The function lives no longer than its model.
        return output if model else None

    return _Function(call, None if spec.shape.rank is None else tuple(spec.shape)[1:], spec.dtype.name)


class _KerasSession:
    """A loaded model: whatever its input and output are called, the names of the entry stand for them."""

    remarks: Sequence[str] = ()

    def __init__(self, function: _Function, request: RunRequest) -> None:
        import tensorflow as tf

        self.runtime = Runtime("tensorflow", _version())
        self._convert = tf.convert_to_tensor
        self._function = function
        self._input, self._output = request.entry.inputs[0][0], request.entry.outputs[0][0]
        self._values: Any = None
        self._found: Any = None
        gpus = tf.config.list_physical_devices("GPU")
        self.device = ", ".join(gpu.name for gpu in gpus) or processor()

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        """What a sample looks like; None where that is open."""
        return None if self._function.shape is None else tuple(self._function.shape)

    def feed(self, sample: Sample) -> None:
        self._values = self._convert(sample[self._input], self._function.dtype)

    def mark(self, pattern: int) -> None:
        """TensorFlow makes new outputs for every run."""

    def invoke(self) -> None:
        self._found = self._function.call(self._values).numpy()

    def fetch(self) -> dict[str, Any]:
        return {self._output: self._found}

    def delegated(self) -> Mapping[int, tuple[int, ...]] | None:
        return None


def _version() -> str:
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
