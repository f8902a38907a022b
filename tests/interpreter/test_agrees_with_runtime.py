"""Preparation against what the interpreter did, for all generated models."""

from __future__ import annotations

import pytest

from analyzer.errors import ModelError
from analyzer.model import read_bytes
from analyzer.model.graph import Prepared
from tests.conformance import cases
from tests.interpreter.preparing import runtime

#: How many of the generated models the interpreter itself calls dynamic.
_DYNAMIC = 103


def _found(data: bytes, path: str) -> Prepared | None:
    try:
        return runtime().prepare(read_bytes(data, path))
    except ModelError:
        return None


@pytest.fixture(scope="module")
def judged() -> dict[str, tuple[bool, Prepared | None]]:
    """Path -> whether the interpreter accepts the model, and what we make of it."""
    return {case["path"]: (case["valid"], _found(data, case["path"])) for case, data in cases.described()}


def test_accepts_what_the_interpreter_accepts(judged: dict[str, tuple[bool, Prepared | None]]) -> None:
    wrong = []
    for path, (valid, result) in judged.items():
        stop = None if result is None else result.refused or result.stops.get(0)
        ours = result is not None and (stop is None or stop.kind == "dynamic")
        if ours is not valid:
            wrong.append((path, valid, stop and stop.message))
    assert wrong == []


def test_finds_the_dynamic_ones(judged: dict[str, tuple[bool, Prepared | None]]) -> None:
    dynamic = {path for path, (_, result) in judged.items() if result is not None and _is_dynamic(result)}
    truth = cases.DATA.truth("gpu-classic")
    delegated = {path for path, said in truth.items() if any((said.delegated or {}).values())}
    assert dynamic & delegated == set()
    assert len(dynamic) == _DYNAMIC


def _is_dynamic(result: Prepared) -> bool:
    return any(stop.kind == "dynamic" for stop in result.stops.values())
