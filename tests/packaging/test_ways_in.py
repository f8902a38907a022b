"""The ways into a pipeline that stand in the repository: the action, the hook, the template."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.building import chain
from tests.cli.running import run
from tests.packs import saved, tiny

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".github" / "action" / "audit.sh"
BASH = shutil.which("bash")

needs_bash = pytest.mark.skipif(BASH is None or shutil.which("git") is None, reason="needs bash and git")


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two models, of which tiny takes one whole."""
    folder = tmp_path / "repository"
    (folder / "models").mkdir(parents=True)
    saved(folder, tiny())
    (folder / "delegate-analyzer.toml").write_text('rules = ["tiny.toml"]\n')
    (folder / "models" / "good one.tflite").write_bytes(chain("RELU"))
    (folder / "models" / "bad.tflite").write_bytes(chain("RELU", "NEG"))
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "models")
    return folder


class Ran:
    """The action's script, and what it left for the steps that follow."""

    def __init__(self, folder: Path, inputs: Mapping[str, str]) -> None:
        bin_ = folder.parent / "bin"
        bin_.mkdir(exist_ok=True)
        program = bin_ / "delegate-analyzer"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m analyzer "$@"\n')
        program.chmod(0o755)
        output, summary = folder.parent / "output", folder.parent / "summary"
        output.write_text("")
        summary.write_text("")
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(bin_), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(folder.parent),
            **inputs,
        }
        done = subprocess.run([str(SCRIPT)], cwd=folder, capture_output=True, text=True, env=environment)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        self.summary = summary.read_text()

    def models(self) -> list[str]:
        audited = json.loads((Path(self.outputs["folder"]) / "audit.json").read_bytes())
        return sorted(model["path"] for model in audited["models"])


@needs_bash
def test_the_action_audits_all_models_and_fails_where_the_policy_does(repository: Path) -> None:
    ran = Ran(repository, {"DELEGATES": "tiny", "FAIL_ON": "unsupported\n"})
    assert (ran.code, ran.outputs["exit-code"]) == (1, "1"), ran.err
    assert ran.models() == ["models/bad.tflite", "models/good one.tflite"]
    assert re.search(r"^::warning file=models/bad.tflite,title=tiny/neg/", ran.out, re.MULTILINE)
    assert "bad.tflite" in ran.summary
    kept = {file.name for file in Path(ran.outputs["folder"]).iterdir()}
    assert kept == {"report.html", "audit.json", "audit.sarif", "summary.md"}


@needs_bash
def test_of_a_pull_request_it_audits_what_changes(repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    inputs = {"DELEGATES": "tiny", "FAIL_ON": "unsupported", "BASE": base}
    nothing = Ran(repository, inputs)
    assert (nothing.code, nothing.outputs) == (0, {"exit-code": "0"})
    (repository / "models" / "new; touch gone.tflite").write_bytes(chain("ABS"))
    git(repository, "rm", "-q", "models/bad.tflite")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "another")
    ran = Ran(repository, inputs)
    assert ran.code == 0, ran.err
    assert ran.models() == ["models/new; touch gone.tflite"]
    assert not list(repository.rglob("gone.tflite"))
    # A shallow checkout hasn't the base: everything is audited, and that is said.
    shallow = Ran(repository, {**inputs, "BASE": "0" * 40})
    assert len(shallow.models()) == 2 and "fetch-depth" in shallow.out


@needs_bash
def test_paths_may_be_named(repository: Path) -> None:
    ran = Ran(repository, {"PATHS": "models/good one.tflite\n", "DELEGATES": "tiny", "FAIL_ON": "partial"})
    assert ran.code == 0 and ran.models() == ["models/good one.tflite"]


def test_the_action_hands_every_input_over_by_the_environment() -> None:
    action = read("action.yml")
    steps = action["runs"]["steps"]
    assert action["runs"]["using"] == "composite"
    assert all("${{" not in step.get("run", "") for step in steps), "a text of a workflow in a command"
    used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(action)))
    assert used == set(action["inputs"]), "inputs that nothing reads, or that aren't declared"
    assert all(entry["description"] for entry in (action["inputs"] | action["outputs"]).values())
    handed = next(step["env"] for step in steps if step.get("id") == "audit")
    assert set(handed) == set(re.findall(r"\$\{(\w+):-\}", SCRIPT.read_text())), "what the script reads"


def test_workflows_and_the_action_pass_their_linter() -> None:
    zizmor = shutil.which("zizmor") or shutil.which("zizmor", path=str(Path(sys.executable).parent))
    if zizmor is None:
        pytest.skip("zizmor isn't here")
    done = subprocess.run(
        [zizmor, "--offline", "--quiet", "action.yml", ".github"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_gitlab_s_template_runs_what_there_is(tmp_path: Path) -> None:
    """Its command, typed as the runner would."""
    job = read("docs/templates/gitlab.yml")["delegates"]
    (tmp_path / "m.tflite").write_bytes(chain("RELU"))
    command = job["script"][-1].replace("delegate-analyzer", f'"{sys.executable}" -m analyzer', 1)
    surroundings = {**os.environ, **job["variables"], "MODELS": "m.tflite", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reports = job["artifacts"]["reports"]
    assert json.loads((tmp_path / reports["codequality"]).read_bytes()) is not None
    assert (tmp_path / reports["junit"]).read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("template", "call", "folder", "models"),
    [
        ("delegates.gradle.kts", r"commandLine\((.*)\)", ".", "src/main/assets"),
        ("Fastfile", r"sh\((.*)\)", "fastlane", "Models"),
    ],
)
def test_the_templates_of_apps_run_what_there_is(
    template: str, call: str, folder: str, models: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "templates" / template).read_text(encoding="utf-8")
    found = re.search(call, text)
    assert found
    program, *words = json.loads(f"[{found[1]}]")
    assert program == "delegate-analyzer"
    for each in (folder, models, "build/reports"):
        (tmp_path / each).mkdir(parents=True, exist_ok=True)
    (tmp_path / models / "m.tflite").write_bytes(chain("RELU"))
    monkeypatch.chdir(tmp_path / folder)
    done = run(*words)
    assert (done.code, done.out) == (0, b""), done.err
    assert Path(words[-1]).read_bytes().startswith(b"<!doctype html>")


def test_the_image_runs_the_program_without_rights() -> None:
    text = (ROOT / "docs" / "templates" / "Containerfile").read_text(encoding="utf-8")
    steps = dict(line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    assert json.loads(steps["ENTRYPOINT"]) == ["delegate-analyzer"]
    assert run(*json.loads(steps["CMD"])).code == 0
    assert int(steps["USER"]) > 0


def test_the_hook_is_one_that_pre_commit_takes(repository: Path, tmp_path: Path) -> None:
    """Tried the way `pre-commit` tries it: out of a clone, in an environment of its own."""
    pytest.importorskip("pre_commit")
    home = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}
    words = ["try-repo", str(ROOT), "delegate-analyzer", "--all-files", "--verbose"]
    command = [sys.executable, "-m", "pre_commit", *words]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, env=home)
    if "pip" in done.stderr + done.stdout and "No matching distribution" in done.stdout + done.stderr:
        pytest.skip("the package index isn't reachable")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "models/bad.tflite" in done.stdout and "Passed" in done.stdout
