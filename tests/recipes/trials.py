"""Fixes put to the test: the finding is there before, gone after, and nothing new is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.resources import data
from analyzer.rules.loading.fixes_file import IN_FULL, read_in_full
from analyzer.rules.loading.format import FixTable, TrialTable
from analyzer.rules.registry import Packs
from tests.recipes.store import key

#: Makes a .tflite file of a fix and one of its two pieces of code.
Convert = Callable[[FixTable, TrialTable, str], bytes]


def in_full() -> Mapping[str, FixTable]:
    """All fixes that ship and are told in full, by name."""
    files = sorted((data("rules") / "common" / IN_FULL).glob("*.toml"))
    return {name: fix for file in files for name, fix in read_in_full(file).items()}


def tried() -> Mapping[str, FixTable]:
    """Those that are put to the test."""
    return {name: fix for name, fix in in_full().items() if fix.trials}


def keys(fix: FixTable) -> set[str]:
    """What the models of a fix's trials are kept by."""
    return {key(fix, trial, code) for trial in fix.trials for code in sides(fix, trial).values()}


def sides(fix: FixTable, trial: TrialTable) -> Mapping[str, str]:
    """The code that a trial is about."""
    code = fix.torch if trial.convert == "torch" else fix
    assert code is not None, "a trial in PyTorch is of code in PyTorch"
    return {"before": code.before, "after": code.after}


def amiss(fix: FixTable, convert: Convert) -> Iterator[str]:
    """What speaks against a fix, a line a fault."""
    for trial in fix.trials:
        yield from _amiss(fix, trial, convert)


def _amiss(fix: FixTable, trial: TrialTable, convert: Convert) -> Iterator[str]:
    models = {side: convert(fix, trial, code) for side, code in sides(fix, trial).items()}
    for at, delegate in enumerate(trial.delegates):
        before, after = (_findings(trial, side, model, at) for side, model in models.items())
        about = {rule for rule, text in before if text == fix.text}
        if not about:
            yield f"{delegate}: nothing gives this fix before; found {_told(before)}"
        left = [each for each in after if each[0] in about or each[1] == fix.text]
        if left:
            yield f"{delegate}: found after all: {_told(left)}"
        known = {rule for rule, _ in before}
        new = [each for each in after if each[0] not in known]
        if new:
            yield f"{delegate}: found anew: {_told(new)}"


def _findings(trial: TrialTable, side: str, model: bytes, at: int) -> list[tuple[str, str]]:
    """Rules and fixes of what matters: notes change nothing, and neither does what needs no action."""
    spec = trial.audit.get(side, trial.delegates)[at]
    auditor = _auditor(spec, tuple(trial.registered.get(side, ())))
    shapes = {name: tuple(shape) for name, shape in trial.shapes.get(side, {}).items()}
    return [
        (finding.rule, finding.fix)
        for finding in auditor.audit(read_bytes(model, side), shapes).delegates[0].findings
        if finding.severity != "note" and _packs().recipes.of(finding.fix).job != "none"
    ]


@cache
def _packs() -> Packs:
    return Packs()


@cache
def _auditor(spec: str, registered: tuple[str, ...]) -> Auditor:
    return Auditor(_packs(), configure(_packs(), [spec]), (), registered)


def _told(findings: list[tuple[str, str]]) -> str:
    return "; ".join(sorted({f"{rule} ({text})" for rule, text in findings})) or "nothing"
