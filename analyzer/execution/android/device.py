"""A phone over adb: what it is, and a folder on it in which to run LiteRT's `benchmark_model`."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from analyzer.execution.android.adb import Adb, AdbError, Device, Said, quote
from analyzer.execution.request import Runtime, unavailable
from analyzer.files import temporary_folder

#: Names the benchmark tool where no option does.
VARIABLE = "DELEGATE_ANALYZER_BENCHMARK_MODEL"

#: What processors are called by Android, by LiteRT's builds and in ELF files.
_BUILDS = {
    "arm64-v8a": "android_arm64",
    "armeabi-v7a": "android_arm",
    "x86_64": "android_x86_64",
    "x86": "android_x86",
}
_MACHINES = {3: "x86", 40: "armeabi-v7a", 62: "x86_64", 183: "arm64-v8a"}
_ELF = b"\x7fELF"
#: Where the shell's user may write and run programs.
_HOME = "/data/local/tmp"
_TOOL, _PID = "benchmark_model", "pid"
_PROPERTY = re.compile(r"^\[(.+?)\]: \[(.*)\]$", re.MULTILINE)
_GPU = re.compile(r"GLES: [^,]*, ([^,]+)")


class PhoneInfo(Struct, frozen=True):
    """A phone, as it describes itself."""

    serial: str
    #: Its system properties.
    properties: Mapping[str, str]
    gpu: str

    @property
    def name(self) -> str:
        maker, model = (self._property(f"ro.product.{part}") for part in ("manufacturer", "model"))
        return model if model.lower().startswith(maker.lower()) else f"{maker} {model}"

    @property
    def android(self) -> str:
        release, level = (self._property(f"ro.build.version.{part}") for part in ("release", "sdk"))
        return f"Android {release} (API {level})"

    @property
    def soc(self) -> str:
        maker, model = (self._property(f"ro.soc.{part}") for part in ("manufacturer", "model"))
        return f"{maker} {model}".strip() or self._property("ro.board.platform")

    @property
    def abi(self) -> str:
        """The processor, as builds for it are called."""
        return self._property("ro.product.cpu.abi")

    @property
    def abis(self) -> Sequence[str]:
        """All that it runs programs of."""
        return (self._property("ro.product.cpu.abilist") or self.abi).split(",")

    @property
    def build(self) -> str:
        """The command that builds its `benchmark_model`."""
        config = _BUILDS.get(self.abi, _BUILDS["arm64-v8a"])
        return f"bazel build -c opt --config={config} //tflite/tools/benchmark:benchmark_model"

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name.strip(), self.android, self.soc, self.gpu) if part)

    def _property(self, name: str) -> str:
        return self.properties.get(name, "")


def identify(device: Device) -> PhoneInfo:
    """Ask a device what it is. Raises: AdbError."""
    properties = dict(_PROPERTY.findall(device.shell("getprop").text))
    gpu = _GPU.search(device.shell("dumpsys SurfaceFlinger | grep GLES").text)
    # Where windows are drawn otherwise, at least whose driver it is.
    return PhoneInfo(
        device.serial, properties, gpu[1].strip() if gpu else properties.get("ro.hardware.egl", "")
    )


def room(device: Device) -> int | None:
    """Bytes that are free where programs run; None where the device doesn't tell. Raises: AdbError."""
    words = device.shell(f"df -k {_HOME}").text.splitlines()[-1:]
    columns = words[0].split() if words else []
    return int(columns[3]) << 10 if len(columns) > 3 and columns[3].isdigit() else None


def connect(
    serial: str | None = None,
    *,
    adb: str | None = None,
    tool: str | None = None,
    libraries: Sequence[str] = (),
) -> Phone:
    """A phone to run models on, to be cleaned when all is done.

    `tool` is a `benchmark_model` built for it, `libraries` are files that are to lie beside it.
    Raises: RuntimeUnavailable, AdbError.
    """
    binary = tool or os.environ.get(VARIABLE)
    for file in (binary, *libraries) if binary else ():
        if not Path(file or "").is_file():
            raise unavailable(f"adb: there is no file {file}", "name one that is there")
    device = Adb(adb).device(serial)
    target = identify(device)
    if not binary:
        how = f"build it from github.com/google-ai-edge/LiteRT ({target.build})"
        raise unavailable(
            "adb: a phone needs LiteRT's benchmark_model",
            f"{how}, then name it with --benchmark-model FILE or {VARIABLE}",
        )
    for file in (binary, *libraries):
        check_processor(file, target)
    return Phone(device, target, binary, libraries)


def check_processor(file: str, target: PhoneInfo) -> None:
    """Raises: RuntimeUnavailable where a file is made for another processor."""
    with open(file, "rb") as opened:
        head = opened.read(20)
    made = _MACHINES.get(int.from_bytes(head[18:20], "little")) if head.startswith(_ELF) else None
    if made and any(target.abis) and made not in target.abis:
        raise unavailable(
            f"adb: {file} is made for {made}, {target.name} takes {', '.join(target.abis)}",
            f"build it for {target.abi} ({target.build})",
        )


class Phone:
    """A phone that runs models, each in a process of its own."""

    def __init__(self, device: Device, target: PhoneInfo, tool: str, libraries: Sequence[str]) -> None:
        self.target = target
        self.folder = f"{_HOME}/delegate-analyzer-{secrets.token_hex(6)}"
        self.runtime = Runtime(_TOOL, f"sha256:{hashlib.sha256(Path(tool).read_bytes()).hexdigest()[:12]}")
        self._device = device
        self._tool = tool
        self._libraries = libraries
        self._begun = False
        #: Files that are there: name -> what identifies the file here.
        self._there: dict[str, tuple[str, int]] = {}

    def put(self, file: str, name: str) -> str:
        """A file's path on the phone, to which it is copied unless it is there. Raises: AdbError."""
        self._begin()
        self._copy(file, name)
        return f"{self.folder}/{name}"

    def run(self, arguments: Sequence[str], writes: Sequence[str], seconds: float) -> Said:
        """Run the tool there, which writes files of these names; it is ended where it takes longer.

        Raises: AdbError.
        """
        self._begin()
        begun = f"echo $$ > {_PID}; exec ./{_TOOL} {quote(arguments)}"
        # Its number is there for as long as it runs: another process may get the same later.
        ended = f"code=$?; rm -f {_PID}; exit $code"
        start = f"cd {self.folder} && rm -f {quote(writes)} && export LD_LIBRARY_PATH=."
        whole = f"{start} && sh -c {quote([begun])}; {ended}"
        said = self._device.shell(whole, seconds)
        if said.late:
            self._device.shell(self._end())
        return said

    def take(self, name: str) -> bytes:
        """The contents of a file in the folder; empty where there is none. Raises: AdbError."""
        path = f"{self.folder}/{name}"
        if self._device.shell(f"test -f {path}").code:
            return b""
        with temporary_folder() as folder:
            local = Path(folder) / "file"
            self._device.pull(path, str(local))
            return local.read_bytes()

    def clean(self) -> str:
        """End what still runs and remove the folder; one line on what is left, where that fails."""
        if not self._begun:
            return ""
        try:
            done = self._device.shell(f"{self._end()}; rm -rf {self.folder}")
            if not (done.code or done.late):
                return ""
            why = " ".join(done.text.split()) or "it gives no answer"
        except AdbError as error:
            why = str(error)
        return f"{self.folder} is left on device {self.target.serial} ({why}); remove it there"

    def _begin(self) -> None:
        """Make the folder and bring what every run needs, once."""
        if self._begun:
            return
        self._begun = True
        made = self._device.shell(f"mkdir {self.folder}")
        if made.code:
            self._begun = False
            raise AdbError(f"adb: {self.folder} can't be made on device {self.target.serial}: {made.text}")
        self._copy(self._tool, _TOOL)
        self._device.shell(f"chmod 755 {self.folder}/{_TOOL}")
        for library in self._libraries:
            self._copy(library, Path(library).name)

    def _copy(self, file: str, name: str) -> None:
        identity = file, os.stat(file).st_mtime_ns
        if self._there.get(name) != identity:
            self._device.push(file, f"{self.folder}/{name}")
            self._there[name] = identity

    def _end(self) -> str:
        return f"cd {self.folder} && if [ -f {_PID} ]; then kill -9 $(cat {_PID}); rm -f {_PID}; fi"
