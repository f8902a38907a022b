"""What a project knows of is excused: waived, or written to a baseline. What is new fails."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from tests.building import model, operator, tensor
from tests.cli.models import chain, save
from tests.cli.running import Outcome, run
from tests.packs import saved, tiny


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a rule pack that takes all but NEG."""
    monkeypatch.chdir(tmp_path)
    saved(tmp_path, tiny())
    save(tmp_path / "m.tflite", chain("RELU", "NEG", "ABS"))
    return tmp_path


def audit(*arguments: str | Path, policy: str = "unsupported") -> Outcome:
    return run("audit", "m.tflite", "--rules", "tiny.toml", "-d", "tiny", "--fail-on", policy, *arguments)


def waive(folder: Path, **keys: str) -> None:
    lines = [f"{key} = {value}" for key, value in {"reason": "'known'", **keys}.items()]
    (folder / "delegate-analyzer.toml").write_text("\n".join(["[[waivers]]", *lines, ""]))


LATER = (datetime.date.today() + datetime.timedelta(days=2)).isoformat()
BEFORE = (datetime.date.today() - datetime.timedelta(days=1)).isoformat()


@pytest.mark.parametrize("policy", ["unsupported", "partial"])
@pytest.mark.parametrize(
    "keys",
    [
        {"rule": "'tiny/neg/*'"},
        {"operator": "'NEG'"},
        {"tensor": "'t2'"},
        {"rule": "'*'", "model": "'m.tflite'", "delegate": "'tiny'"},
    ],
)
def test_a_waiver_excuses_what_it_names(project: Path, keys: dict[str, str], policy: str) -> None:
    assert audit(policy=policy).code == 1
    waive(project, **keys, expires=LATER)
    outcome = audit(policy=policy)
    assert outcome.code == 0, outcome.err
    waive(project, **keys, expires=datetime.date.today().isoformat())
    assert audit(policy=policy).code == 0, "its last day counts"


def test_what_it_does_not_name_still_fails(project: Path) -> None:
    save(project / "m.tflite", chain("RELU", "NEG", "ABS", "NEG"))
    waive(project, tensor="'t2'", expires=LATER)
    outcome = audit()
    assert outcome.code == 1 and "1 of 4 operators unsupported" in outcome.err


def test_an_expired_waiver_excuses_nothing_and_is_told(project: Path) -> None:
    waive(project, rule="'tiny/neg/*'", expires=BEFORE)
    outcome = audit()
    assert outcome.code == 1
    assert f"waiver expired on {BEFORE}: rule tiny/neg/* (known)" in outcome.err


def test_a_waiver_without_use_is_told(project: Path) -> None:
    waive(project, rule="'tiny/abs/*'", expires=LATER)
    assert "waiver excuses nothing: rule tiny/abs/* (known); take it out" in audit().err


def test_a_broken_model_may_be_waived(project: Path) -> None:
    save(project / "m.tflite", chain("RELU", "COS"))
    assert audit(policy="broken").code == 1
    waive(project, rule="'tiny/cos/unbuilt'", expires=LATER)
    assert audit(policy="broken").code == 0


def baseline(*arguments: str | Path) -> Outcome:
    words = ("m.tflite", "--rules", "tiny.toml", "-d", "tiny", "-o", "baseline.json")
    return run("baseline", "write", *words, *arguments)


def test_only_what_is_new_fails(project: Path) -> None:
    outcome = baseline()
    assert outcome.code == 0 and "baseline.json: 1 finding of 1 model" in outcome.err
    assert audit("--baseline", "baseline.json").code == 0
    save(project / "m.tflite", chain("RELU", "NEG", "ABS", "NEG"))
    outcome = audit("--baseline", "baseline.json")
    assert outcome.code == 1 and "1 of 4 operators unsupported" in outcome.err


def test_one_of_nothing_takes_no_other_one_s_place(project: Path) -> None:
    baseline()
    text = (project / "baseline.json").read_bytes()
    done = run("baseline", "write", "none.tflite", "-o", "baseline.json")
    assert done.code == 2 and done.complaint.startswith("none.tflite: no such file")
    assert (project / "baseline.json").read_bytes() == text


def test_exporting_again_does_not_move_it(project: Path) -> None:
    """Operators get other numbers; the tensor that is written keeps its name."""
    save(project / "m.tflite", negated("first", "kept"))
    baseline()
    save(project / "m.tflite", negated("kept", before=3))
    assert audit("--baseline", "baseline.json").code == 0
    save(project / "m.tflite", negated("kept", "other"))
    assert audit("--baseline", "baseline.json").code == 1


def negated(*names: str, before: int = 0) -> bytes:
    """NEG of one input into each name, behind some RELU."""
    chained = [f"r{number}" for number in range(before + 1)]
    tensors = [tensor(name, [1, 8]) for name in (*chained, *names)]
    operators = [operator("RELU", [chained[i]], [chained[i + 1]]) for i in range(before)]
    return model(tensors, [*operators, *(operator("NEG", [chained[-1]], [name]) for name in names)])


def test_the_same_findings_give_the_same_bytes_and_models_may_move_with_it(project: Path) -> None:
    baseline()
    text = (project / "baseline.json").read_bytes()
    assert baseline().code == 0 and (project / "baseline.json").read_bytes() == text
    assert list(json.loads(text)["models"]) == ["m.tflite"]
    moved = project / "elsewhere"
    moved.mkdir()
    for name in ("m.tflite", "baseline.json", "tiny.toml"):
        (project / name).rename(moved / name)
    words = ("--rules", moved / "tiny.toml", "-d", "tiny", "--baseline", moved / "baseline.json")
    assert run("audit", moved / "m.tflite", *words).code == 0


def test_the_project_may_name_it(project: Path) -> None:
    # Before it is there for the first time, too.
    (project / "delegate-analyzer.toml").write_text('baseline = "baseline.json"\n')
    baseline()
    assert audit().code == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no baseline"),
        ("[" * 5000, "no baseline"),
        ('{"schema": 1}', "no baseline"),
        ('{"schema": 2, "tool": "9", "models": {}}', "of schema 2, expected 1"),
    ],
)
def test_a_file_that_is_no_baseline_is_one_line(project: Path, text: str, complaint: str) -> None:
    (project / "b.json").write_text(text)
    outcome = audit("--baseline", "b.json")
    assert outcome.code == 2
    assert outcome.complaint.startswith("--baseline b.json: ") and complaint in outcome.complaint


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("m.tflite", "-o m.tflite: is a model, which would be lost"),
        ("none/known.json", "-o none/known.json: there is no folder none"),
        ("-", "-o -: what is written goes to a file"),
    ],
)
def test_places_where_it_would_do_harm(project: Path, file: str, words: str) -> None:
    before = (project / "m.tflite").read_bytes()
    done = run("baseline", "write", "m.tflite", "--rules", "tiny.toml", "-o", file)
    assert done.code == 2
    assert words in done.complaint
    assert (project / "m.tflite").read_bytes() == before and not (project / "-").exists()


def test_tables_are_told_of_as_all_else(project: Path) -> None:
    lines = [f"[[waivers]]\nrule = '{rule}'\nreason = 'known'\nexpires = {last}\n"
             for rule, last in (("tiny/*", LATER), ("none/*", LATER), ("tiny/*", BEFORE))]  # fmt: skip
    (project / "delegate-analyzer.toml").write_text('warn-on = ["delegated < 3"]\n' + "".join(lines))
    *told, last = audit("-o", "a.json").err.splitlines()
    assert [line.split(":")[0] for line in told] == [
        "policy warns", f"waiver expired on {BEFORE}", "waiver excuses nothing"
    ]  # fmt: skip
    *again, end = audit("-o", "a.sqlite").err.splitlines()
    assert again == told
    assert last.endswith("excused") and end.endswith(last.rpartition("; ")[2])
