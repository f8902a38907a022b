"""Findings tell of what LiteRT's GPU accelerator takes and computes wrong, and of little else.

`compared.txt` holds a line for each generated model that ai-edge-litert 2.3.0 ran on its GPU accelerator,
with SwiftShader as the GPU: `wrong` where an output was far from what its CPU kernels give. Not all were run.
"""

from __future__ import annotations

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import DelegateAudit
from analyzer.rules.registry import Packs
from tests.conformance import cases

LINES = (line.split() for line in (cases.FOLDER / "compared.txt").read_text(encoding="utf-8").splitlines())
COMPARED = {path: word for word, path in LINES}


@pytest.fixture(scope="module")
def audits() -> dict[str, DelegateAudit]:
    """Each generated model -> its audit for the accelerator."""
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["litert-gpu"]))
    return {model.path: auditor.audit(model).delegates[0] for model in cases.models()}


def warns(audit: DelegateAudit) -> bool:
    """True where wrong numbers, or that they may be, are told of an operator that is delegated."""
    findings = (
        finding for operator in audit.operators if operator.delegated for finding in operator.findings
    )
    return any(finding.severity in ("wrong", "hazard") for finding in findings)


def test_warns_of_wrong_numbers(audits: dict[str, DelegateAudit]) -> None:
    wrong = [path for path, word in COMPARED.items() if word == "wrong"]
    silent = [path for path in wrong if not warns(audits[path])]
    # The CPU has no kernel for this one to compare with, only a stand-in that computes nothing.
    assert silent == ["synth/CUSTOM/MaxPoolingWithArgmax2D.tflite"]


def test_warns_of_little_else(audits: dict[str, DelegateAudit]) -> None:
    whole = {path for path, audit in audits.items() if audit.summary.selected.verdict == "full"}
    others = [path for path in whole if COMPARED.get(path) != "wrong"]
    alarms = [path for path in others if warns(audits[path])]
    assert len(alarms) < 0.05 * len(others)


def test_hardly_warns_of_numbers_that_are_right(audits: dict[str, DelegateAudit]) -> None:
    right = [path for path, word in COMPARED.items() if word == "right"]
    assert sum(warns(audits[path]) for path in right) < 0.01 * len(right)
