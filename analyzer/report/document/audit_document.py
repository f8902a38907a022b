"""The public output: one document for every format, apart from the types used inside.

Field names are the JSON's. Additions are allowed; a change of what stands here needs a new `SCHEMA`.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from analyzer.report.document.contents import Graph, Signature
from analyzer.report.document.recommendation import Recommendation
from analyzer.report.document.run_results import Run
from analyzer.report.document.values import Count, Share, one_of
from analyzer.rules.pack import BROKEN, JOBS

#: The number of this shape, as `schema` in every output.
SCHEMA = 2


Verdict = Annotated[str, one_of("full", "partial", "none", *BROKEN)]
#: `blocker` refuses; `crash`, `fails` and `wrong` are certain from source or measured; a `hazard` depends on
#: data, precision or driver; a `note` is worth knowing.
Severity = Annotated[str, one_of("blocker", *BROKEN, "hazard", "note")]
#: Loading the model in its runtime, asking the delegate, building its graph, running it.
Stage = Annotated[str, one_of("load", "check", "build", "run")]
#: Why something that a delegate supports stays off it all the same: more partitions than it takes
#: (`limit`), too few operators in a partition (`minimum`), a size only known at run time, which
#: keeps the delegate from being asked (`dynamic`), an operator or model that the interpreter itself
#: refuses (`refused`), a build failure after which everything returns to the CPU (`rolled-back`),
#: an operator that brings the app down (`crash`), the graph's shape (`graph`).
Loss = Annotated[str, one_of("limit", "minimum", "dynamic", "refused", "rolled-back", "crash", "graph")]


Job = Annotated[str, one_of(*JOBS)]


class Tool(Struct, frozen=True, kw_only=True):
    name: str
    version: str


class Error(Struct, frozen=True, kw_only=True):
    """Why a model isn't audited: the file can't be read (`model`), hasn't the input that was to be resized
    (`input`), takes a rule too many steps (`rules`), or a mistake of ours stopped it (`internal`).
    """

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


class Like(Struct, frozen=True, kw_only=True):
    """A finding by its operator and its position there."""

    subgraph: Count
    operator: Count
    finding: Count


class Finding(Struct, frozen=True, kw_only=True):
    """A rule that an operator doesn't meet: `blocker` and `crash` of stage `check` refuse it.

    `like` is only there where an audit has more findings than are told in full: the first one with the same
    severity, stage, fix and source. Fix and source aren't told again then, nor what was found.
    """

    rule: str
    severity: Severity
    stage: Stage
    message: str
    expected: str | None = None
    actual: str | None = None
    operand: str | None = None
    fix: str = ""
    source: str = ""
    like: Like | UnsetType = UNSET


class Recipe(Struct, frozen=True, kw_only=True):
    """A fix in full: `fix` is the text that findings and blockers give it by.

    `job` says whose it is: that of who writes and exports the model, of who calls the converter, or of who
    writes the app; `none` where no action is needed. `before` and `after` are code in `language`, as it is
    and as it is to be, `torch_before` and `torch_after` the same in PyTorch; empty where there is none to
    show. `brings`: whether operators of this file are delegated by it that weren't; others lead to another
    file, make what is delegated load, or say that there is nothing to be had.
    """

    fix: str
    job: Job
    language: str = "python"
    before: str = ""
    after: str = ""
    torch_before: str = ""
    torch_after: str = ""
    brings: bool = True


#: What runs operators that neither a delegate nor its fallback takes.
REFERENCE = "reference"

#: Where an operator runs: on the `delegate`, on what takes the rest (the audit's `fallback`), or on the
#: `reference` kernels.
Placement = str


class Operator(Struct, frozen=True, kw_only=True, gc=False):
    """One operator as one delegate sees it.

    `supported` is the delegate's word on the operator by itself, `delegated` where it ends up after
    graph rules and limits; `lost` says why a supported one is not delegated. `folded`: a DEQUANTIZE
    of a constant float16 tensor that the delegate reads through, or an operator of the subgraph that a
    composite stands for, which the delegate takes as one kernel. `output` names the first output.
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
    """What holds back a graph; `operator` and `tensor` name the direct cause where there is one.

    `like` is only there where there are more than are told in full: the position of the first one with the
    same severity, stage, kind, fix and source.
    """

    rule: str
    severity: Severity
    stage: Stage
    kind: Loss | None = None
    message: str
    expected: str | None = None
    actual: str | None = None
    fix: str = ""
    source: str = ""
    subgraph: Count | None = None
    operator: Count | None = None
    tensor: Count | None = None
    like: Count | UnsetType = UNSET


class Selection(Struct, frozen=True, kw_only=True):
    """What the delegate's selection came to by itself, whatever becomes of the model afterwards."""

    delegated: Count
    partitions: Count
    delegated_macs: Count
    delegated_operators_share: Share
    delegated_macs_share: Share
    boundary_bytes: Count
    verdict: Annotated[str, one_of("full", "partial", "none")]


class Summary(Struct, frozen=True, kw_only=True):
    """What becomes of the model with the delegate, and what really runs on it.

    `verdict` is the worst that holds: `crash` (the process dies), `fails` (an error, or everything runs on
    the CPU, because the model doesn't load or the delegate's graph can't be built), `wrong` (an output is
    known to come out wrong), else the selection's. Nothing is delegated under `crash` and `fails`; what the
    delegate would take stands in `selected`. `unsupported` counts operators neither supported nor folded,
    `build_failures` those that the delegate takes and then fails to build. Shares are 1 where there is
    nothing; a share of MACs where there are none is that of operators. `abridged` is only there where some
    findings aren't told in full, and counts them.
    """

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
    build_failures: Count = 0
    verdict: Verdict
    selected: Selection
    abridged: Count | UnsetType = UNSET


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


class Decided(Struct, frozen=True, kw_only=True):
    """The finding that makes the verdict `wrong`, `fails` or `crash`, and the operators that it names."""

    rule: str
    severity: Severity
    stage: Stage
    kind: Loss | None = None
    message: str
    operators: tuple[Place, ...] = ()


class Also(Struct, frozen=True, kw_only=True):
    """What becomes of a model that is taken whole under parameters that an app can't choose.

    `when` says when they hold, as a clause.
    """

    when: str
    parameters: dict[str, str | int | bool]
    summary: Summary
    decided: Decided | None = None


class Audit(Struct, frozen=True, kw_only=True):
    """One model on one delegate with one set of parameters, all of them resolved."""

    delegate: str
    title: str
    device: str | None = None
    parameters: dict[str, str | int | bool]
    #: The pack's word on the delegate itself: `current`, `deprecated`.
    status: str = "current"
    #: The systems that it is for: android, ios, linux, macos, windows.
    platforms: tuple[str, ...] = ()
    #: Whether it is deprecated and was only asked because no delegate was named.
    legacy: bool = False
    #: Parameters whose values are part of what it is called.
    in_title: tuple[str, ...] = ()
    #: What runs the operators that the delegate leaves out, and its title where that was audited too.
    fallback: str = ""
    fallback_title: str | UnsetType = UNSET
    rules: Rules
    operators: tuple[Operator, ...]
    partitions: tuple[Partition, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    summary: Summary
    #: What makes the verdict one of a model that doesn't work; None where it works.
    decided: Decided | None = None
    #: None where no acceptance of operators brings full delegation.
    to_full: ToFull | None = None
    #: One for each reason to refuse, where accepted operators are lost because of others.
    gains: tuple[Gain, ...] = ()
    #: What a part means to the app, in the pack's words.
    partial: str = ""
    also: Also | None = None


class Model(Struct, frozen=True, kw_only=True):
    """One file. Where it could not be read, `error` says why and nothing else is known.

    `operators` and `macs` are totals over all subgraphs, `dtypes` the element types of activations, the
    most frequent first, `weights` narrower ones of constants; where everything is asked for, `graphs` are
    every operator's operands and options and every tensor, `signatures` the entry points. `recommendation`
    is what to choose among the delegates that were audited.
    """

    path: str
    bytes: Count
    sha256: str | None = None
    error: Error | None = None
    description: str = ""
    operators: Count = 0
    macs: Count = 0
    dtypes: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    subgraphs: tuple[Subgraph, ...] = ()
    audits: tuple[Audit, ...] = ()
    recommendation: Recommendation | None = None
    runs: tuple[Run, ...] = ()
    graphs: tuple[Graph, ...] | UnsetType = UNSET
    signatures: tuple[Signature, ...] | UnsetType = UNSET
    #: Every fix that the findings and blockers of its audits give, once.
    fixes: tuple[Recipe, ...] = ()


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


#: Modules in names of the schema's definitions -> as these were published: modules may move, names don't.
_PUBLISHED = {
    b"analyzer.report.document.audit_document.": b"analyzer.report.document.",
    b"analyzer.report.document.contents.": b"analyzer.report.contents.",
}


def published(schema: dict[str, Any], title: str) -> dict[str, Any]:
    """A JSON Schema as it is given out, with names that stay."""
    encoded = msgspec.json.encode(schema)
    for module, name in _PUBLISHED.items():
        encoded = encoded.replace(module, name)
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return dialect | msgspec.json.decode(encoded, type=dict[str, Any])


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `Document`."""
    return published(msgspec.json.schema(Document), "Delegate Analyzer audit")
