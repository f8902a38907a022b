"""Delegates that come with a runtime are judged as of the release that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.conformance import verdicts
from analyzer.execution import installed
from analyzer.execution.engines import tflite
from analyzer.execution.request import Limits, Runtime
from analyzer.rules.registry import Packs
from tests.conformance.cases import DATA

LITERT, TENSORFLOW = "ai-edge-litert", "tensorflow"
HOST = tflite.installed()


@pytest.mark.parametrize(
    ("package", "version", "spec", "completed"),
    [
        (LITERT, "2.3.0", "xnnpack", "xnnpack:runtime=2.3"),
        (LITERT, "2.1.2", "xnnpack:qs8=false", "xnnpack:qs8=false:runtime=2.1"),
        (LITERT, "2.1.4", "litert-gpu", "litert-gpu:runtime=2.1.4"),
        (LITERT, "2.9.0.dev20300101", "xnnpack", "xnnpack:runtime=2.3"),
        (LITERT, "0.9", "xnnpack", "xnnpack"),
        (LITERT, "unknown", "xnnpack", "xnnpack"),
        (LITERT, "2.1.4", "xnnpack:runtime=2.0", "xnnpack:runtime=2.0"),
        (LITERT, "2.1.4", "gpu", "gpu"),
        (TENSORFLOW, "2.18.0", "xnnpack", "xnnpack:runtime=1.0"),
        (TENSORFLOW, "2.21.1", "xnnpack", "xnnpack:runtime=2.1"),
        (TENSORFLOW, "2.30.0", "xnnpack", "xnnpack:runtime=2.1"),
        (TENSORFLOW, "2.16.0", "xnnpack", "xnnpack"),
    ],
)
def test_the_release_that_is_installed_is_asked(
    monkeypatch: pytest.MonkeyPatch, package: str, version: str, spec: str, completed: str
) -> None:
    monkeypatch.setattr(tflite, "installed", lambda: Runtime(package, version))
    assert installed.completed(Packs(), [spec]) == [completed]


def test_without_any_nothing_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflite, "installed", lambda: None)
    assert installed.completed(Packs(), ["xnnpack"]) == ["xnnpack"]


def test_all_stands_for_every_pack() -> None:
    assert [spec.split(":")[0] for spec in installed.completed(Packs(), ["all"])] == Packs().names()


@pytest.mark.tensorflow
@pytest.mark.skipif(HOST is None or HOST.name != TENSORFLOW, reason="needs TensorFlow without LiteRT")
def test_tensorflow_takes_what_is_said_of_its_release(tmp_path: Path) -> None:
    # A part of them: all are held by `rules verify -d xnnpack`.
    models = dict(sorted(verdicts.unpack(DATA, tmp_path).items())[::5])
    tally = verdicts.hold_runtime(Packs(), "xnnpack", models, Limits(60))
    assert tally.sets.same > 0.995 * tally.sets.all > 0
