"""Asking runtimes about many models: each gets a word, whatever becomes of the process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from analyzer.conformance import runtime_query
from analyzer.errors import RuntimeUnavailable
from analyzer.execution.request import Limits
from tests.cli.models import chain, save
from tests.execution.running import hurry

pytest.importorskip("ai_edge_litert")


def asked(name: str, files: Sequence[Path]) -> list[tuple[str, object]]:
    """Each model's delegated operators, or how asking for them ended."""
    words = runtime_query.query(name, [str(file) for file in files], Limits(seconds=60))
    return [
        (Path(word.file).stem, word.delegated if word.delegated is not None else "refused") for word in words
    ]


@pytest.fixture
def available(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    try:
        runtime_query.check(name)
    except RuntimeUnavailable as missing:
        pytest.skip(str(missing))
    return name


@pytest.mark.parametrize(
    ("available", "expected"),
    [("xnnpack", {0: (0, 2)}), ("litert-gpu", {0: (0, 1, 2)})],
    indirect=["available"],
)
def test_runtimes_say_which_operators_they_take(
    available: str, expected: dict[int, tuple[int, ...]], tmp_path: Path
) -> None:
    taken = save(tmp_path / "taken.tflite", chain("ABS", "SIGN", "EXP", shape=(1, 4, 4, 8)))
    refused = save(tmp_path / "refused.tflite", chain("SELECT"))
    none = save(tmp_path / "none.tflite", chain("SHAPE") if available == "xnnpack" else chain("SQUEEZE"))
    replies = asked(available, [taken, refused, none])
    assert replies[:2] == [("taken", expected), ("refused", "refused")]
    assert replies[2][1] in ({0: ()}, "refused")


def test_the_cpu_says_whether_it_loads_a_model(tmp_path: Path) -> None:
    loads = save(tmp_path / "loads.tflite", chain("ABS", "SIGN"))
    refused = save(tmp_path / "refused.tflite", chain("SELECT"))
    assert asked("cpu", [loads, refused]) == [("loads", {}), ("refused", "refused")]


def test_the_next_process_goes_on_behind_a_model_that_ends_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_query, "CHILD", "tests.execution.dying")
    words = runtime_query.query("any", ["a", "dies", "b", "dies", "c"], Limits(seconds=120))
    assert [(word.file, word.delegated, word.error[:16]) for word in words] == [
        ("a", {0: (1,)}, ""),
        ("dies", None, "ended by SIGSEGV"),
        ("b", {0: (1,)}, ""),
        ("dies", None, "ended by SIGSEGV"),
        ("c", {0: (1,)}, ""),
    ]


def test_a_model_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "hangs"
    monkeypatch.setattr(runtime_query, "CHILD", "tests.execution.dying")
    monkeypatch.setenv("HANGS", str(hanging))

    def hangs() -> bool:
        pid = hanging.read_text() if hanging.exists() else ""
        return bool(pid) and psutil.pid_exists(int(pid))

    hurry(monkeypatch, hangs)
    words = runtime_query.query("any", ["a", "hangs", "b"], Limits(seconds=120))
    assert [(word.file, word.error[:9]) for word in words] == [("a", ""), ("hangs", "no answer"), ("b", "")]
