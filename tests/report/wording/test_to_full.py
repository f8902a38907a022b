"""Few operators between a model and full delegation are named in every format that people read."""

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.report import render
from analyzer.report.document import convert
from analyzer.report.document.audit_document import Place, ToFull
from analyzer.report.wording import phrases
from analyzer.rules.registry import Packs
from tests.cli.models import chain
from tests.report import sample_document as sample

ONE = "1 operator stands between this model and full delegation: #63 Detection_PostProcess"


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        pytest.param(0, ONE, id="one"),
        pytest.param(1, "", id="full already"),
        pytest.param(3, "", id="too many to name"),
        pytest.param(4, "", id="the graph is held back first"),
    ],
)
def test_names_them_where_they_are_few(position: int, expected: str) -> None:
    assert phrases.to_full(sample.model().audits[position]) == expected


@pytest.mark.parametrize("format", ["table", "markdown", "html"])
def test_stands_in_every_format_for_people(format: str) -> None:
    text = " ".join(render(sample.document(), format).decode().replace("\\", "").replace("`", "").split())
    assert text.count(ONE) == 1


def test_the_document_lists_them_with_what_they_compute() -> None:
    packs = Packs()
    audit = Auditor(packs, configure(packs, ["gpu"])).audit(read_bytes(chain("RELU", "CEIL", "EXP"), "m"))
    [found] = convert.model(audit).audits
    assert found.to_full == ToFull(operators=(Place(subgraph=0, operator=1),), macs=0, blockers=())
