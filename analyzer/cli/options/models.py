"""Which of the models that are named are taken, and what they are called to others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

import click
from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.files import is_named
from analyzer.model_auditor import ModelResult
from analyzer.sources import SAMPLE, STDIN, ModelSource, find

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


class Redaction:
    """Models called by what lies below the paths that were given, so that nothing is told of this machine."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = [path for path in paths if path not in (SAMPLE, STDIN)]

    def of(self, result: ModelResult) -> ModelResult:
        """What became of a model, without the folders that it lies in."""
        name = result.model.path
        short = self._short(name)
        if short == name:
            return result
        model, error = replace(result.model, path=short), result.model.error
        if error is not None:
            model = replace(model, error=replace(error, message=error.message.replace(name, short)))
        return replace(
            result,
            model=model,
            reasons=tuple(reason.replace(name, short) for reason in result.reasons),
            warnings=tuple(warning.replace(name, short) for warning in result.warnings),
            error=None if result.error is None else result.error.replace(name, short),
        )

    def _short(self, name: str) -> str:
        for path in self._paths:
            base = path.rstrip("/" + os.sep)
            if name == path or name.startswith((f"{base}/", f"{base}{os.sep}", f"{base}!")):
                return os.path.basename(base) + name[len(base) :] if name != path else os.path.basename(base)
        return name
