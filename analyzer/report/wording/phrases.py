"""Phrases on audits and causes, the same in every format that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analyzer.report.document.audit_document import REFERENCE, Audit, Model, Operator, Policy, Summary
from analyzer.report.wording import figures, labels, outcome
from analyzer.report.wording.causes import Case, Cause, Common
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.pack import BROKEN

if TYPE_CHECKING:
    from analyzer.report.document.advice import Advice

#: What the words of `where` mean.
LEGEND = (
    "P0: partition 0 of the delegate; lost: accepted, yet on the CPU; folded: float16 weights read through; "
    "in vain: selected, yet the delegate fails; ref: on the CPU's reference kernels, the rest on its fast "
    "ones"
)

#: The heading of rules that block many models.
COMMON = "What blocks the most models"

#: Of how many operators the places are told.
_PLACES = 3

#: How many operators are worth naming as all that is missing.
_FEW = 3

#: The headings of causes.
BREAKS = "What breaks the model"
BLOCKS = "What blocks, most costly first"
OTHERS = "What blocks other delegates, most costly first"
LOST = "Lost as a consequence"
REMARKS = "Accepted, but worth knowing"
UNTOUCHED = "No action needed"

#: The heading of delegates that were only asked because none was named.
LEGACY = "Legacy, deprecated by their makers"

_LOST = {
    "limit": "lost to the partition limit",
    "minimum": "in partitions too small",
    "dynamic": "behind a dynamic tensor",
    "refused": "in a graph that the CPU refuses",
    "rolled-back": "rolled back to the CPU",
    "crash": "never run: the app crashes",
    "graph": "lost to the graph's shape",
}


def reasons(policy: Policy) -> list[str]:
    """Why a policy failed, fit to show: models have a say in it by their names."""
    return list(map(plain, policy.reasons))


def card(model: Model | Advice) -> str:
    """Operators, MACs, size and element types in one line."""
    words = [figures.count(model.operators, "operator")]
    if model.macs:
        words.append(f"{figures.macs(model.macs)} MACs")
    words.append(figures.size(model.bytes))
    weights = [f"{' and '.join(model.weights)} weights"] if model.weights else []
    return ", ".join([*words, *model.dtypes[:3], *weights])


def deprecated(model: Model, names: Sequence[str]) -> str:
    """The delegates that their makers have given up, in a line; empty where none is asked."""
    deprecated = [
        name
        for name, audit in zip(names, model.audits, strict=True)
        if audit.status == "deprecated" and not audit.legacy
    ]
    return f"Deprecated by their makers: {', '.join(deprecated)}" if deprecated else ""


def headline(cause: Cause, model: Model) -> str:
    """Whom a cause concerns, what is wrong, and what it costs where no fix says what it would bring."""
    words = f"{whom(cause, model)}: {complaint(cause.cases[0])}"
    if more := others(cause):
        words += f", {more}"
    cost = consequence(cause, model) if cause.broken or not cause.fix else ""
    cost = cost or ("" if cause.fix else _share(cause, model))
    return f"{words}; {cost}" if cost else words


def complaint(case: Case) -> str:
    """The message of a case, with the expected and the actual value."""
    proof = plain(evidence(case))
    return plain(case.message) + (f" ({proof})" if proof else "")


def others(cause: Cause) -> str:
    """`and 9 other operators in 3 other cases`: what a cause stands for beside the case that is shown."""
    if len(cause.cases) == 1:
        return ""
    cases = figures.count(len(cause.cases) - 1, "other case")
    more = len(cause.operators) - len(cause.cases[0].operators)
    return f"and {figures.count(more, 'other operator')} in {cases}" if more > 0 else f"and {cases}"


def _share(cause: Cause, model: Model) -> str:
    return f"{figures.percent(cause.macs / model.macs)} of MACs" if cause.macs and model.macs else ""


def consequence(cause: Cause, model: Model) -> str:
    """The effect of a cause beyond its own operators: the share that would be delegated without it."""
    if cause.broken:
        return outcome.effect(cause.severity, cause.stage, cause.kind)
    gain = cause.gain
    if gain is None:
        return ""
    if gain.delegated_macs > gain.macs:
        now, then = (figures.percent(macs / model.macs) for macs in (gain.macs, gain.delegated_macs))
        if now != then:
            return f"once accepted, {then} of MACs are delegated, not {now}"
    if gain.delegated > gain.operators:
        return f"once accepted, {gain.delegated} operators are delegated, not {gain.operators}"
    return ""


def state(node: Operator) -> str:
    """`delegated`, `folded`, `lost` or `refused`."""
    if node.delegated:
        return "delegated"
    if node.folded:
        return "folded"
    return "lost" if node.supported else "refused"


def common(cause: Common) -> str:
    """A cause that blocks many models, in a line."""
    return f"{figures.count(cause.models, 'model')}  {rule(cause)}: {plain(cause.fix)}"


def standing(node: Operator, audit: Audit) -> str:
    """The state of an operator in a model that may not work: `broken` where it was selected in vain, or
    comes out wrong."""
    if not node.delegated or not outcome.broken(audit.summary):
        return state(node)
    wrong = any(finding.severity in BROKEN for finding in node.findings)
    return "broken" if wrong or not outcome.applied(audit.summary) else "delegated"


def where(node: Operator, audit: Audit) -> str:
    """An operator's placement in one word or two."""
    if node.partition is not None:
        if standing(node, audit) != "broken":
            return f"P{node.partition}"
        return f"P{node.partition} wrong" if outcome.applied(audit.summary) else "in vain"
    return state(node) + ("" if node.delegated or node.folded else on_reference(node))


def on_reference(node: Operator) -> str:
    """The suffix for an operator that runs on the reference kernels, else empty."""
    return " ref" if node.placement == REFERENCE else ""


def rest(audit: Audit, which: str) -> str:
    """A clause on what runs the operators that the delegate leaves, together called `which`."""
    title = audit.fallback_title
    fallback = title if isinstance(title, str) else audit.fallback or "the CPU"
    applied = outcome.applied(audit.summary)
    placed = Counter(node.placement for node in audit.operators if not (applied and node.delegated))
    slow, fast = placed[REFERENCE], placed[audit.fallback]
    if not slow:
        return f"{which} runs on {fallback}"
    if not fast:
        return f"{which} runs on the reference kernels"
    return f"{which}: {fast} on {fallback}, {slow} on the reference kernels"


def whom(cause: Cause, model: Model) -> str:
    """The operators that a cause concerns: `#41 RESIZE_BILINEAR`, `12 CONV_2D`, `every operator`."""
    nodes = cause.operators if len(cause.cases) == 1 else cause.cases[0].operators
    if cause.culprit is not None:
        held = f" holds back {figures.count(len(nodes), 'operator')}" if nodes else ""
        return _named(cause.culprit) + held
    if cause.level == "graph" and not nodes:
        return "the whole graph"
    return concerned(nodes, model)


def concerned(nodes: Sequence[Operator], model: Model) -> str:
    """Operators with some of their places: `12 CONV_2D (#3 #9 #12 and 9 more)`, `every operator`."""
    if len(nodes) == 1:
        return _named(nodes[0])
    if len(nodes) == model.operators:
        return "every operator"
    return f"{kinds([labels.operator(node) for node in nodes])} ({_some_places(nodes)})"


def _some_places(nodes: Sequence[Operator]) -> str:
    """`#3 #9`, `#3 #9 #12 and 39 more`."""
    hidden = len(nodes) - _PLACES
    if hidden <= 1:
        return " ".join(map(labels.place, nodes))
    return f"{' '.join(map(labels.place, nodes[:_PLACES]))} and {hidden} more"


def kinds(names: Sequence[str]) -> str:
    """`12 CONV_2D, 3 ADD, 4 others`."""
    counted = Counter(names)
    words = [f"{number} {name}" for name, number in counted.most_common(3 if len(counted) > 4 else 4)]
    others = len(names) - sum(number for _, number in counted.most_common(len(words)))
    return ", ".join([*words, f"{others} others"] if others else words)


def _named(node: Operator) -> str:
    return f"{labels.place(node)} {labels.operator(node)}"


def rule(cause: Cause | Common) -> str:
    """The cause's rule, with the number of rules that say the same of other operators."""
    others = len(cause.rules) - 1
    return first_rule(cause) + (f" and {others} alike" if others else "") if cause.rules else ""


def first_rule(cause: Cause | Common) -> str:
    """The rule that the cause's message is of."""
    return (cause.cases[0].rule if isinstance(cause, Cause) else "") or cause.rules[0]


def evidence(case: Case) -> str:
    """`expected X, found Y`, as far as the message does not say so already."""
    words: list[str] = []
    if case.expected in ("true", "false"):
        return ""
    if case.expected and case.expected not in case.message:
        words.append(f"expected {case.expected}")
    if case.actual and case.actual not in case.message:
        words.append(f"found {case.actual}")
    return ", ".join(words)


def held_back(audit: Audit, effect: bool = True) -> str:
    """In a few words how many operators were refused and how many lost to what.

    Before it what becomes of a model that doesn't work, unless the `effect` is told already in a sentence.
    """
    summary = audit.summary
    lost = Counter(node.lost or "graph" for node in audit.operators if _is_lost(node))
    folded = sum(node.folded and not node.delegated for node in audit.operators)
    said = outcome.brief(audit)
    words = [said] if said and (effect or not outcome.repeats(said)) else []
    if not outcome.applied(summary):
        return ", ".join([*words, outcome.selected(summary)])
    words += [f"{summary.unsupported} refused"] if summary.unsupported else []
    words += [f"{number} {_LOST[kind]}" for kind, number in lost.most_common()]
    return ", ".join([*words, *([f"{folded} float16 weights folded"] if folded else [])])


def to_full(audit: Audit) -> str:
    """The few operators that stand between a model and full delegation; empty where they aren't few."""
    to_full = audit.to_full
    if (
        to_full is None
        or outcome.broken(audit.summary)
        or to_full.blockers
        or not 0 < len(to_full.operators) <= min(_FEW, audit.summary.operators - 1)
    ):
        return ""
    places = {(place.subgraph, place.operator) for place in to_full.operators}
    names = ", ".join(_named(node) for node in audit.operators if (node.subgraph, node.index) in places)
    verb = "stands" if len(places) == 1 else "stand"
    return f"{figures.count(len(places), 'operator')} {verb} between this model and full delegation: {names}"


def told(audit: Audit) -> list[str]:
    """What there is to say of a delegate beside its figures."""
    return [*outcome.told(audit), *([said] if (said := to_full(audit)) else [])]


def macs_share(summary: Summary) -> str:
    """The share of MACs that the delegate takes; none is told of a model that doesn't work, or has none."""
    return (
        figures.percent(summary.delegated_macs_share) if summary.macs and not outcome.broken(summary) else "-"
    )


def groups(model: Model) -> list[list[int]]:
    """Positions of audits: those that were asked for, then those of deprecated delegates that weren't."""
    legacy = [position for position, audit in enumerate(model.audits) if audit.legacy]
    return [[position for position in range(len(model.audits)) if position not in legacy], legacy]


def _is_lost(node: Operator) -> bool:
    return node.supported and not node.delegated and not node.folded
