"""What changed from one audit of many models to another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from analyzer.fleet.given_tables import told_of
from analyzer.fleet.read_tables import asked, configurations, connected, grouped, tables, value
from analyzer.report.document import convert
from analyzer.report.fleet.survey_document import Change, ChangedFix, ChangedModel, Changes, DelegateChanges
from analyzer.report.wording.outcome import VERDICTS

#: How many fixes and changed models are told of each delegate.
MOST = 25

_BOTH = "model AS a JOIN new.model AS b USING (sha256)"
_PAIRED = f"""
{_BOTH} JOIN audit AS x ON x.model = a.id JOIN pair ON pair.before = x.configuration
JOIN new.audit AS y ON y.model = b.id AND y.configuration = pair.after
"""
_CHANGES = f"SELECT pair.before, x.verdict, y.verdict, count(*) FROM {_PAIRED} GROUP BY 1, 2, 3"
_SHIFTED = f"""
SELECT pair.before, count(*) FROM {_PAIRED}
WHERE x.verdict = y.verdict AND x.delegated != y.delegated GROUP BY 1
"""
_MODELS = f"""
SELECT coalesce((SELECT path FROM new.file AS f WHERE f.sha256 = a.sha256 ORDER BY f.id LIMIT 1), a.sha256),
    x.verdict, y.verdict, x.delegated, y.delegated, y.operators
FROM {_PAIRED} WHERE pair.before = ? AND (x.verdict != y.verdict OR x.delegated != y.delegated)
ORDER BY rank(x.verdict) - rank(y.verdict), y.delegated - x.delegated, 1 LIMIT ?
"""
_FIXED = """
SELECT configuration, fix, min(rule), count(DISTINCT model) FROM {schema}.cause
JOIN {schema}.reason ON reason.id = reason
WHERE model IN (SELECT {side}.id FROM {both}) GROUP BY configuration, fix
"""


def changes(before: str, after: str) -> Changes:
    """What changed from one audit of a zoo to another. Raises: UsageError."""
    with (
        tables(before) as old,
        tables(after) as new,
        closing(connected(old)) as database,
        told_of(f"{before} or {after}"),
    ):
        database.create_function("rank", 1, VERDICTS.index, deterministic=True)
        database.execute("ATTACH ? AS new", (f"{Path(new).absolute().as_uri()}?mode=ro",))
        pairs, unmatched = _pairs(database)
        missing = "SELECT count(*) FROM {} WHERE path NOT IN (SELECT path FROM {})"
        replaced = "SELECT count(*) FROM file AS a JOIN new.file AS b USING (path) WHERE a.sha256 != b.sha256"
        tool = "SELECT value FROM {}.run WHERE key = 'tool' UNION ALL SELECT '' LIMIT 1"
        return Changes(
            tool=convert.TOOL,
            tools=(value(database, tool.format("main")), value(database, tool.format("new"))),
            models=value(database, f"SELECT count(*) FROM {_BOTH}"),
            gone=value(database, missing.format("main.file", "new.file")),
            new=value(database, missing.format("new.file", "main.file")),
            replaced=value(database, replaced),
            unmatched=unmatched,
            delegates=tuple(_delegates(database, pairs)),
        )


def _pairs(database: sqlite3.Connection) -> tuple[list[tuple[Any, Any]], tuple[str, ...]]:
    """Delegates that both asked, by what they are called, else by their one configuration; and the others."""
    sides = [configurations(database, schema) for schema in ("main", "new")]
    left = list(sides[1])
    pairs, alone = [], []
    for row in sides[0]:
        same = [other for other in left if other[1:3] == row[1:3]]
        alike = [other for other in left if other[1] == row[1]]
        single = sum(other[1] == row[1] for other in sides[0]) == len(alike) == 1
        if not same and not single:
            alone.append(str(row[2]))
            continue
        other = (same or alike)[0]
        left.remove(other)
        pairs.append((row, other))
    database.execute("CREATE TEMP TABLE pair (before INTEGER, after INTEGER)")
    database.executemany("INSERT INTO pair VALUES (?, ?)", [(row[0], other[0]) for row, other in pairs])
    return pairs, (*alone, *(str(other[2]) for other in left))


def _delegates(database: sqlite3.Connection, pairs: Sequence[tuple[Any, Any]]) -> Iterator[DelegateChanges]:
    verdicts, shifted = grouped(database, _CHANGES), grouped(database, _SHIFTED)
    fixed = [
        grouped(database, _FIXED.format(schema=schema, side=side, both=_BOTH))
        for schema, side in (("main", "a"), ("new", "b"))
    ]
    for row, other in pairs:
        counted = verdicts[row[0]]
        moved = [(VERDICTS.index(x) - VERDICTS.index(y), number) for x, y, number in counted]
        yield DelegateChanges(
            delegate=row[1],
            title=other[2],
            rules=(row[5][:12], other[5][:12]),
            compared=sum(number for *_, number in counted),
            better=sum(number for way, number in moved if way > 0),
            worse=sum(number for way, number in moved if way < 0),
            shifted=shifted[row[0]][0][0] if shifted[row[0]] else 0,
            changes=tuple(Change(before=x, after=y, models=number) for x, y, number in counted if x != y),
            models=tuple(
                ChangedModel(path=path, before=x, after=y, delegated=(less, more), operators=operators)
                for path, x, y, less, more, operators in asked(database, _MODELS, row[0], MOST)
            ),
            fixes=tuple(_fixes(fixed[0][row[0]], fixed[1][other[0]])),
        )


def _fixes(before: Sequence[Any], after: Sequence[Any]) -> list[ChangedFix]:
    """Fixes that other numbers of models wait for, the largest difference first."""
    rules = {fix: rule for fix, rule, _ in (*before, *after)}
    counts = [{fix: number for fix, _, number in side} for side in (before, after)]
    changed = [
        ChangedFix(fix=fix, rule=rule, before=counts[0].get(fix, 0), after=counts[1].get(fix, 0))
        for fix, rule in rules.items()
    ]
    changed = [each for each in changed if each.before != each.after]
    return sorted(changed, key=lambda each: (-abs(each.after - each.before), each.fix))[:MOST]
