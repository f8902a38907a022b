"""Processes that audit: what they say doesn't depend on how many there are, or on whether they live."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from analyzer.fleet import answers, workers
from analyzer.fleet.answers import Answer, Form
from analyzer.fleet.workers import Workers
from analyzer.model_auditor import ModelAuditor, ModelResult, Task
from analyzer.report.document import convert
from analyzer.sources import ModelSource, find
from tests.cli.running import run
from tests.fleet.zoos import everything, table, zoo

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="what is patched has to reach the processes")


@pytest.fixture
def fatal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has the process die that audits a model of this name, as often as `once` is there to be taken away."""

    def arrange(name: str | tuple[str, ...], once: Path | None = None) -> None:
        convert_model = convert.model

        def dying(audit: Any, *rest: Any) -> Any:
            if audit.model.path.endswith(name) and os.getpid() != parent and (once is None or once.exists()):
                if once is not None:
                    once.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            return convert_model(audit, *rest)

        monkeypatch.setattr(convert, "model", dying)

    parent = os.getpid()
    return arrange


def test_a_process_that_is_killed_is_replaced(tmp_path: Path, fatal: Any) -> None:
    models = zoo(tmp_path / "zoo", 40, 30)
    run("audit", models, "-d", "gpu", "-q", "-o", tmp_path / "whole.sqlite")
    (tmp_path / "once").touch()
    fatal("013.tflite", tmp_path / "once")
    done = run("audit", models, "-d", "gpu", "-q", "-o", tmp_path / "killed.sqlite", "-j", "2")
    assert not (tmp_path / "once").exists()
    assert (done.code, done.err) == (run("audit", models, "-d", "gpu", "-q").code, "")
    assert everything(tmp_path / "killed.sqlite") == everything(tmp_path / "whole.sqlite")


@pytest.mark.parametrize("format", ["jsonl", "json"])
def test_a_model_that_kills_its_process_costs_a_line(tmp_path: Path, fatal: Any, format: str) -> None:
    models = zoo(tmp_path / "zoo", 20)
    fatal("013.tflite")
    done = run("audit", models, "-d", "gpu", "--fail-on", "never", "--format", format, "-j", "2")
    assert done.code == 2
    assert done.complaint == (
        f"{models}/013.tflite: the process that audited it was ended twice (signal 9); "
        "audit it by itself, with more memory"
    )
    assert done.text.count('"error":null') == 19


def test_what_has_the_content_of_such_a_model_is_told_too(tmp_path: Path, fatal: Any) -> None:
    models = zoo(tmp_path / "zoo", 12, 4)
    fatal(("001.tflite", "005.tflite", "009.tflite"))  # which are the same
    words = ("-d", "gpu", "--fail-on", "never", "-o", tmp_path / "a.sqlite", "-j", "2", "-q")
    done = run("audit", models, *words)
    assert done.code == 2
    assert done.err.count("was ended twice (signal 9)") == 3
    counted = "SELECT count(*), count(error), count(model.id) FROM file LEFT JOIN model USING (sha256)"
    told = table(tmp_path / "a.sqlite", counted)
    assert told == [(12, 3, 9)]


def test_a_mistake_that_ends_everything_is_told(tmp_path: Path) -> None:
    addresses = ["nowhere://a.tflite", "nowhere://b.tflite"]
    done = run("audit", *addresses, "-j", "2", "--format", "jsonl")
    assert done.code == 2
    assert "nowhere" in done.complaint


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    auditor = ModelAuditor(Task(("gpu",)))
    with Workers(auditor, Form(), 2) as pool:
        next(pool.answers(find([str(zoo(tmp_path, 30))])))
        started = [worker.process for worker in pool._workers]
    assert len(started) == 2
    for process in started:
        with pytest.raises(ValueError, match="closed"):
            process.is_alive()


def test_answers_survive_the_way() -> None:
    source = ModelSource("m\n", None, b"no model")
    told = answers.answer(ModelAuditor(Task(("gpu",))), source, Form(line=True, rows=True))
    assert answers.decoded(answers.encoded(told)) == told
    empty = Answer(None, sha256="0")
    assert answers.decoded(answers.encoded(empty)) == empty
    assert isinstance(told.result, ModelResult) and told.line.endswith(b"}\n")
    assert workers.PORTION > 1
