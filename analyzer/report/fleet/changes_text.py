"""What changed from one audit of a zoo to another, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from analyzer.report.fleet.survey_document import Changes, DelegateChanges
from analyzer.report.view import View
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import fill, plain, shorten

FORMATS = ("table", "json")
#: How many models and fixes of each delegate are told.
_MOST = 8


def render(changes: Changes, format: str, view: View) -> bytes:
    """The changes in one of `FORMATS`."""
    if format == "json":
        return msgspec.json.encode(changes) + b"\n"
    return ("\n\n".join(_blocks(changes, view)) + "\n").encode()


def _blocks(changes: Changes, view: View) -> Iterator[str]:
    words = [figures.count(changes.models, "model") + " in both"]
    words += [f"{number:,} {word}" for number, word in _files(changes) if number]
    before, after = changes.tools
    words += [f"audited with {before} and {after}"] if before != after else []
    yield fill(", ".join(words), view.width)
    if changes.unmatched:
        yield fill(f"only asked once: {', '.join(changes.unmatched)}", view.width)
    for delegate in changes.delegates:
        yield "\n".join(_delegate(delegate, view))


def _files(changes: Changes) -> tuple[tuple[int, str], ...]:
    return (
        (changes.gone, "paths gone"),
        (changes.new, "paths new"),
        (changes.replaced, "paths with another content"),
    )


def _delegate(delegate: DelegateChanges, view: View) -> Iterator[str]:
    before, after = delegate.rules
    rules = "the same rules" if before == after else f"rules {before} -> {after}"
    changed = [(delegate.better, "better"), (delegate.worse, "worse"), (delegate.shifted, "shifted")]
    said = ", ".join(f"{number:,} {word}" for number, word in changed if number) or "nothing changes"
    yield fill(f"{delegate.title}: {said} ({rules})", view.width, subsequent_indent="  ")
    for change in delegate.changes:
        yield f"  {change.before} -> {change.after}: {figures.count(change.models, 'model')}"
    most = None if view.verbose else _MOST
    for model in delegate.models[:most]:
        less, more = model.delegated
        what = f"{model.before} -> {model.after}, {less:,} -> {more:,} of {model.operators:,} operators"
        yield f"  {shorten(plain(model.path), max(20, view.width - len(what) - 4))}: {what}"
    for fix in delegate.fixes[:most]:
        text = f"{fix.before:,} -> {fix.after:,} models wait for: {plain(fix.fix)} [{fix.rule}]"
        yield fill(text, view.width, initial_indent="  ", subsequent_indent="      ")
