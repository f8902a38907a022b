"""LiteRT's `benchmark_model`: what it is told, and what it leaves behind.

It measures one delegate on one input, then writes all outputs of the last inference into one file. Flags
that a build doesn't know it ignores with a warning, so what it did is to be read out of its log.
Source: google-ai-edge/LiteRT f67457790 and its tags from v1.1.0 on, tflite/tools/benchmark/README.md,
benchmark_tflite_model.cc, benchmark_model.cc, tflite/tools/delegates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.execution.android.runtime_info import RuntimeSubgraph
from analyzer.execution.inputs.generate import NUMPY
from analyzer.execution.request import Entry, Latency, RunRequest, Sample, unavailable
from analyzer.model.graph import Model, Subgraph

#: The nodes of the CPU delegate that the runtime applies by itself to what others leave.
CPU_KERNEL = "TfLiteXNNPackDelegate"
#: Leaves even that out: the built-in kernels compute everything.
NO_DELEGATE = ("--use_xnnpack=false",)

#: What comes of forbidding the CPU's delegate.
_ALONE = "What the delegate leaves ran on the built-in kernels: with a signature, XNNPACK would come first."
#: Flags without which there is nothing to compare, and those that only tell more.
_NEEDED = {"output_filepath", "input_layer_value_files"}
_TELLING = {"export_model_runtime_info", "model_runtime_info_output_file", "enable_op_profiling"}

#: Inferences that are believed to have been timed.
_MOST_RUNS = 1 << 31
#: Numbers as C++ writes them; anything else that a log has in their place is none.
_NUMBER = r"[-+]?\d{1,18}(?:\.\d*)?(?:e[-+]?\d{1,2})?"
_TIMES = re.compile(r"Inference timings in us: Init: (\S+), First inference: (\S+),")
_STATISTICS = re.compile(r"^.*\bcount=.*$", re.MULTILINE)
_FIGURE = re.compile(rf"(\w+)=({_NUMBER})")
_GROWTH = re.compile(
    r"Memory footprint delta from the start of the tool \(MB\): .*\boverall=(\d{1,9}(?:\.\d+)?)"
)
_UNKNOWN = re.compile(r"Unconsumed cmdline flags: (.*)")
_FLAG = re.compile(r"--(\w+)=")
_BY_SIGNATURE = "Using signature: "
_API = re.compile(r"Initialized (Open[CG]L)-based API")
_ACCELERATORS = re.compile(r"NNAPI accelerators available: \[(.+)\]")
_ALL = re.compile(r"Explicitly applied \w+ delegate, and the model graph will be completely")
_SOME = re.compile(r"Explicitly applied \w+ delegate, and the model graph will be partially")
_NONE = re.compile(r"Though \w+ delegate is explicitly applied, the model graph will not be")


def in_order(entry: Entry, subgraph: Subgraph) -> Entry:
    """The entry with inputs and outputs as the subgraph lists them: the tool goes by that, not by names."""

    def sort(named: Sequence[tuple[str, int]], listed: Sequence[int]) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(named, key=lambda pair: listed.index(pair[1])))

    inputs, outputs = sort(entry.inputs, subgraph.inputs), sort(entry.outputs, subgraph.outputs)
    return Entry(entry.key, entry.subgraph, inputs, outputs)


def check(request: RunRequest, subgraph: Subgraph) -> None:
    """Raises: RuntimeUnavailable for what the tool can't be given, or doesn't write."""
    entry, advice = request.entry, "run the model on this machine"
    for kind, named in (("input", entry.inputs), ("output", entry.outputs)):
        for name, index in named:
            if subgraph.tensors[index].dtype not in NUMPY:
                what = f"{kind} {name}: {subgraph.tensors[index].dtype} can't be handed to a phone or back"
                raise unavailable(what, advice)
    shapes = [request.shapes.get(name, subgraph.tensors[index].shape) for name, index in entry.inputs]
    if shapes == [()]:
        what = (
            f"input {entry.inputs[0][0]}: benchmark_model takes no value for a single input of no dimensions"
        )
        raise unavailable(what, advice)


def arguments(request: RunRequest, sample: Sample, files: Sequence[str], timed: bool) -> list[str]:
    """Its flags whatever the delegate; `files` hold the inputs, all in the subgraph's order."""
    names = [f"input{number}" for number in range(len(files))]
    shapes = [",".join(map(str, sample[name].shape)) for name, _ in request.entry.inputs]
    inputs = [
        f"--input_layer={','.join(names)}",
        f"--input_layer_shape={':'.join(shapes)}",
        f"--input_layer_value_files={','.join(map(':'.join, zip(names, files, strict=True)))}",
    ]
    return [
        *(inputs if files else []),
        f"--num_threads={request.threads}",
        f"--warmup_runs={_warmup(request) if timed else 1}",
        f"--num_runs={request.runs if timed else 0}",
        # Not for as long as it likes by default, but as often as was said.
        "--warmup_min_secs=0",
        "--min_secs=0",
        # Some builds profile unless told not to, which takes time and prints statistics of other things.
        "--enable_op_profiling=false",
    ]


def signature(model: Model, entry: Entry, told: Sequence[str], first: bool = False) -> list[str]:
    """Flags that enter the model elsewhere than at its start, beside those `told` for delegates.

    Entering by a signature makes the runtime hand the model to its CPU delegate before any other is asked,
    unless that is forbidden. `first`: this build enters by an only signature, too.
    """
    sole = entry.key is None or (entry.subgraph == 0 and len(model.signatures) == 1)
    named = [] if sole else [f"--signature_to_run_for={entry.key}"]
    return [*named, *(NO_DELEGATE if (named or first) and not _settled(told) else ())]


def by_signature(log: str, told: Sequence[str]) -> bool:
    """True where a build entered by a signature unasked (LiteRT 2.1.5 to 2.2.0), the CPU's delegate first."""
    return _BY_SIGNATURE in log and not _settled(told)


def _settled(told: Sequence[str]) -> bool:
    return any(flag.startswith("--use_xnnpack=") for flag in told)


def unknown(log: str) -> set[str]:
    """The flags that a build took no notice of."""
    warning = _UNKNOWN.search(log)
    return set(_FLAG.findall(warning[1])) if warning else set()


def too_old(log: str) -> str:
    """Flags that a build lacks and without which nothing can be compared; empty where it has them all."""
    return ", ".join(f"--{name}" for name in sorted(unknown(log) & _NEEDED))


def _warmup(request: RunRequest) -> int:
    """The first inference counts as one that warms up."""
    return max(1, request.warmup)


def latency(log: str, request: RunRequest) -> Latency:
    """Times. Raises: ValueError where it told none."""
    times = _TIMES.search(log)
    if times is None:
        raise ValueError("benchmark_model told no times; use a current build")
    init, first = (float(figure) / 1000 for figure in times.groups())
    figures = statistics(log) if request.runs else {}
    # Equal ones have one value and no median.
    median = figures.get("median", figures.get("curr")) if "avg" not in figures else figures.get("median")
    runs = int(min(figures.get("count", 0), _MOST_RUNS))
    half, slow = (None if figure is None else figure / 1000 for figure in (median, figures.get("p95")))
    return Latency(init, first, half, None, runs, _warmup(request), request.threads, p95=slow)


def statistics(log: str) -> Mapping[str, float]:
    """The figures of the inferences that were timed last, in microseconds, by the tool's own names."""
    lines = _STATISTICS.findall(log)
    return {name: float(value) for name, value in _FIGURE.findall(lines[-1])} if lines else {}


def remarks(log: str, request: RunRequest, alone: bool = False) -> tuple[str, ...]:
    """Remarks that have no field of their own; `alone`: without the CPU's delegate beside it."""
    figures = statistics(log) if request.runs else {}
    lines = [_ALONE] if alone else []
    if "avg" in figures and "p95" not in figures:
        lines.append(
            f"An inference took {figures['avg'] / 1000:.3g} ms on average; this build tells no median."
        )
    if accelerators := _ACCELERATORS.search(log):
        lines.append(f"NNAPI accelerators of this phone: {accelerators[1].replace(',', ', ')}.")
    if api := _API.search(log):
        otherwise = api[1] == "OpenGL" and request.parameters.get("opencl")
        lines.append(
            f"Computed by {api[1]}{', predicted for OpenCL: ask for opencl=false' if otherwise else ''}."
        )
    if ignored := unknown(log) - _TELLING:
        names = ", ".join(f"--{name}" for name in sorted(ignored))
        lines.append(f"This build of benchmark_model takes no notice of {names}.")
    return tuple(lines)


def growth(log: str) -> int | None:
    """Bytes of memory that it came to need since it began."""
    megabytes = _GROWTH.search(log)
    return int(float(megabytes[1]) * (1 << 20)) if megabytes else None


def applied(log: str) -> bool:
    """True where a delegate was applied at all: without one, the CPU did everything and all seems well."""
    return any(pattern.search(log) for pattern in (_ALL, _SOME, _NONE))


def delegated(
    model: Model, entry: Entry, log: str, told: Sequence[RuntimeSubgraph], kernel: str | None
) -> Mapping[int, tuple[int, ...]] | None:
    """Subgraph -> operators that went to nodes called `kernel`, or to any but the CPU's if that isn't known.

    None where nothing tells: older builds only say that it was all, some or none.
    """
    replaced = {
        subgraph.index: _taken(subgraph, len(model.subgraphs[subgraph.index].operators), kernel)
        for subgraph in told
        if subgraph.index < len(model.subgraphs)
    }
    if replaced:
        return replaced
    if _NONE.search(log):
        return {entry.subgraph: ()}
    if _ALL.search(log):
        return {entry.subgraph: tuple(range(len(model.subgraphs[entry.subgraph].operators)))}
    return None


def _taken(told: RuntimeSubgraph, count: int, kernel: str | None) -> tuple[int, ...]:
    nodes = [
        node
        for name, replaced in told.replaced
        if (name != CPU_KERNEL if kernel is None else name == kernel)
        for node in replaced
    ]
    return tuple(sorted(node for node in nodes if node < count))


def outputs(
    subgraph: Subgraph, entry: Entry, raw: bytes, shapes: Mapping[int, tuple[int, ...]]
) -> dict[str, Any]:
    """Outputs by name, out of the one file that holds all of the subgraph's.

    One whose size was only known at run time gets what the others leave, in one dimension.
    Raises: ValueError where the file's size can't be explained.
    """
    import numpy as np

    tensors = [subgraph.tensors[index] for index in subgraph.outputs]
    dtypes = [np.dtype(NUMPY[tensor.dtype]) for tensor in tensors]
    wanted = [shapes.get(tensor.index, tensor.shape) for tensor in tensors]
    sizes = [math.prod(shape) * dtype.itemsize for shape, dtype in zip(wanted, dtypes, strict=True)]
    if sum(sizes) != len(raw):
        open = [number for number, size in enumerate(sizes) if size <= 0 or len(sizes) == 1]
        rest = len(raw) - sum(size for number, size in enumerate(sizes) if number not in open)
        if len(open) != 1 or rest < 0 or rest % dtypes[open[0]].itemsize:
            raise ValueError(f"benchmark_model wrote {len(raw)} bytes of outputs, expected {sum(sizes)}")
        sizes[open[0]], wanted[open[0]] = rest, (rest // dtypes[open[0]].itemsize,)
    arrays, at = {}, 0
    for tensor, dtype, shape, size in zip(tensors, dtypes, wanted, sizes, strict=True):
        arrays[tensor.index] = np.frombuffer(raw[at : at + size], dtype).reshape(shape)
        at += size
    return {name: arrays[index] for name, index in entry.outputs}
