"""Findings that a project knows of: waived for a reason and a time, or told when a baseline was written."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase

from msgspec import Struct

from analyzer.auditing.types import Audit, OperatorAudit
from analyzer.files import is_named


class Site(Struct, frozen=True):
    """Where a rule speaks: names that stay when a model is exported again, as its operators' numbers don't.

    `operator` and `tensor` (its first output) are empty where the whole graph is meant.
    """

    delegate: str
    rule: str
    operator: str = ""
    tensor: str = ""


class Waiver(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Patterns of what is excused, why, and until when (the day itself included)."""

    reason: str
    expires: datetime.date
    rule: str = "*"
    operator: str = "*"
    tensor: str = "*"
    delegate: str = "*"
    model: str = "*"

    @property
    def named(self) -> str:
        """The patterns that say something."""
        said = {name: getattr(self, name) for name in ("delegate", "model", "rule", "operator", "tensor")}
        return ", ".join(f"{name} {pattern}" for name, pattern in said.items() if pattern != "*")

    def covers(self, path: str, site: Site) -> bool:
        """Whether it speaks of what is said here. A model's pattern may be the end of its path."""
        pairs = ((self.rule, site.rule), (self.operator, site.operator), (self.tensor, site.tensor))
        return (
            fnmatchcase(site.delegate, self.delegate)
            and is_named(path, self.model)
            and all(fnmatchcase(name, pattern) for pattern, name in pairs)
        )


#: What is known of one model: how often a rule spoke at each site.
Known = Counter[Site]


class Excuses(Struct, frozen=True):
    """All that is excused in one run; `baseline` is of the model that is audited."""

    waivers: tuple[Waiver, ...] = ()

    def of(self, audit: Audit, baseline: Known | None = None) -> Excused:
        """What is excused of one model."""
        if not (self.waivers or baseline):
            return NOTHING
        left = Known() if baseline is None else baseline.copy()
        kept: set[tuple[int, int, int, str]] = set()
        used: set[int] = set()
        for spot, site in _spots(audit):
            position = self._waiver(audit.model.path, site)
            if position is not None:
                used.add(position)
            elif left[site] > 0:
                left[site] -= 1
            else:
                continue
            kept.add(spot)
        return Excused(frozenset(kept), tuple(sorted(used)))

    def _waiver(self, path: str, site: Site) -> int | None:
        covering = (n for n, waiver in enumerate(self.waivers) if waiver.covers(path, site))
        return next(covering, None)


class Excused(Struct, frozen=True):
    """Of one audit: position of the delegate, subgraph, operator (-1, -1: the graph's own) and rule."""

    spots: frozenset[tuple[int, int, int, str]] = frozenset()
    #: The waivers that excused something.
    waivers: tuple[int, ...] = ()

    def __contains__(self, spot: object) -> bool:
        return spot in self.spots


NOTHING = Excused()


def sites(audit: Audit) -> Known:
    """What a baseline holds of a model."""
    return Counter(site for _, site in _spots(audit))


def _spots(audit: Audit) -> Iterator[tuple[tuple[int, int, int, str], Site]]:
    """Every finding that may fail a policy."""
    for position, delegate_audit in enumerate(audit.delegates):
        name = delegate_audit.configuration.pack.delegate
        for blocker in delegate_audit.blockers:
            rule = blocker.finding.rule
            yield (position, -1, -1, rule), Site(name, rule)
        for operator in delegate_audit.operators:
            for finding in operator.findings:
                if finding.severity != "note":
                    spot = position, operator.subgraph, operator.index, finding.rule
                    yield spot, Site(name, finding.rule, *_names(audit, operator))


def _names(audit: Audit, operator: OperatorAudit) -> tuple[str, str]:
    graph = audit.model.subgraphs[operator.subgraph]
    node = graph.operators[operator.index]
    output = node.outputs[0] if node.outputs else -1
    return node.custom or node.name, graph.tensors[output].name if output >= 0 else ""
