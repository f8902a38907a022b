"""What is to be said of a model, once for each rule and delegate, as code hosts keep track of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from analyzer.report.document.audit_document import Audit, Document, Model, Operator
from analyzer.report.wording import causes, figures, labels, phrases
from analyzer.report.wording.causes import Cause
from analyzer.report.wording.hostile_text import plain
from analyzer.report.wording.layers import layers_of
from analyzer.rules.origin import permalink

#: The rule under which a file stands that can't be read.
UNREAD = "model/unread"
#: Levels, the gravest first: it doesn't work; it isn't all delegated, or may go wrong; worth knowing.
LEVELS = ("error", "warning", "note")
#: Names of layers are one of the things that a message tells; the rest is found in the report.
_LONGEST = 1000
#: Alerts of one model: rules are fewer, but for those of custom operators, which may each have a name.
_MOST = 5000
#: What an address is put together of.
_OF_ADDRESSES = ":/?#[]@!$&'()*+,;=%~"


class Alert(Struct, frozen=True):
    """One rule that one model doesn't meet on one delegate, with the operators that it concerns."""

    rule: str
    level: str
    delegate: str
    model: Model
    message: str
    fix: str
    source: str
    permalink: str
    operators: tuple[Operator, ...]

    @property
    def text(self) -> str:
        """Whom it concerns, what is wrong and what to do, in one line."""
        said = f"{self.delegate}: {self.message}" if self.delegate else self.message
        return plain(f"{said.rstrip('.')}. {self.fix}".strip())

    @property
    def fingerprint(self) -> str:
        """The same as long as the rule speaks of this file on this delegate, wherever its operators move."""
        known = "\0".join((path(self.model), self.delegate, self.rule, self.level))
        return hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def alerts(document: Document) -> list[Alert]:
    """Every alert of every model, the gravest first, else in the order of the models and of their costs."""
    told = [alert for model, names in labels.named(document) for alert in _of_model(model, names)]
    return sorted(told, key=lambda alert: LEVELS.index(alert.level))


def path(model: Model) -> str:
    """The file's path, from the working folder where it lies below that."""
    if _is_address(model):
        return model.path
    file = Path(model.path)
    if file.is_absolute() and file.is_relative_to(folder := Path.cwd()):
        file = file.relative_to(folder)
    return file.as_posix()


def uri(model: Model) -> str:
    """The same as a relative or an absolute URI; an address is one."""
    if _is_address(model):
        return quote(model.path, safe=_OF_ADDRESSES, errors="surrogatepass")
    quoted = quote(path(model), errors="surrogatepass")
    return f"file://{quoted}" if quoted.startswith("/") else quoted


def _is_address(model: Model) -> bool:
    return "://" in model.path


def _of_model(model: Model, names: Sequence[str]) -> Iterator[Alert]:
    if model.error is not None:
        fix = "Give a .tflite file that is whole."
        yield Alert(UNREAD, "error", "", model, plain(model.error.message), fix, "", "", ())
    joined: dict[tuple[str, str, str], Alert] = {}
    for cause in causes.causes(model):
        concerned = _by_rule(cause)
        told = cause.rules and (cause.broken or not cause.knock_on)
        for position in cause.audits if told else ():
            audit = model.audits[position]
            for rule in () if audit.legacy else cause.rules:
                alert = _alert(
                    rule, cause, concerned.get(rule, cause.operators), model, audit, names[position]
                )
                known = joined.setdefault((rule, alert.delegate, alert.level), alert)
                if known is not alert:
                    operators = (*known.operators, *alert.operators)
                    joined[rule, alert.delegate, alert.level] = replace(known, operators=operators)
    yield from islice(joined.values(), _MOST)


def _by_rule(cause: Cause) -> dict[str, tuple[Operator, ...]]:
    """Rule -> the operators that it is about."""
    concerned: dict[str, dict[int, Operator]] = {}
    for place, node in enumerate(cause.operators):
        for finding in node.findings:
            concerned.setdefault(finding.rule, {})[place] = node
    return {rule: tuple(nodes.values()) for rule, nodes in concerned.items()}


def _alert(
    rule: str, cause: Cause, nodes: tuple[Operator, ...], model: Model, audit: Audit, name: str
) -> Alert:
    upstream = audit.rules.upstream
    own = rule.startswith(f"{audit.delegate}/")
    return Alert(
        rule=rule,
        level=_level(cause),
        delegate=name,
        model=model,
        message=_message(rule, cause, nodes, model),
        fix=plain(cause.fix),
        source=cause.source,
        permalink=permalink(cause.source, upstream.repository, upstream.revision) if own else "",
        operators=nodes,
    )


def _level(cause: Cause) -> str:
    if cause.broken:
        return "error"
    return "note" if cause.harmless or cause.severity == "note" else "warning"


def _message(rule: str, cause: Cause, nodes: Sequence[Operator], model: Model) -> str:
    texts = [finding.message for node in nodes for finding in node.findings if finding.rule == rule]
    where = layers_of(nodes) if len(nodes) < model.operators else ""
    who = phrases.concerned(nodes, model) if nodes else "the whole graph"
    consequence = phrases.consequence(cause, model)
    words = f"{who}: {plain(texts[0] if texts else cause.message)}"
    words += f"; {consequence}" if consequence else ""
    return (f"{words} (layer {where})" if where else words)[:_LONGEST]


def counted(ranked: Sequence[Alert]) -> str:
    """`2 errors, 1 warning`; empty where there is none."""
    numbers = ((level, sum(alert.level == level for alert in ranked)) for level in LEVELS)
    return ", ".join(figures.count(number, level) for level, number in numbers if number)
