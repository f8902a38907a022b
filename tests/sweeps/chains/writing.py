"""Chains in the format of what was seen to become of models: `truth.jsonl` and `models.zip`."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from analyzer.execution.installed import installed
from tests.sweeps.chains.running import WORKS
from tests.sweeps.chains.shrinking import DELEGATE, Chain

#: Files in archives bear one date, so that the same contents are the same bytes.
_DATE = (2026, 1, 1, 0, 0, 0)


class Group(Struct):
    """Chains that differ alike: what was seen and said, by which rules, and of which operators."""

    seen: str
    said: str
    rules: tuple[str, ...]
    operators: tuple[str, ...]
    chains: list[Chain]

    @property
    def smallest(self) -> Chain:
        return min(self.chains, key=lambda chain: chain.size)


def grouped(chains: Iterable[Chain], *, operators: bool) -> list[Group]:
    """Those met most often first; by the operators as well where the chains are as small as can be."""
    groups: dict[tuple[object, ...], Group] = {}
    for chain in chains:
        # Of what isn't said at all, the operators are all there is to tell causes apart by.
        around = chain.built.operators if operators else tuple(sorted({*chain.built.operators}))
        rules = chain.said.rules if chain.said.outcome != WORKS else ()
        group = Group(chain.seen.outcome, chain.said.outcome, rules, around, [])
        key = (group.seen, group.said, group.rules, group.operators)
        groups.setdefault(key, group).chains.append(chain)
    return sorted(groups.values(), key=lambda group: -len(group.chains))


def path(chain: Chain) -> str:
    return f"models/chains/{chain.built.name}.tflite"


def described(group: Group) -> str:
    chain = group.smallest
    rules = f" ({', '.join(group.rules)})" if group.rules else ""
    steps = "; ".join(
        f"{step.kind}({step.first},{step.second}) #{step.variant}" for step in chain.built.plan.steps
    )
    plan = chain.built.plan
    shown = f", shows {list(plan.shown)}" if plan.shown else ""
    noise = "" if chain.seen.snr_db is None else f", {chain.seen.snr_db} dB"
    return (
        f"{len(group.chains):5} {group.seen}, said {group.said}{rules}: {' '.join(group.operators)}\n"
        f"      {path(chain)}: {plan.style} {list(plan.shape)}: {steps}{shown}{noise}\n"
        f"      {chain.seen.words[:160]}"
    )


def figures(chains: Sequence[Chain]) -> list[str]:
    """How many of which outcome, and what was said of them."""
    lines = []
    for outcome in ("works", "wrong", "fails", "crash"):
        seen = [chain for chain in chains if chain.seen.outcome == outcome]
        right = sum(not chain.differs for chain in seen)
        warned = sum(chain.said.outcome != WORKS for chain in seen)
        lines.append(f"{outcome}: {len(seen):,}, of {warned:,} said that it doesn't work, {right:,} exactly")
    why = Counter(chain.seen.words for chain in chains if not chain.judged)
    lines.append(f"{why.total():,} aren't judged: the CPU doesn't run them")
    return [*lines, *(f"      {number:,}: {words[:160]}" for words, number in why.most_common())]


def write(folder: Path, chains: Sequence[Chain]) -> None:
    """A row and a model for each that was judged."""
    folder.mkdir(parents=True, exist_ok=True)
    judge = (
        f"the accelerator of ai-edge-litert {installed()} over Vulkan, against its own CPU reference kernels"
    )
    told = {path(chain): chain for chain in chains if chain.judged}
    with zipfile.ZipFile(folder / "models.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, chain in sorted(told.items()):
            archive.writestr(zipfile.ZipInfo(name, _DATE), chain.built.data, zipfile.ZIP_DEFLATED)
    with open(folder / "truth.jsonl", "w", encoding="utf-8") as file:
        for name, chain in sorted(told.items()):
            row = {
                "path": name,
                "delegate": DELEGATE,
                "outcome": chain.seen.outcome,
                "kind": chain.seen.words,
                "judge": judge,
            }
            noise = {} if chain.seen.snr_db is None else {"snr_db": chain.seen.snr_db}
            file.write(json.dumps(row | noise) + "\n")
