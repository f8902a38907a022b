"""Audits models in memory by a tiny rule pack, and says where operators ended up."""

from __future__ import annotations

import tempfile
from pathlib import Path

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import DelegateAudit, OperatorAudit
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.packs import saved


def audited(model: bytes, rules: str, spec: str = "tiny") -> DelegateAudit:
    """What the delegate that the rule file's text describes makes of a model."""
    with tempfile.TemporaryDirectory() as folder:
        packs = Packs([saved(Path(folder), rules)])
        [found] = Auditor(packs, configure(packs, [spec])).audit(read_bytes(model, "m")).delegates
    return found


def places(audit: DelegateAudit) -> list[tuple[int, list[int]]]:
    """Each partition: its subgraph and its operators."""
    return [(partition.subgraph, list(partition.operators)) for partition in audit.partitions]


def lost(audit: DelegateAudit) -> dict[tuple[int, int], str]:
    """Subgraph and index of accepted operators that stay on the CPU -> why."""
    return {(o.subgraph, o.index): o.lost for o in audit.operators if o.lost is not None}


def blockers(audit: DelegateAudit) -> list[tuple[str, str, int | None, int | None]]:
    """Rule, severity, subgraph and operator of what holds back the graph."""
    return [(b.finding.rule, b.finding.severity, b.subgraph, b.operator) for b in audit.blockers]


def letters(operators: tuple[OperatorAudit, ...]) -> str:
    """A letter an operator: `S`upported, `F`olded, `B`oth or `-`; upper case where it is delegated."""
    found = ""
    for operator in operators:
        letter = {(True, False): "s", (False, True): "f", (True, True): "b"}.get(
            (operator.supported, operator.folded), "-"
        )
        found += letter.upper() if operator.delegated else letter
    return found
