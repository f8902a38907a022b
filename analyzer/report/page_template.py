"""One self-contained HTML page: its style and script stand in it, and nothing else may load or run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from analyzer import resources
from analyzer.report import page_runtime
from analyzer.report.page_runtime import Pages

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment


class Bar(Struct, frozen=True):
    """One bar; `reference`: the CPU's own. `reach`: where the slowest tenth begins, where that is known.

    `ticks`: each inference up to there.
    """

    label: str
    text: str
    percent: float
    reference: bool
    reach: float | None = None
    ticks: tuple[float, ...] = ()


class Phase(Struct, frozen=True):
    """Bars under one title: a time or another figure, a bar for each backend or model."""

    title: str
    bars: list[Bar]


REPORT = "report.html.jinja"
#: Page -> the scripts that it runs, in order; the report's begin with a library for laying out graphs.
SCRIPTS: Mapping[str, Sequence[str]] = {
    REPORT: (
        "vendor/dagre.min.js",
        *(
            f"scripts/{name}.js"
            for name in (
                "data",
                "elements",
                "filter",
                "details",
                "partitions",
                "folds",
                "inside",
                "column",
                "graph_tools",
                "graph",
                "strips",
                "handover",
                "overview",
                "pairs",
                "switch",
                "start",
            )
        ),
    ),
    "fleet.html.jinja": ("fleet.js",),
    "coverage.html.jinja": ("coverage.js",),
    "evaluation.html.jinja": (),
}


class Look(Struct, frozen=True):
    """The style that all pages share, the scripts of one joined, and what a policy knows both by."""

    style: str
    script: str
    style_hash: str
    script_hash: str


def render(template: str, **values: Any) -> bytes:
    """A page of `templates/` with its style and script."""
    own = look(template)
    return text(
        template, style=own.style, script=own.script, content_security_policy=_policy(own), **values
    ).encode()


@cache
def look(template: str) -> Look:
    """The style and script of a page: a wheel brings them joined, with their hashes."""
    try:
        with open(f"{_compiled(template)}.json", "rb") as file:
            return msgspec.json.decode(file.read(), type=Look)
    except FileNotFoundError:
        return _joined(template)


def _compiled(template: str) -> str:
    """What stands for a template in a wheel, without an ending."""
    return os.path.join(resources.made(resources.COMPILED), page_runtime.module_name(template))


def _joined(template: str) -> Look:
    style, script = _part("report.css"), "".join(map(_part, SCRIPTS[template]))
    return Look(style, script, _hash(style), _hash(script))


def text(template: str, **values: Any) -> str:
    """A text of `templates/`, or a part of a page that others make: no style or script of ours."""
    return _templates().get_template(template).render(**values)


def compile_all(folder: Path) -> None:
    """Write what a wheel brings to `folder`: templates as jinja2 compiles them, looks of pages."""
    environment = _environment()
    folder.mkdir(exist_ok=True)
    for name in environment.list_templates(extensions=["jinja"]):
        source, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
        module = environment.compile(source, name, name, raw=True)
        (folder / f"{page_runtime.module_name(name)}.py").write_text(_for_our_runtime(name, module), "utf-8")
    for name in SCRIPTS:
        (folder / f"{page_runtime.module_name(name)}.json").write_bytes(msgspec.json.encode(_joined(name)))


def _for_our_runtime(name: str, module: str) -> str:
    """The module of a template, with what it calls taken from our runtime. Raises: ValueError."""
    import ast

    imports, _, body = module.partition("\n")
    offered = imports.removeprefix("from jinja2.runtime import ").split(", ")
    asked = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)} & {*offered}
    lacking = [word for word in sorted(asked) if not hasattr(page_runtime, word)]
    for kind, word in re.findall(r"environment\.(filters|tests)\['(\w+)'\]", body):
        lacking += [] if word in getattr(page_runtime.Pages, kind) else [f"{kind}: {word}"]
    if lacking:
        raise ValueError(f"{name}: page_runtime.py has no {', '.join(lacking)}; add it there, or do without")
    return f"from {page_runtime.__name__} import {', '.join(sorted(asked))}\n{body}"


@cache
def _templates() -> Pages | Environment:
    """Those that a wheel brings compiled; in a checkout, jinja2 itself."""
    compiled = resources.made(resources.COMPILED)
    return Pages(compiled) if os.path.isdir(compiled) else _environment()


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(resources.data("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _part(name: str) -> str:
    """A part without its indentation, which only people need."""
    with open(os.path.join(resources.located("templates"), name), encoding="utf-8") as file:
        text = file.read()
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def _policy(own: Look) -> str:
    """Nothing may load, run or be styled but the two parts of our own, known by their hashes."""
    rules = {
        "default-src": "'none'",
        "style-src": own.style_hash,
        "script-src": own.script_hash,
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    import base64
    import hashlib

    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
