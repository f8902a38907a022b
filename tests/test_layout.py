"""How the repository is laid out: facts about delegates in rules, small modules, no heap of odds and ends."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from analyzer.model import schema

ROOT = Path(__file__).parents[1]
#: Delegates as their rule files call them.
DELEGATES = [
    table["delegate"]
    for file in (ROOT / "rules").glob("*.toml")
    if "delegate" in (table := tomllib.loads(file.read_text(encoding="utf-8"))) and file.stem != "cpu-kernels"
]
#: Names that are words as well, and stand for a delegate only in examples of what one may ask.
ORDINARY = {"gpu"}
MODULES = sorted((ROOT / "analyzer").rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_module_is_small_and_knows_no_delegate(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    if not {"execution", "conformance"} & set(module.relative_to(ROOT).parts):
        assert not [name for name in DELEGATES if name not in ORDINARY and name in text.lower()]
        texts = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
        assert texts.isdisjoint(DELEGATES)


@pytest.mark.parametrize("layer", ["interpreter", "expressions", "rules"])
def test_what_single_operators_do_stands_in_the_rules(layer: str) -> None:
    placeholders = {"CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"}
    operators = set(schema.members("BuiltinOperator").values()) - placeholders
    named = {
        (module.name, node.value)
        for module in (ROOT / "analyzer" / layer).rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in operators
    }
    assert named == set()


def test_no_module_is_called_utils() -> None:
    assert not [module for module in MODULES if module.stem in ("utils", "util", "helpers", "common_utils")]
