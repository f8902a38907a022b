"""Labelled data sets: arrays `x` and `y` in a .npz file, or a folder with one folder of images a class.

Labels are held in memory, samples are read a batch at a time.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.runtime import images


class Source(Struct, frozen=True):
    """Where a data set is, so that any process can open it; `low` and `high` are black and white."""

    path: str
    low: float = 0.0
    high: float = 1.0


class Dataset(Protocol):
    """Samples with what is true of them."""

    #: [n, ...]
    labels: Any
    #: A sample's own; None where samples come in whatever shape a model wants.
    shape: tuple[int, ...] | None

    @property
    def classes(self) -> Sequence[str]:
        """What classes are called; empty where they are only numbered."""

    def batches(self, size: int, shape: Sequence[int]) -> Iterator[Any]:
        """Arrays [`size` or, at the end, fewer, ...] of real values; images come in the shape."""


def open(source: Source) -> Dataset:
    """Raises: UsageError, RuntimeUnavailable."""
    if os.path.isdir(source.path):
        return _Folder(source)
    return _Arrays(source.path)


class _Arrays:
    """`x` [n, ...] and `y` [n, ...] of a .npz file."""

    classes: Sequence[str] = ()

    def __init__(self, path: str) -> None:
        import numpy as np

        self._path = path
        try:
            with np.load(path, allow_pickle=False) as arrays:
                missing = [name for name in ("x", "y") if name not in getattr(arrays, "files", ())]
                if missing:
                    raise _unreadable(path, f"it has no array {missing[0]}")
                self.labels = arrays["y"]
            with zipfile.ZipFile(path) as archive, archive.open("x.npy") as stream:
                shape, self._dtype = _header(stream)
        except (OSError, ValueError, zipfile.BadZipFile, AttributeError) as error:
            raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from None
        if not shape or not self.labels.ndim or shape[0] != len(self.labels) or not shape[0]:
            raise _unreadable(path, f"x has shape {_by(shape)}, y {_by(self.labels.shape)}")
        self.shape: tuple[int, ...] | None = shape[1:]

    def batches(self, size: int, shape: Sequence[int]) -> Iterator[Any]:
        import numpy as np

        own = self.shape or ()
        width = self._dtype.itemsize * math.prod(own)
        with zipfile.ZipFile(self._path) as archive, archive.open("x.npy") as stream:
            _header(stream)
            while raw := stream.read(size * width):
                yield np.frombuffer(raw, self._dtype).reshape(-1, *own)


def _header(stream: Any) -> tuple[tuple[int, ...], Any]:
    """Shape and element type of a .npy file, read up to its values."""
    from numpy.lib import format

    readers = {(1, 0): format.read_array_header_1_0, (2, 0): format.read_array_header_2_0}
    version = format.read_magic(stream)
    if version not in readers:
        raise ValueError(f"x is in version {version[0]} of the format")
    shape, in_columns, dtype = readers[version](stream)
    if dtype.kind not in "fiub":
        raise ValueError(f"x holds {dtype}, not numbers")
    if in_columns and len(shape) > 1:
        raise ValueError("x is in column-major order, save np.ascontiguousarray(x)")
    return shape, dtype


class _Folder:
    """Images by class: classes and images in the order of their names."""

    shape: tuple[int, ...] | None = None

    def __init__(self, source: Source) -> None:
        import numpy as np

        images.check_installed(f"--data {source.path}")
        self._source = source
        self.classes = sorted(entry.name for entry in os.scandir(source.path) if entry.is_dir())
        found = [
            (number, file)
            for number, name in enumerate(self.classes)
            for file in _images(os.path.join(source.path, name))
        ]
        if not found:
            raise _unreadable(source.path, "it has no folders with images")
        self.labels = np.array([number for number, _ in found])
        self._files = [file for _, file in found]

    def batches(self, size: int, shape: Sequence[int]) -> Iterator[Any]:
        import numpy as np

        if len(shape) != 3 or shape[2] not in images.MODES:
            raise ValueError(f"images don't fit an input of shape {_by(shape)}")
        for start in range(0, len(self._files), size):
            yield np.stack([self._pixels(file, shape) for file in self._files[start : start + size]])

    def _pixels(self, file: str, shape: Sequence[int]) -> Any:
        try:
            return images.pixels(
                file, shape[0], shape[1], shape[2], self._source.low, self._source.high
            ).astype("float32")
        except (OSError, ValueError) as error:
            raise ValueError(f"{file} can't be read as an image: {error}") from None


def _images(folder: str) -> list[str]:
    return sorted(entry.path for entry in os.scandir(folder) if entry.name.lower().endswith(images.ENDINGS))


def _unreadable(path: str, why: str) -> UsageError:
    return UsageError(
        f"--data {path}: can't be used ({why}); give a .npz file with x and y, or a folder of images by class"
    )


def _by(shape: Sequence[int]) -> str:
    return "x".join(str(size) for size in shape) or "()"
