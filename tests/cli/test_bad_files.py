"""Files that are no usable models: each ends in one clear line, or in an audit that says why it can't run.

They are looked for in the folder that DELEGATE_ANALYZER_BAD names: files, and `manifest.jsonl` with what the
runtime itself makes of each.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import run

FOLDER = os.environ.get("DELEGATE_ANALYZER_BAD", "")

pytestmark = pytest.mark.skipif(not FOLDER, reason="DELEGATE_ANALYZER_BAD names no folder of bad files")


#: Compiled ahead: the interpreter only sees what was left of the model.
_AHEAD = ("qualcomm-htp",)


def rows() -> list[dict[str, Any]]:
    if not FOLDER:
        return []
    return [json.loads(line) for line in (Path(FOLDER) / "manifest.jsonl").read_text().splitlines()]


def place(row: dict[str, Any]) -> Path:
    return Path(FOLDER, str(row["path"]).removeprefix("bad/"))


@pytest.mark.parametrize("row", [pytest.param(row, id=row["path"]) for row in rows()])
def test_a_bad_file(row: dict[str, Any]) -> None:
    path = place(row)
    done = run("audit", path, "-d", "all", "--fail-on", "never", "--format", "json")
    [model] = done.json["models"]
    if done.code == 2:
        assert not row["allocates"], "the runtime takes it"
        assert model["error"] == {"code": "model", "message": done.complaint}
        name, problem = done.complaint.split(": ", 1)
        assert name == os.fspath(path)
        what, advice = problem.rsplit("; ", 1)
        assert what and advice
        return
    assert (done.code, done.err, model["error"]) == (0, "", None)
    for audit in model["audits"]:
        ahead = audit["delegate"] in _AHEAD
        if ahead and audit["summary"]["verdict"] == "full":
            continue
        # What the interpreter refuses. A delegate's own runtime may ask for more before it loads a model:
        # CompiledModel loads none whose sizes are only known at run time, which the interpreter takes.
        refused = [
            blocker
            for blocker in audit["blockers"]
            if blocker["kind"] == "refused"
            or (
                blocker["severity"] == "fails"
                and blocker["rule"].startswith("runtime/")
                and blocker["kind"] != "dynamic"
            )
        ]
        if row["allocates"]:
            assert refused == []
        elif not row["crashed"]:
            assert refused and all(blocker["message"] and blocker["fix"] for blocker in refused)
            assert ahead or audit["summary"]["delegated"] == 0


def test_all_bad_files_at_once() -> None:
    done = run("audit", FOLDER, "--format", "json")
    assert done.code == 2
    errors = [model["error"]["message"] for model in done.json["models"] if model["error"]]
    assert [line.removeprefix("delegate-analyzer: ") for line in done.err.splitlines()] == errors
    files = {os.fspath(path) for path in Path(FOLDER).rglob("*.tflite")}
    assert {model["path"] for model in done.json["models"]} == files
