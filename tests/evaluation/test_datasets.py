"""Data sets: what they hold, and that they are read a piece at a time."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from analyzer.errors import UsageError
from analyzer.evaluation import datasets
from analyzer.evaluation.datasets import Source

np = pytest.importorskip("numpy")


def test_arrays_come_side_by_side_in_batches(tmp_path: Path) -> None:
    arrays = {"x": np.arange(10).reshape(5, 2), "head/y": np.arange(5) * 0.5, "texts": np.array(["a"] * 5)}
    np.savez_compressed(tmp_path / "data.npz", **arrays)
    data = datasets.open(Source(str(tmp_path / "data.npz")))
    assert (data.samples, data.shapes, data.classes) == (5, {"x": (2,), "head/y": ()}, {})
    batches = list(data.batches(2, ["head/y", "x"]))
    assert [batch["x"].tolist() for batch in batches] == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9]]]
    assert batches[-1]["head/y"].tolist() == [2.0]


def test_a_file_is_open_only_while_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "data.npz"
    np.savez(file, x=np.ones((4, 2)), y=np.zeros(4))
    data = datasets.open(Source(str(file)))
    list(data.batches(2, ["x", "y"]))
    assert str(file) not in {opened.path for opened in psutil.Process().open_files()}


def test_arrays_may_be_files_of_a_folder(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 2), np.float32))
    np.save(tmp_path / "y.npy", np.arange(3))
    np.save(tmp_path / "classes.npy", np.array(["cat", "dog", "bird"]))
    data = datasets.open(Source(str(tmp_path)))
    assert (data.samples, data.shapes) == (3, {"x": (2,), "y": ()})
    assert data.classes == {"cat": 0, "dog": 1, "bird": 2}
    assert [batch["y"].tolist() for batch in data.batches(2, ["y"])] == [[0, 1], [2]]


def folder(at: Path, *names: str) -> Path:
    image = pytest.importorskip("PIL.Image")
    for name in names:
        (at / name).mkdir(parents=True)
        image.new("L", (2, 2)).save(at / name / "a.png")
    return at


def test_folders_are_classes_in_order(tmp_path: Path) -> None:
    data = datasets.open(Source(str(folder(tmp_path, "dog", "cat"))))
    assert data.classes == {"cat": 0, "dog": 1}
    assert [batch["y"].tolist() for batch in data.batches(9, ["y"])] == [[0, 1]]


def test_folders_called_by_numbers_have_those(tmp_path: Path) -> None:
    data = datasets.open(Source(str(folder(tmp_path, "10", "2", "001"))))
    assert data.classes == {"001": 1, "10": 10, "2": 2}


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06 damaged", b"\x93NUMPY\x01\x00"])
def test_files_that_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(UsageError, match=r"data.npz: can't be used"):
        datasets.open(Source(str(tmp_path / "data.npz")))


@pytest.mark.parametrize(
    ("shape", "kind", "words"),
    [
        ((10**12,), "<U10", "classes: its header tells of 40000000000000 bytes"),
        ((), "<U1", "classes is no list of names"),
        ((0, 2), "<U1", "classes is no list of names"),
        ((3,), "|O", "classes is no list of names"),
        ((3,), "<U10", "classes: its header tells of 120 bytes"),
    ],
)
def test_names_of_classes_that_are_none(
    tmp_path: Path, shape: tuple[int, ...], kind: str, words: str
) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 2)))
    with open(tmp_path / "classes.npy", "wb") as file:
        header = {"descr": kind, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(bytes(8))
    with pytest.raises(UsageError, match=words):
        datasets.open(Source(str(tmp_path)))


def test_folders_called_by_what_only_looks_like_numbers(tmp_path: Path) -> None:
    data = datasets.open(Source(str(folder(tmp_path, "\u00b2", "1"))))
    assert data.classes == {"1": 0, "\u00b2": 1}


def test_arrays_that_end_early(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.arange(4))
    content = (tmp_path / "y.npy").read_bytes()
    (tmp_path / "y.npy").write_bytes(content[:-8])
    with pytest.raises(UsageError, match="y: its header tells of 32 bytes, and it has 24"):
        datasets.open(Source(str(tmp_path)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have names")
def test_a_pipe_is_no_data(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.npy")
    os.mkfifo(tmp_path / "data.npz")
    for path in (tmp_path, tmp_path / "data.npz"):
        with pytest.raises(UsageError, match="is a pipe, not a file"):
            datasets.open(Source(str(path)))
