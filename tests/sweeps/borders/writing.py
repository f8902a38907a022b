"""Borders held against what the runtimes say of them, and written as tests/conformance has its cases."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, convert
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.conformance.outcomes import WARNED, WORKS, said
from analyzer.conformance.verdicts import Tally, Truth, compare
from analyzer.execution.installed import installed
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.sweeps.borders.asking import Judged, judge, outcomes
from tests.sweeps.borders.searching import Seen, Wanted
from tests.sweeps.mutants.corpus import Case
from tests.sweeps.mutants.writing import TARGETS


class Held(Struct, frozen=True):
    """A model that was found, the lines that it takes off the list, and what was said of it."""

    case: Case
    wanted: tuple[Wanted, ...]
    judged: Judged
    #: Delegate -> where its runtime says otherwise than the pack.
    differs: Mapping[str, str]

    @property
    def proves(self) -> tuple[Wanted, ...]:
        """Those of whose delegate there is a word."""
        told = {*self.judged.rows, *self.judged.outcomes} - self.differs.keys()
        return tuple(one for one in self.wanted if one.delegate in told)

    def about(self, delegate: str) -> str:
        """The delegate's checks that it is for, without what their operators are called."""
        checks = {one.check.rpartition("/")[2] for one in self.wanted if one.delegate == delegate}
        return ", ".join(sorted(checks))

    def agreeing(self, told: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """By delegate, without those that say otherwise."""
        return [(name, what) for name, what in told.items() if name not in self.differs]


def hold(
    found: Mapping[Wanted, Seen], later: Mapping[str, bool], delegates: Sequence[str], folder: Path
) -> list[Held]:
    """Ask about all models that were found, run those that are about what comes `later`, and write them."""
    shown: dict[str, tuple[Case, list[Wanted]]] = {}
    for one, evidence in found.items():
        shown.setdefault(evidence.case.path, (evidence.case, []))[1].append(one)
    files = [folder / path for path in shown]
    for file, (case, _) in zip(files, shown.values(), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(case.data)
    packs = Packs()
    auditor = Auditor(packs, configure(packs, delegates))
    held = []
    tried = _tried(dict(zip(files, shown.values(), strict=True)), later)
    for file, (case, wanted), told in zip(files, shown.values(), judge(files, delegates), strict=True):
        judged = replace(told, outcomes=tried[file])
        differs = dict(_differences(case, judged, auditor, delegates))
        held.append(Held(case, tuple(wanted), judged, differs))
    _write(folder, held)
    return held


def _tried(
    shown: Mapping[Path, tuple[Case, Sequence[Wanted]]], later: Mapping[str, bool]
) -> dict[Path, dict[str, tuple[str, str]]]:
    """What becomes of those that are about what comes `later`, with the delegates that it is about."""
    asked: dict[str, list[Path]] = defaultdict(list)
    for file, (_, wanted) in shown.items():
        for name in sorted({one.delegate for one in wanted if later.get(one.check)}):
            asked[name].append(file)
    became: dict[Path, dict[str, tuple[str, str]]] = {file: {} for file in shown}
    for name, files in asked.items():
        for file, outcome in zip(files, outcomes(files, name), strict=True):
            if outcome:
                became[file][name] = outcome
    return became


def _differences(
    case: Case, judged: Judged, auditor: Auditor, delegates: Sequence[str]
) -> Iterator[tuple[str, str]]:
    audits = auditor.audit(read_bytes(case.data, case.path)).delegates
    for name, audit in zip(delegates, audits, strict=True):
        if row := judged.rows.get(name):
            tally = Tally()
            compare(audit, convert({"path": case.path, **row}, Truth), tally)
            yield from ((name, wrong.partition(": ")[2]) for wrong in tally.wrong)
        became, _ = judged.outcomes.get(name, ("", ""))
        if became and not (said(audit) == WARNED and became == WORKS) and said(audit) != became:
            yield name, f"{became}, said was {said(audit)}"


def _write(folder: Path, held: Iterable[Held]) -> None:
    """The cases that prove something, with what those say that say so too; the others lie apart."""
    lines, works, truth = list[str](), list[str](), defaultdict[str, list[str]](list)
    for one in held:
        file = folder / one.case.path
        for apart in ("differs",) if one.differs else () if one.proves else ("unjudged",):
            (folder / apart).mkdir(exist_ok=True)
            (folder / apart / file.name).write_bytes(one.case.data)
        if not one.proves:
            file.unlink()
            continue
        lines.append(json.dumps(_line(one)))
        for name, row in one.agreeing(one.judged.rows):
            truth[TARGETS[name]].append(json.dumps({"path": one.case.path, **row}))
        for name, (became, _) in one.agreeing(one.judged.outcomes):
            kind = "" if became == WORKS else one.about(name)
            row = {"path": one.case.path, "delegate": name, "outcome": became, "kind": kind}
            works.append(json.dumps(row | {"judge": f"ai-edge-litert {installed()}"}))
    for name in ("synth", "truth", "works"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    told = {f"truth/{name}": rows for name, rows in truth.items()}
    for name, rows in {"synth/cases": lines, "works/truth": works, **told}.items():
        (folder / f"{name}.jsonl").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _line(one: Held) -> dict[str, object]:
    case = one.case
    return {
        "path": case.path,
        "op": case.operator,
        "params": {"base": case.base, "change": list(case.changes)},
        "op_index": 0,
        "n_ops": 1,
        "valid": one.judged.loads,
        "error": one.judged.error or None,
        "exercises": sorted(wanted.line for wanted in one.proves),
    }


def described(held: Sequence[Held]) -> Iterator[str]:
    """What differs, and how many checks are exercised now."""
    for one in held:
        for name, what in one.differs.items():
            made = f"{one.case.base} + {', '.join(one.case.changes)}"
            yield f"{one.case.operator}: {name}: {what}\n      {one.case.path}: {made}"
    proven = sum(len(one.proves) for one in held)
    silent = [wanted.line for one in held for wanted in one.wanted if wanted not in one.proves]
    yield from (f"no word: {line}" for line in sorted(silent))
    yield f"{len(held):,} models; {proven:,} checks exercised as the packs say, {len(silent):,} not judged"
