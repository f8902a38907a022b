"""Definitions in place are written once, and read as one node wherever they are named."""

from __future__ import annotations

import msgspec

from analyzer.expressions.bodies import Bodies
from analyzer.expressions.check import parse
from analyzer.expressions.nodes import And, Named, Node, walk
from analyzer.expressions.scope import Definition, Scope
from analyzer.rules.pack import Clause

DEFINITIONS = [Definition("small", "version <= other"), Definition("other", "3")]
SCOPE = Scope(definitions={each.name: each for each in DEFINITIONS})


def bodies_in(node: Node) -> list[Node]:
    return [part.body for part in walk(node) if isinstance(part, Named)]


def test_what_is_read_is_what_was_written() -> None:
    written = Clause("tiny/add/a", parse("small and (small or version == other)", SCOPE))
    kept = Bodies()
    encoded = kept.encode(written)
    assert len(kept.encoded) == 2 and b"version" in bytes(encoded)
    clause = Bodies(kept.encoded).decode(encoded, Clause)
    assert msgspec.json.encode(clause) == msgspec.json.encode(written)
    assert isinstance(clause.require, And)
    first, _, second, *_ = bodies_in(clause.require)
    assert first is second


def test_more_is_added_to_what_was_read() -> None:
    kept = Bodies()
    encoded = kept.encode(Clause("tiny/add/a", parse("small", SCOPE)))
    read = Bodies(kept.encoded)
    again = read.encode(Clause("tiny/add/a", parse("small", SCOPE)))
    assert bytes(again) == bytes(encoded) and len(read.encoded) == 2
