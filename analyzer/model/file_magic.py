"""Recognizes files that are called .tflite but aren't models, by their first bytes."""

from __future__ import annotations

from collections.abc import Sequence

#: How many bytes from the start are enough to tell.
HEAD = 512

_CONVERT = "convert it to .tflite first"
_TORCH = "convert it with litert-torch: litert_torch.convert(model, inputs).export(FILE)"
_KERAS = "convert it with tf.lite.TFLiteConverter.from_keras_model(keras.models.load_model(FILE))"
_SAVED_MODEL = "convert it with tf.lite.TFLiteConverter.from_saved_model(FOLDER)"
_WEIGHTS = "load them into the model that they belong to, and convert that with litert-torch"
_ORIGINAL = "convert the model that it was made from"
_UNPACK = "unpack it and name the .tflite file inside"

#: First bytes -> what such a file is, what to do.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer, not the model itself",
        "run `git lfs pull` where it came from",
    ),
    (b"PK\x03\x04", "a zip archive, not a model", _UNPACK),
    (b"PK\x05\x06", "an empty zip archive", _UNPACK),
    (b"\x1f\x8b", "compressed with gzip", "uncompress it with gunzip"),
    (b"BZh", "compressed with bzip2", "uncompress it with bunzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz", "uncompress it with unxz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "uncompress it with unzstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive, not a model", _UNPACK),
    (b"Rar!", "a rar archive, not a model", _UNPACK),
    (b"\x89HDF\r\n\x1a\n", "a Keras model or weights in HDF5", _KERAS),
    (b"\x93NUMPY", "a NumPy array", "name the .tflite file instead"),
    (
        b"\x00\x05\x16\x07",
        "a macOS resource fork (AppleDouble)",
        "use the file whose name lacks the leading `._`",
    ),
    (b"\x00\x05\x16\x00", "a macOS resource fork (AppleSingle)", "copy the file again from the Mac"),
    (b"LITERTLM", "a LiteRT-LM bundle, not a single model", _UNPACK),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", "name the .tflite file instead"),
    (b"\xff\xd8\xff", "a JPEG image", "name the .tflite file instead"),
    (b"GIF8", "a GIF image", "name the .tflite file instead"),
    (b"RIFF", "an image or sound in RIFF", "name the .tflite file instead"),
    (b"\x7fELF", "a program or library", "name the .tflite file instead"),
    (b"%PDF", "a PDF", "name the .tflite file instead"),
    (b"\x08\x01\x12", "a TensorFlow SavedModel's protobuf", _SAVED_MODEL),
    (b"GGUF", "a GGUF model, for llama.cpp", _ORIGINAL),
    (b"\x80\x02", "a Python pickle, such as an old PyTorch checkpoint", _TORCH),
)

#: Endings of files that others than TFLite read -> what such a file is, what to do.
_ENDINGS: dict[str, tuple[str, str]] = {
    ".onnx": ("an ONNX model", "convert it with onnx2tf -i FILE, or from the framework that it came from"),
    ".mlmodel": ("a Core ML model", _ORIGINAL),
    ".pt": ("a PyTorch model", _TORCH),
    ".pth": ("a PyTorch model", _TORCH),
    ".safetensors": ("weights alone, in safetensors", _WEIGHTS),
    ".keras": ("a Keras model", _KERAS),
    ".pb": ("a TensorFlow graph", f"of a SavedModel: {_SAVED_MODEL}"),
}

_AGAIN = "fetch or convert the file again"


def of_archive(names: Sequence[str]) -> tuple[str, str] | None:
    """What an archive of these files is, if it is a model of another kind; None for any other."""
    last = {name.rpartition("/")[2] for name in names}
    if {"config.json", "model.weights.h5"} <= last:
        return "is a Keras model, not a .tflite model", _KERAS
    if "data.pkl" in last:
        return "is a PyTorch model or checkpoint, not a .tflite model", _TORCH
    return of_folder(names)


def of_folder(names: Sequence[str]) -> tuple[str, str] | None:
    """What a folder of these files is, if it is a model of another kind; None for any other."""
    last = {name.rpartition("/")[2] for name in names}
    if last & {"saved_model.pb", "saved_model.pbtxt"}:
        return "is a TensorFlow SavedModel, not a .tflite model", _SAVED_MODEL
    if {"Manifest.json", "model.mlmodel"} <= last or {"Manifest.json", "Data"} <= last:
        return "is a Core ML package, not a .tflite model", _ORIGINAL
    return None


def explain(head: bytes, name: str = "") -> tuple[str, str] | None:
    """The kind of a file that begins with `head`, and what to do about it; None if it is nothing known."""
    if not head:
        return "is empty", _AGAIN
    if head[8:10] == b'{"' and not any(head[4:8]):
        return "is weights alone, in safetensors", _WEIGHTS
    for magic, problem, advice in _MAGIC:
        if head.startswith(magic):
            return f"is {problem}", advice
    dot = name.rfind(".")
    by_name = _ENDINGS.get(name[dot:].lower()) if dot > 0 else None
    told = _text(head) or _flatbuffer(head)
    if told is None and by_name is not None:
        return f"is {by_name[0]}, not a .tflite model", by_name[1]
    return told or _protobuf(head)


def _text(head: bytes) -> tuple[str, str] | None:
    text = head.decode("utf-8", "ignore").strip()
    if any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text) or len(text) < len(head) // 4:
        return None
    if not text:
        return "holds nothing but blanks", _AGAIN
    lower = text.lower()
    if lower.startswith(("<!doctype html", "<html", "<head", "<body")):
        return (
            "is an HTML page, probably a server's error page",
            "download the model itself, from its raw link",
        )
    if lower.startswith(("<?xml", "<error")):
        return "is an XML document, probably a server's error", "download the model itself, from its raw link"
    if len(head) < HEAD and "\n" not in text and text.endswith((".tflite", ".lite", ".bin")):
        return f"is the text {text!r}, a symbolic link that was saved as a file", "use the file that it names"
    return "is a text file, not a model", "name the .tflite file instead"


def _flatbuffer(head: bytes) -> tuple[str, str] | None:
    identifier = head[4:8]
    if len(identifier) == 4 and identifier.isalnum() and identifier.isupper() and identifier != b"TFL3":
        return (
            f"is a flatbuffer of another kind ({identifier.decode()}, not TFL3)",
            "name the .tflite file instead",
        )
    return None


def _protobuf(head: bytes) -> tuple[str, str] | None:
    # Field 1 of a frozen graph is a node, of an ONNX or Core ML model a small version number.
    if head[:1] == b"\x0a" or (head[:1] == b"\x08" and len(head) > 3 and head[2] & 7 in (0, 2) and head[2]):
        return "looks like a protobuf (a frozen graph, ONNX or Core ML model), not a .tflite model", _CONVERT
    return None
