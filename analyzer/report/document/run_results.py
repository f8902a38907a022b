"""Real runs in the public document: what came of a model on a delegate beside the CPU."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from analyzer.report.document.values import Count, Share, one_of

Status = Annotated[str, one_of("ok", "failed", "crashed", "timeout", "unavailable")]


class Runtime(Struct, frozen=True, kw_only=True):
    """The library that ran a model."""

    name: str
    version: str


class Errors(Struct, frozen=True, kw_only=True):
    """How many elements of all samples are off by how much; those not finite are left aside.

    `counts[i]` elements are off by at most `bounds[i]`, and by more than the bound before it. `steps`:
    bounds are steps of a quantized output, else real units.
    """

    steps: bool
    bounds: tuple[float, ...]
    counts: tuple[Count, ...]


class Output(Struct, frozen=True, kw_only=True):
    """An output of a delegate beside the CPU's: the worst over all samples, in real units.

    `snr_db` and `cosine` are null where nothing differs or there is no signal, `quanta` for what is neither
    quantized nor dequantized last, `top1_equal` for what isn't a vector of scores. `nan` counts elements
    that are finite on one side alone, `equal` is the share of elements that are the same bit for bit.
    `problem` says which threshold is exceeded, `allowance` why an output agrees beyond its element type's
    own threshold.
    """

    name: str
    dtype: str
    max_abs: float
    max_rel: float
    snr_db: float | None = None
    cosine: float | None = None
    quanta: int | None = None
    top1_equal: bool | None = None
    nan: Count = 0
    equal: Share = 1.0
    never_written: bool = False
    within: bool
    problem: str = ""
    allowance: str = ""
    errors: Errors | None = None


class Latency(Struct, frozen=True, kw_only=True):
    """Milliseconds: loading and delegating, the first inference, then over `runs` after `warmup`.

    `first` is null where a model was prepared for a device and not run. `times`: each of the runs, in the
    order they ran, where that is known. `p95` is told where the tool on a phone knows no `p90`.
    """

    init: float
    first: float | None = None
    median: float | None = None
    p90: float | None = None
    runs: Count = 0
    warmup: Count = 0
    threads: Count = 1
    times: tuple[float, ...] = ()
    p95: float | None = None


class Memory(Struct, frozen=True, kw_only=True):
    """Bytes resident in the process that ran the model: before loading it, and at most."""

    before: Count
    peak: Count


class Reference(Struct, frozen=True, kw_only=True):
    """The CPU's own run, with no delegate; on other kernels than the reference ones if `backend` says so."""

    backend: str = "cpu"
    status: Status
    message: str = ""
    runtime: Runtime | None = None
    device: str = ""
    latency_ms: Latency | None = None
    memory: Memory | None = None


class Difference(Struct, frozen=True, kw_only=True):
    """Operators that were predicted to be delegated and weren't, or the other way round."""

    subgraph: Count
    operators: tuple[int, ...]
    predicted: bool
    message: str


class Culprit(Struct, frozen=True, kw_only=True):
    """From where on outputs differ in one subgraph: the first delegated operator that makes them differ.

    `operator` is null where none could be found, `output` then the worst of what the delegate makes; else
    it is the tensor that the operator makes wrong, `before` the worst of what that reads as the delegate
    computes it (null where the CPU does), `alone` its output where it is run by itself. Where that agrees,
    `together` is the shortest stretch of operators that doesn't.
    """

    message: str
    subgraph: Count = 0
    operator: Count | None = None
    output: Output | None = None
    before: Output | None = None
    alone: Output | None = None
    together: tuple[int, ...] = ()


class Run(Struct, frozen=True, kw_only=True):
    """A model run for real through one delegate. `delegated` and `predicted`: subgraph -> operators.

    `predicted_equal` is null where it could not be verified, which is not agreement. `agrees`: the run
    ended well, every output is within its threshold, and what was delegated is what was predicted.
    `reasons` say what isn't so; there are none where outputs were only not compared.
    """

    delegate: str
    backend: str
    device: str = ""
    parameters: dict[str, str | int | bool] = {}
    signature: str | None = None
    runtime: Runtime | None = None
    status: Status
    message: str = ""
    delegated: dict[int, tuple[int, ...]] | None = None
    predicted: dict[int, tuple[int, ...]] | None = None
    predicted_equal: bool | None = None
    differences: tuple[Difference, ...] = ()
    outputs: tuple[Output, ...] = ()
    samples: Count = 0
    seed: int = 0
    latency_ms: Latency | None = None
    memory: Memory | None = None
    reference: Reference | None = None
    culprits: tuple[Culprit, ...] = ()
    remarks: tuple[str, ...] = ()
    agrees: bool
    reasons: tuple[str, ...] = ()
