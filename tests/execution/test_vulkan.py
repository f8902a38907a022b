"""The choice of a Vulkan driver."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.engines import vulkan


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any driver; returns the folder of a browser on it."""
    for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(vulkan, "_HARDWARE", (str(tmp_path / "gpu"),))
    monkeypatch.setattr(vulkan, "_MANIFESTS", (str(tmp_path / "icd.d"),))
    monkeypatch.setattr(vulkan, "_BROWSERS", (str(tmp_path / "browser"),))
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    (tmp_path / "browser").mkdir()
    return tmp_path / "browser"


def test_without_any_it_is_said_what_to_install(bare: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"no Vulkan driver on this machine; .*chromium"):
        vulkan.find(None, "gpu")


def test_a_browser_brings_driver_and_loader(bare: Path) -> None:
    for name in ("vk_swiftshader_icd.json", "libvulkan.so.1"):
        (bare / name).touch()
    driver = vulkan.find(None, "gpu")
    assert driver == vulkan.Driver(str(bare / "vk_swiftshader_icd.json"), str(bare / "libvulkan.so.1"))


def test_hardware_comes_before_a_browser(bare: Path) -> None:
    for name in ("vk_swiftshader_icd.json", "libvulkan.so.1"):
        (bare / name).touch()
    own = bare.parent / "icd.d"
    own.mkdir()
    (own / "b.json").touch()
    (own / "a.json").touch()
    assert vulkan.find(None, "gpu").manifests == str(bare / "vk_swiftshader_icd.json")
    (bare.parent / "gpu").touch()
    assert vulkan.find(None, "gpu").manifests == os.pathsep.join([str(own / "a.json"), str(own / "b.json")])


def test_what_is_named_or_set_comes_first(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "libvulkan.so.1").touch()
    named = bare / "mine.json"
    named.touch()
    assert vulkan.find(str(named), "gpu").manifests == str(named)
    monkeypatch.setenv("VK_DRIVER_FILES", "theirs.json")
    assert vulkan.find(None, "gpu").manifests == "theirs.json"


def test_without_a_loader_nothing_can_be_driven(bare: Path) -> None:
    (bare / "vk_swiftshader_icd.json").touch()
    with pytest.raises(RuntimeUnavailable, match=r"loader libvulkan.so.1 is missing; .*libvulkan1"):
        vulkan.find(None, "gpu")


def test_a_library_gets_the_manifest_that_it_lacks(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = bare / "driver.so"
    library.touch()
    monkeypatch.setenv("VK_DRIVER_FILES", "")
    monkeypatch.setenv("VK_ICD_FILENAMES", "")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bare))
    monkeypatch.setattr(vulkan, "mkdtemp", lambda: str(bare))
    vulkan.use(vulkan.Driver(str(library), None))
    manifest = json.loads(Path(os.environ["VK_DRIVER_FILES"]).read_text())
    assert manifest["ICD"]["library_path"] == str(library)
