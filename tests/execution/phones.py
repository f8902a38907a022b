"""Phones for tests: attached to a server on loopback, with a stand-in for `benchmark_model` to run there."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.execution.adb_server import FakeDevice, serving

needs_adb = pytest.mark.skipif(shutil.which("adb") is None, reason="needs the adb client (Debian: adb)")
needs_litert = pytest.mark.skipif(importlib.util.find_spec("ai_edge_litert") is None, reason="needs LiteRT")

PROPERTIES = {
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
    "ro.product.manufacturer": "Google",
    "ro.product.model": "Pixel 8",
    "ro.product.cpu.abi": "arm64-v8a",
    "ro.soc.manufacturer": "Google",
    "ro.soc.model": "Tensor G3",
}


@contextmanager
def attached(*devices: FakeDevice) -> Iterator[None]:
    """The adb client finds these devices."""
    with serving(*devices) as server, mock.patch.dict(os.environ, ADB_SERVER_SOCKET=server.address):
        yield


class Phone:
    """A device with the options that have the stand-in run there."""

    def __init__(self, folder: Path, properties: Mapping[str, str] = PROPERTIES, **device: Any) -> None:
        self.device = FakeDevice(folder / "phone", properties=properties, **device)
        self.tool = folder / "tool"
        source = Path(__file__).with_name("benchmark_model.py").read_text(encoding="utf-8")
        self.tool.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
        self._plan = folder / "plan.json"
        self.plan({})

    def plan(self, delegates: Mapping[str, Mapping[str, Any]]) -> None:
        """The stand-in's behaviour, by flag."""
        self._plan.write_text(json.dumps(delegates))

    @property
    def options(self) -> list[str]:
        return ["--on", "adb", "--benchmark-model", os.fspath(self.tool), "--push", os.fspath(self._plan)]

    @property
    def left(self) -> list[str]:
        """Names of what lies in its folder for programs."""
        return sorted(file.name for file in self.device.home.iterdir())

    @property
    def told(self) -> list[str]:
        """The command lines of the tool."""
        return [command for command in self.device.commands if "--graph" in command]
