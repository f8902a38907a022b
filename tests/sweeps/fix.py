"""Every model rewritten: how many a delegate takes whole, and how many work, before and after.

usage: python -m tests.sweeps.fix MODELS [--split-tail] [--batch N] [--run] [--gpu] [-d DELEGATE]...

MODELS is a folder. With `--split-tail` models are counted in one piece too. `--run` runs original and result
on the CPU and drops what isn't borne out; `--gpu` runs small ones that are full afterwards on the GPU as
well, where this machine has one or plays one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import Summary
from analyzer.errors import AnalyzerError
from analyzer.execution.delegate_run import Settings
from analyzer.execution.inputs.generate import Wanted
from analyzer.execution.request import Limits
from analyzer.execution.run_delegates import run_delegates
from analyzer.interpreter import Interpreter
from analyzer.model import read
from analyzer.rewriting.fix import Fix, fix
from analyzer.rewriting.free_batch import is_free
from analyzer.rules.registry import Packs

_DELEGATES = ("gpu", "litert-gpu")
#: The delegate that runs on machines that have no phone's GPU.
_HERE = "litert-gpu"
_LIMITS = Limits(seconds=300)
#: Software computes no more multiply-accumulates in a time that one waits for.
_MOST_MACS = 300_000_000


class Seen(Struct):
    """What became of one model for one delegate."""

    model: str
    rewrites: tuple[str, ...]
    before: Summary
    #: In one model, and as it is written: without its tail where that is cut off.
    whole: Summary
    after: Summary
    proof: str
    on_gpu: str = ""


def main(folder: Path, delegates: Sequence[str], tail: bool, batch: int | None, run: bool, gpu: bool) -> None:
    packs = Packs()
    interpreter = Interpreter(packs)
    for delegate in delegates:
        auditor = Auditor(packs, configure(packs, [delegate]))
        seen = []
        for file in sorted(folder.rglob("*.tflite")):
            try:
                model = read(file, str(file.relative_to(folder)))
                own = batch if batch is not None and is_free(model) else None
                fixed = fix(model, str(file), auditor, interpreter, _LIMITS, run, tail, own)
            except AnalyzerError as error:
                print(f"{delegate}\tnot rewritten\t{error}", flush=True)
                continue
            seen.append(_seen(fixed, delegate, packs, gpu))
            if seen[-1].rewrites:
                print(_line(delegate, seen[-1]), flush=True)
        print("\n".join(_figures(delegate, seen)), flush=True)


def _seen(fixed: Fix, delegate: str, packs: Packs, gpu: bool) -> Seen:
    [before], [whole] = fixed.plan.before.delegates, fixed.plan.after.delegates
    [after] = (fixed.audit or fixed.plan.after).delegates
    names = tuple(dict.fromkeys(step.rewrite.name for step in fixed.plan.steps))
    names += () if fixed.tail is None else ("split-tail",)
    proof = "" if fixed.proof is None else _proof(fixed)
    proof += "".join(f"; dropped {name}: {why}" for name, why in fixed.dropped.items())
    seen = Seen(fixed.plan.before.model.path, names, before.summary, whole.summary, after.summary, proof)
    runs = gpu and delegate == _HERE and after.summary.macs <= _MOST_MACS
    if runs and names and after.summary.verdict == "full":
        seen.on_gpu = _on_gpu(fixed, packs)
    return seen


def _proof(fixed: Fix) -> str:
    assert fixed.proof is not None
    if fixed.proof.status == "unproven":
        return f"unproven: {fixed.proof.message}"
    return "equal" if fixed.proof.equal else f"{fixed.proof.snr_db or 999:.0f} dB"


def _on_gpu(fixed: Fix, packs: Packs) -> str:
    """How the result does on the GPU, against itself on the CPU."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "fixed.tflite"
        file.write_bytes(fixed.data)
        audit = Auditor(packs, configure(packs, [_HERE])).audit(read(file))
        runs = run_delegates(audit, str(file), Settings(Wanted(samples=1), limits=_LIMITS, runs=0, warmup=0))
    return "; ".join(reason for each in runs for reason in each.reasons) or "agrees"


def _line(delegate: str, seen: Seen) -> str:
    verdicts = (
        f"{each.selected.verdict} {each.selected.delegated}/{each.operators} ({each.verdict})"
        for each in (seen.before, seen.after)
    )
    return "\t".join(
        [delegate, seen.model, " -> ".join(verdicts), ", ".join(seen.rewrites), seen.proof, seen.on_gpu]
    )


def _figures(delegate: str, seen: Sequence[Seen]) -> Iterator[str]:
    def count(summaries: Sequence[Summary]) -> str:
        selected = sum(each.selected.verdict == "full" for each in summaries)
        return f"{selected} selected whole, {sum(each.verdict == 'full' for each in summaries)} full"

    yield f"{delegate}: {len(seen)} models; before {count([each.before for each in seen])}"
    yield f"{delegate}: after {count([each.whole for each in seen])}"
    yield f"{delegate}: as written {count([each.after for each in seen])}"
    touched: Counter[str] = Counter(name for each in seen for name in each.rewrites)
    whole: Counter[str] = Counter(
        name
        for each in seen
        for name in each.rewrites
        if each.before.selected.verdict != "full" and each.after.selected.verdict == "full"
    )
    for name, number in touched.most_common():
        yield f"{delegate}: {name}: {number} models, {whole[name]} of those that became whole"
    proofs = Counter(each.proof.split(":")[0] for each in seen if each.rewrites)
    yield f"{delegate}: on the CPU: {dict(proofs.most_common())}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=(__doc__ or "").split("usage: ")[1].splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split-tail", action="store_true")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("-d", dest="delegates", action="append")
    given = parser.parse_args()
    begun = time.monotonic()
    main(given.folder, given.delegates or _DELEGATES, given.split_tail, given.batch, given.run, given.gpu)
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
