"""`assert_delegated`, as a function and as pytest's plug-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import testing
from analyzer.errors import ModelError, UsageError
from analyzer.testing import assert_delegated
from tests.building import chain
from tests.packs import saved, tiny

SUITE = """
def test_good(assert_delegated):
    audit = assert_delegated("good.tflite", "tiny", rules="tiny.toml")
    assert audit.model.path == "good.tflite"

def test_none(assert_delegated):
    assert_delegated("none.tflite", "tiny", rules="tiny.toml")


def test_bad(assert_delegated):
    assert_delegated("bad.tflite", "tiny", rules="tiny.toml")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    saved(tmp_path, tiny())
    (tmp_path / "good.tflite").write_bytes(chain("RELU", "ABS"))
    (tmp_path / "bad.tflite").write_bytes(chain("RELU", "NEG"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_model_that_is_taken_gives_its_audit(folder: Path) -> None:
    assert assert_delegated(folder / "good.tflite", "tiny", rules="tiny.toml").model.size > 0


def test_the_message_says_what_keeps_it_off_and_what_to_change(folder: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_delegated("bad.tflite", "tiny", rules="tiny.toml")
    message = str(caught.value)
    assert message.startswith("bad.tflite: tiny: verdict is partial, 1 of 2 operators delegated\n")
    assert "#1 NEG" in message and "* Use another operator." in message


def test_the_policy_is_the_caller_s(folder: Path) -> None:
    assert_delegated("bad.tflite", "tiny", rules="tiny.toml", policy="delegated == 0")
    with pytest.raises(UsageError, match="no policy party"):
        assert_delegated("bad.tflite", "tiny", rules="tiny.toml", policy="party")


def test_what_is_no_model_is_no_failed_assertion(folder: Path) -> None:
    with pytest.raises(ModelError):
        assert_delegated("tiny.toml", "tiny", rules="tiny.toml")


def test_pytest_has_it_as_a_fixture(folder: Path) -> None:
    (folder / "test_models.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_models.py"]
    # The plug-in of this very checkout, whichever is installed.
    here = {"PYTHONPATH": str(Path(testing.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | here)
    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "E       analyzer.errors.ModelError: none.tflite: no such file or directory; check the path\n" in (
        done.stdout
    )
    # What is shown is the test, not how it is done.
    assert "analyzer/testing.py" not in done.stdout and "analyzer/api.py" not in done.stdout
    assert "bad.tflite: tiny: verdict is partial" in done.stdout
