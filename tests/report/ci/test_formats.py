"""What build servers and code hosts read, read by their own parsers."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import junitparser
import pytest
from msgspec.structs import replace
from sarif import loader

import analyzer
from analyzer.errors import UsageError
from analyzer.report import FORMATS, render
from analyzer.report.ci.alerts import LEVELS, alerts, path, uri
from analyzer.report.document import convert
from analyzer.report.document.audit_document import Document
from tests import building
from tests.building import operator, tensor
from tests.report import sample_document as sample

DOCUMENTS = {
    "described": sample.document(sample.described()),
    "crashing": sample.document(sample.crashing()),
    "hostile": sample.hostile(),
    "unreadable": sample.document(sample.model(), sample.unreadable()),
    "empty": sample.document(sample.empty()),
}
every_document = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)


@every_document
def test_sarif_is_read_by_its_consumers(document: Document, tmp_path: Path) -> None:
    file = tmp_path / "audit.sarif"
    file.write_bytes(render(document, "sarif"))
    run = loader.load_sarif_file(str(file)).runs[0]
    assert run.get_tool_name() == "delegate-analyzer"
    told = alerts(document)
    assert [record["Severity"] for record in run.get_records()] == [alert.level for alert in told]
    results = run.run_data["results"]
    rules = run.run_data["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in results] == [alert.rule for alert in told]
    marks = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    assert len(set(marks)) == len(marks), "one result for each rule, model and delegate"
    for result in results:
        place = result["locations"][0]
        assert re.fullmatch(r"[\w.~%/!$&'()*+,;=:@-]+", place["physicalLocation"]["artifactLocation"]["uri"])
        for logical in place.get("logicalLocations", ()):
            assert logical["name"] and len(logical["fullyQualifiedName"].split("/")) >= 3


@pytest.fixture(scope="session")
def multitool(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The validator of those who define the format."""
    if (tool := shutil.which("sarif-multitool")) is not None:
        return tool
    if (npm := shutil.which("npm")) is None:
        pytest.skip("no npm here")
    folder = tmp_path_factory.mktemp("multitool")
    command = [npm, "install", "--silent", "--no-audit", "@microsoft/sarif-multitool@5"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("the validator can't be installed here")
    return str(folder / "node_modules" / ".bin" / "sarif-multitool")


def test_sarif_is_valid(multitool: str, tmp_path: Path) -> None:
    names = []
    for name, document in DOCUMENTS.items():
        names.append(f"{name}.sarif")
        (tmp_path / names[-1]).write_bytes(render(document, "sarif"))
    done = subprocess.run([multitool, "validate", *names], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " error " not in done.stdout, done.stdout


def test_a_result_stays_the_same_when_the_model_is_exported_again() -> None:
    """Operators move, names of tensors change: what is tracked is the rule, the file and the delegate."""
    before = sample.model()
    audits = tuple(
        replace(audit, operators=tuple(replace(node, index=node.index + 5) for node in audit.operators))
        for audit in before.audits
    )
    one, other = (
        {alert.fingerprint for alert in alerts(sample.document(model))}
        for model in (before, replace(before, audits=audits))
    )
    assert one == other


@every_document
def test_junit_is_read_and_counts_what_is_delegated(document: Document, tmp_path: Path) -> None:
    file = tmp_path / "audit.xml"
    file.write_bytes(render(document, "junit"))
    suites = list(junitparser.JUnitXml.fromfile(str(file)))
    audits = [audit for model in document.models for audit in model.audits if not audit.legacy]
    unread = [model for model in document.models if model.error is not None]
    assert len(suites) == len(audits) + len(unread)
    for suite, audit in zip([suite for suite in suites if not suite.errors], audits, strict=True):
        verdict, *cases = list(suite)
        assert len(cases) == len(audit.operators)
        assert bool(verdict.result) == (audit.summary.verdict in ("crash", "fails", "wrong"))
        passed = [not case.result for case in cases]
        assert passed == [node.delegated for node in audit.operators]
        failures = [case for case in (verdict, *cases) if case.is_failure]
        assert suite.failures == len(failures)
        assert all(case.result[0].message and case.result[0].type for case in failures)


@every_document
def test_a_workflow_command_is_one_line(document: Document) -> None:
    *lines, last = render(document, "github").decode().splitlines()
    assert len(lines) == len(alerts(document))
    for line in lines:
        assert re.fullmatch(r"::(error|warning|notice) file=[^,:\n]*,title=[^,:\n]*::[^\r\n]+", line), line
    assert re.fullmatch(r"(\d+ (error|warning|note)s?(, )?)+|nothing to say", last)


@every_document
def test_gitlab_s_issues_have_what_it_asks_for(document: Document) -> None:
    issues = json.loads(render(document, "gitlab"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == len(alerts(document))
    for issue in issues:
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["path"] and issue["location"]["lines"]["begin"] == 1
        assert issue["description"] and issue["check_name"]


@every_document
def test_a_bill_of_materials_is_valid_and_says_where_models_run(document: Document) -> None:
    bom = json.loads(render(document, "cyclonedx"))
    read = [model for model in document.models if model.error is None]
    assert len(bom["components"]) == len(read)
    for component, model in zip(bom["components"], read, strict=True):
        limits = component["modelCard"].get("considerations", {}).get("technicalLimitations", [])
        assert len(limits) == sum(audit.summary.verdict != "full" for audit in model.audits)
    validation = pytest.importorskip("cyclonedx.validation.json")
    versions = pytest.importorskip("cyclonedx.schema").SchemaVersion
    pytest.importorskip("jsonschema")
    assert validation.JsonStrictValidator(versions.V1_6).validate_str(json.dumps(bom)) is None


@every_document
def test_a_spreadsheet_has_a_row_for_each_audit_and_no_formula(document: Document) -> None:
    rows = list(csv.DictReader(io.StringIO(render(document, "csv").decode(), newline="")))
    expected = []
    for model in document.models:
        expected += [("", "")] if model.error is not None else []
        expected += [(audit.summary.verdict, str(audit.summary.delegated)) for audit in model.audits]
    assert [(row["verdict"], row["delegated"]) for row in rows] == expected
    assert [bool(row["error"]) for row in rows] == [not verdict for verdict, _ in expected]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_the_gravest_comes_first() -> None:
    document = sample.document(sample.model(), sample.unreadable())
    levels = [LEVELS.index(alert.level) for alert in alerts(document)]
    assert levels == sorted(levels) and levels[0] == 0


def test_model_explorer_gets_each_operator_s_place_by_its_number() -> None:
    model = sample.model()
    one = replace(model, audits=model.audits[:1])
    graphs = json.loads(render(sample.document(one), "model-explorer"))
    for subgraph in one.subgraphs:
        nodes = [node for node in one.audits[0].operators if node.subgraph == subgraph.index]
        results = graphs[subgraph.name]["results"]
        assert list(results) == [str(node.index) for node in nodes]
        for node, result in zip(nodes, results.values(), strict=True):
            assert result["value"].startswith("CPU") is not node.delegated
            assert re.fullmatch(r"#[0-9a-f]{6}", result["bgColor"])


def test_model_explorer_s_own_names_for_graphs_without_one() -> None:
    """As its reader gives them: an unnamed model's data was laid over nothing."""
    parts = [tensor("x", [1]), tensor("y", [1])], [operator("RELU", ["x"], ["y"])]
    graphs = [building.subgraph(*parts, name=name) for name in ("", "", "body", "body")]
    audit = analyzer.audit(building.model(subgraphs=graphs), "gpu")
    data = json.loads(render(sample.document(convert.model(audit)), "model-explorer"))
    assert list(data) == ["main", "subgraph_1", "body"]


def test_model_explorer_finds_an_output_that_is_called_as_a_number_first() -> None:
    tensors = [tensor(name, [1]) for name in ("x", "1", "y")]
    operators = [operator("RELU", ["x"], ["1"]), operator("NEG", ["1"], ["y"])]
    audit = analyzer.audit(building.model(tensors, operators), "coreml")
    results = json.loads(render(sample.document(convert.model(audit)), "model-explorer"))["main"]["results"]
    assert list(results) == ["1", "y"]
    assert results["y"]["value"].startswith("CPU, refused") and not results["1"]["value"].startswith("CPU, r")


@pytest.mark.parametrize("document", [sample.document(sample.model()), sample.hostile()])
def test_model_explorer_takes_one_delegate_and_one_model(document: Document) -> None:
    with pytest.raises(UsageError, match="name one of each"):
        render(document, "model-explorer")


def test_netron_gets_each_delegate_s_word_on_each_operator() -> None:
    model = sample.model()
    attachment = json.loads(render(sample.document(model), "netron"))
    assert attachment["signature"] == "netron:attachment"
    expected = [node for audit in model.audits for node in audit.operators]
    assert len(attachment["metadata"]) == len(expected)
    assert {entry["kind"] for entry in attachment["metadata"]} == {"node"}
    with pytest.raises(UsageError):
        render(sample.hostile(), "netron")


@pytest.mark.parametrize(
    "format", [format for format in FORMATS if format not in ("model-explorer", "netron")]
)
@pytest.mark.parametrize("first", [True, False])
def test_two_files_may_have_one_name(format: str, first: bool) -> None:
    """As where their names aren't text, or folders are left out."""
    read = sample.model()
    both = [read, replace(sample.unreadable(), path=read.path)]
    assert render(sample.document(*(both if first else both[::-1])), format)


def test_an_address_stays_one() -> None:
    model = replace(sample.model(), path="https://host/a b/m.tflite?x=1")
    ((alert, *_),) = (alerts(sample.document(model)),)
    assert (path(alert.model), uri(alert.model)) == (model.path, "https://host/a%20b/m.tflite?x=1")
