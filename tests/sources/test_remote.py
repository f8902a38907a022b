"""Models at addresses, from a server on this machine: read into memory, named without secrets."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import analyzer
from analyzer.sources import at_hand, find, find_one, load, stream
from analyzer.sources.remote import public
from tests.cli.models import chain, save
from tests.cli.running import run
from tests.sources.packing import zipped

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

MODEL = chain("RELU", "NEG")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_head(self) -> Any:
        if self.path.startswith("/closed"):
            return self.send_error(403)
        return super().send_head()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of models."""
    save(tmp_path / "served/m.tflite", MODEL)
    save(tmp_path / "served/app.apk", zipped({"assets/n.tflite": MODEL}))
    save(tmp_path / "served/page.tflite", b"<!doctype html><title>Not found</title>")
    handler = partial(Quiet, directory=os.fspath(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()
        thread.join()


def test_a_model_at_an_address(server: str) -> None:
    asked = ("-d", "coreml", "--fail-on", "never", "--format", "json")
    done = run("audit", f"{server}/m.tflite?token=secret", *asked)
    assert (done.code, done.err) == (0, "")
    assert [model["path"] for model in done.json["models"]] == [f"{server}/m.tflite"]
    assert analyzer.read(f"{server}/m.tflite").size == len(MODEL)


def test_an_archive_and_a_folder_at_an_address(server: str) -> None:
    [member] = find([f"{server}/app.apk"])
    assert member.name == f"{server}/app.apk!assets/n.tflite"
    with at_hand(member) as held:
        assert len(load(held).subgraphs[0].operators) == 2
    for named in ("!assets/n.tflite", "!assets", "!assets?key=secret"):
        assert find([f"{server}/app.apk{named}"]) == [member]
    names = [source.name.removeprefix(server) for source in find([f"{server}/"])]
    assert names == ["/app.apk!assets/n.tflite", "/m.tflite", "/page.tflite"]


def test_what_is_wrong_with_one_archive_is_said_of_that(server: str, tmp_path: Path) -> None:
    """In a folder at an address as in one on this machine; archives are fetched when it is their turn."""
    for name, content in {"a.zip": b"PK\x03\x04 cut", "b.zip": zipped({"readme.txt": b"none"})}.items():
        (tmp_path / "served" / name).write_bytes(content)
    sources = iter(stream([f"{server}/"]))
    told = [(source.name.removeprefix(server), source.problem is None) for source in islice(sources, 3)]
    assert told == [("/a.zip", False), ("/app.apk!assets/n.tflite", True), ("/m.tflite", True)]
    (tmp_path / "served" / "page.tflite").unlink()
    save(tmp_path / "served/z.zip", zipped({"late.tflite": MODEL}))
    done = run("audit", f"{server}/", "-d", "coreml", "--fail-on", "never", "--format", "jsonl")
    assert (done.code, len(done.text.splitlines())) == (2, 4)
    assert "a.zip: is a damaged archive (" in done.complaint


def test_what_goes_wrong_is_a_line(server: str) -> None:
    for path, words in (
        ("/none.tflite", "none.tflite: is not there, or nobody answers; check the address"),
        ("/page.tflite", "is an HTML page"),
        ("/none.zip", "is not there"),
        ("/closed.tflite", "closed.tflite: can't be fetched (the server answers 403 Forbidden); check the"),
        ("/app.apk!none.tflite", "none.tflite: is not in the archive; it has assets/n.tflite"),
    ):
        assert words in run("audit", f"{server}{path}?key=secret").complaint
    closed = run("audit", "http://user:secret@127.0.0.1:1/m.tflite").complaint
    assert "nobody answers" in closed
    assert "secret" not in closed
    assert "nosuch" in run("audit", "nosuch://a/m.tflite").complaint


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1:1/x", "zip://x", "dir://x", "reference://x", "reference://x/"]
)
def test_so_is_what_an_address_lacks(address: str) -> None:
    """Some kinds connect at once, and others stumble over what they weren't given."""
    done = run("inspect", address)
    assert done.code == 2 and done.complaint.startswith(f"{address}: ")


def test_without_what_it_takes(server: str) -> None:
    with mock.patch.dict(sys.modules, {"fsspec.core": None}):
        done = run("audit", f"{server}/m.tflite")
    assert "pip install 'delegate-analyzer[remote]'" in done.complaint


def test_another_file_system(tmp_path: Path) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    files.pipe("/store/m.tflite", MODEL)
    try:
        with at_hand(find_one("memory://store/m.tflite")) as held:
            assert held.data == MODEL
    finally:
        files.rm("/store", recursive=True)


def test_secrets_are_no_part_of_a_name() -> None:
    assert public("https://me:pass@host/m.tflite?X-Signature=1#x") == "https://host/m.tflite"
    assert public("s3://bucket/m.tflite") == "s3://bucket/m.tflite"
