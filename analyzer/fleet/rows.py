"""An audited model as rows: what of it tables of many models keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from analyzer.report.document import convert
from analyzer.report.document.audit_document import Audit, Model, Policy
from analyzer.report.wording import labels

if TYPE_CHECKING:
    from analyzer.report.wording.causes import Cause

#: Tables hold no larger integer.
_LARGEST = (1 << 63) - 1
#: Characters of a text that models have a say in.
_MOST = 200


class AuditRow(Struct, frozen=True, array_like=True):
    """One model on one delegate, in figures of `Summary`."""

    verdict: str
    selected: str
    operators: int
    supported: int
    delegated: int
    unsupported: int
    macs: int
    delegated_macs: int
    operators_share: float
    macs_share: float
    partitions: int
    boundary_bytes: int
    #: How many causes have to be dealt with.
    causes: int


class CauseRow(Struct, frozen=True, array_like=True):
    """One thing to change about a model on the delegate at `position`.

    `operators` and `macs` are what it keeps off the delegate, `ops` how many operators of which kind it is
    about, as JSON; `alone`: whether nothing else has to be dealt with there.
    """

    position: int
    rule: str
    fix: str
    severity: str
    stage: str
    level: str
    kind: str | None
    message: str
    operators: int
    macs: int
    ops: str
    alone: bool


class Rows(Struct, frozen=True, array_like=True):
    """All rows of one model."""

    operators: int
    macs: int
    dtypes: str
    audits: tuple[AuditRow, ...]
    causes: tuple[CauseRow, ...]


class Configuration(Struct, frozen=True, array_like=True):
    """A delegate with its parameters (as JSON) and its pack."""

    delegate: str
    title: str
    device: str | None
    legacy: bool
    parameters: str
    rules_version: str
    rules_sha256: str
    revision: str


class Configurations:
    """What models were audited for: looked up by delegates, rules and parameters, few for many models."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[Configuration, ...]] = {}

    def of(self, model: Model) -> tuple[Configuration, ...]:
        """The delegates that a model was audited for, by what they are called."""
        key = tuple(
            (each.delegate, each.device, each.rules.sha256, *each.parameters.items()) for each in model.audits
        )
        if key not in self._known:
            ((_, names),) = labels.named(convert.whole([model], Policy()))
            self._known[key] = tuple(map(_configuration, model.audits, names))
        return self._known[key]


def _configuration(audit: Audit, name: str) -> Configuration:
    return Configuration(
        audit.delegate,
        name,
        audit.device,
        audit.legacy,
        msgspec.json.encode(audit.parameters, order="sorted").decode(),
        audit.rules.version,
        audit.rules.sha256,
        audit.rules.upstream.revision,
    )


def rows(model: Model) -> Rows:
    """The rows of a model that was audited."""
    from analyzer.report.wording.causes import causes

    asking = [cause for cause in causes(model) if cause.asks]
    counted = Counter(position for cause in asking for position in cause.audits)
    return Rows(
        model.operators,
        _bounded(model.macs),
        ",".join(model.dtypes),
        tuple(_audit(audit, counted[position]) for position, audit in enumerate(model.audits)),
        tuple(row for cause in asking for row in _causes(cause, counted)),
    )


def _audit(audit: Audit, number: int) -> AuditRow:
    summary = audit.summary
    return AuditRow(
        summary.verdict,
        summary.selected.verdict,
        summary.operators,
        summary.supported,
        summary.delegated,
        summary.unsupported,
        _bounded(summary.macs),
        _bounded(summary.delegated_macs),
        summary.delegated_operators_share,
        summary.delegated_macs_share,
        summary.partitions,
        _bounded(summary.boundary_bytes),
        number,
    )


def _causes(cause: Cause, counted: Counter[int]) -> Iterator[CauseRow]:
    nodes = (cause.culprit,) if cause.culprit is not None else cause.operators
    kinds = Counter(labels.operator(node)[:_MOST] for node in nodes)
    macs, operators = cause.cost
    for position in cause.audits:
        yield CauseRow(
            position,
            cause.rules[0],
            cause.fix,
            cause.severity,
            cause.stage,
            cause.level,
            cause.kind,
            cause.message[:_MOST],
            operators,
            _bounded(macs),
            msgspec.json.encode(dict(sorted(kinds.items()))).decode(),
            counted[position] == 1,
        )


def _bounded(number: int) -> int:
    return min(number, _LARGEST)
