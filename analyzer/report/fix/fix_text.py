"""What `fix` did, for a terminal: what it brings, what was rewritten, and whether that was borne out."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report.compare.text import verdicts
from analyzer.report.fix.fix_document import AppliedRewrite, FixResult, ProofResult
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import fill, plain, shorten


def table(result: FixResult, width: int, free_batch: bool = False) -> str:
    """All of it, block by block. `free_batch`: the model has one, and it was left so."""
    blocks = [_head(result, width), verdicts(result.delegates, width), *_rewritten(result, width)]
    blocks += [
        fill(f"Not kept: {plain(drop.name)}: {plain(drop.reason)}", width, subsequent_indent="  ")
        for drop in result.dropped
    ]
    if free_batch and any(side.after.verdict != "full" for side in result.delegates):
        hint = "The model's batch is free; --batch 1 fixes it, and what hangs on it may then be taken."
        blocks.append(fill(hint, width, subsequent_indent="  "))
    blocks.append(fill(_ending(result), width, subsequent_indent="  "))
    return "\n\n".join(blocks) + "\n"


def _head(result: FixResult, width: int) -> str:
    sizes = figures.size(result.bytes_before)
    if _changed(result):
        sizes += f" -> {figures.size(result.bytes_after)}"
    lines = [f"before  {shorten(plain(result.path), width - 8)}"]
    if result.written is not None:
        lines.append(f"after   {shorten(plain(result.written), width - 8)}")
    if result.tail is not None:
        lines.append(f"tail    {shorten(plain(result.tail), width - 8)}")
    return "\n".join([*lines, f"        {sizes}"])


def _changed(result: FixResult) -> bool:
    return bool(result.rewrites or result.moved or result.batch is not None)


def _rewritten(result: FixResult, width: int) -> Iterator[str]:
    if not _changed(result):
        return
    lines = ["What was rewritten" if result.written else "What would be rewritten"]
    said = [] if result.batch is None else [f"The free batch is fixed: {result.batch} [batch]"]
    said += map(_said, result.rewrites)
    if result.moved:
        names = ", ".join(f"{count} {plain(name)}" for name, count in result.moved.items())
        said.append(
            f"The tail is a model of its own, to be run on what the first gives: {names} [split-tail]"
        )
    lines += [fill(each, width, initial_indent="  ", subsequent_indent="    ") for each in said]
    yield "\n".join(lines)


def _said(rewrite: AppliedRewrite) -> str:
    gone = [f"{-count} {name}" for name, count in rewrite.operators.items() if count < 0]
    come = [f"{count} {name}" for name, count in rewrite.operators.items() if count > 0]
    changes = [f"{', '.join(map(plain, gone))} gone"] if gone else []
    changes += [f"{', '.join(come)} new"] if come else []
    promise = "equal" if rewrite.promise is None else f"at least {rewrite.promise:g} dB"
    places = figures.count(rewrite.places, "place")
    return f"{rewrite.title}: {places}; {'; '.join([*changes, promise])} [{rewrite.name}]"


def _ending(result: FixResult) -> str:
    if not _changed(result):
        written = "; what was written is a copy" if result.written else ""
        return f"Nothing to rewrite: no rewrite brings these delegates further{written}."
    if result.proof is None:
        return "Not proven: nothing was run." if result.written else "Nothing was run or written."
    return _proven(result.proof)


def _proven(proof: ProofResult) -> str:
    if proof.status == "unproven":
        return f"Not proven: {plain(proof.message)}."
    outputs = figures.count(len(proof.outputs), "output")
    if all(output.equal == 1 for output in proof.outputs):
        return f"Proven: run before and after on the CPU, {outputs} bit for bit the same."
    largest = max(output.max_abs for output in proof.outputs)
    ratios = [output.snr_db for output in proof.outputs if output.snr_db is not None]
    ratio = f", at least {min(ratios):.0f} dB of signal to noise" if ratios else ""
    return f"Proven: run before and after on the CPU, {outputs} within {largest:.3g}{ratio}."
