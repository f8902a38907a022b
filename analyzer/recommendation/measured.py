"""Profiles that were measured elsewhere, laid beside the prediction.

Read are the operator profile of LiteRT's `benchmark_model` (its text, or its CSV), and the JSON that AI Hub
gives of a profile job.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.device_log.line_catalogue import line_catalogue
from analyzer.device_log.log_reader import LogReader, text_lines
from analyzer.errors import UsageError
from analyzer.files import read_small
from analyzer.recommendation.operator_costs import OperatorCost
from analyzer.report.document.audit_document import Audit, Operator, Partition
from analyzer.report.document.costs import Measured, Profile

#: Where an operator stands in the profile's order, and at the end of its name where it does in the graph.
_ORDER, _REGULAR = "Run Order", "Regular Benchmark Runs"
_NAME = re.compile(r"^(?P<names>.*):(?P<node>\d{1,9})$", re.DOTALL)
#: Before the name of what a delegate runs inside: the number after it counts within the delegate's kernel.
_INSIDE = "Delegate/"
_NUMBER = re.compile(r"^\d{1,15}(\.\d+)?$")
_LEAST = 3


class Layer(Struct, frozen=True):
    """One row of a profile: `node` is the index of the node that ran, where it is known.

    `inside`: what a delegate's kernel runs, by its own names, is one row together.
    """

    kind: str
    names: tuple[str, ...]
    milliseconds: float
    unit: str
    node: int | None = None
    inside: bool = False


def read_profile(file: str) -> tuple[str, list[Layer], frozenset[str]]:
    """What a profile is, its rows, and the delegates that lines beside it tell of. Raises: UsageError."""
    try:
        data = read_small(file)
    except OSError as error:
        raise UsageError(f"--measured {file}: {error.strerror}; name a profile") from None
    if data.lstrip()[:1] == b"{":
        return "AI Hub", _hub(file, data), frozenset()
    with io.BufferedReader(io.BytesIO(data)) as stream:
        lines = list(text_lines(stream))
    layers = list(_together(_benchmark(lines)))
    if not layers:
        raise UsageError(
            f"--measured {file}: holds no operator profile; give what benchmark_model "
            "--enable_op_profiling=true prints, or the JSON of an AI Hub profile"
        )
    return "benchmark_model", layers, _told(lines)


def _told(lines: Iterable[str]) -> frozenset[str]:
    """The delegates that the log around a profile is about; an option that was given is none yet."""
    reader = LogReader(line_catalogue())
    for line in lines:
        reader.read(line)
    return frozenset(reader.document("").delegates)


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


class _Columns(Struct, frozen=True):
    """A table of operators: the shape of its rows, and which of the numbers is the average."""

    separator: str
    row: re.Pattern[str]
    average: int

    def layer(self, line: str) -> Layer | None:
        """A line of the table; None where it is another one, or none of an operator."""
        cells = self.row.match(line)
        if cells is None or not _NUMBER.match(cells[self.average + 2]):
            return None
        # The kind may have the commas by which CSV parts it from the numbers; a log writes before each line.
        kind = cells[1].split(self.separator)[-1] if self.separator == "\t" else cells[1]
        name = cells["name"].strip()
        found = _NAME.match(name)
        # Releases of before 2020 write the outputs' names alone.
        names, node = (found["names"], int(found["node"])) if found else (name, None)
        if node is None and not (names.startswith("[") and names.endswith("]")):
            return None
        inside = names.startswith(_INSIDE)
        parts = (names.removeprefix(_INSIDE),) if inside else re.split(r"[,;\t]", names.strip("[]"))
        return Layer(
            kind.strip(),
            tuple(part.strip() for part in parts if part.strip()),
            float(cells[self.average + 2]),
            "",
            node,
            inside,
        )


def _columns(header: str) -> _Columns | None:
    """The table under a line of titles: by tabs, or by commas in CSV."""
    separator = "\t" if "\t" in header else ","
    titles = [title.strip().strip("[]").lower().replace("_", " ") for title in header.split(separator)]
    try:
        kind, average, name = map(titles.index, ("node type", "avg ms", "name"))
    except ValueError:
        return None
    if not kind < average < name:
        return None
    numbers = rf"{separator}\s*([\d.]+)%?" * (name - kind - 1)
    row = re.compile(rf"(.*?){numbers}{separator}(?P<name>.*)", re.DOTALL)
    return _Columns(separator, row, average - kind - 1)


def _benchmark(lines: Iterable[str]) -> list[Layer]:
    """Rows of the main graph in their run order, of the inferences that count."""
    rows: list[Layer] = []
    counts = ordered = False
    columns: _Columns | None = None
    for line in lines:
        if _REGULAR in line:
            counts, rows = True, []
        if "=====" in line:
            # What follows are the same in another order, other subgraphs, a delegate's inside.
            ordered, columns = _ORDER in line and not (counts and rows), None
            rows = [] if ordered else rows
        elif ordered and columns is None:
            columns = _columns(line)
        elif columns is not None and (row := columns.layer(line)) is not None:
            rows.append(row)
    return rows


def _together(rows: Iterable[Layer]) -> Iterator[Layer]:
    """What one kernel of a delegate runs as one row; its numbers rise, the next kernel's begin anew."""
    kernel: list[Layer] = []
    for row in rows:
        goes_on = row.inside and bool(kernel) and (row.node or 0) > (kernel[-1].node or 0)
        if kernel and not goes_on:
            yield _kernel(kernel)
            kernel = []
        if row.inside:
            kernel.append(row)
        else:
            yield row
    if kernel:
        yield _kernel(kernel)


def _kernel(rows: Sequence[Layer]) -> Layer:
    names = tuple(dict.fromkeys(name for row in rows for name in row.names))
    whole = round(sum(row.milliseconds for row in rows), 9)
    steps = "1 step" if len(rows) == 1 else f"{len(rows)} steps"
    return Layer(f"a delegate, {steps}", names, whole, "", None, inside=True)


def profile(file: str, audits: Sequence[Audit], costs: Mapping[tuple[int, int], OperatorCost]) -> Profile:
    """A profile beside the prediction.

    Of `audits`, the first that may be of what ran and has as many partitions as kernels ran stands for it.
    Raises: UsageError.
    """
    kind, layers, told = read_profile(file)
    nodes = [node for node in (audits[0].operators if audits else ()) if node.subgraph == 0]
    kernels = [at for at, layer in enumerate(layers) if layer.inside or (layer.node or 0) >= len(nodes) > 0]
    taken = _ran([layers[at].kind for at in kernels], told, audits)
    whole = sum(layer.milliseconds for layer in layers)
    partitions = _first(taken) if taken else ()
    ran = {at: tuple(part.operators) for at, part in zip(kernels, partitions, strict=False)}
    matched = [(layer, ran[at] if at in ran else _operators(layer, nodes)) for at, layer in enumerate(layers)]
    cost = [sum(costs[0, at].total for at in operators) for _, operators in matched]
    rows = [
        _measured(layer, operators, nodes, taken, costs, whole, sum(cost)) for layer, operators in matched
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


def _ran(kinds: Sequence[str], told: frozenset[str], audits: Sequence[Audit]) -> Audit | None:
    """The audit of what ran, whose kernels are of these kinds: by their names, else by the lines beside."""
    called = line_catalogue().called
    named = {called[kind].delegate for kind in kinds if kind in called} or told
    fitting = (audit for audit in audits if len(_first(audit)) == len(kinds) > 0)
    return next((audit for audit in fitting if not named or audit.delegate in named), None)


def _first(audit: Audit) -> list[Partition]:
    return [partition for partition in audit.partitions if partition.subgraph == 0]


def _operators(layer: Layer, nodes: Sequence[Operator]) -> tuple[int, ...]:
    """The operator that a row is about: by its number, else by the name of its output."""
    if layer.node is not None:
        return (layer.node,) if layer.node < len(nodes) else ()
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
    kernel = layer.inside or len(operators) != 1 or layer.node not in (None, *operators)
    meant = {taken.operators[at].delegated for at in operators} if taken else set()
    return Measured(
        operators=operators,
        name=name,
        predicted_on=taken.delegate if taken and meant == {True} else taken.fallback if taken else "",
        measured_on=layer.unit or (layer.kind if kernel else ""),
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
