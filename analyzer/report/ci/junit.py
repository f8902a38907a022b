"""`junit`: a suite for each model and delegate, a case for each operator, as build servers draw them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as xml

from analyzer.files import shortened
from analyzer.report.document.audit_document import Audit, Document, Model, Operator
from analyzer.report.view import View
from analyzer.report.wording import causes, labels, outcome, phrases
from analyzer.report.wording.hostile_text import plain

#: Characters of a path, which stands with every operator.
_LONGEST = 300
#: What no XML may hold, whatever it is written as.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(document: Document, view: View) -> bytes:
    """All suites, with their counts."""
    suites = [suite for model, names in labels.named(document) for suite in _suites(model, names)]
    whole = xml.Element("testsuites", {"name": document.tool.name, **_counts(suites)})
    whole.extend(suites)
    xml.indent(whole)
    text: bytes = xml.tostring(whole, "utf-8", xml_declaration=True)
    return text + b"\n"


def _counts(elements: Sequence[xml.Element]) -> dict[str, str]:
    cases = [case for element in elements for case in element.iter("testcase")]
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counts = {name: sum(case.find(tag) is not None for case in cases) for name, tag in kinds.items()}
    return {"tests": str(len(cases))} | {name: str(number) for name, number in counts.items()}


def _suites(model: Model, names: Sequence[str]) -> Iterator[xml.Element]:
    if model.error is not None:
        case = _case(model, "model", "is read")
        _outcome(case, "error", model.error.code, model.error.message)
        yield _suite(model, "model", [case])
    holding = causes.holding(causes.causes(model))
    for position, (audit, name) in enumerate(zip(model.audits, names, strict=True)):
        if not audit.legacy:
            cases = [_verdict(model, audit, name)]
            cases += [_operator(model, audit, name, node, position, holding) for node in audit.operators]
            yield _suite(model, name, cases)


def _suite(model: Model, name: str, cases: list[xml.Element]) -> xml.Element:
    suite = xml.Element("testsuite", {"name": _text(f"{name}: {model.path}"), **_counts(cases)})
    suite.extend(cases)
    return suite


def _case(model: Model, delegate: str, name: str) -> xml.Element:
    # Build servers take dots for packages.
    path = shortened(model.path, _LONGEST)
    owner = f"{path}: {delegate}".replace(".", "\N{ONE DOT LEADER}")
    return xml.Element("testcase", {"classname": _text(owner), "name": _text(name), "file": _text(path)})


def _outcome(case: xml.Element, tag: str, kind: str, message: str) -> None:
    child = xml.SubElement(case, tag, {"type": _text(kind), "message": _text(message)})
    child.text = _text(message)


def _verdict(model: Model, audit: Audit, name: str) -> xml.Element:
    """Whether the model works with the delegate at all."""
    case = _case(model, name, "the model works")
    if outcome.broken(audit.summary):
        rule = audit.decided.rule if audit.decided else audit.summary.verdict
        _outcome(case, "failure", rule, outcome.sentence(audit))
    return case


def _operator(
    model: Model, audit: Audit, name: str, node: Operator, position: int, holding: causes.Holding
) -> xml.Element:
    """Whether an operator is delegated; one that is read through never runs, and counts as skipped."""
    case = _case(
        model, name, f"{labels.place(node)} {labels.operator(node)} {labels.tensor(node.output or '')}"
    )
    if node.folded and not node.delegated:
        _outcome(case, "skipped", "folded", "its float16 constant is read through")
    elif phrases.standing(node, audit) not in ("delegated", "broken"):
        known = holding.get((position, node.subgraph, node.index, node.supported))
        if known is None:
            _outcome(case, "failure", node.lost or "refused", phrases.where(node, audit))
        else:
            cause, told = known
            kind = "skipped" if cause.harmless else "failure"
            rule = phrases.rule(cause) or cause.kind or ""
            # What is like another operator's is told there.
            said = phrases.complaint(told) if told.like else f"{phrases.complaint(told)}. {cause.fix}"
            _outcome(case, kind, rule, said.strip())
    return case


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", plain(text))
