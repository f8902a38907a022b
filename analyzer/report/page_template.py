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

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


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
        with open(os.path.join(resources.made(resources.COMPILED), f"{template}.json"), "rb") as file:
            return msgspec.json.decode(file.read(), type=Look)
    except FileNotFoundError:
        return _joined(template)


def _joined(template: str) -> Look:
    style, script = _part("report.css"), "".join(map(_part, SCRIPTS[template]))
    return Look(style, script, _hash(style), _hash(script))


def text(template: str, **values: Any) -> str:
    """A text of `templates/`, or a part of a page that others make: no style or script of ours."""
    # Text as any other: what encodes documents knows no other kind.
    return str(compiled(template).render(values))


@cache
def compiled(template: str) -> ModuleType:
    """A template as a module: a wheel brings it, from a checkout's templates it is made."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    # As modules are found anywhere: as source or, in a browser, as bytecode.
    spec = PathFinder.find_spec(_identifier(template), [resources.made(resources.COMPILED)])
    if spec is None or spec.loader is None:
        from analyzer.report.template_compiler import module_of

        return module_of(template)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _identifier(template: str) -> str:
    return re.sub(r"\W", "_", template.removesuffix(".jinja"))


class Written(str):
    """What is written as it is."""

    __slots__ = ()


def escape(value: object) -> str:
    """A value as text in which nothing is taken for a tag, an entity or the end of an attribute."""
    if value.__class__ is Written:
        return value
    text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&#34;").replace("'", "&#39;")


def member(value: Any, name: str) -> Any:
    """What a template calls `value.name`."""
    try:
        return getattr(value, name)
    except AttributeError:
        return value[name]


def compile_all(folder: Path) -> None:
    """Write what a wheel brings to `folder`: templates as modules, looks of pages."""
    from analyzer.report.template_compiler import sources

    folder.mkdir(exist_ok=True)
    for template, source in sources():
        (folder / f"{_identifier(template)}.py").write_text(source, "utf-8", newline="\n")
    for name in SCRIPTS:
        (folder / f"{name}.json").write_bytes(msgspec.json.encode(_joined(name)))


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
