"""Audits of one platform -> candidates, the best first: ranked by what an inference costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from analyzer.auditing.configurations import PLATFORMS
from analyzer.recommendation.deployment import Deployment, Rates
from analyzer.report.document.audit_document import Audit, Summary
from analyzer.report.document.recommendation import Cost, Value
from analyzer.report.wording import labels, outcome
from analyzer.rules.parameters import as_written

#: Below this share of the MACs the rest, and the way there and back, eat what a delegate saves.
LEAST_SHARE = 0.5
#: The status of a delegate that its maker has given up.
_DEPRECATED = "deprecated"
#: What other parameters have to save of the whole, for an app to set them.
_WORTH_SETTING = 0.05


class Attempted(Struct, frozen=True):
    """An audit with parameters that nobody asked for, and how an app sets them."""

    audit: Audit
    parameters: Mapping[str, Value]
    how: str
    where: str = ""
    platforms: tuple[str, ...] = ()

    def is_for(self, platform: str) -> bool:
        """Whether it is a platform where the app can set it."""
        return not self.platforms or platform in self.platforms

    def concerns(self, audit: Audit) -> bool:
        """Whether it is about this delegate."""
        return self.audit.delegate == audit.delegate

    @property
    def given(self) -> str:
        """`max_partitions=4`."""
        return ", ".join(f"{name}={as_written(value)}" for name, value in self.parameters.items())


class Repaired(Struct, frozen=True):
    """The audits of the model rewritten for its delegates, by delegate, and the rewrites that it takes.

    `delegates` are all that it was done for; `options` of `fix` that change what the app has to do, and
    `changes`: what that is.
    """

    audits: Mapping[str, Audit]
    delegates: tuple[str, ...]
    rewrites: tuple[str, ...]
    options: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


class Requantized(Struct, frozen=True):
    """The same model with another element type: the size of its file, and its audits."""

    dtype: str
    bytes: int
    audits: Sequence[Audit]


class Candidate(Struct, frozen=True):
    """A delegate that could be chosen."""

    audit: Audit
    deployment: Deployment
    cost: Cost
    #: Parameters that differ from those that were asked for, and from where alone they are set.
    parameters: Mapping[str, Value] = {}
    where: str = ""
    #: The same with the parameters that were asked for, where others are better.
    instead_of: Candidate | None = None
    #: Parameters that were asked for, and tell it from the same delegate asked with others.
    telling: Mapping[str, Value] = {}

    @property
    def name(self) -> str:
        """What sentences call it: `the classic GPU with max_partitions=4`."""
        stated = {**self.telling, **self.parameters}
        given = ", ".join(f"{name}={as_written(value)}" for name, value in stated.items())
        return f"{self.deployment.name} with {given}" if given else self.deployment.name

    @property
    def deprecated(self) -> bool:
        return self.audit.status == _DEPRECATED

    @property
    def broken(self) -> bool:
        return outcome.broken(self.audit.summary)

    @property
    def share(self) -> float:
        """The share of MACs that really runs on it."""
        return self.audit.summary.delegated_macs_share if outcome.applied(self.audit.summary) else 0.0

    @property
    def saves(self) -> bool:
        """Whether an inference costs less than on the CPU."""
        return self.cost.delegated < self.cost.cpu

    @property
    def current(self) -> bool:
        """Whether it is there for the platform as a whole, and for some time to come."""
        return not (self.deprecated or self.deployment.one_chip)

    @property
    def refused(self) -> bool:
        """Whether the interpreter itself refuses the model."""
        decided = self.audit.decided
        return decided is not None and decided.kind == "refused"

    @property
    def worth(self) -> bool:
        """Whether it is to be recommended at all."""
        return self.current and not self.broken and self.share >= LEAST_SHARE and self.saves


def cost(summary: Summary, rates: Rates) -> Cost:
    """What an inference costs on the CPU alone and with the delegate, in multiply-accumulates on the CPU."""
    if not outcome.applied(summary):
        return Cost(cpu=summary.macs, delegated=summary.macs)
    there = summary.delegated_macs / rates.speed
    crossing = summary.boundary_bytes * rates.byte + summary.partitions * rates.switch
    return Cost(cpu=summary.macs, delegated=round(summary.macs - summary.delegated_macs + there + crossing))


def available(audits: Iterable[Audit], deployments: Mapping[str, Deployment], platform: str) -> list[Audit]:
    """The audits that are about a platform; what several devices have alike is one."""
    there = [audit for audit in audits if platform in _platforms(audit, deployments)]
    if len(there) < 2:
        return there
    different = {(audit.delegate, *audit.parameters.items()): audit for audit in reversed(there)}
    return list(reversed(different.values()))


def candidates(
    audits: Sequence[Audit], attempts: Sequence[Attempted], deployments: Mapping[str, Deployment]
) -> list[Candidate]:
    """The best first: those that are worth it, then what takes most; equal ones as they were asked for."""
    several = [_best(_candidate(audit, deployments, _telling(audit, audits)), attempts) for audit in audits]
    if len(several) < 2:
        return several
    return sorted(several, key=lambda each: (not each.worth, each.cost.delegated, -each.share))


def _platforms(audit: Audit, deployments: Mapping[str, Deployment]) -> Iterable[str]:
    known = deployments.get(audit.delegate)
    if known and known.platforms and audit.device is None:
        return known.platforms
    return [name for name, systems in PLATFORMS.items() if not systems.isdisjoint(audit.platforms)]


def _telling(audit: Audit, asked: Sequence[Audit]) -> Mapping[str, Value]:
    """The parameters in which it differs from others of the same delegate; a device tells by itself."""
    if audit.device is not None:
        return {}
    others = [
        other
        for other in asked
        if other is not audit and other.delegate == audit.delegate and other.device is None
    ]
    if not others:
        return {}
    return {
        name: value
        for name, value in audit.parameters.items()
        if any(other.parameters.get(name) != value for other in others)
    }


def _candidate(
    audit: Audit, deployments: Mapping[str, Deployment], telling: Mapping[str, Value]
) -> Candidate:
    known = deployments.get(audit.delegate) or Deployment(name=labels.title(audit))
    return Candidate(audit, known, cost(audit.summary, known.cost), telling=telling)


def _best(asked: Candidate, attempts: Sequence[Attempted]) -> Candidate:
    """The candidate with the parameters that do most for it; those that were asked for unless it pays."""
    best = asked
    for attempt in attempts:
        if attempt.concerns(asked.audit):
            weighed = cost(attempt.audit.summary, asked.deployment.cost)
            other = Candidate(
                attempt.audit,
                asked.deployment,
                weighed,
                attempt.parameters,
                attempt.where,
                instead_of=asked,
                telling=asked.telling,
            )
            best = other if _better(other, best) else best
    return best


def _better(other: Candidate, known: Candidate) -> bool:
    if other.broken != known.broken:
        return known.broken
    return known.cost.delegated - other.cost.delegated > _WORTH_SETTING * known.cost.cpu
