"""Original and result run on the CPU, in a process of their own, on the same random and special inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.compare.measures import OutputComparison, Thresholds, compare
from analyzer.execution.engines import lookup
from analyzer.execution.inputs import generate, signatures
from analyzer.execution.inputs.generate import LARGE, ZEROS, Wanted
from analyzer.execution.request import OK, Entry, Limits, RunRequest, RunResult, Sample
from analyzer.files import temporary_folder
from analyzer.model import read_bytes
from analyzer.model.graph import OPEN, Model, Tensor
from analyzer.rewriting.open_inputs import Shapes, open_inputs
from analyzer.rewriting.rewrite import Promise

_WANTED = Wanted(samples=2, special=(ZEROS, LARGE))
#: What `equal` leaves to floating point, as a share of a value and of the largest.
_ROUNDING = 1e-6
#: How a proof ends.
HOLDS, BROKEN, UNPROVEN = "holds", "broken", "unproven"


class Proof(Struct, frozen=True):
    """`holds`, `broken`, or `unproven` where the original can't be run here: why, in words."""

    status: str
    message: str = ""
    #: Every output of every entry, result against original.
    outputs: tuple[OutputComparison, ...] = ()

    @property
    def equal(self) -> bool:
        return all(output.equal == 1.0 for output in self.outputs)

    @property
    def snr_db(self) -> float | None:
        """The least signal to noise of an output; None where nothing differs."""
        return min((output.snr_db for output in self.outputs if output.snr_db is not None), default=None)


class Original(Struct, frozen=True):
    """The model as it was, its file, and the shapes that inputs are resized to, to compare."""

    model: Model
    path: str
    shapes: Shapes = {}

    def samples(self, entry: Entry) -> list[Sample]:
        """Raises: RuntimeUnavailable where there is no interpreter to run them."""
        # Before inputs are made, which takes what comes with one.
        lookup.local(lookup.REFERENCE).check(RunRequest(model=self.path, entry=entry))
        return generate.samples(self.model, entry, replace(_WANTED, shapes=self.named(entry)))

    def run(self, entry: Entry, samples: Sequence[Sample], limits: Limits) -> RunResult:
        return _run(self.model, self.path, entry, samples, limits, self.named(entry))

    def named(self, entry: Entry) -> dict[str, tuple[int, ...]]:
        """The shapes of an entry's inputs, by name."""
        places = {name: (entry.subgraph, index) for name, index in entry.inputs}
        return {name: self.shapes[place] for name, place in places.items() if place in self.shapes}

    def resized(self, entry: Entry) -> Original | None:
        """With inputs in other shapes that an app may choose as well; None where all sizes are fixed."""
        if self.shapes:
            return None
        opened = open_inputs(self.model)
        places = [(entry.subgraph, index) for _, index in entry.inputs]
        shapes = {place: _other(opened[place]) for place in places if place in opened}
        return replace(self, shapes=shapes) if shapes else None


def prove(original: Original, data: bytes, promise: Promise, limits: Limits) -> Proof:
    """Run a model's file and what was made of it, which has the same inputs and outputs.

    What an app may resize is run in another size as well, where the original runs in it.
    """
    outputs: list[OutputComparison] = []
    try:
        with temporary_folder() as folder:
            file = Path(folder) / "rewritten.tflite"
            file.write_bytes(data)
            for entry in signatures.entries(original.model):
                proof = _proof(original, str(file), entry, promise, limits)
                if proof.status == HOLDS and (other := original.resized(entry)) is not None:
                    named = other.named(entry)
                    proof = _both(proof, _proof(other, str(file), entry, promise, limits, named))
                if proof.status != HOLDS:
                    return proof
                outputs += proof.outputs
    except RuntimeUnavailable as missing:
        return Proof(UNPROVEN, str(missing))
    return Proof(HOLDS, "", tuple(outputs))


def _proof(
    original: Original,
    file: str,
    entry: Entry,
    promise: Promise,
    limits: Limits,
    shapes: Mapping[str, tuple[int, ...]] = {},
) -> Proof:
    """For one way in, with inputs of the result in `shapes`."""
    model = original.model
    samples = original.samples(entry)
    reference = original.run(entry, samples, limits)
    if reference.status != OK:
        return Proof(UNPROVEN, f"the original doesn't run on this CPU: {reference.message}")
    result = _run(model, file, entry, samples, limits, shapes)
    if result.status != OK:
        return Proof(BROKEN, f"it no longer runs on the CPU: {result.message}")
    compared = _compared(model, entry, reference, result, promise)
    problem = _problem(compared, promise)
    if problem:
        again = original.run(entry, samples, limits)
        if _problem(_compared(model, entry, reference, again, promise), promise):
            return Proof(UNPROVEN, "the original gives other numbers each time it runs")
    return Proof(BROKEN if problem else HOLDS, problem, tuple(compared))


def _both(proof: Proof, resized: Proof) -> Proof:
    """What both say together; an original that doesn't run resized says nothing."""
    if resized.status == UNPROVEN:
        return proof
    pairs = zip(proof.outputs, resized.outputs, strict=True) if resized.outputs else ()
    worse = tuple(min(pair, key=lambda output: output.equal) for pair in pairs)
    problem = resized.message and f"with other sizes of the inputs: {resized.message}"
    return Proof(resized.status, problem, worse)


def _other(tensor: Tensor) -> tuple[int, ...]:
    """The shape with other sizes where they are open."""
    pairs = zip(tensor.shape, tensor.shape_signature or (), strict=True)
    return tuple(size + 1 + axis if wanted == OPEN else size for axis, (size, wanted) in enumerate(pairs))


def _run(
    model: Model,
    path: str,
    entry: Entry,
    samples: Sequence[Sample],
    limits: Limits,
    shapes: Mapping[str, tuple[int, ...]] = {},
) -> RunResult:
    computed = signatures.computed(model, entry)
    request = RunRequest(model=path, entry=entry, shapes=shapes, warmup=0, runs=0, computed=computed)
    return lookup.local(lookup.REFERENCE).run(request, samples, limits)


def _compared(
    model: Model, entry: Entry, reference: RunResult, result: RunResult, promise: Promise
) -> list[OutputComparison]:
    written = result.measured.never_written if result.measured else {}
    known = reference.measured.never_written if reference.measured else {}
    left = {name: count for name, count in written.items() if name not in known}
    return compare(model, entry, reference.outputs, result.outputs, _thresholds(promise), left)


def _thresholds(promise: Promise) -> Thresholds:
    return Thresholds(rtol=_ROUNDING) if promise.snr_db is None else Thresholds(min_snr=promise.snr_db)


def _problem(outputs: Sequence[OutputComparison], promise: Promise) -> str:
    """The first output that isn't what was promised, in words."""
    expected = "equal" if promise.snr_db is None else f"at least {promise.snr_db:g} dB"
    for output in outputs:
        if not (_equal(output) if promise.snr_db is None else output.within):
            return f"output {output.name}: {_apart(output)}, expected {expected}"
    return ""


def _equal(output: OutputComparison) -> bool:
    """The same bits; where floating point, up to rounding."""
    if _incomparable(output):
        return output.within
    rounded = output.dtype.startswith("FLOAT") and (
        output.within or (not output.nan and output.max_rel <= _ROUNDING)
    )
    return output.equal == 1.0 or rounded


def _incomparable(output: OutputComparison) -> bool:
    """Whether it isn't numbers, hasn't got as many, or wasn't written."""
    return output.never_written or output.errors is None


def _apart(output: OutputComparison) -> str:
    if _incomparable(output):
        return output.problem
    if output.nan:
        return f"{output.nan} elements are NaN or infinite on one side alone"
    if output.snr_db is None:
        return f"differs by {output.max_abs:.3g}"
    return f"{output.snr_db:.0f} dB, differs by at most {output.max_abs:.3g}"


def prove_split(original: Original, parts: Sequence[bytes], promise: Promise, limits: Limits) -> Proof:
    """Run a model's file, and head and tail of it one after the other; tensors keep their indices."""
    try:
        with temporary_folder() as folder:
            files = [str(Path(folder) / f"part{number}.tflite") for number in range(len(parts))]
            models = []
            for file, data in zip(files, parts, strict=True):
                Path(file).write_bytes(data)
                models.append(read_bytes(data, file))
            return _split_proof(original, list(zip(models, files, strict=True)), promise, limits)
    except RuntimeUnavailable as missing:
        return Proof(UNPROVEN, str(missing))


def _split_proof(
    original: Original, parts: Sequence[tuple[Model, str]], promise: Promise, limits: Limits
) -> Proof:
    [entry] = signatures.entries(original.model)
    samples = original.samples(entry)
    reference = original.run(entry, samples, limits)
    if reference.status != OK:
        return Proof(UNPROVEN, f"the original doesn't run on this CPU: {reference.message}")
    known = [{index: sample[name] for name, index in entry.inputs} for sample in samples]
    for model, file in parts:
        [own] = signatures.entries(model)
        fed = [{name: values[index] for name, index in own.inputs} for values in known]
        result = _run(model, file, own, fed, limits)
        if result.status != OK:
            return Proof(BROKEN, f"it no longer runs on the CPU: {result.message}")
        for values, outputs in zip(known, result.outputs, strict=True):
            values |= {index: outputs[name] for name, index in own.outputs}
    made = [{name: values[index] for name, index in entry.outputs} for values in known]
    compared = compare(original.model, entry, reference.outputs, made, _thresholds(promise))
    problem = _problem(compared, promise)
    return Proof(BROKEN if problem else HOLDS, problem, tuple(compared))
