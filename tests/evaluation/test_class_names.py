"""The same classes under the names and numbers of a data set and of several models."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.evaluation import class_names
from analyzer.evaluation.class_names import ClassNumbers


def test_labels_have_the_numbers_of_the_data_set(tmp_path: Path) -> None:
    numbers = ClassNumbers({"cat": 0, "golden_retriever": 1})
    assert numbers.of("m", ["background", "Golden Retriever", "bird", "cat"]) == (2, 1, 3, 0)
    assert numbers.of("n", ["bird", "cat", "golden retriever, retriever"]) == (3, 0, 1)


def test_one_of_several_names_is_enough() -> None:
    numbers = ClassNumbers({"tope": 0})
    assert numbers.of("m", ["stupa, tope", "boat, ship"]) == (0, 1)
    assert numbers.of("n", ["boat", "tope"]) == (1, 0)


@pytest.mark.parametrize(
    ("classes", "known"), [({}, ["a"]), ({"a": 0}, []), ({"0": 0, "7": 7}, ["zero", "one"])]
)
def test_outputs_keep_their_own_numbers(classes: dict[str, int], known: list[str]) -> None:
    assert ClassNumbers(classes).of("m", known) == ()


def test_numbers_may_be_names() -> None:
    assert ClassNumbers({"0": 0, "7": 7}).of("m", ["7", "0"]) == (7, 0)


def test_a_class_that_a_model_does_not_know() -> None:
    with pytest.raises(UsageError, match=r"m.tflite: none of its labels is n01440764; call the data set's"):
        ClassNumbers({"n01440764": 0}).of("m.tflite", ["tench"])


def test_a_file_of_labels(tmp_path: Path) -> None:
    for mark in ("", "\ufeff"):
        (tmp_path / "labels.txt").write_bytes(f"{mark}cat\r\nd\xf6g\u2028a\n\n".encode())
        assert class_names.read(str(tmp_path / "labels.txt")) == ("cat", "d\xf6g\u2028a")
    (tmp_path / "none.txt").write_text("\n")
    for name, words in (("none.txt", "it is empty"), ("other.txt", "can't be read")):
        with pytest.raises(UsageError, match=words):
            class_names.read(str(tmp_path / name))


def test_labels_that_do_not_unpack_are_none(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", "cat\ndog\n" * 50)
    content = bytearray(data.getvalue())
    packed = content.index(b"labels.txt") + len("labels.txt")
    content[packed : packed + 4] = b"\xff" * 4
    (tmp_path / "m.tflite").write_bytes(content)
    assert class_names.embedded(str(tmp_path / "m.tflite"), "labels.txt") == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have names")
def test_a_pipe_is_no_file_of_labels(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "labels.txt")
    with pytest.raises(UsageError, match="can't be read"):
        class_names.read(str(tmp_path / "labels.txt"))
