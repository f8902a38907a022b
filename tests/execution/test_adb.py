"""The real adb client against a server that speaks its protocol."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.errors import AnalyzerError, RuntimeUnavailable
from analyzer.execution.android import adb
from analyzer.execution.android.adb import Adb, AdbError, quote
from analyzer.execution.android.device import identify
from tests.execution.adb_server import FakeDevice, silent
from tests.execution.phones import PROPERTIES, attached, needs_adb
from tests.execution.running import hurry

pytestmark = needs_adb


def device(folder: Path, name: str = "one", state: str = "device") -> FakeDevice:
    return FakeDevice(folder / name, serial=name, state=state, properties=PROPERTIES)


def test_devices_are_listed_with_their_state(tmp_path: Path) -> None:
    with attached(device(tmp_path), device(tmp_path, "two", "unauthorized")):
        devices = Adb().devices()
    assert [(device.serial, device.state) for device in devices] == [
        ("one", "device"),
        ("two", "unauthorized"),
    ]
    assert devices[0].description["model"] == "Thing"


@pytest.mark.parametrize(
    ("there", "serial", "line"),
    [
        ({}, None, "adb: no device is attached; connect one and switch USB debugging on"),
        (
            {"one": "device", "two": "device"},
            None,
            "adb: 2 devices are attached (one, two); name one with --on adb:SERIAL",
        ),
        ({"one": "device"}, "three", "adb: no device three is attached; there is one"),
        (
            {"one": "unauthorized"},
            None,
            "adb: device one is not ready (unauthorized); unlock it and allow this computer to debug it",
        ),
        ({"one": "offline"}, None, "adb: device one is not ready (offline); connect it again, or restart it"),
        (
            {"one": "device", "two": "offline"},
            "two",
            "adb: device two is not ready (offline); connect it again, or restart it",
        ),
        (
            {"one": "no permissions (user in plugdev group; are your udev rules wrong?); see [http://a.b]"},
            None,
            "adb: device one is not ready (no permissions); let this user access USB devices (udev rules), "
            "then connect it again",
        ),
        (
            {"one": "sideload"},
            None,
            "adb: device one is not ready (sideload); connect it again, or restart it",
        ),
    ],
)
def test_a_device_that_cannot_be_used_says_why_in_a_line(
    tmp_path: Path, there: dict[str, str], serial: str | None, line: str
) -> None:
    with (
        attached(*(device(tmp_path, name, state) for name, state in there.items())),
        pytest.raises(RuntimeUnavailable) as error,
    ):
        Adb().device(serial)
    assert str(error.value) == line


def test_the_only_device_needs_no_name(tmp_path: Path) -> None:
    with attached(device(tmp_path)):
        assert Adb().device().serial == "one"


def test_a_device_named_as_the_client_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_SERIAL", "two")
    with attached(device(tmp_path), device(tmp_path, "two")):
        assert Adb().device().serial == "two"
        assert Adb().device("one").serial == "one"


def test_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        RuntimeUnavailable, match="adb: it is not installed; install Android's platform tools"
    ):
        Adb()
    with pytest.raises(RuntimeUnavailable, match="adb: nowhere/adb is not a program"):
        Adb("nowhere/adb")


@pytest.mark.parametrize(
    ("says", "code", "words"),
    [
        ("echo 'usage: adb device'", 0, "lists no devices the way Android's client does; install Android's"),
        ("echo '* daemon not running' >&2; echo 'error: cannot connect to daemon' >&2", 1, "cannot connect"),
    ],
)
def test_a_client_of_another_kind(tmp_path: Path, says: str, code: int, words: str) -> None:
    client = tmp_path / "adb"
    client.write_text(f"#!/bin/sh\n{says}\nexit {code}\n")
    client.chmod(0o755)
    with pytest.raises(AdbError, match=words) as error:
        Adb(os.fspath(client)).devices()
    assert "\n" not in str(error.value)


def test_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as listening:
        monkeypatch.setenv("ADB_SERVER_SOCKET", f"tcp:localhost:{listening.getsockname()[1]}")
        with pytest.raises(AdbError, match="its server gives no answer; restart it with adb kill-server"):
            Adb(patience=0.5).devices()


@pytest.mark.parametrize("features", [("shell_v2",), ()])
def test_commands_tell_their_words_and_exit_code(tmp_path: Path, features: tuple[str, ...]) -> None:
    fake = FakeDevice(tmp_path / "one", features=features)
    with attached(fake):
        there = Adb().device()
        said = there.shell("echo out; echo complaint >&2; exit 7")
        assert (said.code, said.text, said.late) == (7, "out\ncomplaint", False)
        assert there.shell("true").code == 0
        assert there.shell(quote(["echo", "a  b", "$HOME", "it's"])).text == "a  b $HOME it's"


def test_a_command_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, (tmp_path / "begun").is_file, adb, most=600)
    with attached(device(tmp_path)):
        said = Adb().device().shell(f"echo begun; touch {tmp_path / 'begun'}; exec sleep 20", 600)
    assert said.late
    assert said.text.strip() == "begun"


def test_a_connection_that_breaks_off(tmp_path: Path) -> None:
    fake = device(tmp_path)
    fake.breaks_after = 0
    with attached(fake), pytest.raises(AdbError, match="the connection to device one broke off"):
        Adb().device().shell("echo")


def test_files_travel_both_ways(tmp_path: Path) -> None:
    there, back, content = tmp_path / "there", tmp_path / "back", os.urandom(300_000)
    there.write_bytes(content)
    with attached(device(tmp_path)):
        phone = Adb().device()
        phone.push(os.fspath(there), "/data/local/tmp/file")
        assert phone.shell("wc -c < /data/local/tmp/file").text.strip() == "300000"
        phone.pull("/data/local/tmp/file", os.fspath(back))
    assert back.read_bytes() == content


def test_a_file_that_is_not_there_or_has_no_place(tmp_path: Path) -> None:
    with attached(device(tmp_path)):
        phone = Adb().device()
        with pytest.raises(AdbError, match="does not exist"):
            phone.pull("/data/local/tmp/nothing", os.fspath(tmp_path / "x"))
        with pytest.raises(AnalyzerError, match="adb: "):
            phone.push(__file__, "/data/local/tmp/no/folder/file")


def test_a_phone_tells_what_it_is(tmp_path: Path) -> None:
    with attached(device(tmp_path)):
        target = identify(Adb().device())
    assert str(target) == "Google Pixel 8, Android 14 (API 34), Google Tensor G3, Adreno (TM) 740"


def test_a_phone_of_few_words(tmp_path: Path) -> None:
    properties = {
        "ro.product.manufacturer": "OnePlus",
        "ro.product.model": "OnePlus 6",
        "ro.board.platform": "sdm845",
        "ro.build.version.release": "9",
        "ro.build.version.sdk": "28",
    }
    with attached(FakeDevice(tmp_path / "one", properties=properties, gpu="Adreno (TM) 630")):
        target = identify(Adb().device())
    assert str(target) == "OnePlus 6, Android 9 (API 28), sdm845, Adreno (TM) 630"
