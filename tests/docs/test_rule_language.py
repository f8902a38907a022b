"""docs/rule-language.md names every word that rules may use."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from analyzer.expressions.functions import FUNCTIONS
from analyzer.expressions.vocabulary import OPERATOR, TENSOR
from analyzer.rules.pack import BUILD, LOAD, RUN, SEVERITIES
from tests.docs.quoted import text_of

SPANS = (
    child.content
    for token in MarkdownIt().enable("table").parse(text_of("rule-language.md"))
    for child in token.children or ()
    if child.type == "code_inline"
)
TOLD = set(re.findall(r"\w+", " ".join(SPANS)))
KINDS = {
    "facts of a tensor": TENSOR,
    "facts of an operator": OPERATOR,
    "functions": FUNCTIONS,
    "severities": SEVERITIES,
    "stages": (LOAD, BUILD, RUN),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_is_told(kind: str) -> None:
    assert set(KINDS[kind]) <= TOLD, f"docs/rule-language.md doesn't tell of these {kind}"
