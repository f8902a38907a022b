"""Models that differ, made as small as they can be while they still differ in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.execution import installed
from analyzer.model import read_bytes
from analyzer.rules.pack import BROKEN
from analyzer.rules.registry import Packs
from tests.sweeps.chains.plans import Built, build, smaller
from tests.sweeps.chains.running import UNJUDGED, WORKS, Outcome, run

DELEGATE = "litert-gpu"
#: Rounds after which a model is small enough, and plans tried in each: runs are what it takes its time for.
_ROUNDS, _TRIED = 8, 6


class Said(Struct, frozen=True):
    """The verdict in the words of outcomes, and the rules behind it."""

    outcome: str
    rules: tuple[str, ...]


class Chain(Struct, frozen=True):
    """A model, what is said of it, and what became of it."""

    built: Built
    said: Said
    seen: Outcome

    @property
    def judged(self) -> bool:
        return self.seen.outcome != UNJUDGED

    @property
    def differs(self) -> bool:
        return self.judged and self.seen.outcome != self.said.outcome

    @property
    def how(self) -> tuple[str, str]:
        return self.seen.outcome, self.said.outcome

    @property
    def size(self) -> tuple[int, int, int]:
        return len(self.built.operators), len(self.built.plan.shown), len(self.built.data)


class Verdict:
    """Asks the pack, in the release of the runtime that is installed."""

    def __init__(self) -> None:
        packs = Packs()
        self._auditor = Auditor(packs, configure(packs, installed.completed(packs, [DELEGATE])))

    def __call__(self, built: Built) -> Said:
        [audit] = self._auditor.audit(read_bytes(built.data, built.name)).delegates
        word = audit.summary.verdict
        told = [blocker.finding for blocker in audit.blockers]
        told += [f for operator in audit.operators if operator.delegated for f in operator.findings]
        rules = {f.rule for f in told if f.severity in ("wrong", "fails", "crash", "aborts", "hazard")}
        return Said(word if word in BROKEN else WORKS, tuple(sorted(rules)))


Runs = Callable[[Sequence[str]], Iterator[Outcome]]


def judged(builts: Sequence[Built], verdict: Verdict, runs: Runs = run) -> list[Chain]:
    """Run each, and ask what is said of it."""
    with TemporaryDirectory(prefix="delegate-analyzer-") as name:
        files = [Path(name) / f"{number}.tflite" for number in range(len(builts))]
        for file, built in zip(files, builts, strict=True):
            file.write_bytes(built.data)
        outcomes = list(runs([str(file) for file in files]))
    return [Chain(b, verdict(b), seen) for b, seen in zip(builts, outcomes, strict=True)]


def shrunk(chains: Sequence[Chain], verdict: Verdict, runs: Runs = run) -> list[Chain]:
    """The smallest found of each, all of them a round at a time."""
    best: dict[int, Chain] = dict(enumerate(chains))
    left = {number: _less(chain.built) for number, chain in best.items()}
    for _ in range(_ROUNDS):
        tried = [(number, built) for number, less in left.items() for built in less[:_TRIED]]
        if not tried:
            break
        improved: dict[int, Chain] = {}
        for (number, _), chain in zip(
            tried, judged([built for _, built in tried], verdict, runs), strict=True
        ):
            # The first that still differs is the boldest.
            if number not in improved and chain.differs and chain.how == best[number].how:
                improved[number] = chain
        best |= improved
        # What got smaller begins anew, what didn't goes on with what wasn't tried.
        left = {n: _less(improved[n].built) if n in improved else less[_TRIED:] for n, less in left.items()}
    return [best[number] for number in range(len(chains))]


def _less(built: Built) -> list[Built]:
    made = {one.data: one for plan in smaller(built) if (one := build(plan)) and one.data != built.data}
    return [one for one in made.values() if len(one.operators) <= len(built.operators)]
