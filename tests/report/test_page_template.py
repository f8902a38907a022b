"""Templates as modules give what jinja2 makes of them, in a checkout and from a wheel."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import Environment

from analyzer import resources
from analyzer.report import page_template, render, template_compiler
from analyzer.report.page_template import Written, escape
from tests.report import sample_document as sample

OPTIONS: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules that stands for a wheel's."""
    folder = tmp_path / "compiled"
    folder.mkdir()  # as whoever builds the browser's page has it
    page_template.compile_all(folder)
    page_template.compiled.cache_clear()
    monkeypatch.setattr(resources, "COMPILED", os.fspath(folder))
    yield folder
    page_template.compiled.cache_clear()


def by_jinja(template: str, values: dict[str, Any]) -> str:
    loader = jinja2.FileSystemLoader(resources.located("templates"))
    reader = Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, **OPTIONS)
    return reader.get_template(template).render(values)


def page() -> bytes:
    return render(sample.document(sample.described(20)), "html")


def test_a_page_is_what_jinja_makes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = page()
    monkeypatch.setattr(page_template, "text", lambda template, **values: by_jinja(template, values))
    assert page() == expected


def test_a_wheel_gives_the_same_page(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as checkout:
        checkout.setattr(resources, "COMPILED", "none")
        expected = page()
    page_template.compiled.cache_clear()
    monkeypatch.setattr(template_compiler, "module_of", None)
    assert page() == expected


def test_bytecode_is_enough(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in modules.glob("*.py"):
        py_compile.compile(os.fspath(file), f"{file}c")
        file.unlink()
    monkeypatch.setattr(template_compiler, "module_of", None)
    assert b"<!doctype html>" in page()


def test_a_wheel_makes_a_page_without_jinja(modules: Path) -> None:
    code = (
        "import sys; from analyzer import resources; from analyzer.report import page_template;"
        f"resources.COMPILED = {os.fspath(modules)!r}; page_template.compiled('report.html.jinja');"
        "print('jinja2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_compiling_again_gives_the_same_modules(modules: Path, tmp_path: Path) -> None:
    page_template.compile_all(tmp_path / "again")
    files = {file.name: file.read_bytes() for file in modules.iterdir() if file.is_file()}
    assert files == {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}


VALUES: dict[str, Any] = {
    "text": "<a & 'b' \"c\">",
    "flag": True,
    "nothing": None,
    "number": 3,
    "list": ["x<", "y", "z"],
    "empty": [],
    "table": {"one": 1, "a b": {"in": "deep"}},
    "pairs": [("p", 1), ("q", 2)],
}


@pytest.mark.parametrize(
    "template",
    [
        "plain\n",
        "  {% if flag %}\n  x\n  {% elif number %}\n  y\n  {% else %}\n  z\n  {% endif %}\n",
        "{{ text }} {{ text|safe }} {{ 'it\\'s <' }} {{ number }} {{ nothing }}",
        "{% for one in list %}{{ loop.index0 }}{{ one }}{{ '' if loop.last else ', ' }}{% endfor %}",
        "{% for one in empty %}{{ one }}{% else %}nothing{% endfor %}",
        "{% for name, of in pairs if of > 1 %}{{ name }}{{ loop.first }}{% endfor %}",
        "{% for one in list %}{% for two in list %}{{ loop.index }}{{ one }}{{ two }}{% endfor %}"
        "{{ loop.last }}{% endfor %}",
        "{% set kept = 4 %}{% for one in list %}{% set kept = one %}{{ kept }}{% endfor %}{{ kept }}",
        "{% set signs = {'a': 1} %}{% macro m(x, y='<') %}{{ x }}{{ y }}{{ signs.a }}{% endmacro %}"
        "{{ m(text) }}{{ m(m('&'), 2) }}",
        "{{ table.one }}{{ table['a b'].in }}{% for key, value in table.items() %}{{ key }}{% endfor %}",
        "{{ list|join(', ') }}{{ list|length + 1 }}{{ list[1:] }}",
        "{{ list[:2]|list }}{{ text|replace('<', 'lt') }}",
        "{{ flag is boolean }}{{ nothing is none }}{{ 'A'|lower }}{{ number|string }}{{ 'q' if nothing }}",
        "{{ number == 3 and not nothing }}{{ nothing or 'other' }}{{ 'x<' in list }}",
        "{{ 1 < number <= 3 }}{{ number - 1 }}",
        "{{ (1, 'two')[1] }}{{ [1, 2]|length }}{{ text.split(' ')[0] }}",
    ],
)
def test_what_templates_may_say(template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.jinja").write_text(template)
    monkeypatch.setattr(resources, "data", lambda _: tmp_path)
    expected = Environment(autoescape=True, undefined=jinja2.StrictUndefined, **OPTIONS).from_string(template)
    assert template_compiler.module_of("t.jinja").render(VALUES) == expected.render(VALUES)


@pytest.mark.parametrize(
    "template", ["{% block x %}{% endblock %}", "{{ x // 2 }}", "{{ x|tojson }}", "{{ x is odd }}"]
)
def test_what_templates_may_not_say(template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.jinja").write_text(template)
    monkeypatch.setattr(resources, "data", lambda _: tmp_path)
    with pytest.raises(ValueError, match="in line 1 is nothing that templates are compiled from"):
        template_compiler.module_of("t.jinja")


def test_only_what_was_written_stays_as_it_is() -> None:
    assert escape("<&>\"'") == "&lt;&amp;&gt;&#34;&#39;"
    assert escape(Written("<b>")) == "<b>"
    assert escape(3) == "3"
