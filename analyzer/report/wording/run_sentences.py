"""Sentences and rows of tables on real runs, ready for every format that people read."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from analyzer.report.document.audit_document import Model
from analyzer.report.document.run_results import Latency, Memory, Output, Run
from analyzer.report.wording import figures, labels
from analyzer.report.wording.hostile_text import plain

_TIMES = ("backend", "threads", "load", "first", "median", "90 %", "memory")
_OUTPUTS = ("output", "type", "max error", "relative", "SNR", "steps", "top 1", "verdict")

_STATUS = {
    "ok": "ran",
    "failed": "failed",
    "crashed": "crashed",
    "timeout": "hung",
    "unavailable": "could not be run",
}


class Table(Struct, frozen=True):
    """Rows under the names of their columns; the first column names a row."""

    title: str
    names: Sequence[str]
    rows: list[list[str]]


class Block(Struct, frozen=True):
    """One run: what it was, how it ended, and its tables."""

    title: str
    agrees: bool
    verdict: str
    facts: list[str]
    reasons: list[str]
    times: Table
    outputs: Table

    @property
    def tables(self) -> list[Table]:
        """Those that say anything."""
        return [table for table in (self.times, self.outputs) if table.rows]


def blocks(model: Model) -> list[Block]:
    """Every run of a model."""
    return [_block(run) for run in model.runs]


def _block(run: Run) -> Block:
    return Block(
        title=labels.run(run),
        agrees=run.agrees,
        verdict=_verdict(run),
        facts=_facts(run),
        reasons=[plain(reason) for reason in run.reasons],
        times=_times(run),
        outputs=_outputs(run),
    )


def _facts(run: Run) -> list[str]:
    allowed = [
        f"output {output.name} agrees: {output.allowance}" for output in run.outputs if output.allowance
    ]
    culprits = [output.message for output in run.culprits]
    return [plain(fact) for fact in (_where(run), _delegated(run), *run.remarks, *allowed, *culprits) if fact]


def _verdict(run: Run) -> str:
    if run.status != "ok":
        foreseen = ", as predicted" if run.delegated is None else ", delegated as predicted"
        return _STATUS[run.status] + (foreseen if run.predicted_equal else "")
    if run.agrees:
        return "agrees with the CPU" + (" and with the prediction" if run.predicted_equal else "")
    wrong = sum(not output.within for output in run.outputs)
    verb = "differs" if wrong == 1 else "differ"
    words = [f"{wrong} of {figures.count(len(run.outputs), 'output')} {verb} from the CPU's"] if wrong else []
    words += ["taken otherwise than predicted"] if run.differences else []
    if not run.outputs:
        words += ["delegated as predicted"] if run.predicted_equal else []
        words.append("outputs not verified")
    return ", ".join(words) or "not verified"


def _where(run: Run) -> str:
    library = f"{run.runtime.name} {run.runtime.version}" if run.runtime else ""
    samples = f"{figures.count(run.samples, 'sample')}, seed {run.seed}"
    return ", ".join(filter(None, [run.device, library, samples if run.samples and library else ""]))


def _delegated(run: Run) -> str:
    """A clause on the operators that were delegated beside those predicted."""
    predicted = None if run.predicted is None else sum(map(len, run.predicted.values()))
    if run.delegated is None:
        told = "what was delegated isn't known" if run.status == "ok" else ""
        return f"{told}, predicted {predicted}" if told and predicted is not None else told
    words = f"{figures.count(sum(map(len, run.delegated.values())), 'operator')} delegated"
    if run.predicted_equal:
        return f"{words}, exactly those predicted"
    return words if predicted is None else f"{words}, {predicted} predicted"


def _outputs(run: Run) -> Table:
    return Table("Outputs beside the CPU's", _OUTPUTS, [_output(output) for output in run.outputs])


def _times(run: Run) -> Table:
    rows = []
    if run.reference is not None and run.reference.latency_ms is not None:
        rows.append(_row(run.reference.backend, run.reference.latency_ms, run.reference.memory))
    if run.latency_ms is not None:
        rows.append(_row(run.backend, run.latency_ms, run.memory))
    return Table("Times and memory", _TIMES, rows)


def _row(backend: str, latency: Latency, memory: Memory | None) -> list[str]:
    times = (latency.init, latency.first, latency.median)
    used = "-" if memory is None else figures.size(max(0, memory.peak - memory.before))
    return [backend, str(latency.threads), *map(milliseconds, times), _slowest(latency), used]


def _slowest(latency: Latency) -> str:
    """The 90th percentile, or what it is at most."""
    if latency.p90 is None and latency.p95 is not None:
        return f"≤ {milliseconds(latency.p95)}"
    return milliseconds(latency.p90)


def milliseconds(value: float | None) -> str:
    """`12.3 ms`, `45 µs`, `2.69 s`; `-` where nothing was timed."""
    if value is None:
        return "-"
    if value >= 999.5:
        return f"{value / 1000:.2f} s" if value < 9_995 else f"{value / 1000:.1f} s"
    if value < 0.1:
        return f"{value * 1000:.0f} µs"
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f} ms"


def _output(output: Output) -> list[str]:
    return [
        plain(output.name),
        output.dtype,
        number(output.max_abs),
        number(output.max_rel),
        _ratio(output),
        "-" if output.quanta is None else str(output.quanta),
        "-" if output.top1_equal is None else "same" if output.top1_equal else "other",
        "agrees" if output.within else "differs",
    ]


def _ratio(output: Output) -> str:
    if output.snr_db is not None:
        return f"{output.snr_db:.1f} dB"
    return "equal" if output.within and not output.max_abs else "-"


def number(value: float) -> str:
    """Three digits at most: `0.0371`, `7.63e-5`."""
    digits, _, power = f"{value:.3g}".partition("e")
    return f"{digits}e{int(power)}" if power else digits
