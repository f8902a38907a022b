"""Handwritten digits, from training to the phone: `python -m tests.examples.digits [FOLDER]`.

Trains a small ResNet-18 on scikit-learn's digits, converts it to TFLite four ways, prunes it, and has
`delegate-analyzer evaluate` put all of them side by side on images that none of them was trained on.
Needs: pip install 'delegate-analyzer[tensorflow]' scikit-learn
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

#: Filters of the four stages: a quarter of ResNet-18's.
WIDTHS = (16, 32, 64, 128)
EPOCHS = 24
#: The share of each layer's weights that pruning sets to zero, and the epochs that make up for it.
PRUNED, RECOVERY = 0.6, 12
BATCH = 64
SEED = 0


def data() -> tuple[Any, Any, Any, Any]:
    """Images [n, 8, 8, 1] from 0 to 1 with their digits: to train on, and to judge by."""
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, digits = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 8, 8, 1).astype(np.float32)
    train, test, train_digits, test_digits = train_test_split(
        images, digits, test_size=0.3, stratify=digits, random_state=SEED
    )
    return train, train_digits, test, test_digits


def network() -> Any:
    """ResNet-18: a first convolution, four stages of two blocks, an average, a classifier."""
    import keras
    from keras import layers

    images = keras.Input((8, 8, 1), name="images")
    values = _normalized(images, WIDTHS[0], 1)
    values = layers.ReLU()(values)
    for stage, width in enumerate(WIDTHS):
        values = _block(values, width, 1 if stage == 0 else 2)
        values = _block(values, width, 1)
    values = layers.GlobalAveragePooling2D()(values)
    return keras.Model(images, layers.Dense(10, activation="softmax")(values), name="digits")


def _block(values: Any, width: int, stride: int) -> Any:
    """Two convolutions, and a way around them."""
    from keras import layers

    around = values
    if stride > 1:
        around = _normalized(values, width, stride, size=1)
    values = layers.ReLU()(_normalized(values, width, stride))
    values = _normalized(values, width, 1)
    return layers.ReLU()(layers.Add()([values, around]))


def _normalized(values: Any, width: int, stride: int, size: int = 3) -> Any:
    from keras import layers

    values = layers.Conv2D(width, size, strides=stride, padding="same", use_bias=False)(values)
    return layers.BatchNormalization(momentum=0.9)(values)


def train(model: Any, images: Any, digits: Any, epochs: int, rate: float, mask: Any = None) -> None:
    """Fit the model; `mask` is applied to its weights after every step."""
    import keras

    steps = -(-len(images) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(rate, epochs * steps)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
    after = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: mask() if mask else None)
    model.fit(images, digits, BATCH, epochs, verbose=0, callbacks=[after])


def prune(model: Any) -> Callable[[], None]:
    """Zero the smallest weights of every layer; what comes back zeroes the same ones again."""
    import numpy as np

    kernels = [weight for weight in model.trainable_weights if weight.name == "kernel"]
    kept = [np.abs(kernel) > np.quantile(np.abs(kernel), PRUNED) for kernel in map(np.asarray, kernels)]

    def mask() -> None:
        for kernel, keep in zip(kernels, kept, strict=True):
            kernel.assign(kernel * keep)

    mask()
    return mask


def convert(model: Any, kind: str, images: Any) -> bytes:
    """The model as .tflite: float32, float16, dynamic (range quantization) or int8."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind == "int8":
        converter.representative_dataset = lambda: _examples(images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with redirect_stdout(io.StringIO()):
        return bytes(converter.convert())


def _examples(images: Any) -> Iterator[list[Any]]:
    for image in images[:200]:
        yield [image[None]]


def make(folder: Path) -> list[str]:
    """Write the models and the data; the names of the models."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(SEED)
    images, digits, test, test_digits = data()
    np.savez(folder / "digits.npz", x=test, y=test_digits)
    model = network()
    train(model, images, digits, EPOCHS, 3e-3)
    _bare(model).save(folder / "digits.keras")
    names = ["digits.keras"]
    for kind in ("float32", "float16", "dynamic", "int8"):
        names.append(_write(folder, f"digits-{kind}.tflite", convert(model, kind, images)))
    train(model, images, digits, RECOVERY, 1e-3, prune(model))
    for kind in ("float32", "int8"):
        names.append(_write(folder, f"digits-pruned-{kind}.tflite", convert(model, kind, images)))
    return names


def _bare(model: Any) -> Any:
    """The same without what training needed: a file holds the optimizer's values too."""
    same = network()
    same.set_weights(model.get_weights())
    return same


def _write(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return name


def main(folder: Path) -> int:
    """Make everything in a folder and evaluate it there."""
    from analyzer.cli import main as program

    folder.mkdir(parents=True, exist_ok=True)
    names = make(folder)
    os.chdir(folder)
    command = ["evaluate", *names, "--data", "digits.npz"]
    print("$ delegate-analyzer", *command, flush=True)
    return program(command)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="digits-"))))
