"""`devices list`: the phones that are attached."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import run
from tests.runtime.adb_server import FakeDevice
from tests.runtime.phones import PROPERTIES, attached, needs_adb

pytestmark = needs_adb


def test_phones_tell_what_they_are_or_why_they_do_not(tmp_path: Path) -> None:
    pixel = FakeDevice(tmp_path / "a", serial="2B07", properties=PROPERTIES, gpu="Mali-G715")
    with attached(pixel, FakeDevice(tmp_path / "b", serial="7F", state="unauthorized")):
        outcome = run("devices", "list")
    assert outcome.code == 0
    assert outcome.text.splitlines() == [
        "serial  phone           Android      chip              GPU",
        "2B07    Google Pixel 8  14 (API 34)  Google Tensor G3  Mali-G715",
    ]
    assert outcome.complaint.startswith("adb: device 7F is not ready (unauthorized); unlock it")


def test_one_phone_of_several(tmp_path: Path) -> None:
    devices = [
        FakeDevice(tmp_path / name, serial=name, properties=PROPERTIES) for name in ("first", "second")
    ]
    with attached(*devices):
        outcome = run("devices", "list", "--on", "adb:second")
    assert (outcome.code, outcome.err) == (0, "")
    assert "second" in outcome.text and "first" not in outcome.text
    assert devices[0].commands == []


def test_no_phone(tmp_path: Path) -> None:
    with attached():
        outcome = run("devices", "list")
        assert outcome.code == 2
        assert outcome.complaint == "adb: no device is attached; connect one and switch USB debugging on"
        assert run("devices", "list", "--on", "adb:x").code == 2


def test_no_client() -> None:
    outcome = run("devices", "list", "--adb", "nowhere/adb")
    assert outcome.code == 2
    assert outcome.complaint.startswith("adb: nowhere/adb is not a program; install Android's platform tools")
