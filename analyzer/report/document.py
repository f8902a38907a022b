"""The public output: one document for every format, apart from the types used inside.

Field names are the JSON's. Additions are allowed; a change of what stands here needs a new `SCHEMA`.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from analyzer.report.contents import Graph

#: The number of this shape, as `schema` in every output.
SCHEMA = 1


def _one_of(*values: str) -> Meta:
    return Meta(extra_json_schema={"enum": list(values)})


Verdict = Annotated[str, _one_of("full", "partial", "none", "crash")]
Severity = Annotated[str, _one_of("blocker", "aborts", "crash", "hazard", "note")]
Stage = Annotated[str, _one_of("check", "build")]
#: Why something that a delegate supports stays off it all the same: more partitions than it takes
#: (`limit`), too few operators in a partition (`minimum`), a size only known at run time, which
#: keeps the delegate from being asked (`dynamic`), an operator or model that the interpreter itself
#: refuses (`refused`), a build failure after which everything returns to the CPU (`rolled-back`),
#: an operator that brings the app down (`crash`), the graph's shape (`graph`).
Loss = Annotated[str, _one_of("limit", "minimum", "dynamic", "refused", "rolled-back", "crash", "graph")]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]


class Tool(Struct, frozen=True, kw_only=True):
    name: str
    version: str


class Error(Struct, frozen=True, kw_only=True):
    """Why a file could not be read (`model`), or hasn't the input that was to be resized (`input`)."""

    code: str
    message: str


class Subgraph(Struct, frozen=True, kw_only=True):
    """`operators` is a count, `inputs` and `outputs` are tensor indices."""

    index: Count
    name: str
    operators: Count
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Upstream(Struct, frozen=True, kw_only=True):
    """The delegate's source that a rule pack describes."""

    repository: str
    revision: str


class Rules(Struct, frozen=True, kw_only=True):
    """The rule pack that judged."""

    version: str
    sha256: str
    upstream: Upstream


class Finding(Struct, frozen=True, kw_only=True):
    """A rule that an operator doesn't meet: `blocker`, `aborts` and `crash` of stage `check` refuse it."""

    rule: str
    severity: Severity
    stage: Stage
    message: str
    expected: str | None = None
    actual: str | None = None
    operand: str | None = None
    fix: str = ""
    source: str = ""


#: What runs operators that neither a delegate nor its fallback takes.
REFERENCE = "reference"

#: Where an operator runs: on the `delegate`, on what takes the rest (the audit's `fallback`), or on the
#: `reference` kernels.
Placement = str


class Operator(Struct, frozen=True, kw_only=True):
    """One operator as one delegate sees it.

    `supported` is the delegate's word on the operator by itself, `delegated` where it ends up after
    graph rules and limits; `lost` says why a supported one is not delegated. `folded`: a DEQUANTIZE
    of a constant float16 tensor that the delegate reads through. `output` names the first output.
    `partition` is the index of a partition of the same subgraph. `placement` is there with -v and where
    the delegate's fallback is audited too.
    """

    subgraph: Count
    index: Count
    op: str
    version: int
    custom: str | None = None
    output: str | None = None
    supported: bool
    folded: bool = False
    delegated: bool
    partition: Count | None = None
    lost: Loss | None = None
    macs: Count | None = None
    findings: tuple[Finding, ...] = ()
    placement: Placement | UnsetType = UNSET


class Partition(Struct, frozen=True, kw_only=True):
    """Operators that one delegate kernel replaces; `inputs` and `outputs` are tensor indices.

    `boundary_bytes` is what crosses between delegate and CPU in one inference.
    """

    subgraph: Count
    index: Count
    operators: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    boundary_bytes: Count


class Blocker(Struct, frozen=True, kw_only=True):
    """What holds back a graph; `operator` and `tensor` name the direct cause where there is one."""

    rule: str
    severity: Severity
    kind: Loss | None = None
    message: str
    expected: str | None = None
    actual: str | None = None
    fix: str = ""
    source: str = ""
    subgraph: Count | None = None
    operator: Count | None = None
    tensor: Count | None = None


class Summary(Struct, frozen=True, kw_only=True):
    """`unsupported` counts operators neither supported nor folded; shares are 1 where there is nothing."""

    operators: Count
    supported: Count
    unsupported: Count
    folded: Count
    delegated: Count
    partitions: Count
    macs: Count
    delegated_macs: Count
    delegated_operators_share: Share
    delegated_macs_share: Share
    boundary_bytes: Count
    verdict: Verdict


class Place(Struct, frozen=True, kw_only=True):
    """An operator, by its subgraph and its index there."""

    subgraph: Count
    operator: Count


class ToFull(Struct, frozen=True, kw_only=True):
    """What stands between a model and full delegation.

    `operators` is the shortest list of those that the delegate would have to accept, with the sum of
    their `macs`; what is lost because of them follows by itself. `blockers` are positions in the
    audit's `blockers`: what holds back a graph and would have to go first.
    """

    operators: tuple[Place, ...]
    macs: Count
    blockers: tuple[Count, ...] = ()


class Gain(Struct, frozen=True, kw_only=True):
    """How much would be delegated if `operators`, all refused for one reason, were accepted.

    What is lost to limits because of them counts as well.
    """

    operators: tuple[Place, ...]
    delegated: Count
    delegated_macs: Count


class Audit(Struct, frozen=True, kw_only=True):
    """One model on one delegate with one set of parameters, all of them resolved."""

    delegate: str
    title: str
    device: str | None = None
    parameters: dict[str, str | int | bool]
    #: The pack's word on the delegate itself: `current`, `deprecated`.
    status: str = "current"
    #: What runs the operators that the delegate leaves out.
    fallback: str = ""
    rules: Rules
    operators: tuple[Operator, ...]
    partitions: tuple[Partition, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    summary: Summary
    #: None where no acceptance of operators brings full delegation.
    to_full: ToFull | None = None
    #: One for each reason to refuse, where accepted operators are lost because of others.
    gains: tuple[Gain, ...] = ()


Status = Annotated[str, _one_of("ok", "failed", "crashed", "timeout", "unavailable")]


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

    `snr_db` and `cosine` are null where nothing differs or there is no signal, `quanta` for what isn't
    quantized, `top1_equal` for what isn't a vector of scores. `nan` counts elements that are finite on
    one side alone, `equal` is the share of elements that are the same bit for bit. `problem` says which
    threshold is exceeded, `allowance` why an output agrees beyond its element type's own threshold.
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
    """The CPU's own run, with built-in kernels and no delegate."""

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

    `operator` is null where none could be found. `output` is the tensor that it makes wrong, `before` the
    worst of what it reads as the delegate computes that (null where the CPU does), `alone` its output where
    it is run by itself. Where that agrees, `together` is the shortest stretch of operators that doesn't.
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


class Model(Struct, frozen=True, kw_only=True):
    """One file. Where it could not be read, `error` says why and nothing else is known.

    `operators` and `macs` are totals over all subgraphs, `dtypes` the element types of activations,
    the most frequent first, `graphs` every operator's operands and options and every tensor, where
    everything is asked for.
    """

    path: str
    bytes: Count
    sha256: str | None = None
    error: Error | None = None
    description: str = ""
    operators: Count = 0
    macs: Count = 0
    dtypes: tuple[str, ...] = ()
    subgraphs: tuple[Subgraph, ...] = ()
    audits: tuple[Audit, ...] = ()
    runs: tuple[Run, ...] = ()
    graphs: tuple[Graph, ...] | UnsetType = UNSET


class Policy(Struct, frozen=True, kw_only=True):
    """What was asked to fail, whether it did, and one line a reason."""

    fail_on: tuple[str, ...] = ()
    failed: bool = False
    reasons: tuple[str, ...] = ()


class Document(Struct, frozen=True, kw_only=True):
    schema: int = SCHEMA
    tool: Tool
    models: tuple[Model, ...]
    policy: Policy = Policy()


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `Document`."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Delegate Analyzer audit"}
    return dialect | msgspec.json.schema(Document)
