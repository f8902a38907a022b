"""Labelled data sets: arrays in a .npz file or a folder of .npy files, or a folder of images by class.

Samples and labels alike are read a batch at a time, so that a data set may be larger than memory.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.execution.inputs import images
from analyzer.execution.inputs.array_header import FAILURES, ArrayHeader, read_header, shape_text
from analyzer.execution.inputs.images import Picture
from analyzer.execution.request import Sample
from analyzer.files import MOST_TEXT, opened, reason

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


class _Arrays:
    """Arrays of numbers, each [n, ...]; texts called `classes` are what those are called."""

    def __init__(self, path: str) -> None:
        try:
            self._files = _files(path)
            arrays = {name: _header(file, name) for name, file in self._files.items()}
            self.classes: Mapping[str, int] = _names(self._files[CLASSES]) if CLASSES in arrays else {}
        except FAILURES as error:
            raise _unreadable(path, reason(error)) from None
        self._path = path
        self._arrays = {
            name: array for name, array in arrays.items() if array.shape and array.dtype.kind in "fiub"
        }
        self.shapes: Mapping[str, tuple[int, ...] | None] = {
            name: array.shape[1:] for name, array in self._arrays.items()
        }
        lengths = {array.shape[0] for array in self._arrays.values()}
        self.samples = next(iter(lengths), 0)
        if len(lengths) != 1 or not self.samples:
            shapes = ", ".join(f"{name} {shape_text(array.shape)}" for name, array in self._arrays.items())
            raise _unreadable(path, f"it has {shapes or 'no arrays'}")

    def batches(self, size: int, names: Sequence[str], picture: Picture | None = None) -> Iterator[Sample]:
        import numpy as np

        with ExitStack() as opened:
            streams = {name: opened.enter_context(self._files[name].open()) for name in names}
            for name, stream in streams.items():
                _read_header(stream, name, self._files[name])
            for start in range(0, self.samples, size):
                batch = {}
                for name, stream in streams.items():
                    array, count = self._arrays[name], min(size, self.samples - start)
                    try:
                        raw = stream.read(count * array.width)
                        batch[name] = np.frombuffer(raw, array.dtype).reshape(count, *array.shape[1:])
                    except FAILURES as error:
                        raise _unreadable(self._path, reason(error)) from None
                yield batch


class _ArrayFile(Struct, frozen=True):
    """An array of `size` bytes by itself or in a .npz file, which is open only while the array is read."""

    path: str
    size: int
    member: str | None = None

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        with opened(self.path) as file:
            if self.member is None:
                yield file
                return
            with zipfile.ZipFile(file) as archive, archive.open(self.member) as stream:
                yield stream


def _files(path: str) -> dict[str, _ArrayFile]:
    """Array -> its file."""
    if os.path.isdir(path):
        files = sorted(Path(path).glob(f"*{_ENDING}"))
        return {file.stem: _ArrayFile(os.fspath(file), file.stat().st_size) for file in files}
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(_ENDING)]
    return {
        member.filename.removesuffix(_ENDING): _ArrayFile(path, member.file_size, member.filename)
        for member in members
    }


def _names(file: _ArrayFile) -> dict[str, int]:
    import numpy as np

    with file.open() as stream:
        array = _read_header(stream, CLASSES, file)
        if len(array.shape) != 1 or array.dtype.hasobject or array.bytes > MOST_TEXT:
            raise ValueError(f"{CLASSES} is no list of names")
        listed = np.frombuffer(stream.read(array.bytes), array.dtype).reshape(array.shape)
    return {str(name): number for number, name in enumerate(listed)}


def _header(file: _ArrayFile, name: str) -> ArrayHeader:
    with file.open() as stream:
        return _read_header(stream, name, file)


def _read_header(stream: IO[bytes], name: str, file: _ArrayFile) -> ArrayHeader:
    """What a file says of its array, read up to the values."""
    try:
        array = read_header(stream, file.size)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if array.in_columns and len(array.shape) > 1:
        raise ValueError(f"{name} is in column-major order, save np.ascontiguousarray({name})")
    return array


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
        raise ValueError(f"images don't fit an input of shape {shape_text(picture.shape if picture else ())}")
    try:
        return picture.read(file).astype("float32")
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} can't be read as an image: {error}") from None


def _images(folder: str) -> list[str]:
    return sorted(entry.path for entry in os.scandir(folder) if entry.name.lower().endswith(images.ENDINGS))


def _unreadable(path: str, why: str) -> UsageError:
    advice = f"give a .npz file with {INPUT} and {LABELS}, or a folder of images by class"
    return UsageError(f"--data {path}: can't be used ({why}); {advice}")
