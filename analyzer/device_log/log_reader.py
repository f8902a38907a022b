"""A log, line by line, to what it says; memory doesn't grow with its length."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import IO

from msgspec import Struct

from analyzer.device_log.line_catalogue import FAILURE, LIST, RAN, ROUTINE, Form, LineCatalogue, LineKind
from analyzer.device_log.line_template import LineTemplate, Match, filled
from analyzer.device_log.log_document import KnownLine, LogDocument, Refusal, Releases, Share
from analyzer.model import schema

#: Characters of a line that are looked at, distinct lines that are kept, characters of each that are told.
_LOOKED_AT, _KEPT, _TOLD = 8192, 2000, 400
_COLOR = re.compile(r"\x1b\[[0-9;]{0,16}m")
#: What a refused operator is called in a list: `ADD: reason`, `CUSTOM name: reason`.
_LISTED = re.compile(r"(?:^|(?<=\s))(CUSTOM \S{1,120}|[A-Z][A-Z0-9_]{1,60}):(?:\s+|$)")
_OPERATORS = frozenset(schema.members("BuiltinOperator").values())


def text_lines(stream: IO[bytes]) -> Iterator[str]:
    """The lines of a log in UTF-8 or, as some shells write it, in UTF-16; of long ones the beginning."""
    peek = getattr(stream, "peek", None)
    start = peek(2)[:2] if peek is not None else b""
    encoding = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    reader = io.TextIOWrapper(stream, encoding, errors="replace")
    try:
        while line := reader.readline(_LOOKED_AT):
            rest = line
            while rest and not rest.endswith("\n"):
                rest = reader.readline(_LOOKED_AT)
            yield _COLOR.sub("", line.rstrip("\n"))
    finally:
        # The stream belongs to whoever opened it.
        reader.detach()


class _Seen(Struct):
    """A known line, before it is told which delegate it is about."""

    number: int
    kind: LineKind
    name: str
    values: dict[str, str | int]
    text: str
    times: int = 1
    delegate: str | None = None


class LogReader:
    """Gathers what lines say."""

    def __init__(self, catalogue: LineCatalogue) -> None:
        self._catalogue = catalogue
        self._templates = catalogue.templates()
        self._words = [(form, LineTemplate(form.text)) for form in catalogue.reasons]
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._refused: dict[tuple[str, str], tuple[int, _Seen]] = {}
        #: The list of refused operators that is open.
        self._list: _Seen | None = None
        self._dates: dict[tuple[str, str], int] = {}
        self._count = self._left_out = 0

    def read(self, line: str) -> None:
        """Take up one more line."""
        self._count += 1
        matches = self._matches(line)
        for name, form, match in matches:
            self._know(name, form, match, line)
        if not matches and self._list is not None:
            self._take_listed(line, self._list)

    def _matches(self, line: str) -> list[tuple[str, Form, Match]]:
        """The shapes in a line, none over another: of those that would be, the one listed first."""
        kept: list[tuple[str, Form, Match]] = []
        for name, form, template in self._templates:
            if template.anchor in line and (match := template.match(line)) is not None:
                apart = all(match.end <= other.start or match.start >= other.end for _, _, other in kept)
                if apart and name not in (known for known, _, _ in kept):
                    kept.append((name, form, match))
        return sorted(kept, key=lambda entry: entry[2].start)

    def _know(self, name: str, form: Form, match: Match, line: str) -> None:
        kind = self._catalogue.lines[name]
        values = {
            key: value[:_TOLD] if isinstance(value, str) else value for key, value in match.values.items()
        }
        numbers = sorted((key, value) for key, value in values.items() if isinstance(value, int))
        key = name, f"{filled(kind.says, values)} {numbers}"
        if key in self._seen:
            self._seen[key].times += 1
        elif len(self._seen) >= _KEPT:
            self._left_out += 1
            return
        else:
            self._seen[key] = _Seen(self._count, kind, name, values, line.strip()[:_TOLD])
        self._dates.setdefault((form.since, form.before), self._count)
        self._list = self._seen[key] if kind.tells == LIST else None
        if "operator" in values and "reason" in values:
            self._refuse(str(values["operator"]), str(values["reason"]), self._seen[key])

    def _take_listed(self, line: str, of: _Seen) -> None:
        for listed in _LISTED.finditer(line):
            name = listed[1]
            if name.startswith("CUSTOM ") or name in _OPERATORS:
                self._refuse(name.removeprefix("CUSTOM "), line[listed.end() :].strip()[:_TOLD], of)
                return

    def _refuse(self, operator: str, reason: str, of: _Seen) -> None:
        if len(self._refused) >= _KEPT:
            self._left_out += 1
            return
        self._refused.setdefault((operator, reason), (self._count, of))

    def document(self, path: str) -> LogDocument:
        """All that was said."""
        seen = list(self._seen.values())
        parameters = _settle(seen, self._catalogue)
        refusals = tuple(self._refusal(*key, *value) for key, value in self._refused.items())
        known = tuple(self._known(line) for line in seen)
        shares = _shares(seen)
        about = (*(line.delegate for line in known), *(share.delegate for share in shares))
        return LogDocument(
            path=path,
            lines_read=self._count,
            known=known,
            left_out=self._left_out,
            delegates=tuple(dict.fromkeys(name for name in about if name)),
            shares=shares,
            refusals=refusals,
            releases=self._releases(),
            parameters=parameters,
        )

    def _known(self, seen: _Seen) -> KnownLine:
        meanings = [self._catalogue.means.get(str(value)) for value in seen.values.values()]
        meanings.append(self._in_words(str(seen.values.get("reason", "")), seen.number))
        sentences = [filled(seen.kind.says, seen.values), *(f"That is: {m}" for m in meanings if m)]
        says = " ".join(f"{sentence.rstrip('.')}." for sentence in sentences)
        return KnownLine(
            line=seen.number,
            times=seen.times,
            kind=seen.name,
            delegate=seen.delegate,
            text=seen.text,
            says=says,
            fix=filled(seen.kind.fix, seen.values),
            failure=seen.kind.tells == FAILURE,
            breaks=seen.kind.breaks,
            ran=seen.kind.tells == RAN,
            routine=seen.kind.tells == ROUTINE,
            source=seen.kind.source,
        )

    def _refusal(self, operator: str, reason: str, number: int, of: _Seen) -> Refusal:
        means = self._in_words(reason, number)
        return Refusal(line=number, delegate=of.delegate, operator=operator, reason=reason, means=means)

    def _in_words(self, reason: str, number: int) -> str:
        """What a reason means, empty where it says so itself; some date the log."""
        for form, template in self._words if reason else ():
            match = template.match(reason)
            if match is not None:
                self._dates.setdefault((form.since, form.before), number)
                return filled(form.means, match.values)
        return ""

    def _releases(self) -> Releases:
        """What lines date the log to; nothing where they contradict, as in a log of two apps."""
        place = self._catalogue.releases.index
        since = max((since for since, _ in self._dates if since), key=place, default=None)
        before = min((before for _, before in self._dates if before), key=place, default=None)
        if since is not None and before is not None and place(since) >= place(before):
            return Releases()
        dates = self._dates.items()
        told_by = {line for (a, b), line in dates if (a and a == since) or (b and b == before)}
        return Releases(since=since, before=before, told_by=tuple(sorted(told_by)))


def _settle(seen: list[_Seen], catalogue: LineCatalogue) -> dict[str, dict[str, str]]:
    """Give each line its delegate, and return the parameters that follow for each."""
    evidence: list[tuple[int, str]] = []
    parameters: dict[str, dict[str, str]] = {}
    for position, line in enumerate(seen):
        called = catalogue.called.get(str(line.values.get("kernel")))
        if called is not None:
            line.delegate = called.delegate
            parameters.setdefault(called.delegate, {}).update(called.parameters)
        elif len(line.kind.delegates) == 1 and line.kind.assumed:
            (line.delegate,) = line.kind.delegates
        if line.delegate and (line.kind.evidence or called is not None):
            evidence.append((position, line.delegate))
    for position, line in enumerate(seen):
        if line.delegate is None and line.kind.delegates:
            line.delegate = _likeliest(position, line.kind, evidence)
        if line.delegate is not None:
            stated = {name: filled(text, line.values) for name, text in line.kind.parameters.items()}
            parameters.setdefault(line.delegate, {}).update(stated)
    return {delegate: stated for delegate, stated in parameters.items() if stated}


def _likeliest(position: int, kind: LineKind, evidence: list[tuple[int, str]]) -> str | None:
    """Of the delegates that write such a line, the one last known before it, else next after it."""
    fitting = [(at, delegate) for at, delegate in evidence if delegate in kind.delegates]
    before = [delegate for at, delegate in fitting if at < position]
    after = [delegate for at, delegate in fitting if at > position]
    assumed = kind.delegates[:1] if kind.assumed else ()
    return next(iter((*before[-1:], *after[:1], *assumed)), None)


def _shares(seen: list[_Seen]) -> tuple[Share, ...]:
    """What was delegated: lines about the same are put together."""
    shares: list[Share] = []
    for line in seen:
        share = _share(line)
        if share is None:
            continue
        for position, other in enumerate(shares):
            if (together := _together(other, share)) is not None:
                shares[position] = together
                break
        else:
            shares.append(share)
    return tuple(shares)


def _share(line: _Seen) -> Share | None:
    figures = {key: value for key, value in line.values.items() if isinstance(value, int) and key != "node"}
    part = line.kind.part or None
    if not figures and part is None:
        return None
    nodes = 0 if part == "none" else figures.get("nodes")
    total = figures.get("total")
    if total is None and nodes is not None and "rest" in figures:
        total = nodes + figures["rest"]
    return Share(
        line=line.number,
        delegate=line.delegate,
        kernel=str(line.values.get("kernel", "")),
        subgraph=figures.get("subgraph", 0),
        nodes=nodes,
        total=total,
        partitions=1 if part == "full" else 0 if part == "none" else figures.get("partitions"),
        subsets=figures.get("subsets"),
        part=part,
    )


def _together(share: Share, other: Share) -> Share | None:
    """Two shares as one, where they are of one delegate and say nothing different."""
    if (share.delegate, share.subgraph) != (other.delegate, other.subgraph):
        return None
    figures = {}
    for name in ("nodes", "total", "partitions", "subsets", "part"):
        values = {getattr(each, name) for each in (share, other)} - {None}
        if len(values) > 1:
            return None
        figures[name] = values.pop() if values else None
    return Share(
        line=share.line,
        delegate=share.delegate,
        kernel=share.kernel or other.kernel,
        subgraph=share.subgraph,
        **figures,
    )
