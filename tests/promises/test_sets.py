"""A set of models: what goes wrong with one of them costs one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.report.document import convert
from tests.cli.models import chain, save
from tests.cli.running import run
from tests.packs import saved, tiny


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Five models, of which the third is called `3bad`."""
    for name in ("1", "2", "3bad", "4", "5"):
        save(tmp_path / "set" / f"{name}.tflite", chain("RELU"))
    return tmp_path / "set"


@pytest.mark.parametrize(("error", "jobs"), [(ZeroDivisionError("x\ny"), "1"), (RecursionError(), "2")])
def test_a_mistake_of_ours_belongs_to_its_model(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, jobs: str
) -> None:
    monkeypatch.delenv("DELEGATE_ANALYZER_TRACEBACK", raising=False)
    convert_model = convert.model

    def mistaken(audit: Any, *rest: Any) -> Any:
        if "bad" in audit.model.path:
            raise error
        return convert_model(audit, *rest)

    monkeypatch.setattr(convert, "model", mistaken)
    file = tmp_path / "out.json"
    done = run("audit", models, "-o", file, "-j", jobs)
    document = json.loads(file.read_bytes())
    assert done.code == 3
    first, *_ = done.err.splitlines()
    assert first.startswith(
        f"delegate-analyzer: {models}/3bad.tflite: internal error ({type(error).__name__}"
    )
    errors = [model["error"] and model["error"]["code"] for model in document["models"]]
    assert errors == [None, None, "internal", None, None]


def test_a_rule_that_takes_too_many_steps_belongs_to_its_model(tmp_path: Path, models: Path) -> None:
    save(models / "3bad.tflite", chain("RELU", "NEG"))
    endless = "all(all(a + b + c > 0 for c in range(1, 400)) for a in range(1, 400) for b in range(1, 400))"
    pack = saved(tmp_path, tiny() + f'\n[op.NEG.check.slow]\nrequire = "{endless}"\nfix = "None."\n')
    done = run("audit", models, "--rules", pack, "--format", "json", "--fail-on", "never")
    assert done.code == 2
    assert "3bad.tflite: " in done.complaint
    assert [model["error"] and model["error"]["code"] for model in done.json["models"]].count("rules") == 1
