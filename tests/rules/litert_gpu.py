"""Small graphs for LiteRT's GPU accelerator, and what is told of them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.building import Description, model, tensor

BROKEN = ("wrong", "fails", "crash")
MAP = (1, 6, 6, 8)


def floats(*values: float, count: int = 0) -> bytes:
    numbers = values or [0.5] * count
    return struct.pack(f"<{len(numbers)}f", *numbers)


def whole(name: str, values: Sequence[int], shape: Sequence[int] | None = None) -> Description:
    data = struct.pack(f"<{len(values)}i", *values)
    return tensor(name, [len(values)] if shape is None else shape, "INT32", data=data)


def constant(name: str, shape: Sequence[int], value: float = 0.5) -> Description:
    count = 1
    for size in shape:
        count *= size
    return tensor(name, shape, data=floats(*[value] * count))


def real(**shapes: Sequence[int]) -> list[Description]:
    return [tensor(name, shape) for name, shape in shapes.items()]


@cache
def auditor() -> Auditor:
    packs = Packs()
    return Auditor(packs, configure(packs, ["litert-gpu"]))


def told(
    tensors: Sequence[Description],
    operators: Sequence[Description],
    severities: Sequence[str] = BROKEN,
    **fields: Any,
) -> set[str]:
    """What is told of these severities, by default what breaks the model, as operator/rule."""
    [audit] = auditor().audit(read_bytes(model(tensors, operators, **fields), "m")).delegates
    findings = [f for o in audit.operators if o.delegated or "blocker" in severities for f in o.findings]
    findings += [blocker.finding for blocker in audit.blockers]
    return {f.rule.removeprefix("litert-gpu/") for f in findings if f.severity in severities}
