"""Android's own `adb` client: which devices are attached, commands on one of them, files to it and back."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO

from msgspec import Struct

from analyzer.errors import AnalyzerError, RuntimeUnavailable
from analyzer.execution.request import unavailable

#: Seconds for a file: models of gigabytes exist, over cables of megabytes a second.
_LONG = 900.0
#: How the command that ran on the device ended: older devices don't tell in any other way.
_ENDED = "#ended "
#: Bytes that an answer has at most, and how often, in seconds, it is looked at.
_MOST, _LOOK = 1 << 24, 0.1
_READY = "device"
_FULL = "no space left"

_ADVICE = {
    "unauthorized": "unlock it and allow this computer to debug it",
    "authorizing": "unlock it and allow this computer to debug it",
    "offline": "connect it again, or restart it",
    "recovery": "start Android on it",
    "bootloader": "start Android on it",
    "no permissions": "let this user access USB devices (udev rules), then connect it again",
}


class AdbError(AnalyzerError):
    """The connection failed, not what was to be done on the device; one line."""


class Attached(Struct, frozen=True):
    """A device as `adb devices -l` lists it; `state` is `device` where it can be used."""

    serial: str
    state: str
    description: Mapping[str, str] = {}


class Said(Struct, frozen=True):
    """The output of a command on a device, and its exit code; `late` where it was given up."""

    code: int
    text: str
    late: bool = False


class Adb:
    """The client, by its path or the one on PATH."""

    def __init__(self, executable: str | None = None, patience: float = 30.0) -> None:
        """`patience`: seconds for what takes a moment where nothing is wrong. Raises: RuntimeUnavailable."""
        path = shutil.which(executable or "adb")
        if path is None:
            raise unavailable(
                f"adb: {f'{executable} is not a program' if executable else 'it is not installed'}",
                "install Android's platform tools (Debian: apt install adb), or name it with --adb PATH",
            )
        self._executable = path
        self.patience = patience

    def call(self, *arguments: str, seconds: float) -> str:
        """The client's standard output. Raises: AdbError, subprocess.TimeoutExpired."""
        with TemporaryFile() as said, TemporaryFile() as complained:
            code = self._run(arguments, seconds, said, complained)
            out, complaint = (_text(file) for file in (said, complained))
        if code:
            reason = _reason([*out.splitlines(), *complaint.splitlines()])
            raise AdbError(f"adb: {reason or f'exit code {code}'}")
        return out

    def _run(self, arguments: Sequence[str], seconds: float, said: IO[bytes], complained: IO[bytes]) -> int:
        """The client's exit code, with what it writes in files, of which it fills no more than it may."""
        command, until = [self._executable, *arguments], time.monotonic() + seconds
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=complained) as process:
            try:
                while True:
                    try:
                        return process.wait(min(_LOOK, max(0.0, until - time.monotonic())))
                    except subprocess.TimeoutExpired:
                        if max(os.fstat(file.fileno()).st_size for file in (said, complained)) > _MOST:
                            raise AdbError(f"adb: the answer is larger than {_MOST >> 20} MB") from None
                        if time.monotonic() >= until:
                            raise subprocess.TimeoutExpired(command, seconds, _bytes(said)) from None
            finally:
                process.kill()

    def devices(self) -> list[Attached]:
        """Everything attached, ready or not. Raises: AdbError."""
        try:
            listed = self.call("devices", "-l", seconds=self.patience)
        except subprocess.TimeoutExpired:
            raise AdbError("adb: its server gives no answer; restart it with adb kill-server") from None
        _, title, devices = listed.partition("List of devices attached")
        if not title:
            raise AdbError(
                f"adb: {self._executable} lists no devices the way Android's client does; "
                "install Android's platform tools, or name them with --adb PATH"
            )
        lines = devices.splitlines()
        return [_attached(line) for line in lines if line.strip()]

    def device(self, serial: str | None = None) -> Device:
        """The one that is named, here or as the client has it, or the only one.

        Raises: RuntimeUnavailable, AdbError.
        """
        serial = serial or os.environ.get("ANDROID_SERIAL")
        there = self.devices()
        serials = ", ".join(device.serial for device in there)
        if not there:
            raise unavailable("adb: no device is attached", "connect one and switch USB debugging on")
        if serial is None and len(there) > 1:
            raise unavailable(
                f"adb: {len(there)} devices are attached ({serials})", "name one with --on adb:SERIAL"
            )
        device = next((device for device in there if serial in (None, device.serial)), None)
        if device is None:
            raise unavailable(f"adb: no device {serial} is attached", f"there is {serials}")
        if device.state != _READY:
            raise _not_ready(device)
        return Device(self, device.serial)


class Device:
    """One device that answers."""

    def __init__(self, adb: Adb, serial: str) -> None:
        self._adb = adb
        self.serial = serial

    def shell(self, command: str, seconds: float | None = None) -> Said:
        """Run a command of the device's shell, its complaints among what it writes. Raises: AdbError."""
        whole = f"( {command} ) 2>&1; code=$?; echo; echo '{_ENDED}'$code"
        try:
            written = self._call("shell", whole, seconds=self._adb.patience if seconds is None else seconds)
        except subprocess.TimeoutExpired as expired:
            return Said(-1, (expired.stdout or b"").decode("utf-8", "replace"), late=True)
        text, mark, code = written.rpartition(_ENDED)
        if not mark or not code.strip().isdigit():
            raise AdbError(f"adb: the connection to device {self.serial} broke off while it ran a command")
        return Said(int(code), text.replace("\r\n", "\n").rstrip("\n"))

    def push(self, local: str, remote: str) -> None:
        """Raises: AdbError."""
        self._copy("push", local, remote)

    def pull(self, remote: str, local: str) -> None:
        """Raises: AdbError."""
        self._copy("pull", remote, local)

    def _copy(self, how: str, source: str, target: str) -> None:
        try:
            self._call(how, source, target, seconds=_LONG)
        except subprocess.TimeoutExpired:
            raise AdbError(f"adb: {how} of {source} was not done after {_LONG:g} s") from None
        except AdbError as error:
            full = _FULL in str(error).lower()
            raise AdbError(f"{error}; free some space on device {self.serial}") if full else error from None

    def _call(self, *arguments: str, seconds: float) -> str:
        return self._adb.call("-s", self.serial, *arguments, seconds=seconds)


def _bytes(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(_MOST)


def _text(file: IO[bytes]) -> str:
    return _bytes(file).decode("utf-8", "replace")


def quote(words: Sequence[str]) -> str:
    """A command line for the device's shell."""
    return shlex.join(words)


def _attached(line: str) -> Attached:
    serial, _, rest = line.partition(" ")
    words = rest.split()
    described = dict(word.split(":", 1) for word in words if ":" in word and not word.startswith("("))
    first = next((number for number, word in enumerate(words) if ":" in word), len(words))
    return Attached(serial, " ".join(words[:first]), described)


def _not_ready(device: Attached) -> RuntimeUnavailable:
    state = next((state for state in _ADVICE if device.state.startswith(state)), device.state)
    advice = _ADVICE.get(state, "connect it again, or restart it")
    return unavailable(f"adb: device {device.serial} is not ready ({state})", advice)


def _reason(said: Sequence[str]) -> str:
    """The line that tells of an error, or else the last that says something."""
    lines = [" ".join(line.split()) for line in said if line.strip()]
    reason = next((line for line in lines if "error:" in line), lines[-1] if lines else "")
    return reason.removeprefix("adb: ").removeprefix("error: ")
