"""Causes that keep operators off a delegate, most costly first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from analyzer.report.document import audit_document
from analyzer.report.document.audit_document import Audit, Blocker, Finding, Model, Operator
from analyzer.rules.pack import BROKEN

#: Graph-level kinds that follow from something else: from refused operators, a failed build, a crash.
KNOCK_ON = ("limit", "minimum", "rolled-back", "crash")
#: How many causes of each delegate are shown where not everything is asked for.
FOREMOST = 3
#: How many causes are shown for many models together.
COMMON = 10
#: Blockers of one rule that are causes, each by itself.
_ALIKE = 50

#: The job of a fix where nothing is to be done.
NOBODY = "none"
#: Severities that only matter where an operator is delegated.
LATER = ("fails", "wrong")

#: What is said of a loss that no blocker of the document speaks of.
_UNSAID = {
    "limit": "accepted, but in more partitions than the delegate takes",
    "minimum": "accepted, but in partitions too small for the delegate",
    "dynamic": "accepted, but behind a tensor whose size is only known at run time",
    "refused": "accepted, but in a graph that the CPU itself refuses",
    "rolled-back": "accepted, but returned to the CPU when building failed",
    "crash": "accepted, but never run: the app crashes before",
    "graph": "accepted, but the graph keeps it on the CPU",
}


class Case(Struct, frozen=True):
    """One way in which a rule failed, and the operators that failed it so.

    `like`: whether it is only said of which operator they are like.
    """

    message: str
    expected: str | None
    actual: str | None
    operators: tuple[Operator, ...]
    like: bool = False
    rule: str = ""


class Gain(Struct, frozen=True):
    """Operators and MACs that are delegated, and that would be."""

    operators: int
    macs: int
    delegated: int
    delegated_macs: int

    @property
    def more(self) -> tuple[int, int]:
        return self.delegated_macs - self.macs, self.delegated - self.operators


class Cause(Struct, frozen=True, kw_only=True):
    """Something to change, with all operators that it concerns.

    It stands for all rules that ask for the same fix, of whatever operands and kinds of operators.
    `rules` is empty for losses that follow from other causes; `audits` are positions in the model's
    audits; `level` is "graph" for what concerns a whole graph, else "operator"; `kind` as in `Blocker`.
    """

    rules: tuple[str, ...]
    severity: str
    stage: str = "check"
    level: str
    kind: str | None = None
    fix: str
    source: str
    audits: tuple[int, ...]
    cases: tuple[Case, ...]
    operators: tuple[Operator, ...]
    macs: int
    #: What is delegated with and without it, where others are lost because of its operators.
    gain: Gain | None = None
    #: MACs and operators more that are delegated without it, where that is known.
    unlocks: tuple[int, int] | None = None
    #: Whether its fix says that there is nothing to do about it; and beside what is delegated.
    idle: bool = False
    harmless: bool = False
    #: The operator that holds the graph back, where one does.
    culprit: Operator | None = None

    @property
    def message(self) -> str:
        return self.cases[0].message

    @property
    def cost(self) -> tuple[int, int]:
        """MACs and operators that it keeps off the delegate."""
        own = self.macs, len(self.operators)
        return own if self.gain is None else max(own, self.gain.more)

    @property
    def knock_on(self) -> bool:
        return self.level == "graph" and self.kind in KNOCK_ON

    @property
    def blocks(self) -> bool:
        """True where it keeps operators off the delegate while that chooses, or a whole graph at any time."""
        if self.level == "graph" and self.kind is not None:
            return True
        return self.stage == "check" and self.severity in ("blocker", "crash")

    @property
    def broken(self) -> bool:
        """True where the model doesn't work with the delegate because of it."""
        return self.severity in BROKEN

    @property
    def asks(self) -> bool:
        """True where it has to be dealt with: it breaks the model or keeps operators off, by itself."""
        return bool(self.rules) and (self.broken or (self.blocks and not (self.idle or self.knock_on)))


def causes(model: Model) -> list[Cause]:
    """Every cause: crashes, graph-level ones, then by cost; the same cause under several delegates is one."""
    by_identity: dict[object, Cause] = {}
    needless = frozenset(each.fix for each in model.fixes if each.job == NOBODY)
    for position, audit in enumerate(model.audits):
        for cause in _of_audit(audit, position, needless):
            key = _identity(cause, audit)
            known = by_identity.get(key)
            by_identity[key] = cause if known is None else _joined(known, cause)
    return sorted(by_identity.values(), key=costly_first)


def _identity(cause: Cause, audit: Audit) -> object:
    """The key by which two causes are one: of a graph its message, of operators their places too."""
    if cause.level == "graph" and cause.rules:
        return cause.rules, cause.severity, cause.message
    return audit.delegate, cause.rules, cause.kind, cause.message, _places(cause.operators)


def _places(nodes: Iterable[Operator]) -> tuple[tuple[int, int], ...]:
    return tuple((node.subgraph, node.index) for node in nodes)


def _joined(known: Cause, other: Cause) -> Cause:
    """One cause for both; a graph may lose other operators under another delegate."""
    both = {(node.subgraph, node.index): node for node in (*known.operators, *other.operators)}
    nodes = tuple(both[place] for place in sorted(both))
    case = replace(known.cases[0], operators=nodes) if known.level == "graph" else known.cases[0]
    cases = (case, *known.cases[1:])
    audits = tuple(dict.fromkeys((*known.audits, *other.audits)))
    return replace(known, audits=audits, cases=cases, operators=nodes, macs=_macs(nodes))


def costly_first(cause: Cause) -> tuple[int, bool, int, int]:
    """Sort key: what breaks the model costs most of all, the worst first."""
    macs, operators = cause.cost
    rank = BROKEN.index(cause.severity) if cause.broken else len(BROKEN)
    return rank, cause.level != "graph", -macs, -operators


#: Position of the audit, subgraph, operator, whether the delegate accepts it -> what keeps it off, and how.
Holding: TypeAlias = dict[tuple[int, int, int, bool], tuple[Cause, Case]]


def holding(model_causes: Iterable[Cause]) -> Holding:
    """The first cause that keeps each operator off a delegate."""
    known: Holding = {}
    for cause in model_causes:
        for position, case in product(cause.audits, cause.cases) if cause.blocks else ():
            for node in case.operators:
                known.setdefault((position, node.subgraph, node.index, cause.level == "graph"), (cause, case))
    return known


def breaking(model_causes: Iterable[Cause]) -> list[Cause]:
    """Causes because of which the model doesn't work with a delegate."""
    return [cause for cause in model_causes if cause.broken]


def direct(model_causes: Iterable[Cause]) -> list[Cause]:
    """Other causes that have to be dealt with: they block, and follow from nothing else."""
    others = [cause for cause in model_causes if cause.blocks and not (cause.broken or cause.knock_on)]
    return [cause for cause in others if not cause.harmless]


def harmless(model_causes: Iterable[Cause]) -> list[Cause]:
    """Refusals that cost nothing, so that there is nothing to do about them."""
    return [cause for cause in model_causes if cause.blocks and cause.harmless]


def knock_on(model_causes: Iterable[Cause]) -> list[Cause]:
    """Losses that follow from other causes."""
    return [cause for cause in model_causes if cause.blocks and cause.knock_on and not cause.broken]


def asked(model: Model, model_causes: Iterable[Cause], legacy: bool = False) -> list[Cause]:
    """The causes of delegates that were asked for; or those of deprecated ones alone, which weren't."""
    return [
        cause
        for cause in model_causes
        if legacy is all(model.audits[position].legacy for position in cause.audits)
    ]


def remarks(model_causes: Iterable[Cause]) -> list[Cause]:
    """Findings that block nothing but are worth knowing: hazards first, then notes."""
    remarked = (cause for cause in model_causes if not cause.blocks and not cause.broken)
    return sorted(remarked, key=lambda cause: cause.severity)


def foremost(group: Iterable[Cause]) -> list[Cause]:
    """The first causes of every delegate, so that none is crowded out by another's."""
    left: Counter[int] = Counter()
    shown = []
    for cause in group:
        left.update(cause.audits)
        if min(left[position] for position in cause.audits) <= FOREMOST:
            shown.append(cause)
    return shown


class Common(Struct, frozen=True):
    """Rules of one delegate that ask for the same fix, with the number of models that they block."""

    rules: tuple[str, ...]
    fix: str
    models: int


def common(models: Iterable[Model]) -> list[Common]:
    """The causes that block the most models."""
    rules: dict[tuple[str, str], dict[str, None]] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for model in models:
        ranked = asked(model, causes(model))
        asking = [(_ask(cause), cause) for cause in ranked if cause.asks]
        for ask, cause in asking:
            rules.setdefault(ask, {}).update(dict.fromkeys(cause.rules))
        counted.update(dict.fromkeys((ask for ask, _ in asking), 1))
    return [Common(tuple(rules[ask]), ask[1], number) for ask, number in counted.most_common(COMMON)]


def _ask(cause: Cause) -> tuple[str, str]:
    """Of which delegate's rules, and for what."""
    return cause.rules[0].split("/")[0], cause.fix


def _of_audit(audit: Audit, position: int, needless: Collection[str]) -> Iterator[Cause]:
    broken = audit.summary.verdict in BROKEN
    said = {(finding.rule, finding.severity) for node in audit.operators for finding in node.findings}
    told = set()
    for blocker in _foremost_blockers(audit):
        held = _held_back(blocker, audit, position)
        if held.operators or not held.knock_on or (blocker.rule, blocker.severity) not in said:
            told.add(blocker.rule)
            yield held
    yield from _unsaid(audit, position)
    groups: dict[tuple[str, str, str], list[tuple[Finding, Operator]]] = {}
    for node in audit.operators:
        for finding in node.findings:
            # A graph's own cause says it, with what becomes of the whole.
            if broken and finding.rule in told and _refuses(finding):
                continue
            # What isn't delegated can't come out wrong.
            if finding.severity in LATER and not (broken or node.delegated):
                continue
            groups.setdefault((finding.severity, finding.stage, finding.fix), []).append((finding, node))
    gains = {frozenset(map(_place, gain.operators)): gain for gain in audit.gains}
    for group in groups.values():
        cause = _found(group, position)
        if cause.severity == "crash" and cause.stage == "check" and audit.summary.verdict != "crash":
            # The delegate is never asked about it, because something else stops it before.
            cause = replace(cause, severity="blocker")
        idle = cause.fix in needless
        harmless = idle and audit.summary.selected.delegated > 0
        documented = gains.get(frozenset(_places(cause.operators)))
        gain = _gain(cause, documented, audit)
        more = None if documented is None or not cause.blocks else _more(documented, audit)
        yield replace(cause, idle=idle, harmless=harmless, gain=gain, unlocks=more)


def _more(gain: audit_document.Gain, audit: Audit) -> tuple[int, int]:
    """MACs and operators that it adds to what is delegated."""
    summary = audit.summary
    return gain.delegated_macs - summary.delegated_macs, gain.delegated - summary.delegated


def _refuses(finding: Finding) -> bool:
    return finding.stage == "check" and finding.severity in ("blocker", "crash")


def _gain(cause: Cause, documented: audit_document.Gain | None, audit: Audit) -> Gain | None:
    if documented is None or not cause.blocks or audit.summary.verdict in BROKEN:
        return None
    summary = audit.summary
    gain = Gain(summary.delegated, summary.delegated_macs, documented.delegated, documented.delegated_macs)
    return gain if gain.more > (cause.macs, len(cause.operators)) else None


def _place(place: audit_document.Place) -> tuple[int, int]:
    return place.subgraph, place.operator


def _foremost_blockers(audit: Audit) -> Iterator[Blocker]:
    """Of a rule's, which may be as many as operators, so many: each is laid beside all operators."""
    alike: Counter[tuple[str, str | None]] = Counter()
    for blocker in audit.blockers:
        alike[blocker.rule, blocker.kind] += 1
        if alike[blocker.rule, blocker.kind] <= _ALIKE:
            yield blocker


def _held_back(blocker: Blocker, audit: Audit, position: int) -> Cause:
    others = {other.subgraph for other in audit.blockers if other.kind == blocker.kind} - {blocker.subgraph}
    lost = (node for node in audit.operators if blocker.kind is not None and node.lost == blocker.kind)
    # What stops one subgraph stops those after it too, unless they have a blocker of their own.
    nodes = tuple(node for node in lost if not node.delegated and node.subgraph not in others)
    return Cause(
        rules=(blocker.rule,),
        severity=blocker.severity,
        stage=blocker.stage,
        level="graph",
        kind=blocker.kind,
        fix=blocker.fix,
        source=blocker.source,
        audits=(position,),
        cases=(Case(blocker.message, blocker.expected, blocker.actual, nodes),),
        operators=nodes,
        macs=_macs(nodes),
        culprit=next((node for node in audit.operators if _is_culprit(blocker, node)), None),
    )


def _is_culprit(blocker: Blocker, node: Operator) -> bool:
    return node.index == blocker.operator and node.subgraph == (blocker.subgraph or 0)


def _unsaid(audit: Audit, position: int) -> Iterator[Cause]:
    """Losses that no blocker speaks of, a cause for each kind."""
    said = {blocker.kind for blocker in audit.blockers}
    lost = [node for node in audit.operators if node.lost and not node.delegated and node.lost not in said]
    for kind in sorted({node.lost for node in lost if node.lost}):
        nodes = tuple(node for node in lost if node.lost == kind)
        yield Cause(
            rules=(),
            severity="blocker",
            level="graph",
            kind=kind,
            fix="",
            source="",
            audits=(position,),
            cases=(Case(_UNSAID[kind], None, None, nodes),),
            operators=nodes,
            macs=_macs(nodes),
        )


def _found(group: Sequence[tuple[Finding, Operator]], position: int) -> Cause:
    nodes = tuple({(node.subgraph, node.index): node for _, node in group}.values())
    finding = group[0][0]
    return Cause(
        rules=tuple(dict.fromkeys(finding.rule for finding, _ in group)),
        severity=finding.severity,
        stage=finding.stage,
        level="operator",
        fix=finding.fix,
        source=finding.source,
        audits=(position,),
        cases=_cases(group),
        operators=nodes,
        macs=_macs(nodes),
    )


def _cases(group: Sequence[tuple[Finding, Operator]]) -> tuple[Case, ...]:
    """The most costly first; what is only said to be like others comes last."""
    alike: dict[tuple[str, str | None, str | None, bool], list[tuple[Operator, str]]] = {}
    for finding, node in group:
        text = finding.message, finding.expected, finding.actual, bool(finding.like)
        alike.setdefault(text, []).append((node, finding.rule))
    cases = [
        Case(*text[:3], tuple(node for node, _ in same), text[3], same[0][1]) for text, same in alike.items()
    ]
    return tuple(sorted(cases, key=lambda case: (case.like, -_macs(case.operators), -len(case.operators))))


def _macs(nodes: Iterable[Operator]) -> int:
    return sum(node.macs or 0 for node in nodes)
