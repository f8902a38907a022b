"""A newer level never refuses what an older one accepts, unless the delegate itself does.

Where the delegate was asked at every level, its word is held elsewhere: here are the other models.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.rules.registry import Packs
from tests.conformance import cases

#: Configurations from the oldest level to the newest.
LADDERS = {
    "without accelerator": [f"nnapi:api={api}:accelerator=false" for api in (27, 28, 29, 30, 31)],
    "with accelerator": [
        *(f"nnapi:api={api}" for api in (29, 30, 31)),
        "nnapi:api=31:feature_level=6",
        "nnapi:api=33:feature_level=7",
        "nnapi:api=34:feature_level=8",
    ],
}


@pytest.mark.parametrize("ladder", LADDERS)
def test_a_newer_level_accepts_what_an_older_one_does(ladder: str) -> None:
    packs = Packs()
    auditor = Auditor(packs, configure(packs, LADDERS[ladder]))
    judged = held(LADDERS[ladder])
    others = [model for model in cases.models() if model.path not in judged]
    assert len(others) > 1000
    refused = []
    for model in others:
        audits = auditor.audit(model).delegates
        for older, newer in pairwise(audits):
            for before, after in zip(older.operators, newer.operators, strict=True):
                if before.supported and not after.supported and not after.folded:
                    rules = [finding.rule for finding in after.findings]
                    level = newer.configuration.parameters
                    refused.append(f"{model.path} operator {after.index}: {level} {rules}")
    assert refused == []


def held(specs: Sequence[str]) -> set[str]:
    """Paths of models that the delegate judged in all these configurations."""
    targets = {spec: target for target, spec in cases.DATA.targets.items()}
    return set.intersection(*(set(cases.DATA.truth(targets[spec])) for spec in specs))
