"""A server that speaks the adb host protocol, for the real `adb` client: devices are folders of this machine.

What a client sends to a device's shell runs in this machine's shell, with the device's folder in place of
/data/local/tmp, and the device's own programs (`getprop`, `dumpsys`) first on PATH.
Source: packages/modules/adb of Android, OVERVIEW.TXT, SERVICES.TXT and SYNC.TXT.
"""

from __future__ import annotations

import errno
import os
import socket
import socketserver
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

#: What `adb` 1.0.41 calls the version of the protocol.
_VERSION = 41
_HOME = "/data/local/tmp"
_STDOUT, _STDERR, _EXIT = 1, 2, 3


class FakeDevice:
    """One device; `state` as adb names it, `properties` as `getprop` prints them."""

    def __init__(
        self,
        folder: Path,
        serial: str = "0A1B2C3D",
        state: str = "device",
        properties: Mapping[str, str] = {},
        gpu: str = "Adreno (TM) 740",
        features: Sequence[str] = ("shell_v2", "cmd"),
    ) -> None:
        self.serial, self.state, self.features = serial, state, features
        self.home = folder / "home"
        self._programs = folder / "bin"
        self.home.mkdir(parents=True)
        self._programs.mkdir()
        self._program("getprop", "\n".join(f"[{key}]: [{value}]" for key, value in properties.items()))
        self._program("dumpsys", f"Build configuration\nGLES: Maker, {gpu}, OpenGL ES 3.2 V@0615.1\nthe rest")
        #: Commands that its shell was given.
        self.commands: list[str] = []
        #: After how many commands the cable is pulled.
        self.breaks_after: int | None = None
        #: Kinds of service that it refuses: "sync" or "shell".
        self.refused: tuple[str, ...] = ()
        #: Bytes of a file that it has no more room for.
        self.room: int | None = None

    def _program(self, name: str, says: str) -> None:
        file = self._programs / name
        file.write_text(f"#!/bin/sh\ncat <<'EOF'\n{says}\nEOF\n")
        file.chmod(0o755)

    def here(self, path: str) -> Path:
        """The path on this machine of a path of the device."""
        return Path(path.replace(_HOME, os.fspath(self.home)))

    def start(self, command: str) -> subprocess.Popen[bytes]:
        self.commands.append(command)
        return subprocess.Popen(
            ["/bin/sh", "-c", command.replace(_HOME, os.fspath(self.home))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": f"{self._programs}:{os.environ['PATH']}"},
            start_new_session=True,
        )


class _Connection(socketserver.StreamRequestHandler):
    """One connection: a question to the host, or a switch to a device and a service of it."""

    server: Server

    def handle(self) -> None:
        # Clients go away whenever they like.
        with suppress(OSError, ValueError):
            self._serve()

    def _serve(self) -> None:
        device = self._host(self._request())
        if device is not None:
            self._service(device, self._request())

    def _request(self) -> str:
        return self.rfile.read(int(self.rfile.read(4), 16)).decode()

    def _host(self, request: str) -> FakeDevice | None:
        """Answer, and return the device that the connection is switched over to."""
        scope, _, what = request.partition(":")
        if scope in ("host-serial", "host-transport-id"):
            which, _, what = what.rpartition(":")
            device = self._device(which)
            if device is not None:
                self._okay(",".join(device.features) if what == "features" else device.state)
        elif what == "version":
            self._okay(f"{_VERSION:04x}")
        elif what.startswith("devices"):
            self._okay("".join(map(self._listed, self.server.devices)))
        elif what.startswith("tport:serial:"):
            device = self._device(what.removeprefix("tport:serial:"))
            if device is not None:
                self.wfile.write(b"OKAY" + struct.pack("<Q", self._number(device)))
            return device
        else:
            self._fail(f"unknown host service '{request}'")
        return None

    def _number(self, device: FakeDevice) -> int:
        return self.server.devices.index(device) + 1

    def _listed(self, device: FakeDevice) -> str:
        described = f"model:Thing transport_id:{self._number(device)}" if device.state == "device" else ""
        return f"{device.serial:<22} {device.state} {described}".rstrip() + "\n"

    def _device(self, which: str) -> FakeDevice | None:
        """By serial or by the number of its connection."""
        devices = self.server.devices
        device = next(
            (device for device in devices if which in (device.serial, str(self._number(device)))), None
        )
        if device is None or device.state != "device":
            self._fail(f"device {device.state}" if device else f"device '{which}' not found")
            return None
        return device

    def _service(self, device: FakeDevice, request: str) -> None:
        kind, _, rest = request.partition(":")
        if any(kind.startswith(refused) for refused in device.refused):
            self._fail("closed")
            return
        self.wfile.write(b"OKAY")
        if kind == "sync":
            _Sync(device, self.rfile, self.wfile).serve()
        elif kind.startswith("shell"):
            self._shell(device, rest, "v2" in kind.split(","))
        else:
            raise ConnectionError(f"unknown service {request}")

    def _shell(self, device: FakeDevice, command: str, packets: bool) -> None:
        if device.breaks_after is not None and len(device.commands) >= device.breaks_after:
            return
        process = device.start(command)
        assert process.stdout is not None
        with process:
            # What a command says comes as it comes, so that a client that gives up has heard the beginning.
            while chunk := os.read(process.stdout.fileno(), 1 << 16):
                self._say(_STDOUT, chunk, packets)
            code = process.wait() & 0xFF
        if packets:
            self._say(_EXIT, bytes([code]), packets)

    def _say(self, kind: int, data: bytes, packets: bool) -> None:
        self.wfile.write(struct.pack("<BI", kind, len(data)) + data if packets else data)

    def _okay(self, text: str) -> None:
        self.wfile.write(f"OKAY{len(text):04x}{text}".encode())

    def _fail(self, text: str) -> None:
        self.wfile.write(f"FAIL{len(text):04x}{text}".encode())


class _Sync:
    """Files to a device and back, the first version of the protocol."""

    def __init__(self, device: FakeDevice, read: Any, write: Any) -> None:
        self._device, self._read, self._write = device, read, write

    def serve(self) -> None:
        while True:
            kind, size = self._header()
            if kind in (b"QUIT", b""):
                return
            path = self._read.read(size).decode()
            {b"STAT": self._stat, b"SEND": self._receive, b"RECV": self._send}[kind](path)

    def _header(self) -> tuple[bytes, int]:
        header = self._read.read(8)
        return (header[:4], struct.unpack("<I", header[4:])[0]) if len(header) == 8 else (b"", 0)

    def _stat(self, path: str) -> None:
        try:
            status = self._device.here(path).stat()
            answer = struct.pack("<III", status.st_mode, status.st_size, int(status.st_mtime))
        except FileNotFoundError:
            answer = bytes(12)
        self._write.write(b"STAT" + answer)

    def _receive(self, path: str) -> None:
        name, _, mode = path.rpartition(",")
        content = b""
        while (header := self._header())[0] == b"DATA":
            content += self._read.read(header[1])
        try:
            file = self._device.here(name)
            if self._device.room is not None and len(content) >= self._device.room:
                raise OSError(errno.ENOSPC, "write failed: No space left on device")
            file.write_bytes(content)
            file.chmod(int(mode) & 0o666)
            self._write.write(b"OKAY" + bytes(4))
        except OSError as error:
            self._fail(str(error.strerror))

    def _send(self, path: str) -> None:
        try:
            content = self._device.here(path).read_bytes()
        except OSError as error:
            self._fail(str(error.strerror))
            return
        for at in range(0, len(content), 1 << 16):
            part = content[at : at + (1 << 16)]
            self._write.write(b"DATA" + struct.pack("<I", len(part)) + part)
        self._write.write(b"DONE" + bytes(4))

    def _fail(self, text: str) -> None:
        self._write.write(b"FAIL" + struct.pack("<I", len(text)) + text.encode())


class Server(socketserver.ThreadingTCPServer):
    """Listens on loopback, on a port of its own."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, devices: Sequence[FakeDevice]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.devices = list(devices)

    @property
    def address(self) -> str:
        """The value of `ADB_SERVER_SOCKET`."""
        return f"tcp:localhost:{self.server_address[1]}"


@contextmanager
def serving(*devices: FakeDevice) -> Iterator[Server]:
    """A server in a thread of this process, for as long as it is needed."""
    with Server(devices) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def silent() -> socket.socket:
    """A port where somebody listens and never answers."""
    return socket.create_server(("127.0.0.1", 0))
