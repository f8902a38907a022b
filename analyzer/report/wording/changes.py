"""Causes by what mends them: each fix once, for all delegates, with what it unblocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from analyzer.report.document.audit_document import Audit, Model, Operator, Recipe
from analyzer.report.wording import causes, figures, phrases, recommended
from analyzer.report.wording.causes import Cause
from analyzer.report.wording.hostile_text import plain
from analyzer.report.wording.layers import layers_of

#: Whose job a fix is, as a place.
FIRST = "To change first"
_JOBS = {"model": "in the model", "converter": "at conversion", "app": "in the app"}


class Change(Struct, frozen=True):
    """One fix, with the causes that it mends, the most costly first; without a fix one cause by itself."""

    recipe: Recipe
    causes: tuple[Cause, ...]

    @property
    def fix(self) -> str:
        return self.recipe.fix

    @property
    def job(self) -> str:
        """`in the model`; empty where nothing is to be done."""
        return _JOBS.get(self.recipe.job, "") if self.fix else ""

    @property
    def in_vain(self) -> bool:
        """True where nothing is to be done, or what is neither makes the model work nor has more taken."""
        idle = bool(self.fix) and not self.job
        return idle or not (self.recipe.brings or any(cause.broken for cause in self.causes))


class Heading(Struct, frozen=True):
    """Changes that are told under one heading; `wanted`: whether they are of what is recommended."""

    title: str
    changes: list[Change]
    wanted: bool = False


def headings(model: Model, model_causes: Sequence[Cause], legacy: bool = False) -> list[Heading]:
    """All there is to change, in the one order of every format: what holds back the delegates that are
    recommended, what breaks the model with others, what holds these back. A fix is told once among these.

    Then what follows from other causes, what is worth knowing, what takes no action.
    """
    shown = causes.asked(model, model_causes, legacy)
    positions = set() if legacy else recommended.positions(model)
    direct = causes.direct(shown)
    own = [cause for cause in direct if not positions.isdisjoint(cause.audits)]
    others = [cause for cause in direct if positions.isdisjoint(cause.audits)]
    to_change = [
        (phrases.BLOCKS, own),
        (phrases.BREAKS, causes.breaking(shown)),
        (phrases.OTHERS if positions else phrases.BLOCKS, others),
    ]
    beside = [
        (phrases.LOST, causes.knock_on(shown)),
        (phrases.REMARKS, causes.remarks(shown)),
        (phrases.UNTOUCHED, causes.harmless(shown)),
    ]
    told = [*_once(to_change), *beside]
    wanted = (phrases.BLOCKS,) if positions else (phrases.BLOCKS, phrases.BREAKS)
    return [Heading(title, changes(group, model), title in wanted) for title, group in told if group]


def _once(groups: Sequence[tuple[str, list[Cause]]]) -> list[tuple[str, list[Cause]]]:
    """The same with all that one fix mends where the first of it stands."""
    homes: dict[object, int] = {}
    for place, (_, group) in enumerate(groups):
        for cause in group:
            homes.setdefault(cause.fix or id(cause), place)
    gathered: list[list[Cause]] = [[] for _ in groups]
    for _, group in groups:
        for cause in group:
            gathered[homes[cause.fix or id(cause)]].append(cause)
    return [(title, group) for (title, _), group in zip(groups, gathered, strict=True)]


def first(told: Sequence[Heading], model: Model, names: Sequence[str]) -> Change | None:
    """What to change first: what makes the model work, or brings more, with what is recommended.

    None where that takes the model whole.
    """
    for change in (change for heading in told if heading.wanted for change in heading.changes):
        broken = any(cause.broken for cause in change.causes)
        if change.job and (broken or unblocks(change, model, names)):
            return change
    return None


def to_change_first(told: Sequence[Heading], model: Model, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """For the top of a report: a heading and what is said under it, where there is something to change."""
    change = first(told, model, names)
    if change is not None:
        gain = unblocks(change, model, names)
        yield FIRST, plain(change.fix) + (f" {gain}." if gain else "")


def changes(group: Sequence[Cause], model: Model) -> list[Change]:
    """Causes of one heading by their fixes: first those of the foremost causes, each part as they come;
    last what brings nothing.
    """
    recipes = {recipe.fix: recipe for recipe in model.fixes}
    together: dict[object, list[Cause]] = {}
    for number, cause in enumerate(group):
        together.setdefault(cause.fix or number, []).append(cause)
    every = [
        Change(recipes.get(first.fix) or Recipe(fix=first.fix, job="none"), (first, *rest))
        for first, *rest in together.values()
    ]
    shown = {id(change) for change in foremost(every)}
    return sorted(every, key=lambda change: (id(change) not in shown, change.in_vain))


def foremost(group: Sequence[Change]) -> list[Change]:
    """Those that mend the first causes of a delegate; all where only one cause more would be left out."""
    ordered = sorted((cause for change in group for cause in change.causes), key=causes.costly_first)
    first = {id(cause) for cause in causes.foremost(ordered)}
    shown = [change for change in group if any(id(cause) in first for cause in change.causes)]
    left = sum(len(change.causes) for change in group) - sum(len(change.causes) for change in shown)
    return list(group) if left == 1 else shown


def unblocks(change: Change, model: Model, names: Sequence[str]) -> str:
    """`+35 % of MACs on LiteRT GPU and TFLite GPU`: what delegates would take more; empty where nothing."""
    if not change.recipe.brings:
        return ""
    gained: Counter[int] = Counter()
    operators: Counter[int] = Counter()
    for cause in change.causes:
        if cause.blocks and not (cause.broken or cause.harmless):
            for position in cause.audits:
                macs, more = _worth(cause, model.audits[position])
                gained[position] += macs
                operators[position] += more
    told: dict[str, list[str]] = {}
    for position, more in operators.items():
        share = figures.percent(gained[position] / model.macs) if model.macs and gained[position] > 0 else ""
        worth = f"{share} of MACs" if share else figures.count(more, "operator") if more > 0 else ""
        if worth:
            told.setdefault(worth, []).append(names[position])
    return "; ".join(f"+{worth} on {_listed(who)}" for worth, who in told.items())


def _worth(cause: Cause, audit: Audit) -> tuple[int, int]:
    """MACs and operators that one of its audits delegates more once it is mended."""
    if cause.unlocks is not None:
        return cause.unlocks
    nodes = cause.operators
    if cause.level == "graph":
        # What stops a whole graph may stop several delegates, which lose different operators by it.
        lost = {(node.subgraph, node.index) for node in audit.operators if node.lost == cause.kind}
        nodes = tuple(node for node in nodes if (node.subgraph, node.index) in lost)
    return sum(node.macs or 0 for node in nodes), len(nodes)


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def where(change: Change, model: Model) -> str:
    """The layers that a change is about; empty where names don't tell, or all operators are meant."""
    nodes: dict[tuple[int, int], Operator] = {}
    for cause in change.causes:
        if cause.level == "graph":
            return ""
        nodes |= {(node.subgraph, node.index): node for node in cause.operators}
    return "" if len(nodes) == model.operators else layers_of([nodes[place] for place in sorted(nodes)])


def facts(change: Change, model: Model, names: Sequence[str]) -> Iterator[str]:
    """Whose job it is, what it unblocks and where, as far as there is something to say."""
    yield from filter(None, (change.job, unblocks(change, model, names)))
    if told := where(change, model):
        yield f"layer {plain(told)}"
