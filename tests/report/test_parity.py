"""The table, Markdown and the page say the same of every model, in the same order and the same words."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure, fallbacks
from analyzer.conformance.verdicts import Data
from analyzer.model import graph
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report.document import audit_document, convert
from analyzer.report.document.audit_document import Document, Model
from analyzer.rules.registry import Packs
from analyzer.sources import SAMPLE, find_one
from tests.report import reading
from tests.report import sample_document as sample

CASES = Path(__file__).parent.parent / "conformance"
MODELS = os.environ.get("DELEGATE_ANALYZER_MODELS")


def audited(models: Iterable[graph.Model]) -> Iterator[Document]:
    packs = Packs()
    configurations = configure(packs, packs.usual())
    auditor = Auditor(packs, configurations, fallbacks(packs, configurations))
    for model in models:
        found = convert.model(auditor.audit(model), catalogue=packs.catalogue)
        yield convert.whole([found], audit_document.Policy())


def chosen() -> Iterator[graph.Model]:
    """Some of the generated models, and of the real ones where they are."""
    found = (model for _, _, model in Data(CASES, Path(MODELS) if MODELS else None).models())
    yield from (model for model in islice(found, 0, None, 60) if isinstance(model, graph.Model))


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    real = ModelAuditor(Task(everything=True)).audit(find_one(SAMPLE)).model
    made = [sample.document(), sample.document(sample.described()), sample.document(sample.crashing())]
    made += [sample.document(sample.empty())]
    return [*made, convert.whole([real], audit_document.Policy()), *audited(chosen())]


def test_the_formats_say_the_same(documents: list[Document]) -> None:
    for found in documents:
        said = reading.table(found)
        path = found.models[0].path
        assert said.verdicts, path
        assert said.causes or all(one.summary.verdict == "full" for one in found.models[0].audits), path
        assert reading.markdown(found) == said, path
        assert reading.html(found) == said, path


def turned(number: int) -> Model:
    """The sample with every delegate's words in another's mouth."""
    five = sample.model().audits
    pairs = zip(five, (*five[number:], *five[:number]), strict=True)
    names = ("delegate", "title", "parameters", "in_title")
    audits = tuple(replace(said, **{name: getattr(one, name) for name in names}) for one, said in pairs)
    return replace(sample.model(f"models/{number}.tflite"), audits=audits)


def test_the_formats_say_the_same_of_many_models() -> None:
    many = sample.document(*map(turned, range(5)), sample.unreadable())
    said = reading.fleet_table(many)
    assert len(said.verdicts) == 5 and said.common
    assert reading.fleet_markdown(many) == said
    assert reading.fleet_html(many) == said
