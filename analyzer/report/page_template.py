"""One self-contained HTML page: its style and script stand in it, and nothing else may load or run."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

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


def render(template: str, scripts: Sequence[str], **values: Any) -> bytes:
    """A page of `templates/` with its scripts joined to one, in the look that all pages share."""
    style, code = _part("report.css"), "".join(map(_part, scripts))
    policy = _policy(style, code)
    return text(template, style=style, script=code, content_security_policy=policy, **values).encode()


def hashes(scripts: Sequence[str]) -> tuple[str, str]:
    """What a policy knows the style and the joined scripts of such a page by."""
    return _hash(_part("report.css")), _hash("".join(map(_part, scripts)))


def text(template: str, **values: Any) -> str:
    """A text of `templates/`, or a part of a page that others make: no style or script of ours."""
    return _templates().get_template(template).render(**values)


def compile_all(folder: Path) -> None:
    """Write all templates to `folder` as Python modules, as jinja2 compiles them: what a wheel brings."""
    environment = _environment()
    folder.mkdir(exist_ok=True)
    for name in environment.list_templates(extensions=["jinja"]):
        source, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
        module = environment.compile(source, name, name, raw=True)
        (folder / f"{page_runtime.module_name(name)}.py").write_text(_for_our_runtime(name, module), "utf-8")


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


def _policy(style: str, script: str) -> str:
    """Nothing may load, run or be styled but the two parts of our own, known by their hashes."""
    rules = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
