"""Pictures as arrays, by Pillow where it is installed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from msgspec import Struct

from analyzer.execution.request import unavailable
from analyzer.model.graph import Tensor
from analyzer.model.metadata import Described

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")
#: Pillow's modes by number of channels.
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
#: Pillow's modes of more than eight bits a channel, which it would cut off.
_DEEP = ("I", "F")
_PIXEL = 255.0
_MOST_PIXELS = 1 << 26
#: The lowest value of element types that hold a pixel as it is.
_BYTES = {"UINT8": 0, "INT8": -128}


class Shades(Struct, frozen=True):
    """Values of black and white at an input, in real units, one or one for each channel; and their reason."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    why: str

    def __str__(self) -> str:
        low, high = (", ".join(f"{number:.3g}" for number in side) for side in (self.low, self.high))
        return f"images go in as {low} to {high} ({self.why})"


def shades(
    tensor: Tensor | None, described: Described | None = None, given: tuple[float, float] | None = None
) -> Shades:
    """As the user says; else bytes as they are, as the model's metadata says, or from 0 to 1."""
    if given is not None:
        return Shades((given[0],), (given[1],), "--range")
    mean, std = (described.mean, described.std) if described else ((), ())
    if tensor is not None and (tensor.dtype == "UINT8" or not mean) and (raw := _bytes(tensor)):
        return raw
    if mean and std and all(std):
        low, high = (_normalized(pixel, mean, std) for pixel in (0.0, _PIXEL))
        return Shades(low, high, "its metadata")
    return Shades((0.0,), (1.0,), "change it with --range")


def _bytes(tensor: Tensor) -> Shades | None:
    """Black and white of an integer input that takes pixels as they are."""
    quantization = tensor.quantization
    if quantization is not None and quantization.scale_count == 1:
        if tensor.dtype not in _BYTES:
            return None
        scale, point = quantization.scales[0], (quantization.zero_points or (0,))[0]
    elif "INT" in tensor.dtype:
        scale, point = 1.0, 0
    else:
        return None
    least = _BYTES.get(tensor.dtype, 0)
    low, high = ((value - point) * scale for value in (least, least + _PIXEL))
    return Shades((low,), (high,), "bytes as they are")


def _normalized(pixel: float, mean: Sequence[float], std: Sequence[float]) -> tuple[float, ...]:
    several = max(len(mean), len(std))
    each = (side if len(side) == several else (side[0],) * several for side in (mean, std))
    return tuple((pixel - center) / width for center, width in zip(*each, strict=True))


def check_installed(what: str) -> None:
    """Raises: RuntimeUnavailable where images can't be read."""
    if find_spec("PIL") is None:
        raise unavailable(
            f"{what}: images are read with Pillow, which is not installed", "pip install pillow"
        )


class Picture(Struct, frozen=True):
    """The conversion of an image to an input: [height, width], with channels behind or before.

    It is stretched to that size or, with `crop`, loses what is too wide or too high.
    """

    shape: tuple[int, ...]
    shades: Shades
    crop: bool = False

    @property
    def _whole(self) -> tuple[int, ...]:
        return self.shape if len(self.shape) == 3 else (*self.shape, 1)

    @property
    def fits(self) -> bool:
        return len(self._whole) == 3 and (self._whole[2] in MODES or self._whole[0] in MODES)

    def read(self, file: str) -> Any:
        """Raises: OSError, ValueError."""
        import numpy as np

        first = self._whole[2] not in MODES
        channels, height, width = self._whole if first else (self._whole[2], *self._whole[:2])
        pixels = np.asarray(self._sized(file, MODES[channels], (width, height)), np.float64)
        low, high = np.array(self.shades.low), np.array(self.shades.high)
        values = low + pixels.reshape(height, width, channels) * ((high - low) / _PIXEL)
        return (np.moveaxis(values, 2, 0) if first else values).reshape(self.shape)

    def _sized(self, file: str, mode: str, size: tuple[int, int]) -> Any:
        from PIL import Image, ImageOps

        # Before any of them is unpacked; Pillow itself only warns, and of much else.
        Image.MAX_IMAGE_PIXELS = None
        with _quiet(), Image.open(file) as opened:
            if math.prod(opened.size) > _MOST_PIXELS:
                raise ValueError(f"it has more than {_MOST_PIXELS >> 20} megapixels")
            if opened.mode.startswith(_DEEP):
                raise ValueError("it has more than 8 bits a channel; convert it")
            upright = ImageOps.exif_transpose(opened).convert(mode)
        if self.crop:
            return ImageOps.fit(upright, size, Image.Resampling.BILINEAR)
        return upright.resize(size, Image.Resampling.BILINEAR)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what Pillow warns of: what is wrong comes as an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
