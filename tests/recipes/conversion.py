"""The code of a fix as a .tflite file: what it stands in, and how it is converted.

Needs TensorFlow; code in PyTorch litert-torch instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from analyzer.rules.loading.format import FixTable, TrialTable

_SHAPED = re.compile(r"(\w+)\[([-\d, ]*)\]")
#: The converter's own data is made up: so many samples.
_SAMPLES = 4


def model_of(fix: FixTable, trial: TrialTable, code: str) -> bytes:
    """The .tflite file of one of a fix's two pieces of code."""
    if trial.convert == "torch":
        from tests.recipes.torch_conversion import torch_model_of

        return torch_model_of(trial, code)
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    if not trial.model:
        model = built(code, trial)
        converter = converter_for(model)
        _OPTIONS[trial.convert](converter, model)
        return bytes(converter.convert())
    model = built(trial.model, trial)
    names = _names() | {"model": model, "converter": converter_for(model), "data": data_for(model)}
    if fix.job == "app" or trial.compiled:
        _OPTIONS[trial.convert](names["converter"], model)
    else:
        exec(code, names)
    converted = bytes(names["converter"].convert())
    return _compiled(converted, trial.compiled) if trial.compiled and code == fix.before else converted


def _compiled(converted: bytes, code: str) -> bytes:
    """A stand-in for what a compiler makes of a model: one operator of its own in place of all."""
    from analyzer.model import read_bytes
    from tests.building import model, operator, tensor

    graph = read_bytes(converted, "model").subgraphs[0]
    ports = [graph.tensors[index] for index in (*graph.inputs, *graph.outputs)]
    tensors = []
    for port in ports:
        scaled: dict[str, Any] = {}
        if port.quantization is not None:
            scaled["scale"] = [*port.quantization.scale_data]
            scaled["zero_point"] = [*port.quantization.zero_point_data]
        tensors.append(tensor(port.name, list(port.shape), port.dtype, **scaled))
    names = [port.name for port in ports]
    inputs, outputs = names[: len(graph.inputs)], names[len(graph.inputs) :]
    return model(tensors, [operator(code, inputs, outputs)], inputs=inputs, outputs=outputs)


def converter_for(model: Any) -> Any:
    """What `from_keras_model` gives; without the SavedModel on its way, where the model keeps nothing."""
    import tensorflow as tf

    if model.non_trainable_weights or model.layers[0].dtype == "string":
        return tf.lite.TFLiteConverter.from_keras_model(model)
    specs = [tf.TensorSpec(each.shape, each.dtype, name=each.name) for each in model.inputs]
    called = tf.function(lambda *given: model(list(given)), input_signature=specs)
    return tf.lite.TFLiteConverter.from_concrete_functions([called.get_concrete_function()])


def built(code: str, trial: TrialTable) -> Any:
    """A Keras model of the code: one that it makes itself, or one around what it makes of its inputs."""
    import keras

    names = _names()
    inputs = {name: _input(keras, name, shaped) for name, shaped in trial.inputs.items()}
    exec(code, names | (_amid(keras, inputs) if not trial.alone else inputs), found := dict[str, Any]())
    if "model" in found:
        return found["model"]
    outputs = found.get("y", found.get("x"))
    told = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    return keras.Model(list(inputs.values()), told if trial.alone else list(_behind(keras, told)))


def _names() -> dict[str, Any]:
    """What code may use without importing it."""
    import keras
    import numpy as np
    import tensorflow as tf

    return {"keras": keras, "layers": keras.layers, "ops": keras.ops, "np": np, "tf": tf}


def _input(keras: Any, name: str, shaped: str) -> Any:
    found = _SHAPED.fullmatch(shaped)
    assert found, shaped
    sizes = [None if size == "-1" else int(size) for size in found[2].replace(" ", "").split(",") if size]
    batch, *rest = sizes
    return keras.Input(rest, batch_size=batch, dtype=found[1].lower(), name=name)


def _amid(keras: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """The same with an operator in front that every delegate takes, so that they aren't the model's own."""
    return {name: _beside(keras, tensor, "relu") for name, tensor in inputs.items()}


def _behind(keras: Any, outputs: list[Any]) -> Iterator[Any]:
    for tensor in outputs:
        # What no operator takes in.
        yield _beside(keras, tensor, "tanh")


def _beside(keras: Any, tensor: Any, activation: str) -> Any:
    return keras.layers.Activation(activation)(tensor) if tensor.dtype == "float32" else tensor


def data_for(model: Any) -> Callable[[], Iterator[list[Any]]]:
    """A representative dataset of random numbers."""
    import numpy as np

    def data() -> Iterator[list[Any]]:
        made = np.random.default_rng(1)
        for _ in range(_SAMPLES):
            shapes = [(tuple(size or 1 for size in each.shape), each.dtype) for each in model.inputs]
            yield [
                made.uniform(-1, 1, shape).astype(dtype)
                if dtype.startswith("float")
                else made.integers(0, 2, shape).astype(dtype)
                for shape, dtype in shapes
            ]

    return data


def _float(converter: Any, model: Any) -> None:
    pass


def _dynamic(converter: Any, model: Any) -> None:
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _float16(converter: Any, model: Any) -> None:
    import tensorflow as tf

    _dynamic(converter, model)
    converter.target_spec.supported_types = [tf.float16]


def _int8(converter: Any, model: Any) -> None:
    import tensorflow as tf

    _dynamic(converter, model)
    converter.representative_dataset = data_for(model)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def _mixed(converter: Any, model: Any) -> None:
    """Eight bits where there is a kernel for that, floats elsewhere."""
    import tensorflow as tf

    _int8(converter, model)
    converter.target_spec.supported_ops.append(tf.lite.OpsSet.TFLITE_BUILTINS)


def _int16(converter: Any, model: Any) -> None:
    import tensorflow as tf

    _int8(converter, model)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    converter.inference_input_type = converter.inference_output_type = tf.int16


def _custom(converter: Any, model: Any) -> None:
    converter.allow_custom_ops = True


def _flex(converter: Any, model: Any) -> None:
    import tensorflow as tf

    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    # Loops with a free batch are converted in no other way.
    converter._experimental_lower_tensor_list_ops = False


_OPTIONS = {
    "": _float,
    "dynamic": _dynamic,
    "float16": _float16,
    "int8": _int8,
    "mixed": _mixed,
    "int16": _int16,
    "custom": _custom,
    "flex": _flex,
}
