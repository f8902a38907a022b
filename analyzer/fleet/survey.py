"""Tables of many models -> what holds most of them back, which fix frees most, what a release changed."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from analyzer.errors import UsageError
from analyzer.files import opened
from analyzer.fleet.answers import Answer
from analyzer.fleet.rows import Configurations, rows
from analyzer.fleet.store import Store, ask, checked
from analyzer.fleet.tables import MAGIC
from analyzer.model_auditor import ModelResult
from analyzer.report.document import audit_document, convert
from analyzer.report.document.audit_document import Policy
from analyzer.report.document.json import read_line
from analyzer.report.fleet import survey_text
from analyzer.report.fleet.survey_document import (
    Change,
    ChangedFix,
    ChangedModel,
    Changes,
    DelegateChanges,
    DelegateSurvey,
    Fix,
    HeldBack,
    Survey,
)
from analyzer.report.view import View
from analyzer.report.wording.hostile_text import plain
from analyzer.report.wording.overview import VERDICTS

#: What a file of Parquet begins with.
_PARQUET = b"PAR1"
#: How many kinds of operators, fixes and changed models are told of each delegate.
MOST = 25

_CONFIGURATIONS = (
    "SELECT id, delegate, title, legacy, parameters, rules_sha256 FROM configuration ORDER BY id"
)
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


@contextmanager
def database_of(file: str) -> Iterator[sqlite3.Connection]:
    """The tables in a file that audit wrote, to be read. Raises: UsageError."""
    with tables(file) as path, closing(_connected(path)) as database:
        yield database


@contextmanager
def tables(file: str) -> Iterator[str]:
    """A file that audit wrote as one of SQLite. Raises: UsageError."""
    try:
        with opened(file) as content:
            head = content.read(len(MAGIC))
    except OSError as error:
        raise UsageError(f"{file}: {str(error.strerror).lower()}; name what audit -o wrote") from None
    if head == MAGIC:
        with closing(_connected(file)) as database:
            checked(database, file)
        yield file
        return
    if head[:4] != _PARQUET and head[:1] != b"{":
        raise UsageError(f"{file}: isn't what audit writes; name its .sqlite, .parquet or .jsonl")
    import tempfile

    with tempfile.TemporaryDirectory(prefix="delegate-analyzer-") as folder:
        path = os.path.join(folder, "read.sqlite")
        with closing(Store(path)) as store:
            if head[:4] == _PARQUET:
                from analyzer.fleet import parquet

                parquet.read(file, store.database)
            else:
                _read_lines(file, store)
            store.finish(False)
        yield path


def _read_lines(file: str, store: Store) -> None:
    asked = Configurations()
    with opened(file) as raw, open(raw.fileno(), "rb", closefd=False) as lines:
        for number, line in enumerate(lines, 1):
            try:
                model = read_line(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise UsageError(f"{file}: line {number} is no audited model; audit again") from None
            add(store, model, asked)


def add(store: Store, model: audit_document.Model, asked: Configurations) -> None:
    """Add an audited model; without hashes models are told apart by their paths. Raises: UsageError."""
    read = model.error is None
    if not store.has(model.path):
        result, kept = (None, rows(model)) if read else (ModelResult(model), None)
        answer = Answer(result, rows=kept, sha256=model.sha256 or model.path)
        store.add(model.path, model.bytes, answer, asked.of(model) if read else ())


def _connected(file: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=ro", uri=True)


def survey(database: sqlite3.Connection) -> Survey:
    """What many models came to."""
    files, unread = ask(database, "SELECT count(*), count(error) FROM file")[0]
    verdicts = _grouped(
        database, "SELECT configuration, verdict, count(*) FROM audit GROUP BY configuration, verdict"
    )
    waiting = _grouped(
        database, "SELECT configuration, count(*) FROM audit WHERE causes GROUP BY configuration"
    )
    rules = {(number, fix): told for number, fix, *told in ask(database, _RULES)}
    configured = ask(database, _CONFIGURATIONS.format("main"))
    fixes, operators = _grouped(database, _FIXES), _grouped(database, _OPERATORS)
    return Survey(
        tool=convert.TOOL,
        files=files,
        models=_value(database, "SELECT count(*) FROM model"),
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


def _value(database: sqlite3.Connection, query: str) -> Any:
    return ask(database, query)[0][0]


def _grouped(database: sqlite3.Connection, query: str, *values: Any) -> dict[Any, list[Any]]:
    """The rows of a query by their first column."""
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for first, *rest in ask(database, query, *values):
        grouped[first].append(rest)
    return grouped


def _held_back(row: Sequence[Any]) -> HeldBack:
    op, models, operators = row
    return HeldBack(op=op, models=models, operators=operators)


def _fix(row: Sequence[Any], rule: str, message: str) -> Fix:
    fix, models, frees, macs = row
    return Fix(fix=fix or message, rule=rule, message=message, models=models, frees=frees, macs=macs)


def listed(database: sqlite3.Connection, most: int) -> list[tuple[str, int, int, str]]:
    """The first files: path, operators, MACs, the first letter of each verdict; none where unread."""
    query = """
    SELECT path, coalesce(operators, 0), coalesce(macs, 0), coalesce((
        SELECT group_concat(substr(verdict, 1, 1), '') FROM audit WHERE audit.model = model.id
    ), '') FROM file LEFT JOIN model USING (sha256) ORDER BY file.id LIMIT ?
    """
    return [(name, ops, macs, said) for name, ops, macs, said in ask(database, query, most)]


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
        reasons = policy.reasons if view.policy else ()
        failed = "".join(f"\npolicy failed: {plain(reason)}" for reason in reasons)
        return (survey_text.table(told, view) + failed).encode()


# One audit against another

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
    with tables(before) as old, tables(after) as new, closing(_connected(old)) as database:
        database.create_function("rank", 1, VERDICTS.index, deterministic=True)
        database.execute("ATTACH ? AS new", (f"{Path(new).absolute().as_uri()}?mode=ro",))
        pairs, unmatched = _pairs(database)
        missing = "SELECT count(*) FROM {} WHERE path NOT IN (SELECT path FROM {})"
        replaced = "SELECT count(*) FROM file AS a JOIN new.file AS b USING (path) WHERE a.sha256 != b.sha256"
        tool = "SELECT value FROM {}.run WHERE key = 'tool' UNION ALL SELECT '' LIMIT 1"
        return Changes(
            tool=convert.TOOL,
            tools=(_value(database, tool.format("main")), _value(database, tool.format("new"))),
            models=_value(database, f"SELECT count(*) FROM {_BOTH}"),
            gone=_value(database, missing.format("main.file", "new.file")),
            new=_value(database, missing.format("new.file", "main.file")),
            replaced=_value(database, replaced),
            unmatched=unmatched,
            delegates=tuple(_delegates(database, pairs)),
        )


def _pairs(database: sqlite3.Connection) -> tuple[list[tuple[Any, Any]], tuple[str, ...]]:
    """Delegates that both asked, by what they are called, else by their one configuration; and the others."""
    sides = [ask(database, _CONFIGURATIONS.format(schema)) for schema in ("main", "new")]
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
    verdicts, shifted = _grouped(database, _CHANGES), _grouped(database, _SHIFTED)
    fixed = [
        _grouped(database, _FIXED.format(schema=schema, side=side, both=_BOTH))
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
                for path, x, y, less, more, operators in ask(database, _MODELS, row[0], MOST)
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
