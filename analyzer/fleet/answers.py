"""What is asked of a process that audits models, and what it answers."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from analyzer.errors import ModelError
from analyzer.expressions.nodes import forget
from analyzer.fleet.rows import Rows, rows
from analyzer.model_auditor import ModelAuditor, ModelResult
from analyzer.report.document import convert
from analyzer.report.document.audit_document import Audit, Model
from analyzer.report.document.json import line
from analyzer.sources import SAMPLE, STDIN, ModelSource, at_hand

#: Models after which an auditor is made anew, so many that compiling its rules again costs next to nothing.
_RENEWED = 150
#: Of SHA-256s, which contents are to be audited.
Claims: TypeAlias = Callable[[Sequence[str | None]], list[bool]]


class Form(Struct, frozen=True):
    """What is wanted of each model: all of it, its line of `jsonl` (with all or not), its rows."""

    whole: bool = True
    line: bool = False
    verbose: bool = False
    rows: bool = False
    #: What was given, where models are called by what lies below it.
    redacted: tuple[str, ...] = ()


class Settings(Struct, frozen=True):
    """How many models are audited: in how many processes or on which cluster, whether to go on."""

    jobs: int = 1
    scheduler: str | None = None
    resume: bool = False
    quiet: bool = False
    verbose: bool = False
    #: What was given, where models are called by what lies below it.
    redacted: tuple[str, ...] = ()


class Redaction:
    """Models called by what lies below the paths that were given, so that nothing is told of this machine."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._bases: dict[str, str] = {}
        times: Counter[str] = Counter()
        for base in dict.fromkeys(path.rstrip("/" + os.sep) for path in paths):
            called = os.path.basename(base)
            times[called] += base not in (SAMPLE, STDIN)
            # Where two are called alike, the second is one in a folder of that number.
            self._bases[base] = called if times[called] < 2 else f"{times[called]}/{called}"

    def of(self, result: ModelResult) -> ModelResult:
        """What became of a model, without the folders that it lies in."""
        name = result.model.path
        short = self.short(name)
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

    def short(self, name: str) -> str:
        """What a model is called to others."""
        for base, called in self._bases.items():
            if name == base or name.startswith((f"{base}/", f"{base}{os.sep}", f"{base}!")):
                return called + name[len(base) :]
        return name


class Answer(Struct, frozen=True):
    """What became of one model; without a result where another with the same content has it."""

    result: ModelResult | None
    line: bytes = b""
    rows: Rows | None = None
    sha256: str | None = None


class Renewing:
    """An auditor that lets go of all it compiled now and then.

    Of operators that have long not come up, that is what a process would grow by.
    """

    def __init__(self, auditor: ModelAuditor) -> None:
        self._auditor = auditor
        self._audited = 0

    @property
    def auditor(self) -> ModelAuditor:
        """The auditor of the next model."""
        self._audited += 1
        if self._audited > _RENEWED:
            self._auditor, self._audited = self._auditor.renewed(), 1
            forget()
            # Conditions that were compiled refer to each other.
            gc.collect()
        return self._auditor


def answer(auditor: ModelAuditor, source: ModelSource, form: Form, sha256: str | None = None) -> Answer:
    """Audit one model; `sha256` is its content's, where that is known. Raises: UsageError, RuleError."""
    if not form.rows:
        return _told(auditor.audit(source), form, None)
    try:
        with at_hand(source) as held:
            return _told(auditor.audit(held), form, sha256 or digest(held))
    except ModelError as error:
        return _told(unread(source, error), form, None)


def unread(source: ModelSource, error: ModelError) -> ModelResult:
    """The result of a model that can't be had."""
    return ModelResult(convert.unread(source.name, source.size, error), error=str(error))


def _told(result: ModelResult, form: Form, sha256: str | None) -> Answer:
    if form.redacted:
        result = Redaction(form.redacted).of(result)
    model = result.model
    content = line(model, form.verbose) if form.line else b""
    kept = rows(model) if form.rows and model.error is None else None
    return Answer(result if form.whole else replace(result, model=_short(model)), content, kept, sha256)


def _short(model: Model) -> Model:
    """A model without its operators and what is said of them."""
    return replace(
        model,
        subgraphs=(),
        recommendation=None,
        graphs=UNSET,
        signatures=UNSET,
        audits=tuple(map(_summed_up, model.audits)),
    )


def _summed_up(audit: Audit) -> Audit:
    return replace(
        audit, operators=(), partitions=(), blockers=(), decided=None, to_full=None, gains=(), also=None
    )


def digest(source: ModelSource) -> str | None:
    """The SHA-256 of a model that is at hand; None where it can't be read, which auditing it tells."""
    try:
        return source.sha256
    except OSError:
        return None


def is_plain(source: ModelSource) -> bool:
    """Whether a model is a file by itself, cheap to look at twice."""
    return source.file is not None and not source.member and source.problem is None


def encoded(given: Answer) -> bytes:
    """An answer for another process: its line as it is, the rest as JSON."""
    # Not as MessagePack, which has no numbers beyond 64 bits.
    head = msgspec.json.encode(replace(given, line=b""))
    return len(head).to_bytes(8, "little") + head + given.line


def decoded(message: bytes) -> Answer:
    """The answer that was encoded."""
    end = 8 + int.from_bytes(message[:8], "little")
    head = msgspec.json.decode(memoryview(message)[8:end], type=Answer)
    return replace(head, line=message[end:])
