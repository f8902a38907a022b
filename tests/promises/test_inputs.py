"""Damaged, huge and bomb-like files as inputs of a run: one line, before room is made for them."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analyzer.errors import UsageError
from analyzer.execution.inputs import user_files
from analyzer.execution.request import Entry
from analyzer.model import read_bytes
from tests.building import chain

pytest.importorskip("PIL")


def given(file: Path) -> object:
    model = read_bytes(chain("RELU", shape=(1, 8, 8, 3)), "m")
    return user_files.given(model, Entry(None, 0, (("t0", 0),), (("t1", 1),)), [os.fspath(file)], {}, {})


def header(shape: str, dtype: str = "<f4") -> bytes:
    """The header of an array that says so of itself, and a few bytes."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(64)


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return made.getvalue()


def saved_array() -> bytes:
    made = io.BytesIO()
    np.save(made, np.zeros((1, 8, 8, 3), np.float32))
    return made.getvalue()


def large_zip() -> bytes:
    """Says of a member that it unpacks to more than any memory holds."""
    made = bytearray(zipped(t0=saved_array()))
    at = made.index(b"PK\x01\x02")
    made[at + 24 : at + 28] = b"\xff\xff\xff\x7f"
    return bytes(made)


def bitmap(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + chunk(b"IDAT", zlib.compress(bytes(999)))
        + chunk(b"IEND", b"")
    )


BAD: dict[str, Callable[[], bytes]] = {
    "empty.npy": bytes,
    "huge.npy": lambda: header("(1000000000000,)"),
    "huger.npy": lambda: header("(" + "9" * 400 + ",)"),
    "negative.npy": lambda: header("(-1, -5)"),
    "object.npy": lambda: header("(1,)", "|O"),
    "strange.npy": lambda: header("(1,)", "<Q9"),
    "unclosed.npy": lambda: header("((1,)"),
    "nested.npy": lambda: header("[[1]]"),
    "quoted.npy": lambda: header("(1, '"),
    "octal.npy": lambda: header("(01,)"),
    "text.npy": lambda: header("('a',)"),
    "field.npy": lambda: header("(1,)', 'a': (1,)", "O', '<f4"),
    "version.npy": lambda: b"\x93NUMPY\x09\x00" + bytes(99),
    "cut.npy": lambda: saved_array()[:-5],
    "empty.npz": bytes,
    "nothing.npz": zipped,
    "cut.npz": lambda: zipped(t0=saved_array())[:-30],
    "damaged.npz": lambda: zipped(t0=saved_array()).replace(b"\x93", b"\x00"),
    "huge.npz": lambda: zipped(t0=header("(1000000000000,)")),
    "large.npz": large_zip,
    "empty.png": bytes,
    "huge.png": lambda: bitmap(1 << 30, 1 << 30),
    "wide.png": lambda: bitmap(20000, 20000),
    "cut.png": lambda: bitmap(64, 64)[:60],
    "strange.gif": lambda: b"GIF89a" + bytes(20),
    "strange.webp": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(20),
    "strange.tiff": lambda: b"II*\x00\x08\x00\x00\x00\xff\xff" + b"\xff" * 40,
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_an_input_that_is_no_use(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(BAD[name]())
    with pytest.raises(UsageError) as refused:
        given(file)
    assert str(refused.value).startswith(f"--input {file}: can't be read (")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["pipe.npy", "pipe.npz", "pipe.png"])
@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes")
def test_a_pipe_is_no_input(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(UsageError, match="is a pipe"):
        given(tmp_path / name)
