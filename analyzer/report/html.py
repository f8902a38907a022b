"""`html`: one self-contained page, closed to the network, that treats all of a model's texts as hostile."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from analyzer import resources
from analyzer.report import packed, page
from analyzer.report.document import Document
from analyzer.report.view import View

if TYPE_CHECKING:
    from jinja2 import Template


def render(document: Document, view: View) -> bytes:
    """The report as one HTML file."""
    style, script = _part("report.css"), _part("report.js")
    sections = page.sections(document)
    text = _template().render(
        tool=document.tool,
        policy=document.policy,
        sections=sections,
        title=sections[0].name if len(sections) == 1 else f"{len(sections)} models",
        style=style,
        script=script,
        data=packed.pack(document).decode(),
        content_security_policy=_policy(style, script),
    )
    return text.encode()


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(resources.data("templates"))
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.jinja")


@cache
def _part(name: str) -> str:
    return (resources.data("templates") / name).read_text("utf-8")


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
