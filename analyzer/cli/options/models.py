"""Which of the models that are named are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from analyzer.errors import UsageError
from analyzer.files import is_named
from analyzer.sources import ModelSource, find

exclude_option = click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Leave models out: 'archive/*', old.tflite."
)


def taken(paths: Sequence[str], exclude: Sequence[str]) -> list[ModelSource]:
    """The models that paths name, but for those of these patterns. Raises: ModelError, UsageError."""
    sources = find(paths)
    left = [*kept(sources, exclude)]
    if not left:
        raise UsageError(f"--exclude {', '.join(exclude)}: leaves none of the {len(sources)} models")
    return left


def kept(sources: Iterable[ModelSource], exclude: Sequence[str]) -> Iterator[ModelSource]:
    """Those of the models that no pattern names."""
    return (source for source in sources if not any(is_named(source.name, each) for each in exclude))
