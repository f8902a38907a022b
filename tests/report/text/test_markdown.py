"""Markdown, read by a parser of GitHub's flavour."""

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzer.report import render
from analyzer.report.document.audit_document import Document
from analyzer.report.view import View
from analyzer.report.wording.hostile_text import escaped
from tests.report import sample_document as sample

PARSER = MarkdownIt("commonmark").enable("table")


def tokens(document: Document) -> list[Token]:
    found = PARSER.parse(render(document, "markdown", View(verbose=True)).decode())
    return [token for block in found for token in (block, *(block.children or ()))]


def cells(document: Document) -> list[list[str]]:
    """The text of every table row."""
    rows: list[list[str]] = []
    inside = False
    for token in tokens(document):
        if token.type == "tr_open":
            rows.append([])
        inside = token.type in ("th_open", "td_open") or (
            inside and token.type not in ("th_close", "td_close")
        )
        if inside and token.type == "inline":
            rows[-1].append("".join(child.content for child in token.children or ()))
    return rows


def test_the_verdicts_are_a_table() -> None:
    rows = cells(sample.document())
    assert rows[0] == ["delegate", "verdict", "operators", "MACs", "partitions", "what holds it back"]
    assert rows[3] == [
        "Hexagon",
        "partial",
        "19 of 64",
        "31 %",
        "2",
        "6 refused, 39 lost to the partition limit",
    ]


def test_every_operator_is_a_row_where_asked_for() -> None:
    rows = cells(sample.document())
    assert rows[-1] == ["#63", "Detection_PostProcess", "", "refused", "P0", "refused", "refused", "lost"]


def test_hostile_names_make_no_html_no_links_and_no_columns() -> None:
    document = sample.hostile()
    html = {token.content for token in tokens(document) if token.type.startswith("html")}
    assert html <= {"<details><summary>Where every operator is placed</summary>\n", "</details>\n"}
    assert not [token for token in tokens(document) if token.type in ("link_open", "image")]
    assert {len(row) for row in cells(document)} == {6, 8}


@pytest.mark.parametrize(
    "text", [*sample.HOSTILE[:3], "*a* _b_ [c](d) `e` ~f~", "a & b &lt;", "# no heading"]
)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    (inline,) = (token for token in PARSER.parse(f"x {escaped(text)}") if token.type == "inline")
    assert "".join(child.content for child in inline.children or ()) == f"x {text}"


@pytest.mark.parametrize(
    "live",
    [
        "@torvalds",
        "mail.me@example.com",
        "https://evil.example/x?y",
        "http://evil.example",
        "www.evil.example",
        "mailto:me@example.com",
        "GH-12",
        "gh-7",
        "#12",
        "owner/repo#12",
        "owner/repo@deadbeef1",
        "0123abc",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ],
)
@pytest.mark.parametrize("around", ["{}", "a {}, b", "x|{}|y", "`{}", "*{}*", "({})"])
def test_what_a_host_of_code_would_make_a_link_of_is_code(live: str, around: str) -> None:
    """Inside of code nothing is linked, and nobody is told that they were mentioned."""
    text = around.format(live)
    inline = PARSER.parse(f"x {escaped(text)}")[1]
    code = "".join(token.content for token in inline.children or () if token.type == "code_inline")
    plain_text = "".join(token.content for token in inline.children or () if token.type != "code_inline")
    assert live.strip("@#;") in code or live in code
    assert live not in plain_text


@pytest.mark.parametrize("text", ["# title", "- item", "+ item", "1. item", "12) item", "---", "==="])
def test_a_name_begins_no_block(text: str) -> None:
    assert [token.type for token in PARSER.parse(escaped(text))] == [
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]


@pytest.mark.parametrize("text", ["-", "-5 dB", "0.8 GB", "decade", "1,234,567 MACs", "tensor_1234567", "a@"])
def test_plain_words_stay_plain(text: str) -> None:
    assert "`" not in escaped(text)
