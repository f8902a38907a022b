"""A process that audits many models lets go of rules that it compiled, and says the same all the while."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from analyzer.fleet import answers, batch
from analyzer.fleet.answers import Form
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.sources import find
from tests.fleet.zoos import zoo


def told(folder: Path) -> list[bytes]:
    auditor = ModelAuditor(Task(delegates=("gpu",)))
    form = Form(whole=False, line=True)
    return [answer.line for _, answer in batch.results(auditor, find([str(folder)]), 1, form)]


def test_auditors_that_are_made_anew_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = zoo(tmp_path / "zoo", 10)
    expected = told(folder)
    monkeypatch.setattr(answers, "_RENEWED", 3)
    assert told(folder) == expected


def test_what_an_auditor_compiled_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_RENEWED", 2)
    renewing = answers.Renewing(ModelAuditor(Task(delegates=("gpu",))))
    first = weakref.ref(renewing.auditor)
    assert renewing.auditor is first()
    assert renewing.auditor is not first()
    gc.collect()
    assert first() is None
