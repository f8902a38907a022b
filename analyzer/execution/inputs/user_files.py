"""A user's own inputs: arrays in .npy and .npz files, and images."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from analyzer.errors import UsageError
from analyzer.execution.inputs import images
from analyzer.execution.inputs.array_header import FAILURES, read_header
from analyzer.execution.inputs.images import Picture
from analyzer.execution.request import Entry, check_numpy
from analyzer.files import opened, reason
from analyzer.model import metadata
from analyzer.model.graph import Model

#: Bytes that inputs may take: an archive of a few may unpack to any number.
_MOST = 1 << 30


def given(
    model: Model,
    entry: Entry,
    texts: Sequence[str],
    shapes: Mapping[str, tuple[int, ...]],
    ranges: Mapping[str, tuple[float, float]],
) -> dict[str, Any]:
    """Arrays of `--input [NAME=]FILE`, by input name. Raises: UsageError, RuntimeUnavailable."""
    if texts:
        check_numpy("--input")
    arrays: dict[str, Any] = {}
    indices = dict(entry.inputs)
    for text in texts:
        name, sign, file = text.partition("=")
        if not sign:
            name, file = "", text
        ending = Path(file).suffix.lower()
        if ending == ".npz":
            arrays |= _several(file, name)
            continue
        if not name:
            name = _only(entry, file)
        if name not in indices:
            raise UsageError(f"--input {name}: there is no such input; there are {', '.join(indices)}")
        if ending in images.ENDINGS:
            tensor = model.subgraphs[entry.subgraph].tensors[indices[name]]
            shape = shapes.get(name, tensor.shape)
            described = metadata.inputs(model, entry.subgraph).get(tensor.index)
            shades = images.shades(tensor, described, ranges.get(name) or ranges.get(""))
            arrays[name] = _image(file, name, shape, shades)
        else:
            arrays[name] = _array(file)
    return arrays


def _only(entry: Entry, file: str) -> str:
    if len(entry.inputs) != 1:
        names = ", ".join(name for name, _ in entry.inputs)
        raise UsageError(f"--input {file}: the model has several inputs, {names}; write --input NAME={file}")
    return entry.inputs[0][0]


def _array(file: str) -> Any:
    import numpy as np

    try:
        with opened(file) as stream:
            _check(stream, os.fstat(stream.fileno()).st_size)
        return np.load(file, allow_pickle=False)
    except FAILURES as error:
        raise _unreadable(file, error) from None


def _check(stream: IO[bytes], size: int) -> None:
    """Before room is made for an array. Raises: ValueError."""
    if size > _MOST:
        raise ValueError(f"it holds more than {_MOST >> 20} MB")
    read_header(stream, size)


def _several(file: str, name: str) -> dict[str, Any]:
    """Every array of a .npz file by its name; with a `name`, the only one or the one called so."""
    import numpy as np

    try:
        with opened(file) as stream, zipfile.ZipFile(stream) as members:
            if not members.infolist():
                raise ValueError("it holds no array")
            if sum(member.file_size for member in members.infolist()) > _MOST:
                raise ValueError(f"it holds more than {_MOST >> 20} MB")
            for member in members.infolist():
                with members.open(member) as array:
                    _check(array, member.file_size)
        with np.load(file, allow_pickle=False) as arrays:
            if not name:
                return {key: arrays[key] for key in arrays.files}
            key = arrays.files[0] if len(arrays.files) == 1 else name
            return {name: arrays[key]}
    except FAILURES as error:
        raise _unreadable(file, error) from None


def _unreadable(file: str, error: Exception) -> UsageError:
    return UsageError(f"--input {file}: can't be read ({reason(error)}); give a .npy, .npz or image file")


def _image(file: str, name: str, shape: Sequence[int], shades: images.Shades) -> Any:
    """An image as [batch, height, width, channels], the same in the whole batch."""
    import numpy as np

    images.check_installed(f"--input {file}")
    picture = Picture(tuple(shape[1:]), shades)
    if not picture.fits:
        sizes = "x".join(map(str, shape))
        raise UsageError(f"--input {name}: an image doesn't fit an input of shape {sizes}; give a .npy file")
    try:
        opened(file).close()
        values = picture.read(file)
    except FAILURES as error:
        raise _unreadable(file, error) from None
    return np.repeat(values[None], shape[0], axis=0)
