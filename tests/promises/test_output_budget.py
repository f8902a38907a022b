"""What is said of a model has a budget: beyond it findings are told by the one that they are like."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import ModelError
from analyzer.fleet.rows import rows
from analyzer.model import parse, read_bytes
from analyzer.report import render
from analyzer.report.ci import alerts
from analyzer.report.document import audit_document, convert
from analyzer.report.document.audit_document import Document, Model
from analyzer.report.document.json import line, read_line
from analyzer.report.wording.causes import causes
from analyzer.rules.registry import Packs
from tests.benchmarks.growth import refused
from tests.fuzz.bounds import shared_custom_name, shared_tensor_name, weights
from tests.fuzz.growth import crashing, operator_codes
from tests.schemas import faults

ROOT = Path(__file__).parents[2]
#: Findings of an audit that are told in full here, so that few operators do.
FEW = 20


def audited(data: bytes, *delegates: str) -> Model:
    packs = Packs()
    return convert.model(Auditor(packs, configure(packs, delegates)).audit(read_bytes(data, "m")))


def whole(model: Model) -> Document:
    return convert.whole([model], audit_document.Policy())


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "IN_FULL", FEW)
    monkeypatch.setattr(convert, "LEAST_IN_FULL", FEW)


def read(document: Document) -> Any:
    [model] = json.loads(render(document, "json"))["models"]
    return model


def test_ordinary_models_are_told_in_full() -> None:
    model = read(whole(audited(refused(100), "gpu", "hexagon")))
    for audit in model["audits"]:
        assert "abridged" not in audit["summary"]
        for node in audit["operators"]:
            assert all(finding["fix"] and "like" not in finding for finding in node["findings"])


@pytest.mark.usefixtures("few")
def test_findings_beyond_the_budget_are_told_by_those_that_they_are_like() -> None:
    document = whole(audited(refused(100), "gpu", "hexagon"))
    assert faults(json.loads(render(document, "json")), audit_document.json_schema()) == []
    for audit in read(document)["audits"]:
        findings = [finding for node in audit["operators"] for finding in node["findings"]]
        like = [finding for finding in findings if "like" in finding]
        assert audit["summary"]["abridged"] == len(like) == len(findings) - FEW
        first = audit["operators"][like[0]["like"]["operator"]]["findings"][like[0]["like"]["finding"]]
        assert first["fix"] and (first["rule"], first["severity"]) == (like[0]["rule"], like[0]["severity"])
        assert like[0] == {
            **{key: first[key] for key in ("rule", "severity", "stage")},
            "message": "as at operator 0",
            "like": {"subgraph": 0, "operator": 0, "finding": like[0]["like"]["finding"]},
        }


def test_blockers_beyond_the_budget_are_told_by_those_that_they_are_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_full = audited(crashing(60), "coreml")
    monkeypatch.setattr(convert, "BLOCKERS_IN_FULL", FEW)
    cut = audited(crashing(60), "coreml")
    [audit] = read(whole(cut))["audits"]
    crashes = [blocker for blocker in audit["blockers"] if blocker["rule"] == "coreml/every-op/no-input"]
    assert len(crashes) == 60 and all("fix" in each and "like" not in each for each in crashes[: FEW - 1])
    assert "fix" not in crashes[-1] and audit["blockers"][crashes[-1]["like"]] == crashes[0]
    assert audit["summary"]["verdict"] == in_full.audits[0].summary.verdict == "crash"
    assert rows(in_full) == rows(cut) == rows(read_line(line(cut, False)))


def test_many_blockers_are_looked_at_in_proportion() -> None:
    models = [audited(crashing(count), "coreml") for count in (100, 200, 400)]
    counts = [sum(len(cause.operators) for cause in causes(model)) for model in models]
    assert counts[2] - counts[1] < 3 * (counts[1] - counts[0])


def test_figures_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    in_full = audited(refused(60), "gpu", "xnnpack", "hexagon")
    monkeypatch.setattr(convert, "IN_FULL", FEW)
    monkeypatch.setattr(convert, "LEAST_IN_FULL", FEW)
    cut = audited(refused(60), "gpu", "xnnpack", "hexagon")
    for audit, other in zip(in_full.audits, cut.audits, strict=True):
        figures, others = (json.loads(render(whole(each), "json")) for each in (in_full, cut))
        summary = others["models"][0]["audits"][in_full.audits.index(audit)]["summary"]
        summary.pop("abridged", None)
        assert summary == figures["models"][0]["audits"][in_full.audits.index(audit)]["summary"]
        assert (audit.decided, audit.to_full, audit.gains) == (other.decided, other.to_full, other.gains)
    # Tables of many models, also those made of lines, say the same.
    assert rows(in_full) == rows(cut) == rows(read_line(line(cut, False)))


@pytest.mark.usefixtures("few")
def test_every_format_begins_with_what_is_told_in_full() -> None:
    document = whole(audited(refused(60), "gpu"))
    for format in ("table", "markdown", "html", "junit", "sarif", "gitlab"):
        told = render(document, format).decode()
        assert told.index("rank of input") < (told + "as at operator").index("as at operator"), format


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("made", [refused, operator_codes, shared_custom_name, shared_tensor_name])
def test_an_operator_more_costs_little(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is called, whatever it shares: less than so many bytes on each delegate."""
    monkeypatch.setattr(parse, "_ALL_NAMES", 4000)
    monkeypatch.setattr(alerts, "_MOST", FEW)
    few, many = (whole(audited(made(count), "gpu")) for count in (100, 200))
    for format in ("json", "html", "junit", "netron", "sarif", "gitlab"):
        assert len(render(many, format)) - len(render(few, format)) < 100 * 1000, format


@pytest.mark.parametrize("what", ["operators", "tensors", "subgraphs", "operator codes"])
def test_more_than_can_be_audited_is_said_in_a_line(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "_FEW", 0)
    monkeypatch.setitem(parse._MOST, what, 0)
    with pytest.raises(ModelError, match=rf"has \d+ {what}, more than the 0 that are read; cut it into"):
        read_bytes(refused(10), "m")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to what it writes to")
@pytest.mark.parametrize("made", [weights, partial(refused, 400), partial(shared_custom_name, 400)])
def test_ten_megabytes_are_told_of_in_256(tmp_path: Path, made: Callable[[], bytes]) -> None:
    import resource

    file = tmp_path / "m.tflite"
    file.write_bytes(made())
    words = ["audit", str(file), "-d", "all", "--fail-on", "never", "-o", f"json={tmp_path / 'm.json'}"]
    limit = partial(resource.setrlimit, resource.RLIMIT_DATA, (256 << 20, 256 << 20))
    command = [sys.executable, "-m", "analyzer", *words]
    assert subprocess.run(command, cwd=ROOT, preexec_fn=limit).returncode == 0
    assert json.loads((tmp_path / "m.json").read_bytes())["models"][0]["error"] is None
