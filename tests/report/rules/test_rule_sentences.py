"""A pack's `[graph]` section in words."""

from __future__ import annotations

import msgspec
import pytest

from analyzer.report.rules.rule_sentences import sentences
from analyzer.rules.loading.graph_section import WORDS
from analyzer.rules.pack import Graph


@pytest.mark.parametrize("key", ["dynamic_tensors", "constant_fp16_dequantize", "build_failure"])
def test_every_word_has_a_sentence_of_its_own(key: str) -> None:
    said = ["\n".join(sentences(msgspec.convert({key: word}, Graph))) for word in WORDS[key]]
    assert len(set(said)) == len(WORDS[key])
