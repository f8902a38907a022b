"""Definitions in place are written once, and read as one node wherever they are named."""

from __future__ import annotations

import gc
import weakref

import msgspec
import pytest

from analyzer.expressions.bodies import Bodies
from analyzer.expressions.check import parse
from analyzer.expressions.nodes import And, Fact, Named, Node, Unread, changed, walk
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
    assert clause == written and hash(clause.require) == hash(written.require)
    assert isinstance(clause.require, And)
    first, _, second, *_ = bodies_in(clause.require)
    assert first is second


def test_a_node_is_read_when_it_is_first_come_to() -> None:
    kept = Bodies()
    encoded = kept.encode(Clause("tiny/add/a", parse("small and version < 3", SCOPE)))
    damaged = Bodies([msgspec.Raw(b"no JSON") for _ in kept.encoded])
    clause = damaged.decode(encoded, Clause)
    with pytest.raises(msgspec.DecodeError):
        list(walk(clause.require))


def test_a_node_that_changes_in_nothing_stays_the_same_when_it_was_read() -> None:
    kept = Bodies()
    encoded = kept.encode(Clause("tiny/add/a", parse("small and version < 3", SCOPE)))
    node = Bodies(kept.encoded).decode(encoded, Clause).require
    assert changed(node, lambda part: part) is node
    other = changed(node, lambda part: Fact("op") if isinstance(part, Named) else part)
    assert isinstance(other, And) and other.parts[0] == Fact("op")


def test_what_was_read_goes_with_its_rules() -> None:
    kept = Bodies()
    encoded = kept.encode(Clause("tiny/add/a", parse("small", SCOPE)))
    clause = Bodies(kept.encoded).decode(encoded, Clause)
    named = clause.require
    assert isinstance(named, Named) and isinstance(named.kept, Unread) and bodies_in(named)
    alive = weakref.ref(named.kept)
    del clause, named
    gc.collect()
    assert alive() is None


def test_more_is_added_to_what_was_read() -> None:
    kept = Bodies()
    encoded = kept.encode(Clause("tiny/add/a", parse("small", SCOPE)))
    read = Bodies(kept.encoded)
    again = read.encode(Clause("tiny/add/a", parse("small", SCOPE)))
    assert bytes(again) == bytes(encoded) and len(read.encoded) == 2
