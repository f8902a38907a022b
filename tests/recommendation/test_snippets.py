"""Code to paste is code: each template parses in its language, whatever is chosen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import analyzer
from analyzer.recommendation.deployment import Code, deployments
from analyzer.recommendation.snippets import LANGUAGES
from analyzer.report.page_template import text
from analyzer.resources import data
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs
from tests.recommendation.models import layers

#: Language -> module and function of its grammar.
GRAMMARS = {
    "Kotlin": ("tree_sitter_kotlin", "language"),
    "Swift": ("tree_sitter_swift", "language"),
    "C++": ("tree_sitter_cpp", "language"),
    "Flutter": ("tree_sitter_dart", "language"),
    "React Native": ("tree_sitter_typescript", "language_tsx"),
}
PACKS = Packs()


def every() -> Iterator[tuple[str, Code]]:
    return ((name, code) for name, known in deployments().items() for code in known.code)


def variants(name: str, code: Code) -> Iterator[str]:
    """The code with all values of what it sets."""
    parameters = resolve(PACKS.get(name), {})
    choices: dict[str, list[Any]] = {parameter: _values(name, parameter) for parameter in code.sets}
    for platform, whole in product(code.platforms or ("android", "ios"), (True, False)):
        for values in product(*choices.values()):
            chosen = parameters | dict(zip(choices, values, strict=True))
            filled = {"file": "m.tflite", "stem": "m", "platform": platform, "whole": whole}
            yield text(f"code/{code.template}.jinja", **chosen | filled)


def _values(name: str, parameter: str) -> list[Any]:
    declared = PACKS.get(name).parameters[parameter]
    return list(declared.values) or ([True, False] if declared.type == "bool" else [2, 4])


@pytest.mark.parametrize(("name", "code"), [*every()], ids=lambda each: getattr(each, "template", ""))
def test_it_parses(name: str, code: Code) -> None:
    for source in variants(name, code):
        if code.language == "Python":
            ast.parse(source)
        else:
            module, function = GRAMMARS[code.language]
            tree_sitter = pytest.importorskip("tree_sitter")
            grammar = tree_sitter.Language(getattr(pytest.importorskip(module), function)())
            tree = tree_sitter.Parser(grammar).parse(source.encode())
            assert not tree.root_node.has_error, source
        assert "{{" not in source and "{%" not in source and "&#" not in source


def test_every_template_is_used() -> None:
    files = {file.name for file in (data("templates") / "code").iterdir()}
    assert files == {f"{code.template}.jinja" for _, code in every()}
    assert {code.language for _, code in every()} == set(LANGUAGES)


def test_what_it_sets_is_in_it() -> None:
    """A parameter that makes no difference to the code isn't one that it sets."""
    for name, code in every():
        for parameter in code.sets:
            filled = resolve(PACKS.get(name), {}) | {
                "file": "m",
                "stem": "m",
                "platform": "android",
                "whole": True,
            }
            platforms = code.platforms or ("android",)
            sources = {
                text(f"code/{code.template}.jinja", **filled | {parameter: value, "platform": platform})
                for value, platform in product(_values(name, parameter), platforms)
            }
            assert len(sources) > 1, (name, code.template, parameter)


def test_code_has_the_options_that_were_chosen(tmp_path: Path) -> None:
    model = layers(tmp_path, ["CONV_2D", "CONV_2D", "MyOp", "CONV_2D"])
    [choice] = analyzer.recommend(model, "android", registered=["MyOp"]).choices
    code = {snippet.language: snippet for snippet in choice.code}
    assert list(code) == ["Kotlin", "C++", "Python", "Flutter", "React Native"]
    assert "options.max_delegated_partitions = 4;" in code["C++"].code
    assert "maxDelegatePartitions: 4" in code["Flutter"].code
    # Java has no such option: the next best.
    assert code["Kotlin"].delegate == "litert-gpu"
    assert "Accelerator.GPU, Accelerator.CPU" in code["Kotlin"].code
    assert '"layers.tflite"' in code["Kotlin"].code
    assert code["React Native"].delegate == "gpu" and "'android-gpu'" in code["React Native"].code


def test_a_name_that_is_no_plain_file_s_stays_out_of_the_code(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    layers(folder, ["CONV_2D", "CONV_2D"])
    hostile = folder / 'a"); evil(".tflite'
    (folder / "layers.tflite").rename(hostile)
    [choice] = analyzer.recommend(hostile, "ios").choices
    assert all("evil" not in snippet.code and "model" in snippet.code for snippet in choice.code)
