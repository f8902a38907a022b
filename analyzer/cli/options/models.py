"""Which of the models that are named are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import click

from analyzer.cli import say
from analyzer.errors import UsageError
from analyzer.files import is_named
from analyzer.sources import ModelSource, find

exclude_option = click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Leave models out: 'archive/*', old.tflite."
)


class Excluded:
    """Patterns of models that are left out: the project's, and those of the command line."""

    def __init__(self, project: Sequence[str], asked: Sequence[str], quiet: bool = False) -> None:
        self._patterns = (*project, *asked)
        #: Those of the command line that no model has fitted so far: who gave one meant some.
        self._idle = dict.fromkeys(() if quiet else asked)
        #: How many models were left out so far.
        self._left = 0

    def taken(self, paths: Sequence[str]) -> list[ModelSource]:
        """The models that paths name, but for those left out. Raises: ModelError, UsageError."""
        return [*self.kept(find(paths))]

    def kept(self, sources: Iterable[ModelSource]) -> Iterator[ModelSource]:
        """Those of the models that no pattern names; a line tells which patterns named none.

        Raises: UsageError at once where there are none of them.
        """
        kept = self._kept(sources)
        first = next(kept, None)
        if first is None:
            raise UsageError(f"--exclude {', '.join(self._patterns)}: leaves none of the {self._left} models")
        return chain([first], kept)

    def _kept(self, sources: Iterable[ModelSource]) -> Iterator[ModelSource]:
        for source in sources:
            fitting = [each for each in self._patterns if is_named(source.name, each)]
            for each in fitting:
                self._idle.pop(each, None)
            if not fitting:
                yield source
            self._left += bool(fitting)
        for each in self._idle:
            say(f"--exclude {each}: fits none of the models")
