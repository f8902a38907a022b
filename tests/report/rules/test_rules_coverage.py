"""Coverage in every format: each operator, each delegate, each condition."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from analyzer.report.rules import rule_sentences, rules_coverage
from analyzer.report.view import View
from analyzer.rules.coverage import Coverage, cover
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import Rule
from tests.report.html.test_html import VOID


def covered(*operators: str) -> Coverage:
    packs = Packs()
    found = [(name, packs.get(name)) for name in packs.names()]
    return cover({name: (pack, resolve(pack, {})) for name, pack in found}, operators)


@pytest.fixture(scope="module")
def whole() -> Coverage:
    return covered()


@pytest.fixture(scope="module")
def convolution() -> Coverage:
    return covered("CONV_2D")


def text(found: Coverage, format: str = "table", width: int = 80, verbose: bool = False) -> str:
    return rules_coverage.render(found, format, View(width=width, verbose=verbose)).decode()


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_line_is_wider_than_the_terminal(whole: Coverage, width: int, verbose: bool) -> None:
    assert max(map(len, text(whole, width=width, verbose=verbose).splitlines())) <= width


def test_the_table_has_a_symbol_for_each_delegate(whole: Coverage) -> None:
    [row] = [line for line in text(whole).splitlines() if line.startswith("CONV_2D ")]
    assert len(re.findall("[●◐·]", row)) == len(whole.columns)


def test_one_operator_is_told_with_its_conditions(convolution: Coverage) -> None:
    told = text(convolution)
    assert "◐ hexagon: conditionally\n    - operator version is at most 3\n" in told
    assert "Every operator is also asked" in told


def test_one_operator_is_told_as_among_all(whole: Coverage, convolution: Coverage) -> None:
    assert convolution.rows == {"CONV_2D": whole.rows["CONV_2D"]}
    assert covered("RFFT2D").refused == ("RFFT2D",)


def rule(**words: Any) -> Rule:
    return Rule(
        **{"id": "a/b/c", "subject": "B", "severity": "blocker", "stage": "check"} | words, fix="", source=""
    )


def test_a_condition_is_what_is_asked_and_only_then_what_is_wrong() -> None:
    said = rule_sentences.condition(
        rule(requires="one of two is given", meaning="nothing is given", when=("asked",))
    )
    assert said.whole == "one of two is given [if asked]; else: nothing is given"
    assert rule_sentences.condition(rule(meaning="too old", when=("old",))).whole == "never: too old [if old]"


def test_every_message_in_the_coverage_follows_an_else(whole: Coverage) -> None:
    for cells in whole.rows.values():
        for cell in cells:
            for one in cell.rules:
                assert not one.requires or rule_sentences.condition(one).text.startswith(one.requires)


def test_names_are_explained_once_for_each_delegate(convolution: Coverage) -> None:
    told = text(convolution, width=200)
    part = told[told.index(" gpu: ") : told.index(" coreml: ")]
    assert part.count("where runtime inputs: number of t of inputs where t is given") == 1


def test_markdown_is_one_table_and_a_list_for_each_operator(whole: Coverage) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(text(whole, "markdown"))
    kinds = [token.type for token in tokens]
    assert kinds.count("table_open") == 1
    assert kinds.count("tr_open") == len(whole.rows) + 1
    assert kinds.count("heading_open") == len(whole.rows) + 1


def test_the_page_is_closed_and_holds_every_operator(whole: Coverage) -> None:
    page = text(whole, "html")
    assert "default-src 'none'" in page.replace("&#39;", "'")
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert page.count("<tr>") == len(whole.rows) + 1
    for tag in set(re.findall(r"<([a-z]+)", page)) - VOID:
        assert page.count(f"</{tag}>") == len(re.findall(rf"<{tag}[ >]", page)), tag
