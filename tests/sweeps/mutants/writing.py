"""Mutants as cases: models, their lines, and what each runtime said, as tests/conformance has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.sweeps.mutants.asking import CPU
from tests.sweeps.mutants.holding import Group, Subject, Tally

#: Delegate -> the name of its configuration in the conformance data.
TARGETS = {"xnnpack": "xnnpack", "litert-gpu": "litert-webgpu", "qualcomm-htp": "qualcomm-htp-SM8650"}


def write(folder: Path, subjects: Iterable[Subject], notes: Mapping[str, str]) -> None:
    """Write a folder that `tests.conformance.add` and `rules verify --data` take; notes by path."""
    lines, truth = [], {name: list[str]() for name in TARGETS}
    for subject in {subject.case.path: subject for subject in subjects}.values():
        file = folder / subject.case.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(subject.case.data)
        lines.append(json.dumps(_line(subject, notes.get(subject.case.path, ""))))
        for name in TARGETS:
            if row := _row(subject, name):
                truth[name].append(json.dumps(row))
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    (folder / "synth").mkdir(exist_ok=True)
    _text(folder / "synth" / "cases.jsonl", lines)
    told = {TARGETS[name]: rows for name, rows in truth.items() if rows}
    for target, rows in told.items():
        _text(folder / "truth" / f"{target}.jsonl", rows)
    specs = {target: name for name, target in TARGETS.items() if target in told}
    (folder / "targets.json").write_text(json.dumps(specs, indent=1) + "\n", encoding="utf-8")


def _line(subject: Subject, note: str) -> dict[str, Any]:
    case = subject.case
    line = {
        "path": case.path,
        "op": case.operator,
        "params": {"base": case.base, "change": list(case.changes)},
        "op_index": 0,
        "n_ops": sum(map(len, subject.operators)),
        "valid": subject.loads,
        "error": subject.seen[CPU].error or None,
        "exercises": list(subject.said.exercises),
    }
    return line | ({"differs": note} if note else {})


def _row(subject: Subject, name: str) -> dict[str, Any] | None:
    reply = subject.seen.get(name)
    if reply is None or reply.delegated is None:
        return None
    return {
        "path": subject.case.path,
        "delegated": {str(at): list(taken) for at, taken in reply.delegated.items()},
    }


def _text(file: Path, lines: Iterable[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def groups(tally: Tally) -> list[Group]:
    """Those met most often first."""
    return sorted(tally.groups.values(), key=lambda group: (-group.count, group.who, group.operator))


def described(group: Group) -> str:
    """A group in one line, with how its smallest model is made."""
    case = group.smallest.case if group.smallest else None
    made = f"{case.path}: {case.base} + {', '.join(case.changes)}" if case else ""
    return f"{group.count:5} {group.who} {group.operator}: {group.what}\n      {made}"


def figures(tally: Tally) -> list[str]:
    """The shares that agree, a line each."""
    lines = [f"the CPU loads it: {_share(tally.cpu.same, tally.cpu.all)}"]
    for name in tally.silent:
        lines.append(f"{name}: told nothing of any model: {tally.silent[name]}")
    for name, count in tally.operators.items():
        models = tally.models[name]
        lines.append(
            f"{name}: {_share(count.same, count.all)} operators of those that load, "
            f"{_share(models.same, models.all)} models"
        )
    return lines


def _share(same: int, every: int) -> str:
    return f"{same:,} of {every:,} ({100 * same / every:.3f} %)" if every else "none"
