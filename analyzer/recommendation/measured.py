"""Profiles that were measured elsewhere, laid beside the prediction.

Read are the operator profile of LiteRT's `benchmark_model` (its text, or its CSV), and the JSON that AI Hub
gives of a profile job.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.files import read_small
from analyzer.recommendation.operator_costs import OperatorCost
from analyzer.report.document.audit_document import Audit, Operator
from analyzer.report.document.costs import Measured, Profile

#: Where an operator stands in the profile's order, and at the end of its name where it does in the graph.
_ORDER, _REGULAR = "Run Order", "Regular Benchmark Runs"
_NAME = re.compile(r"^(?P<names>.*):(?P<node>\d{1,9})$", re.DOTALL)
_NUMBER = re.compile(r"^\d{1,15}(\.\d+)?$")
_LEAST = 3


class Layer(Struct, frozen=True):
    """One row of a profile: `node` is the index of the node that ran, where it is known."""

    kind: str
    names: tuple[str, ...]
    milliseconds: float
    unit: str
    node: int | None = None


def read_profile(file: str) -> tuple[str, list[Layer]]:
    """What a profile is, and its rows. Raises: UsageError."""
    try:
        data = read_small(file)
    except OSError as error:
        raise UsageError(f"--measured {file}: {error.strerror}; name a profile") from None
    if data.lstrip()[:1] == b"{":
        return "AI Hub", _hub(file, data)
    layers = list(_benchmark(data.decode("utf-8", "replace")))
    if not layers:
        raise UsageError(
            f"--measured {file}: holds no operator profile; give what benchmark_model "
            "--enable_op_profiling=true prints, or the JSON of an AI Hub profile"
        )
    return "benchmark_model", layers


def _hub(file: str, data: bytes) -> list[Layer]:
    try:
        rows = msgspec.json.decode(data)["execution_detail"]
        return [_hub_layer(row) for row in rows]
    except (msgspec.DecodeError, RecursionError, KeyError, TypeError, ValueError, OverflowError):
        raise UsageError(
            f"--measured {file}: is JSON, but no AI Hub profile (it has no execution_detail with name, "
            "type, compute_unit and execution_time); give what download_profile returns"
        ) from None


def _hub_layer(row: Mapping[str, Any]) -> Layer:
    names = tuple(part for part in re.split(r"[;,]", str(row["name"])) if part)
    milliseconds = float(row["execution_time"]) / 1000
    if not 0 <= milliseconds < math.inf:
        raise ValueError(milliseconds)
    return Layer(str(row["type"]), names, milliseconds, str(row["compute_unit"]))


def _benchmark(text: str) -> Iterator[Layer]:
    """Rows in their run order, of the inferences that count."""
    start = text.rfind(_REGULAR)
    inside = False
    for line in text[max(start, 0) :].splitlines():
        if "=====" in line:
            if inside:
                return
            inside = _ORDER in line
        elif inside and (layer := _row(line)) is not None:
            yield layer


def _row(line: str) -> Layer | None:
    """Kind, first, average, share, running share, memory, calls, name: by tabs, or by commas in CSV."""
    row = line.strip()
    cells = [cell.strip() for cell in (row.split("\t") if row.count("\t") >= 7 else row.split(", ", 7))]
    if len(cells) < 8 or not (_NUMBER.match(cells[1]) and _NUMBER.match(cells[2])):
        return None
    name = _NAME.match(", ".join(cells[7:]))
    if name is None:
        return None
    names = tuple(
        part.strip() for part in re.split(r"[,;\t]", name["names"].strip().strip("[]")) if part.strip()
    )
    return Layer(cells[0], names, float(cells[2]), "", int(name["node"]))


def profile(file: str, audits: Sequence[Audit], costs: Mapping[tuple[int, int], OperatorCost]) -> Profile:
    """A profile beside the prediction; of `audits`, the first that has as many partitions tells what ran.

    Raises: UsageError.
    """
    kind, layers = read_profile(file)
    nodes = audits[0].operators if audits else ()
    first = [node for node in nodes if node.subgraph == 0]
    kernels = [layer for layer in layers if layer.node is not None and layer.node >= len(first)]
    taken = next((audit for audit in audits if len(_first(audit)) == len(kernels) > 0), None)
    whole = sum(layer.milliseconds for layer in layers)
    matched = [(layer, _operators(layer, first, kernels, taken)) for layer in layers]
    cost = [sum(costs[0, at].total for at in operators) for _, operators in matched]
    rows = [
        _measured(layer, operators, first, taken, costs, whole, sum(cost)) for layer, operators in matched
    ]
    known = [
        (price, layer.milliseconds)
        for price, (layer, operators) in zip(cost, matched, strict=True)
        if operators
    ]
    return Profile(
        file=os.path.basename(file),
        kind=kind,
        milliseconds=round(whole, 6),
        rows=tuple(rows),
        unmatched=sum(not operators for _, operators in matched),
        agreement=_correlation(known) if len(known) >= _LEAST else None,
    )


def _first(audit: Audit) -> list[Any]:
    return [partition for partition in audit.partitions if partition.subgraph == 0]


def _operators(
    layer: Layer, nodes: Sequence[Operator], kernels: Sequence[Layer], taken: Audit | None
) -> tuple[int, ...]:
    """The operators that a row is about; none where it fits none."""
    if layer.node is not None:
        if layer.node < len(nodes):
            return (layer.node,)
        return tuple(_first(taken)[kernels.index(layer)].operators) if taken else ()
    wanted = set(layer.names)
    return tuple(node.index for node in nodes if node.output and wanted & set(node.output.split(";")))[:1]


def _measured(
    layer: Layer,
    operators: tuple[int, ...],
    nodes: Sequence[Operator],
    taken: Audit | None,
    costs: Mapping[tuple[int, int], OperatorCost],
    whole: float,
    cost: float,
) -> Measured:
    paid = [costs[0, at] for at in operators]
    name = layer.kind if len(operators) != 1 else nodes[operators[0]].custom or nodes[operators[0]].op
    meant = {taken.operators[at].delegated for at in operators} if taken else set()
    return Measured(
        operators=operators,
        name=name,
        predicted_on=taken.delegate if taken and meant == {True} else taken.fallback if taken else "",
        measured_on=layer.unit or (layer.kind if len(operators) != 1 else ""),
        predicted_share=sum(each.total for each in paid) / cost if operators and cost else None,
        measured_share=layer.milliseconds / whole if whole else 0.0,
        milliseconds=layer.milliseconds,
        macs=sum(each.macs for each in paid),
        bytes=sum(each.bytes for each in paid),
    )


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rank correlation, ties at the mean of their ranks."""
    left, right = (_ranks([pair[side] for pair in pairs]) for side in (0, 1))
    mean = (len(pairs) + 1) / 2
    both = sum((a - mean) * (b - mean) for a, b in zip(left, right, strict=True))
    spread = sum((a - mean) ** 2 for a in left) * sum((b - mean) ** 2 for b in right)
    return round(both / spread**0.5, 3) if spread else None


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(values)
    first = {value: at for at, value in reversed(list(enumerate(order, 1)))}
    last = {value: at for at, value in enumerate(order, 1)}
    return [(first[value] + last[value]) / 2 for value in values]
