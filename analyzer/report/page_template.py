"""One self-contained HTML page: its style and script stand in it, and nothing else may load or run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from analyzer import resources

if TYPE_CHECKING:
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


def render(template: str, scripts: Sequence[str], **values: Any) -> bytes:
    """A page of `templates/` with its scripts joined to one, in the look that all pages share."""
    style, code = _part("report.css"), "".join(map(_part, scripts))
    text = (
        _environment()
        .get_template(template)
        .render(style=style, script=code, content_security_policy=_policy(style, code), **values)
    )
    return text.encode()


def hashes(scripts: Sequence[str]) -> tuple[str, str]:
    """What a policy knows the style and the joined scripts of such a page by."""
    return _hash(_part("report.css")), _hash("".join(map(_part, scripts)))


def text(template: str, **values: Any) -> str:
    """A text of `templates/`, or a part of a page that others make: no style or script of ours."""
    return _environment().get_template(template).render(values)


def compile_all(folder: Path) -> None:
    """Write all templates to `folder` as Python modules, as jinja2 compiles them: what a wheel brings."""
    source = _environment_of(_source())
    source.compile_templates(folder, extensions=["jinja"], zip=None, ignore_errors=False)


@cache
def _environment() -> Environment:
    from jinja2 import ChoiceLoader, ModuleLoader

    compiled = resources.made(resources.COMPILED)
    if not compiled.is_dir():
        return _environment_of(_source())
    # What another version of jinja2 compiled and this one can't load is read as in a checkout.
    return _environment_of(ChoiceLoader([ModuleLoader(compiled), _source()]))


def _source() -> BaseLoader:
    from jinja2 import FileSystemLoader

    return FileSystemLoader(resources.data("templates"))


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
    text = (resources.data("templates") / name).read_text("utf-8")
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
