"""What was found out to where it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from analyzer.cli import say
from analyzer.cli.options.output import Target
from analyzer.cli.options.output_file import OutputFile, write
from analyzer.cli.options.screen import colored, show, width
from analyzer.errors import UsageError
from analyzer.report import LINES, render
from analyzer.report.document import audit_document, convert
from analyzer.report.document.json import line
from analyzer.report.view import View

if TYPE_CHECKING:
    from analyzer.fleet.survey import Together

#: Formats that tell of more models than this what they came to together, unless all is asked for.
SUMMED_UP = ("html", "table")
MANY = 100


def deliver(
    wanted: Sequence[Target],
    render: Callable[[str, View], bytes],
    color: str = "never",
    verbose: bool = False,
) -> None:
    """Render for each output that is wanted. Raises: UsageError, once all others are delivered."""
    failed: UsageError | None = None
    for target in wanted:
        try:
            if target.file is None:
                show(render(target.format, _screen(color, verbose)))
            else:
                view = View(width=100, color=color == "always", verbose=verbose)
                write(target.file, render(target.format, view))
        except UsageError as error:
            failed = failed or error
    if failed is not None:
        raise failed


def tell_policy(policy: audit_document.Policy) -> None:
    """Say on stderr why a policy failed, one line a reason: whoever reads a log looks for whole ones."""
    for reason in policy.reasons:
        say(f"policy failed: {reason}")


def _screen(color: str, verbose: bool) -> View:
    """Why a policy failed is told on stderr."""
    return View(width=width(), color=colored(color), verbose=verbose, policy=False)


class AuditDelivery:
    """Audited models to their outputs: line by line as they come, or in one document at the end.

    To be used in a `with`, after which files are there whole if it was finished, or not at all.
    """

    def __init__(self, wanted: Sequence[Target], color: str, verbose: bool) -> None:
        self._color = color
        self._verbose = verbose
        self._lines = [target for target in wanted if target.format == LINES]
        self._documents = [target for target in wanted if target.format != LINES]
        self._models: list[audit_document.Model] = []
        #: Lines of models that couldn't be audited, until one could: else there may be nothing to deliver.
        self._held: list[bytes] = []
        self._audited = False
        #: Models told together, and where.
        self._together: Together | None = None
        self._targets: list[Target] = []
        self._files: list[OutputFile] = []
        self._discarding = ExitStack()

    def __enter__(self) -> AuditDelivery:
        with ExitStack() as opened:
            for target in self._lines:
                if target.file is not None:
                    self._files.append(OutputFile(target.file))
                    opened.callback(self._files[-1].discard)
            self._discarding = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discarding.close()

    def add(self, model: audit_document.Model) -> None:
        """Deliver one more model. Raises: UsageError."""
        if self._together is not None:
            self._together.add(model)
        if self._documents:
            self._models.append(model)
            if len(self._models) > MANY and self._together is None and not self._verbose:
                self._sum_up()
        if self._lines:
            self._held.append(line(model, self._verbose))
            self._audited = self._audited or model.error is None
            if self._audited:
                self._release()

    def _sum_up(self) -> None:
        """From now on, formats that would grow with every model tell of all together."""
        targets = [target for target in self._documents if target.format in SUMMED_UP]
        if targets:
            from analyzer.fleet.survey import Together

            self._together, self._targets = Together(self._models), targets
            self._documents = [target for target in self._documents if target not in targets]
        if not self._documents:
            self._models.clear()

    def _release(self) -> None:
        content = b"".join(self._held)
        self._held.clear()
        for file in self._files:
            file.write(content)
        for _ in range(len(self._lines) - len(self._files)):
            show(content)

    def finish(self, policy: audit_document.Policy) -> None:
        """Deliver what is left, and put files in their places. Raises: UsageError."""
        if self._together is not None:
            deliver(self._targets, partial(self._together.render, policy), self._color)
        if self._documents:
            whole = convert.whole(self._models, policy)
            deliver(self._documents, partial(render, whole), self._color, self._verbose)
        self._release()
        for file in self._files:
            file.keep()
