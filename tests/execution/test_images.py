"""Images become inputs: size, channels, and what black and white are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.execution.inputs.images import Picture, Shades, shades
from analyzer.model.graph import Tensor
from analyzer.model.metadata import Described
from tests import building

numpy = pytest.importorskip("numpy")
image = pytest.importorskip("PIL.Image")

PLAIN = Shades((0.0,), (255.0,), "")


def tensor(dtype: str, scale: float | None = None, point: int = 0) -> Tensor:
    from analyzer.model.read import read_bytes

    values: dict[str, Any] = {} if scale is None else {"scale": [scale], "zero_point": [point]}
    made = building.tensor("x", [1, 2, 2, 3], dtype, **values)
    content = building.model(
        [made, building.tensor("y", [1, 2, 2, 3], dtype)], [building.operator("ABS", ["x"], ["y"])]
    )
    return read_bytes(content, "m").subgraphs[0].tensors[0]


NORMALIZED = Described(mean=(127.5,), std=(127.5,))


@pytest.mark.parametrize(
    ("of", "described", "given", "low", "high"),
    [
        (tensor("FLOAT32"), None, None, 0, 1),
        (None, None, None, 0, 1),
        (tensor("FLOAT32"), NORMALIZED, None, -1, 1),
        (tensor("FLOAT32"), NORMALIZED, (0, 255), 0, 255),
        (tensor("UINT8", 0.5, 10), NORMALIZED, None, -5, 122.5),
        (tensor("UINT8", 0.5, 10), None, (0, 1), 0, 1),
        (tensor("INT8", 0.5, -128), None, None, 0, 127.5),
        (tensor("INT8", 0.5, -128), NORMALIZED, None, -1, 1),
        (tensor("UINT8"), None, None, 0, 255),
        (tensor("INT8"), None, None, -128, 127),
        (tensor("INT32"), None, None, 0, 255),
        (tensor("INT16", 0.5), None, None, 0, 1),
    ],
)
def test_black_and_white(
    of: Tensor | None, described: Described | None, given: tuple[float, float] | None, low: float, high: float
) -> None:
    scale = shades(of, described, given)
    assert (scale.low, scale.high) == ((low,), (high,))


def test_every_channel_may_have_its_own() -> None:
    scale = shades(None, Described(mean=(0.0, 51.0, 255.0), std=(255.0,)))
    assert scale.low == pytest.approx((0, -0.2, -1)) and scale.high == pytest.approx((1, 0.8, 0))
    assert str(scale) == "images go in as 0, -0.2, -1 to 1, 0.8, 0 (its metadata)"


def saved(folder: Path, made: Any) -> str:
    file = folder / "image.png"
    made.save(file)
    return str(file)


def test_channels_are_those_of_the_input(tmp_path: Path) -> None:
    red = saved(tmp_path, image.new("RGB", (4, 4), (200, 100, 0)))
    assert Picture((2, 2, 3), PLAIN).read(red)[0, 0].tolist() == [200, 100, 0]
    assert Picture((3, 2, 2), PLAIN).read(red)[:, 0, 0].tolist() == [200, 100, 0]
    assert Picture((2, 2, 4), PLAIN).read(red)[0, 0].tolist() == [200, 100, 0, 255]
    assert Picture((2, 2), PLAIN).read(red).tolist() == [[118, 118], [118, 118]]
    assert Picture((2, 2, 1), PLAIN).read(red).shape == (2, 2, 1)
    assert not Picture((2, 2, 7), PLAIN).fits


def test_images_are_stretched_or_cropped(tmp_path: Path) -> None:
    wide = image.new("L", (30, 10), 0)
    wide.paste(255, (10, 0, 20, 10))
    file = saved(tmp_path, wide)
    assert Picture((10, 10), PLAIN, crop=True).read(file).min() == 255
    stretched = Picture((10, 10), PLAIN).read(file)
    assert stretched[:, 0].max() == 0 and stretched[:, 5].min() == 255


def test_images_lie_as_their_camera_was_held(tmp_path: Path) -> None:
    lying = image.new("L", (2, 1), 0)
    lying.putpixel((0, 0), 255)
    turned = image.Exif()
    turned[0x0112] = 6
    lying.save(tmp_path / "image.jpg", quality=100, exif=turned)
    upright = Picture((2, 1), PLAIN).read(str(tmp_path / "image.jpg"))
    assert upright[0, 0] > upright[1, 0]


def test_more_bits_than_are_read_are_refused(tmp_path: Path) -> None:
    deep = saved(tmp_path, image.fromarray(numpy.full((2, 2), 40_000, "uint16")))
    with pytest.raises(ValueError, match="more than 8 bits a channel"):
        Picture((2, 2), PLAIN).read(deep)
