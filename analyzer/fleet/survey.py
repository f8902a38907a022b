"""Tables of many models -> what holds most of them back, which fix frees most."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from analyzer.fleet.read_tables import add, asked, configurations, grouped, value
from analyzer.fleet.rows import Configurations
from analyzer.fleet.store import Store, ask
from analyzer.report.document import audit_document, convert
from analyzer.report.document.audit_document import Policy
from analyzer.report.fleet import survey_text
from analyzer.report.fleet.survey_document import DelegateSurvey, Fix, HeldBack, ListedFile, Survey
from analyzer.report.view import View
from analyzer.report.wording import phrases
from analyzer.report.wording.outcome import VERDICTS

#: How many kinds of operators and fixes are told of each delegate.
MOST = 25

_FIXES = """
SELECT configuration, fix, count(DISTINCT model) AS models, sum(alone), total(macs)
FROM cause JOIN reason ON reason.id = reason GROUP BY configuration, fix ORDER BY 4 DESC, 3 DESC, fix
"""
#: The rules that ask for a fix, of most models last.
_RULES = """
SELECT configuration, fix, rule, min(message) FROM cause JOIN reason ON reason.id = reason
GROUP BY configuration, fix, rule ORDER BY count(*), rule DESC
"""
_OPERATORS = """
SELECT configuration, key, count(DISTINCT model) AS models, sum(value) FROM cause, json_each(ops)
GROUP BY configuration, key ORDER BY 3 DESC, 4 DESC, key
"""


def survey(database: sqlite3.Connection) -> Survey:
    """What many models came to."""
    files, unread = ask(database, "SELECT count(*), count(error) FROM file")[0]
    verdicts = grouped(
        database, "SELECT configuration, verdict, count(*) FROM audit GROUP BY configuration, verdict"
    )
    waiting = grouped(
        database, "SELECT configuration, count(*) FROM audit WHERE causes GROUP BY configuration"
    )
    rules = {(number, fix): told for number, fix, *told in asked(database, _RULES)}
    configured = configurations(database)
    fixes, operators = grouped(database, _FIXES), grouped(database, _OPERATORS)
    return Survey(
        tool=convert.TOOL,
        files=files,
        models=value(database, "SELECT count(*) FROM model"),
        unread=unread,
        delegates=tuple(
            DelegateSurvey(
                delegate=delegate,
                title=title,
                legacy=bool(legacy),
                parameters=msgspec.json.decode(parameters),
                verdicts={word: counted[word] for word in VERDICTS if word in counted},
                waits=waiting[number][0][0] if waiting[number] else 0,
                operators=tuple(map(_held_back, operators[number][:MOST])),
                fixes=tuple(_fix(row, *rules[number, row[0]]) for row in fixes[number][:MOST]),
            )
            for number, delegate, title, legacy, parameters, _ in configured
            for counted in [dict(verdicts[number])]
        ),
    )


def _held_back(row: Sequence[Any]) -> HeldBack:
    op, models, operators = row
    return HeldBack(op=op, models=models, operators=operators)


def _fix(row: Sequence[Any], rule: str, message: str) -> Fix:
    fix, models, frees, macs = row
    return Fix(fix=fix or message, rule=rule, message=message, models=models, frees=frees, macs=macs)


def listed(database: sqlite3.Connection, most: int) -> list[ListedFile]:
    """The first files, with the word of every delegate of the survey on each."""
    query = """
    SELECT path, coalesce(operators, 0), CASE WHEN model.id IS NOT NULL THEN (
        SELECT group_concat(coalesce(verdict, ''))
        FROM configuration LEFT JOIN audit ON configuration = configuration.id AND audit.model = model.id
    ) END FROM file LEFT JOIN model USING (sha256) ORDER BY file.id LIMIT ?
    """
    return [
        ListedFile(path, operators, () if verdicts is None else tuple(verdicts.split(",")))
        for path, operators, verdicts in asked(database, query, most)
    ]


class Together:
    """Very many models told together, where a section for each would be too much to read."""

    def __init__(self, models: Iterable[audit_document.Model]) -> None:
        self._store = Store(":memory:")
        self._asked = Configurations()
        for model in models:
            self.add(model)

    def add(self, model: audit_document.Model) -> None:
        """Add one more."""
        add(self._store, model, self._asked)

    def render(self, policy: Policy, format: str, view: View) -> bytes:
        """All of them, as a page (`html`) or a table."""
        database = self._store.database
        told = survey(database)
        if format == "html":
            from analyzer.report.fleet import survey_page

            return survey_page.page(told, listed(database, survey_page.MOST), policy)
        reasons = phrases.reasons(policy) if view.policy else ()
        failed = "".join(f"\npolicy failed: {reason}" for reason in reasons)
        return (survey_text.table(told, view) + failed).encode()
