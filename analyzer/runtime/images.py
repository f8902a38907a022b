"""Pictures as arrays, by Pillow where it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from analyzer.runtime.interface import unavailable

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")
#: Pillow's modes by number of channels.
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_PIXEL = 255.0


def check_installed(what: str) -> None:
    """Raises: RuntimeUnavailable where images can't be read."""
    if find_spec("PIL") is None:
        raise unavailable(
            f"{what}: images are read with Pillow, which is not installed", "pip install pillow"
        )


def pixels(file: str, height: int, width: int, channels: int, low: float, high: float) -> Any:
    """An image as [height, width, channels]: black is `low`, white is `high`. Raises: OSError, ValueError."""
    import numpy as np
    from PIL import Image

    with Image.open(file) as opened:
        found = np.asarray(opened.convert(MODES[channels]).resize((width, height)))
    return low + found.reshape(height, width, channels).astype(np.float64) / _PIXEL * (high - low)
