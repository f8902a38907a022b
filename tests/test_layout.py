"""The house: small modules, each with one reason to change, in small rooms; delegates' facts in the rules."""

from __future__ import annotations

import ast
import statistics
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from msgspec import Struct

from analyzer.expressions import nodes
from analyzer.model import schema

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "analyzer"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: Modules in one folder, lines of a module and of a function, and the lines of the module in the middle.
MOST_MODULES = 14
MOST_LINES = 400
MOST_FUNCTION_LINES = 45
MEDIAN = range(100, 161)
#: A module with fewer lines than this that one other imports joins it.
SMALL = 40
#: Names that say nothing of what they hold -> in how many functions they may stand.
VAGUE = {"found": 46, "one": 16}

#: The share of docstrings that begin as a question does, at most.
MOST_ASKING = 0.15
#: Options that mean other things to other commands -> how many there are. `--format` chooses among all
#: formats, or says whether stdout gets a table or JSON; `--for` names one platform, or several.
OTHERWISE = {
    "--for": 2,
    "--format": 2,
    "--fail-on": 2,
    "--device": 2,
    "--on": 2,
    "--data": 2,
    "--range": 2,
    "--batch": 2,
}

#: File names that several folders may have: what a module is for its folder.
ROLES = {"page", "render", "tables", "text"}
#: Modules that are imported by their names in a table.
BY_NAME = "execution.engines."
#: Modules that users import.
PUBLIC = {"testing"}

#: Folders of tests that are about no folder of the package.
APART = {"benchmarks", "docs", "examples", "fuzz", "packaging", "promises", "recipes", "sweeps"}

#: Delegates as their rule files call them.
DELEGATES = [
    table["delegate"]
    for file in (ROOT / "rules").glob("*.toml")
    if "delegate" in (table := tomllib.loads(file.read_text(encoding="utf-8"))) and file.stem != "cpu-kernels"
]
#: Names that are words as well, and stand for a delegate only in examples of what one may ask.
ORDINARY = {"gpu"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def name(module: Path) -> str:
    """`cli.options.output`; of a package its own name."""
    parts = module.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def lines(module: Path) -> int:
    return module.read_text(encoding="utf-8").count("\n")


def plain_modules() -> list[Path]:
    """All but the `__init__.py` of packages."""
    return [module for module in MODULES if module.stem != "__init__"]


def functions() -> Iterator[tuple[str, Function]]:
    """Every function with its full name."""
    for module in MODULES:
        for node in ast.walk(parsed(module)):
            if isinstance(node, Function):
                yield f"{name(module)}.{node.name}", node


def bound(function: Function) -> set[str]:
    """Names that a function gives to its arguments and locals, those of functions within it included."""
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and _stored(node)} | {
        node.arg for node in ast.walk(function) if isinstance(node, ast.arg)
    }


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def length(function: Function) -> int:
    """Lines from `def` to the end without the docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    said = first.end_lineno - first.lineno + 1 if documented and first.end_lineno else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - said


@pytest.mark.parametrize("module", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_module_is_small_and_knows_no_delegate(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert lines(module) <= MOST_LINES, f"more than {MOST_LINES} lines: split it by reason to change"
    if not {"execution", "conformance"} & set(module.relative_to(ROOT).parts):
        assert not [name for name in DELEGATES if name not in ORDINARY and name in text.lower()]
        texts = {node.value for node in ast.walk(parsed(module)) if isinstance(node, ast.Constant)}
        assert texts.isdisjoint(DELEGATES)


@pytest.mark.parametrize("layer", ["interpreter", "expressions", "rules"])
def test_what_single_operators_do_stands_in_the_rules(layer: str) -> None:
    placeholders = {"CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"}
    operators = set(schema.members("BuiltinOperator").values()) - placeholders
    named = {
        (module.name, node.value)
        for module in (PACKAGE / layer).rglob("*.py")
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Constant) and node.value in operators
    }
    assert named == set(), "facts about operators belong into rules/"


def test_no_module_is_called_utils() -> None:
    assert not [module for module in MODULES if module.stem in ("utils", "util", "helpers", "common_utils")]


def test_modules_have_the_size_of_one_reason_to_change() -> None:
    median = statistics.median_low(map(lines, plain_modules()))
    assert median in MEDIAN, (
        f"modules have {median} lines in the median: too small to find one's way, or too large"
    )


def test_folders_are_small() -> None:
    counted = Counter(module.parent.relative_to(ROOT).as_posix() for module in plain_modules())
    crowded = {folder: number for folder, number in counted.items() if number > MOST_MODULES}
    assert not crowded, f"more than {MOST_MODULES} modules in a folder: {crowded}"


def test_a_file_name_stands_in_one_folder() -> None:
    commands = {module.stem for module in (PACKAGE / "cli").glob("*.py")}
    folders: dict[str, list[str]] = defaultdict(list)
    for module in plain_modules():
        folders[module.stem].append(module.parent.relative_to(ROOT).as_posix())
    twice = {stem: places for stem, places in folders.items() if len(places) > 1}
    assert set(twice) <= ROLES | commands, f"one name for two things: {twice}"


def test_a_small_module_has_more_than_one_reader() -> None:
    readers: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        for node in ast.walk(parsed(module)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for imported in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                    readers[imported].add(name(module))
    alone = {
        name(module): reader
        for module in plain_modules()
        if lines(module) < SMALL
        for reader in readers[f"analyzer.{name(module)}"]
        if len(readers[f"analyzer.{name(module)}"]) == 1
    }
    alone = {
        module: reader
        for module, reader in alone.items()
        if not module.startswith(BY_NAME) and module not in PUBLIC
    }
    assert not alone, f"modules of under {SMALL} lines that one other imports join it: {alone}"


def test_functions_are_short() -> None:
    long = {
        name: length(function) for name, function in functions() if length(function) > MOST_FUNCTION_LINES
    }
    assert not long, f"functions of more than {MOST_FUNCTION_LINES} lines: {long}"


@pytest.mark.parametrize("vague", VAGUE)
def test_locals_are_named_by_what_they_hold(vague: str) -> None:
    where = [name for name, function in functions() if vague in bound(function)]
    assert len(where) <= VAGUE[vague], f"`{vague}` says nothing; it stands in {len(where)} functions: {where}"


def test_an_option_is_declared_once() -> None:
    """What commands share; some names mean other things to other commands."""
    counted = Counter(
        flag.value
        for module in (PACKAGE / "cli").rglob("*.py")
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "option"
        for flag in node.args
        if isinstance(flag, ast.Constant) and str(flag.value).startswith("-")
    )
    assert {"-d", "--rules", "-o", "--color", "--config"} <= counted.keys()
    twice = {flag: number for flag, number in counted.items() if number > OTHERWISE.get(str(flag), 1)}
    assert not twice, f"declared more than once: {twice}"


def test_docstrings_say_what_a_function_gives() -> None:
    """In the field's words: few begin with what, how or whether."""
    said = [ast.get_docstring(function) or "" for _, function in functions()]
    words = [text.split()[0] for text in said if text]
    share = sum(word in ("What", "How", "Whether", "Where", "Why", "Which") for word in words) / len(words)
    assert share < MOST_ASKING


def test_nodes_of_expressions_are_typed() -> None:
    """Structs, whose fields mypy sees: it refuses what reads a node by position, like `node[2]`."""
    assert [kind for kind in get_args(nodes.AnyNode) if not issubclass(kind, Struct)] == []
    assert len(get_args(nodes.AnyNode)) > 1


def test_every_package_says_what_it_holds() -> None:
    silent = [
        module for module in MODULES if module.stem == "__init__" and not ast.get_docstring(parsed(module))
    ]
    assert not silent
    bare = {module.parent for module in MODULES} - {file.parent for file in PACKAGE.rglob("__init__.py")}
    assert not bare, "folders that are no packages"


def test_tests_mirror_the_package() -> None:
    folders = {file.parent.relative_to(ROOT / "tests") for file in (ROOT / "tests").rglob("test_*.py")}
    strangers = {
        folder.as_posix()
        for folder in folders
        if folder.parts and folder.parts[0] not in APART and not (PACKAGE / folder / "__init__.py").exists()
    }
    assert not strangers, f"tests of folders that the package hasn't got: {strangers}"
