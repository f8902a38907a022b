"""Documents for the tests of the renderers, made by hand: a detector of 64 operators on four delegates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from analyzer.report.document import contents
from analyzer.report.document.audit_document import (
    Audit,
    Blocker,
    Document,
    Error,
    Finding,
    Model,
    Operator,
    Partition,
    Place,
    Policy,
    Rules,
    Selection,
    Subgraph,
    Summary,
    ToFull,
    Tool,
    Upstream,
)
from analyzer.report.document.run_results import Errors, Latency, Output, Reference, Run

#: Names that try to break out of every format that shows them.
HOSTILE = (
    "</script><script>window.broken=1</script>",
    "<img src=x onerror=window.broken=1>",
    "\"'><svg/onload=window.broken=1>",
    "a|b\n| c `d` **e** [f](javascript:window.broken=1) {{ 7 * 7 }}",
    "\x1b[31mred\x07 \u202egnp.exe\u2066 \u2028 \x00",
)

TOO_LARGE = Finding(
    rule="dsp/conv-2d/option.stride-w",
    severity="blocker",
    stage="check",
    message="stride_w is 4, expected <= 3",
    expected="<= 3",
    actual="4",
    operand=None,
    fix="Use strides of at most 3, for example two convolutions of stride 2 in place of one of stride 4.",
    source="dsp/utils.cc IsNodeSupported",
)
NOT_FLOAT = Finding(
    rule="ane/every-op/float",
    severity="blocker",
    stage="check",
    message="input is UINT8, expected FLOAT32",
    expected="FLOAT32",
    actual="UINT8",
    operand="input",
    fix="Ship the float32 or float16 model on iOS.",
    source="ane/builder.mm IsSupported",
)
UNKNOWN = Finding(
    rule="gpu/custom/unlisted",
    severity="blocker",
    stage="check",
    message="the delegate has no kernel for this operator",
    fix="Keep the detection post-processing outside of the delegated part; it costs little.",
    source="gpu/model_builder.cc",
)
WRONG_NUMBERS = Finding(
    rule="gpu/resize-bilinear/half-pixel",
    severity="hazard",
    stage="check",
    message="half-pixel centres are rounded differently on some drivers",
    fix="Compare outputs on the phones you ship on.",
    source="gpu/kernels/resize.cc",
)

Judge = Callable[[Operator], tuple[bool, Sequence[Finding]]]


def operators(number: int = 64, names: Sequence[str] = ()) -> tuple[Operator, ...]:
    """A network of convolutions that ends in a resize and a custom detection operator."""
    kinds = ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD")
    nodes = [
        Operator(
            subgraph=0,
            index=index,
            op=kinds[index % 4],
            version=1 + index % 3,
            output=names[index % len(names)]
            if names
            else f"FeatureExtractor/block_{index}/{kinds[index % 4].lower()}",
            supported=True,
            delegated=True,
            macs=(index % 7 + 1) * 2_500_000 if kinds[index % 4] != "ADD" else None,
        )
        for index in range(number)
    ]
    nodes[-2:] = [
        replace(nodes[-2], op="RESIZE_BILINEAR", macs=None),
        replace(nodes[-1], op="CUSTOM", custom=names[0] if names else "Detection_PostProcess", macs=None),
    ]
    return tuple(nodes)


def audit(
    delegate: str,
    title: str,
    nodes: Iterable[Operator],
    judge: Judge,
    *,
    parameters: dict[str, str | int | bool] | None = None,
    in_title: tuple[str, ...] = (),
    blockers: tuple[Blocker, ...] = (),
    limit: int = 1000,
    lost: str | None = None,
    status: str = "current",
) -> Audit:
    """Judge every operator; runs of supported ones are partitions, `limit` of which are delegated."""
    placed: list[Operator] = []
    partitions: list[list[int]] = []
    open_run = False
    for node in nodes:
        supported, findings = judge(node)
        if supported and not open_run:
            partitions.append([])
        open_run = supported
        index = len(partitions) - 1 if supported else None
        kept = index is not None and index < limit and lost is None
        if kept:
            partitions[-1].append(node.index)
        why = None if kept or not supported else lost or "limit"
        changed = {
            "supported": supported,
            "delegated": kept,
            "partition": index if kept else None,
            "lost": why,
        }
        placed.append(replace(node, findings=tuple(findings), **changed))
    kept_partitions = tuple(
        Partition(
            subgraph=0,
            index=i,
            operators=tuple(run),
            inputs=(run[0],),
            outputs=(run[-1],),
            boundary_bytes=150528,
        )
        for i, run in enumerate(partitions)
        if run
    )
    return Audit(
        delegate=delegate,
        title=title,
        parameters=parameters or {},
        in_title=in_title,
        status=status,
        fallback="xnnpack",
        rules=Rules(
            version="1", sha256="0" * 64, upstream=Upstream(repository="example/runtime", revision="f674577")
        ),
        operators=tuple(placed),
        partitions=kept_partitions,
        blockers=blockers,
        summary=summary(placed, len(kept_partitions)),
        to_full=to_full(placed, (0,) if lost else ()),
    )


def to_full(nodes: Sequence[Operator], blockers: tuple[int, ...]) -> ToFull:
    refused = [node for node in nodes if not node.supported]
    places = tuple(Place(subgraph=node.subgraph, operator=node.index) for node in refused)
    return ToFull(operators=places, macs=sum(node.macs or 0 for node in refused), blockers=blockers)


def summary(nodes: Sequence[Operator], partitions: int) -> Summary:
    delegated = [node for node in nodes if node.delegated]
    macs = sum(node.macs or 0 for node in nodes)
    delegated_macs = sum(node.macs or 0 for node in delegated)
    crash = any(finding.severity == "crash" for node in nodes for finding in node.findings)
    whole, none = len(delegated) == len(nodes), not delegated
    verdict = "full" if whole else "none" if none else "partial"
    return Summary(
        operators=len(nodes),
        supported=sum(node.supported for node in nodes),
        unsupported=sum(not node.supported and not node.folded for node in nodes),
        folded=sum(node.folded for node in nodes),
        delegated=len(delegated),
        partitions=partitions,
        macs=macs,
        delegated_macs=delegated_macs,
        delegated_operators_share=len(delegated) / len(nodes) if nodes else 1.0,
        delegated_macs_share=delegated_macs / macs if macs else 1.0,
        boundary_bytes=150528 * partitions,
        verdict="crash" if crash else verdict,
        selected=Selection(
            delegated=len(delegated),
            partitions=partitions,
            delegated_macs=delegated_macs,
            delegated_operators_share=len(delegated) / len(nodes) if nodes else 1.0,
            delegated_macs_share=delegated_macs / macs if macs else 1.0,
            boundary_bytes=150528 * partitions,
            verdict=verdict,
        ),
    )


LIMIT = Blocker(
    rule="dsp/graph/max-partitions",
    severity="blocker",
    stage="check",
    kind="limit",
    message="the delegate takes at most 2 partitions, the model makes more",
    expected="<= 2",
    actual="4",
    fix="Remove the causes of the breaks between them.",
    source="dsp/delegate.cc",
    subgraph=0,
)
DYNAMIC = Blocker(
    rule="runtime/dynamic-tensor",
    severity="blocker",
    stage="check",
    kind="dynamic",
    message="the size of a tensor is only known at run time, so no delegate is asked",
    fix="Fix the input shape when converting.",
    source="core/subgraph.cc",
    subgraph=0,
    operator=5,
    tensor=17,
)


def by_name(op: str, finding: Finding) -> Judge:
    """Refuse one kind of operator."""
    return lambda node: (False, (finding,)) if node.op == op else (True, ())


def dsp(node: Operator) -> tuple[bool, Sequence[Finding]]:
    if node.op == "CUSTOM":
        return False, (UNKNOWN,)
    if node.op == "CONV_2D" and node.index % 12 == 8:
        return False, (
            TOO_LARGE,
            replace(TOO_LARGE, rule="dsp/conv-2d/version", message="operator version 5, expected <= 3"),
        )
    return True, ()


def gpu(node: Operator) -> tuple[bool, Sequence[Finding]]:
    if node.op == "RESIZE_BILINEAR":
        return True, (WRONG_NUMBERS,)
    return (False, (UNKNOWN,)) if node.op == "CUSTOM" else (True, ())


def model(path: str = "ssd_mobilenet.tflite", number: int = 64, names: Sequence[str] = ()) -> Model:
    """A model with a partial, a full, a limited and a refusing delegate."""
    nodes = operators(number, names)
    new: dict[str, str | int | bool] = {"api": 31, "feature_level": 5, "accelerator": True}
    old = new | {"api": 27, "feature_level": 1}
    audits = (
        audit("gpu", "GPU", nodes, gpu, parameters={"quantized": True, "max_partitions": 1}),
        audit("nnapi", "NNAPI", nodes, lambda node: (True, ()), parameters=new, in_title=("api",)),
        audit("dsp", "Hexagon", nodes, dsp, blockers=(LIMIT,), limit=2, status="deprecated"),
        audit(
            "ane",
            "Core ML",
            nodes,
            lambda node: (False, (NOT_FLOAT,)),
            parameters={"version": 3},
            in_title=("version",),
        ),
        audit(
            "nnapi",
            "NNAPI",
            nodes,
            lambda node: (True, ()),
            parameters=old,
            in_title=("api",),
            blockers=(DYNAMIC,),
            lost="dynamic",
        ),
    )
    return Model(
        path=path,
        bytes=4_183_112,
        description=names[1] if names else "An object detector.",
        operators=number,
        macs=audits[0].summary.macs,
        dtypes=("UINT8", "FLOAT32"),
        subgraphs=(Subgraph(index=0, name="main", operators=number, inputs=(0,), outputs=(number,)),),
        audits=audits,
    )


def described(number: int = 64) -> Model:
    """The same with its operands: every operator reads the one before it and weights of its own."""
    found = model(number=number)
    quantization = contents.Quantization(scales=1, scale=0.0078125, zero_point=128)
    tensors = [
        contents.Tensor(
            index=index,
            name="input" if index == 0 else str(found.audits[0].operators[index - 1].output),
            dtype="UINT8",
            shape=(1, 224, 224, 3),
            bytes=150528,
            quantization=quantization,
        )
        for index in range(number + 1)
    ]
    tensors.append(
        contents.Tensor(
            index=number + 1, name="weights", dtype="UINT8", shape=(8, 3, 3, 3), bytes=216, constant=True
        )
    )
    nodes = [
        contents.Operator(
            index=node.index,
            op=node.op,
            custom=node.custom,
            version=node.version,
            macs=node.macs,
            inputs=(
                contents.Operand(name="input", tensor=node.index),
                contents.Operand(name="filter", tensor=number + 1),
            ),
            outputs=(contents.Operand(name="output", tensor=node.index + 1),),
            options={"padding": "SAME"},
        )
        for node in found.audits[0].operators
    ]
    graph = contents.Graph(subgraph=0, operators=tuple(nodes), tensors=tuple(tensors))
    return replace(found, graphs=(graph,))


def crashing() -> Model:
    """The last operator brings the app down, so that nothing else is ever run."""
    found = model()
    crash = replace(UNKNOWN, severity="crash", rule="gpu/custom/crash")
    blockers = tuple(
        replace(DYNAMIC, rule=crash.rule, kind="crash", severity="crash", operator=index)
        for index in (62, 63)
    )
    judge = by_name("CUSTOM", crash)
    crashing = audit("gpu", "GPU", operators(), judge, blockers=blockers, lost="crash")
    return replace(found, audits=(found.audits[3], crashing))


def run(delegate: str = "gpu", outputs: Sequence[Output] = (), **fields: Any) -> Run:
    """A run beside the CPU's, with the time of each inference."""
    cpu = Latency(init=21.0, first=13.2, median=9.6, p90=20.9, runs=3, times=(9.6, 8.1, 31.0))
    taken = replace(cpu, init=2690.0, first=1.3, median=0.045, p90=0.5, times=(0.045, 0.04, 0.6))
    known: dict[str, Any] = {
        "status": "ok",
        "agrees": all(one.within for one in outputs),
        "samples": 2,
        "latency_ms": taken,
        "reference": Reference(status="ok", latency_ms=cpu),
    }
    return Run(delegate=delegate, backend=delegate, outputs=tuple(outputs), **{**known, **fields})


def output(
    name: str, bounds: Sequence[float] = (0.0,), counts: Sequence[int] = (100,), **fields: Any
) -> Output:
    """An output whose errors are counted so."""
    steps = fields.get("quanta") is not None
    errors = Errors(steps=steps, bounds=tuple(bounds), counts=tuple(counts))
    known = {"dtype": "FLOAT32", "max_abs": bounds[-1], "max_rel": 0.0, "within": True}
    return Output(name=name, errors=errors, **{**known, **fields})


def ran(number: int = 64) -> Model:
    """The described model, run on two of its delegates, one of which computes something else."""
    found = described(number)
    near = output("scores", (0.0, 1e-5, 3e-5, 1e-4), (10, 60, 25, 5), snr_db=61.2)
    far = output("boxes", (0.0, 1.0, 3.0, 7.0), (90, 4, 3, 3), quanta=6, within=False, problem="6 quanta")
    runs = (
        run("gpu", (near, output("classes")), parameters=found.audits[0].parameters),
        run("dsp", (near, far, output(HOSTILE[0])), reasons=("output boxes: 6 quanta",)),
    )
    return replace(found, runs=runs)


def document(*models: Model) -> Document:
    return Document(
        tool=Tool(name="delegate-analyzer", version="0.1.0"),
        models=models or (model(),),
        policy=Policy(fail_on=("unsupported",), failed=True, reasons=("Hexagon: 6 operators unsupported",)),
    )


def hostile(number: int = 64) -> Document:
    """Every text that a model's author chooses is an attack."""
    return document(
        model(f"models/{HOSTILE[0]}.tflite", number, names=HOSTILE),
        model(HOSTILE[3], number, names=HOSTILE[::-1]),
    )


def unreadable(path: str = "models/broken.tflite") -> Model:
    return Model(
        path=path,
        bytes=12,
        error=Error(code="model", message=f"{path}: ends early at byte 12; fetch it again"),
    )


def empty() -> Model:
    """A model without operators."""
    audits = (audit("gpu", "GPU", (), gpu),)
    return Model(path="empty.tflite", bytes=900, subgraphs=(), audits=audits)
