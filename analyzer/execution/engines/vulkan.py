"""Finds a Vulkan driver: the one that is named, the machine's own, or a browser's software driver."""

from __future__ import annotations

import ctypes.util
import json
import os
from pathlib import Path
from tempfile import mkdtemp

from msgspec import Struct

from analyzer.execution.request import unavailable

#: Where drivers state themselves, by the Vulkan loader's own rules.
_MANIFESTS = ("/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d")
#: What the user has set already; the first is the newer name of the second.
_VARIABLES = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")
#: Browsers that bring SwiftShader, a driver that needs no GPU, and often a loader with it.
_BROWSERS = (
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/opt/google/chrome",
    "/usr/lib64/chromium-browser",
)
_SOFTWARE = "vk_swiftshader_icd.json"
_LOADER = "libvulkan.so.1"
_HARDWARE = ("/dev/dri", "/dev/nvidia0")


class Driver(Struct, frozen=True):
    """`manifests`: the drivers that the loader is to read; `loader`: it, None where one is installed."""

    manifests: str | None
    loader: str | None


def find(named: str | None, who: str) -> Driver:
    """The driver to use. Raises: RuntimeUnavailable."""
    if named is not None and not Path(named).is_file():
        raise unavailable(
            f"--vulkan-driver {named}: there is no such file", "name a driver's .json or library"
        )
    manifests = named or _set_already() or _installed() or _browser(_SOFTWARE)
    if manifests is None:
        raise unavailable(
            f"{who}: there is no Vulkan driver on this machine",
            "install the GPU's own, or for a software one Debian's package chromium, or name one with "
            "--vulkan-driver",
        )
    loader = None if ctypes.util.find_library("vulkan") else _browser(_LOADER)
    if loader is None and not ctypes.util.find_library("vulkan"):
        raise unavailable(
            f"{who}: the Vulkan loader {_LOADER} is missing", "install Debian's package libvulkan1"
        )
    return Driver(manifests, loader)


def use(driver: Driver) -> None:
    """Have this process, which has not used Vulkan yet, use a driver."""
    if driver.manifests is not None:
        manifests = driver.manifests
        if not manifests.endswith(".json") and os.pathsep not in manifests:
            manifests = _manifest(manifests)
        os.environ.update(dict.fromkeys(_VARIABLES, manifests))
    # Drivers that ask a window system for memory want a place for its socket.
    os.environ.setdefault("XDG_RUNTIME_DIR", mkdtemp())
    if driver.loader is not None:
        # Whoever asks for it by name from now on gets this one.
        ctypes.CDLL(driver.loader, ctypes.RTLD_GLOBAL)


def _set_already() -> str | None:
    return next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), None)


def _installed() -> str | None:
    """The drivers of this machine, where it has anything that they could drive."""
    if not any(os.path.exists(device) for device in _HARDWARE):
        return None
    manifests = [str(file) for folder in _MANIFESTS for file in sorted(Path(folder).glob("*.json"))]
    return os.pathsep.join(manifests) or None


def _browser(name: str) -> str | None:
    files = (os.path.join(folder, name) for folder in _BROWSERS)
    return next((file for file in files if os.path.isfile(file)), None)


def _manifest(library: str) -> str:
    """The path of a manifest made for a driver's library: a file that names it."""
    driver = {"library_path": os.path.abspath(library), "api_version": "1.1.0"}
    file = Path(mkdtemp()) / "driver.json"
    file.write_text(json.dumps({"file_format_version": "1.0.0", "ICD": driver}))
    return str(file)
