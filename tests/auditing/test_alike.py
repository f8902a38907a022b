"""Operators that are alike are asked once: what is next to them may still tell them apart."""

from __future__ import annotations

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.building import model, operator, tensor


def pair(first: str, second: str, gap: bool = False) -> bytes:
    """Two operators, the result of the first of which is given out too; with a gap one between them isn't."""
    kinds = [first, "RELU", second] if gap else [first, second]
    names = [f"t{at}" for at in range(len(kinds) + 1)]
    chain = [operator(kind, [names[at]], [names[at + 1]]) for at, kind in enumerate(kinds)]
    tensors = [tensor(name, [1, 4, 4, 8]) for name in names]
    return model(tensors, chain, inputs=names[:1], outputs=[names[1], names[-1]])


def beside(first: str, other: str) -> bytes:
    """An operator whose result is given out, and read by one that reads another tensor too."""
    tensors = [tensor(name, [1, 4, 4, 8]) for name in ("a", "b", "c", "d")]
    chain = [operator(first, ["a"], ["c"]), operator("ADD", ["c", other], ["d"])]
    return model(tensors, chain, inputs=["a", "b"], outputs=["c", "d"])


MODELS = [
    pair("RELU", "RELU"),
    pair("RELU", "SOFTMAX"),
    pair("RELU", "RESHAPE"),
    pair("RELU", "TANH", gap=True),
    pair("RELU", "SOFTMAX", gap=True),
    pair("SOFTMAX", "RELU"),
    beside("RELU", "a"),
    beside("RELU", "b"),
    beside("RELU", "c"),
]


@pytest.mark.parametrize("spec", ["gpu", "litert-gpu"])
def test_what_is_next_to_operators_tells_them_apart(spec: str) -> None:
    packs = Packs()
    models = [read_bytes(data, "m") for data in MODELS]

    def told(auditor: Auditor, number: int) -> list[list[str]]:
        [audit] = auditor.audit(models[number]).delegates
        return [[finding.rule for finding in node.findings] for node in audit.operators]

    once = Auditor(packs, configure(packs, [spec]))
    alone = [told(Auditor(Packs(), configure(Packs(), [spec])), number) for number in range(len(models))]
    assert len({str(rules) for rules in alone}) > 2
    there = [told(once, number) for number in range(len(models))]
    back = [told(once, number) for number in reversed(range(len(models)))]
    assert there == alone == back[::-1]
