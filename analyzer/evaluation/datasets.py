"""Labelled data sets: arrays in a .npz file or a folder of .npy files, or a folder of images by class.

Samples and labels alike are read a batch at a time, so that a data set may be larger than memory.
"""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.execution.inputs import images
from analyzer.execution.inputs.images import Picture
from analyzer.execution.request import Sample
from analyzer.files import MOST_TEXT

#: What arrays are called where a model has one input, and one output; and the names of classes.
INPUT, LABELS, CLASSES = "x", "y", "classes"
_ENDING = ".npy"


class Source(Struct, frozen=True):
    """A data set's path, so that any process can open it, and the treatment of its images."""

    path: str
    #: Black and white; None leaves it to the model.
    range: tuple[float, float] | None = None
    crop: bool = False


class Dataset(Protocol):
    """Arrays of equal length by name, with what is true of them."""

    samples: int
    #: Array -> a sample's shape; None where samples come in whatever shape a model wants.
    shapes: Mapping[str, tuple[int, ...] | None]
    #: Class -> its number; empty where classes have no names.
    classes: Mapping[str, int]

    def batches(self, size: int, names: Sequence[str], picture: Picture | None = None) -> Iterator[Sample]:
        """Arrays [`size` or, at the end, fewer, ...] by name; images as `picture` has them."""


def open(source: Source) -> Dataset:
    """Raises: UsageError, RuntimeUnavailable."""
    path = Path(source.path)
    if path.is_dir() and not any(path.glob(f"*{_ENDING}")):
        return _Folder(source)
    return _Arrays(source.path)


class _Array(Struct, frozen=True):
    """Shape and element type of an array in a file."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def width(self) -> int:
        """Bytes of a sample."""
        return int(self.dtype.itemsize * math.prod(self.shape[1:]))


class _Arrays:
    """Arrays of numbers, each [n, ...]; texts called `classes` are what those are called."""

    def __init__(self, path: str) -> None:
        try:
            self._files = _files(path)
            arrays = {name: _header(file, name) for name, file in self._files.items()}
            self.classes: Mapping[str, int] = _names(self._files[CLASSES]) if CLASSES in arrays else {}
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from None
        self._arrays = {
            name: array for name, array in arrays.items() if array.shape and array.dtype.kind in "fiub"
        }
        self.shapes: Mapping[str, tuple[int, ...] | None] = {
            name: array.shape[1:] for name, array in self._arrays.items()
        }
        lengths = {array.shape[0] for array in self._arrays.values()}
        self.samples = next(iter(lengths), 0)
        if len(lengths) != 1 or not self.samples:
            shapes = ", ".join(f"{name} {_by(array.shape)}" for name, array in self._arrays.items())
            raise _unreadable(path, f"it has {shapes or 'no arrays'}")

    def batches(self, size: int, names: Sequence[str], picture: Picture | None = None) -> Iterator[Sample]:
        import numpy as np

        with ExitStack() as opened:
            streams = {name: opened.enter_context(self._files[name].open("rb")) for name in names}
            for name, stream in streams.items():
                _read_header(stream, name)
            for start in range(0, self.samples, size):
                batch = {}
                for name, stream in streams.items():
                    array, count = self._arrays[name], min(size, self.samples - start)
                    raw = stream.read(count * array.width)
                    batch[name] = np.frombuffer(raw, array.dtype).reshape(count, *array.shape[1:])
                yield batch


def _files(path: str) -> dict[str, Any]:
    """Array -> its file, to be opened."""
    if os.path.isdir(path):
        return {file.stem: file for file in sorted(Path(path).glob(f"*{_ENDING}"))}
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(_ENDING)]
    return {name.removesuffix(_ENDING): _Member(path, name) for name in names}


class _Member(Struct, frozen=True):
    """An array in a .npz file, which is open only while the array is read."""

    archive: str
    name: str

    @contextmanager
    def open(self, mode: Literal["r", "rb"]) -> Iterator[IO[bytes]]:
        with zipfile.ZipFile(self.archive) as archive, archive.open(self.name) as stream:
            yield stream


def _names(file: Any) -> dict[str, int]:
    import numpy as np

    with file.open("rb") as stream:
        array = _read_header(stream, CLASSES)
        size = math.prod(array.shape) * array.dtype.itemsize
        if len(array.shape) != 1 or array.dtype.hasobject or size > MOST_TEXT:
            raise ValueError(f"{CLASSES} is no list of names")
        listed = stream.read(size)
    if len(listed) != size:
        raise ValueError(f"{CLASSES} ends early")
    return {str(name): number for number, name in enumerate(np.frombuffer(listed, array.dtype))}


def _header(file: Any, name: str) -> _Array:
    with file.open("rb") as stream:
        return _read_header(stream, name)


def _read_header(stream: Any, name: str) -> _Array:
    """Shape and element type of a .npy file, read up to its values."""
    from numpy.lib import format

    readers = {(1, 0): format.read_array_header_1_0, (2, 0): format.read_array_header_2_0}
    version = format.read_magic(stream)
    if version not in readers:
        raise ValueError(f"{name} is in version {version[0]} of the format")
    shape, in_columns, dtype = readers[version](stream)
    if in_columns and len(shape) > 1:
        raise ValueError(f"{name} is in column-major order, save np.ascontiguousarray({name})")
    return _Array(shape, dtype)


class _Folder:
    """Images by class: classes and images in the order of their names, which may be numbers."""

    shapes: Mapping[str, tuple[int, ...] | None] = {INPUT: None, LABELS: ()}

    def __init__(self, source: Source) -> None:
        import numpy as np

        images.check_installed(f"--data {source.path}")
        names = sorted(entry.name for entry in os.scandir(source.path) if entry.is_dir())
        numbered = all(map(str.isdecimal, names))
        self.classes: Mapping[str, int] = {
            name: int(name) if numbered else number for number, name in enumerate(names)
        }
        labelled = [
            (number, file)
            for name, number in self.classes.items()
            for file in _images(os.path.join(source.path, name))
        ]
        if not labelled:
            raise _unreadable(source.path, "it has no folders with images")
        self.samples = len(labelled)
        self._labels = np.array([number for number, _ in labelled])
        self._files = [file for _, file in labelled]

    def batches(self, size: int, names: Sequence[str], picture: Picture | None = None) -> Iterator[Sample]:
        import numpy as np

        for start in range(0, self.samples, size):
            batch = {LABELS: self._labels[start : start + size]}
            if INPUT in names:
                batch[INPUT] = np.stack([_read(file, picture) for file in self._files[start : start + size]])
            yield batch


def _read(file: str, picture: Picture | None) -> Any:
    if picture is None or not picture.fits:
        raise ValueError(f"images don't fit an input of shape {_by(picture.shape if picture else ())}")
    try:
        return picture.read(file).astype("float32")
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} can't be read as an image: {error}") from None


def _images(folder: str) -> list[str]:
    return sorted(entry.path for entry in os.scandir(folder) if entry.name.lower().endswith(images.ENDINGS))


def _unreadable(path: str, why: str) -> UsageError:
    advice = f"give a .npz file with {INPUT} and {LABELS}, or a folder of images by class"
    return UsageError(f"--data {path}: can't be used ({why}); {advice}")


def _by(shape: Sequence[int]) -> str:
    return "x".join(str(size) for size in shape) or "()"
