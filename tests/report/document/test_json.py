"""JSON is what its schema says, and the same for the same input."""

import json
from typing import Any

import msgspec
import pytest

from analyzer.report import render
from analyzer.report.document.audit_document import SCHEMA, Document, json_schema
from tests.report import sample_document as sample
from tests.schemas import faults

DOCUMENTS = {
    "one": sample.document(),
    "several": sample.document(sample.model(), sample.unreadable(), sample.empty()),
    "hostile": sample.hostile(),
}


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> Document:
    return DOCUMENTS[request.param]


def test_json_holds_to_its_schema(document: Document) -> None:
    assert faults(json.loads(render(document, "json")), json_schema()) == []


def test_json_is_the_document(document: Document) -> None:
    assert msgspec.json.decode(render(document, "json"), type=Document) == document


def test_the_same_document_gives_the_same_bytes(document: Document) -> None:
    again = msgspec.json.decode(msgspec.json.encode(document), type=Document)
    assert render(again, "json") == render(document, "json")


def test_a_line_is_a_model_with_the_schema_number(document: Document) -> None:
    lines = [json.loads(line) for line in render(document, "jsonl").splitlines()]
    models: list[dict[str, Any]] = json.loads(render(document, "json"))["models"]
    assert lines == [{"schema": SCHEMA, **model} for model in models]


@pytest.mark.parametrize(
    "wrong", [{"models": [{}]}, {"models": []}, {"models": [], "tool": {"name": 1, "version": "1"}}]
)
def test_the_schema_refuses_what_is_no_document(wrong: object) -> None:
    assert faults(wrong, json_schema())


def test_the_schemas_definitions_keep_their_names_wherever_modules_move() -> None:
    names = {name for name in json_schema()["$defs"] if "." in name}
    assert names == {"analyzer.report.document.Operator", "analyzer.report.contents.Operator"}
