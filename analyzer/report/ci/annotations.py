"""`github`: workflow commands, a line an alert; `gitlab`: a Code Quality report."""

from __future__ import annotations

import msgspec

from analyzer.report.ci.alerts import Alert, alerts, counted, path
from analyzer.report.document.audit_document import Document
from analyzer.report.view import View
from analyzer.report.wording.hostile_text import plain

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_SEVERITIES = {"error": "critical", "warning": "minor", "note": "info"}


def render_github(document: Document, view: View) -> bytes:
    """The gravest first: of each kind, GitHub shows ten a step. A last line counts them all."""
    ranked = alerts(document)
    lines = [_command(alert) for alert in ranked]
    return "".join(f"{line}\n" for line in [*lines, counted(ranked) or "nothing to say"]).encode()


def _command(alert: Alert) -> str:
    file = plain(path(alert.model))
    title = f"{alert.rule} on {alert.delegate}" if alert.delegate else alert.rule
    return f"::{_COMMANDS[alert.level]} file={_property(file)},title={_property(title)}::{_data(alert.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def render_gitlab(document: Document, view: View) -> bytes:
    """One issue an alert."""
    issues = [
        {
            "description": alert.text,
            "check_name": alert.rule,
            "fingerprint": alert.fingerprint,
            "severity": _SEVERITIES[alert.level],
            "location": {"path": plain(path(alert.model)), "lines": {"begin": 1}},
        }
        for alert in alerts(document)
    ]
    return msgspec.json.format(msgspec.json.encode(issues), indent=1) + b"\n"
