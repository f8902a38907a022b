"""`devices` of the phones that are attached."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.running import run
from tests.execution.adb_server import FakeDevice
from tests.execution.phones import PROPERTIES, attached, needs_adb

pytestmark = needs_adb


def test_phones_tell_what_they_are_or_why_they_do_not(tmp_path: Path) -> None:
    pixel = FakeDevice(tmp_path / "a", serial="2B07", properties=PROPERTIES, gpu="Mali-G715")
    with attached(pixel, FakeDevice(tmp_path / "b", serial="7F", state="unauthorized")):
        outcome = run("devices", "list", "--on", "adb")
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
        outcome = run("devices", "list", "--on", "adb")
        assert outcome.code == 2
        assert outcome.complaint == "adb: no device is attached; connect one and switch USB debugging on"
        assert run("devices", "list", "--on", "adb:x").code == 2


def test_no_client() -> None:
    outcome = run("devices", "list", "--adb", "nowhere/adb")
    assert outcome.code == 2
    assert outcome.complaint.startswith("adb: nowhere/adb is not a program; install Android's platform tools")


def test_all_that_is_known_of_one_phone(tmp_path: Path) -> None:
    properties = {**PROPERTIES, "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a"}
    with attached(FakeDevice(tmp_path / "a", serial="2B07", properties=properties, gpu="Mali-G715")):
        outcome = run("devices", "show")
    assert (outcome.code, outcome.err) == (0, "")
    told = dict(line.split(maxsplit=1) for line in outcome.text.splitlines() if line[0] != " ")
    assert re.fullmatch(r"[\d.]+ [kMG]B", told.pop("free"))
    assert told == {
        "serial": "2B07",
        "phone": "Google Pixel 8",
        "Android": "14 (API 34)",
        "chip": "Google Tensor G3",
        "GPU": "Mali-G715",
        "processor": "arm64-v8a, armeabi-v7a",
        "delegates": "-d gpu,nnapi:api=34,hexagon,xnnpack",
        "benchmark_model": "bazel build -c opt --config=android_arm64",
    }
    assert all(len(line) <= 80 for line in outcome.text.splitlines())


def test_a_phone_of_32_bits_that_tells_little(tmp_path: Path) -> None:
    properties = {"ro.product.model": "Old", "ro.product.cpu.abi": "armeabi-v7a", "ro.hardware.egl": "mali"}
    phone = FakeDevice(tmp_path / "a", properties=properties, gpu="")
    with attached(phone):
        outcome = run("devices", "show", "--on", "adb:0A1B2C3D")
    assert re.search(r"^GPU +mali$", outcome.text, re.MULTILINE)
    assert "--config=android_arm " in outcome.text.replace("\n", " ")
    assert "-d gpu,nnapi,hexagon,xnnpack" in outcome.text


def test_one_of_several_has_to_be_named(tmp_path: Path) -> None:
    with attached(FakeDevice(tmp_path / "a", serial="a"), FakeDevice(tmp_path / "b", serial="b")):
        outcome = run("devices", "show")
    assert outcome.code == 2
    assert outcome.complaint == "adb: 2 devices are attached (a, b); name one with --on adb:SERIAL"
