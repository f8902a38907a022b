"""One self-contained HTML page: its style and script stand in it, and nothing else may load or run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from analyzer import resources

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import BaseLoader, Environment


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
    """What stands for the look of a page in a wheel, without an ending."""
    return os.path.join(resources.made(resources.COMPILED), template)


def _joined(template: str) -> Look:
    style, script = _part("report.css"), "".join(map(_part, SCRIPTS[template]))
    return Look(style, script, _hash(style), _hash(script))


def text(template: str, **values: Any) -> str:
    """A text of `templates/`, or a part of a page that others make: no style or script of ours."""
    return _environment().get_template(template).render(values)


def compile_all(folder: Path) -> None:
    """Write what a wheel brings to `folder`: templates as jinja2 compiles them, looks of pages."""
    _environment_of(_source()).compile_templates(folder, extensions=["jinja"], zip=None, ignore_errors=False)
    for name in SCRIPTS:
        (folder / f"{name}.json").write_bytes(msgspec.json.encode(_joined(name)))


@cache
def _environment() -> Environment:
    from jinja2 import ChoiceLoader, ModuleLoader

    compiled = resources.made(resources.COMPILED)
    if not os.path.isdir(compiled):
        return _environment_of(_source())
    # What another version of jinja2 compiled and this one can't load is read as in a checkout.
    return _environment_of(ChoiceLoader([ModuleLoader(compiled), _source()]))


def _source() -> BaseLoader:
    from jinja2 import FileSystemLoader

    return FileSystemLoader(resources.located("templates"))


def _environment_of(loader: BaseLoader) -> Environment:
    from jinja2 import Environment, StrictUndefined

    return Environment(
        loader=loader,
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
