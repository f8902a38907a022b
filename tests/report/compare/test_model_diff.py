"""Comparing two models: what got better, what worse."""

import json

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from analyzer.report.compare import text
from analyzer.report.compare.model_diff import Change, Comparison, compare
from analyzer.report.document.audit_document import Model
from analyzer.report.html import render
from tests.report import reading
from tests.report import sample_document as sample


def better() -> Model:
    """The sample once its convolutions have smaller strides: its third delegate takes all but one."""
    known = sample.model()
    nodes = sample.operators()
    dsp = sample.audit("dsp", "Hexagon", nodes, sample.gpu, status="deprecated")
    return replace(known, path="after.tflite", audits=(*known.audits[:2], dsp, *known.audits[3:]))


def compared(before: Model, after: Model) -> Comparison:
    return compare(sample.document(before, after))


def smaller() -> Model:
    return replace(sample.model(number=60), path="smaller.tflite")


def summed(one: Change) -> tuple[str, str | None, str | None, int]:
    return one.change, one.before, one.after, len(one.operators)


def test_a_model_is_the_same_as_itself() -> None:
    found = compared(sample.model(), replace(sample.model(), path="other.tflite"))
    assert {side.change for side in found.delegates} == {"same"}
    assert [one for side in found.delegates for one in side.changes] == []
    assert not (found.gone or found.new or found.worse)


def test_operators_that_a_delegate_takes_now_are_better_and_the_others_worse() -> None:
    there = compared(sample.model(), better())
    back = compared(better(), sample.model())
    assert [side.change for side in there.delegates] == ["same", "same", "better", "same", "same"]
    assert back.worse == ["Hexagon"]
    assert list(map(summed, there.delegates[2].changes)) == [
        ("better", "lost", "delegated", 39),
        ("better", "refused", "delegated", 5),
    ]
    assert list(map(summed, back.delegates[2].changes)) == [
        ("worse", "delegated", "lost", 39),
        ("worse", "delegated", "refused", 5),
    ]


def test_a_change_says_why_and_what_to_do() -> None:
    _, refused = compared(better(), sample.model()).delegates[2].changes
    assert refused.message == "stride_w is 4, expected <= 3"
    assert refused.fix == sample.TOO_LARGE.fix
    assert refused.rules == ("dsp/conv-2d/option.stride-w", "dsp/conv-2d/version")
    assert [match.op for match in refused.operators] == ["CONV_2D"] * 5
    places = [(match.before, match.after) for match in refused.operators]
    assert all(before == after for before, after in places)


def test_operators_that_one_model_alone_has_are_told_apart() -> None:
    found = compared(sample.model(), smaller())
    assert (len(found.operators), len(found.gone), found.new) == (64, 4, [])
    assert text.alone(found) == [("only before", "2 CONV_2D, 1 ADD, 1 DEPTHWISE_CONV_2D")]
    (gone,) = (one for one in found.delegates[3].changes if one.after is None)
    assert summed(gone) == ("better", "refused", None, 4)


def test_the_table_and_the_json_say_it() -> None:
    found = compared(sample.model(), better())
    table = text.table(found, 80)
    assert "+ 5 CONV_2D: refused -> delegated, no more: stride_w is 4, expected <= 3" in table
    assert max(map(len, table.splitlines())) <= 80
    data = json.loads(text.json(found))
    assert data["before"]["path"] == "ssd_mobilenet.tflite"
    assert [side["change"] for side in data["delegates"]][2] == "better"
    assert data["operators"][5]["before"] == {"subgraph": 0, "operator": 5}


@pytest.mark.parametrize(
    "pair", [(sample.model(), better()), (better(), sample.model()), (sample.model(), smaller())]
)
def test_the_formats_say_the_same(pair: tuple[Model, Model]) -> None:
    document = sample.document(*pair)
    found = compare(document)
    lines = text.table(found, 10_000).splitlines()
    said = [line[2:] for line in lines if line[:2] in ("+ ", "- ")]
    fixes = [line.strip().removeprefix("fix  ") for line in lines if line.startswith("  fix  ")]
    assert said
    items = [
        "".join(child.content if child.type != "hardbreak" else "\n" for child in token.children or ())
        for token in MarkdownIt("commonmark").enable("table").parse(text.markdown(found))
        if token.type == "inline"
    ]
    listed = [item for item in items if item.startswith(("better ", "worse "))]
    assert [item.split("\n")[0].split(" ", 1)[1] for item in listed] == said
    assert [item.split("\n")[1].removeprefix("Fix: ") for item in listed if "\n" in item] == fixes
    root = reading.page(render.page_of(document, found))
    shown = [change for listed in root.all(".changes") for change in listed.all("li")]
    texts = [change.one("p").replace("→", "->") for change in shown if list(change.all("p"))]
    assert texts == said
    assert [mended for change in shown if (mended := change.one(".fix").removeprefix("Fix "))] == fixes


def test_the_page_shows_every_operator_of_both() -> None:
    document = sample.document(sample.model(), smaller())
    root = reading.page(render.page_of(document, compare(document)))
    (pairs,) = root.all(".pairs")
    rows = [[cell.text() for cell in row.all("td")] for row in pairs.all("tr")][1:]
    assert len(rows) == 64
    assert [row[1] for row in rows].count("-") == 4
    assert {link.attributes["href"] for link in pairs.all("a")} >= {"#op-0-3", "#m1-op-0-3"}


@pytest.mark.parametrize("width", [80, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for pair in ((better(), sample.model()), (sample.model(), smaller()), (sample.crashing(), better())):
        table = text.table(compared(*pair), width)
        assert max(map(len, table.splitlines())) <= width, table


def test_one_change_more_is_shown_rather_than_counted() -> None:
    found = compared(better(), sample.model())
    side = found.delegates[2]
    for number, counted in ((7, False), (8, True)):
        many = replace(found, delegates=(replace(side, changes=side.changes[:1] * number),))
        assert ("more change" in text.table(many, 200)) is counted
