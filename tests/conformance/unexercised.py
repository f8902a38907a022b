"""Checks of the packs that no generated case refuses, or none accepts, and why nothing can.

A case exercises a check where it is asked of a case that its delegate judged too: by its own code, in
`truth.zip`, or by a run, in `works/`. `python -m tests.conformance.unexercised` writes the list anew, with
the reasons that stand in it; the test beside it notices new checks and missing reasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.types import Configuration
from analyzer.conformance.outcomes import WorksData
from analyzer.expressions.evaluate import Evaluate
from analyzer.expressions.nodes import TRUE
from analyzer.expressions.partial import partially_evaluated
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model import Model
from analyzer.rules.judging.judge import Judge
from analyzer.rules.pack import Clause, RulePack
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs
from tests.conformance import cases

LIST = cases.FOLDER / "unexercised.txt"
#: What stands between a check and why nothing can reach it.
BECAUSE = ": "
#: The reason of those that a case is made for, whose delegate can't be asked here.
WAITS = "its case waits to be judged, in unjudged/"


class Counting(Judge):
    """A judge that notes for every clause whether it ever held and ever failed."""

    def __init__(self, pack: RulePack, parameters: Mapping[str, Any], seen: dict[str, set[bool]]) -> None:
        self._seen = seen
        #: Clauses that hold by the parameters alone, and so are never asked.
        self.granted: set[str] = set()
        super().__init__(pack, parameters)

    def _clauses(
        self, clauses: tuple[Clause, ...], known: Mapping[str, Any], op: str | None = None
    ) -> Iterator[Any]:
        for clause in clauses:
            if clause.when is None and partially_evaluated(clause.require, known) == TRUE:
                self.granted.add(clause.id)
        for compiled in super()._clauses(clauses, known, op):
            noted = self._noted(compiled, self._seen[compiled.clause.id])
            yield replace(compiled, require=noted)

    @staticmethod
    def _noted(one: Any, seen: set[bool]) -> Evaluate:
        # Looked up each time: a clause is compiled, and put in its own place, when it is first asked.
        def evaluate(context: Context) -> Any:
            try:
                holds = one.require(context)
            except Undefined:
                seen.add(False)
                raise
            seen.add(bool(holds))
            return holds

        return evaluate


class Judged:
    """Which configurations judged which models, and audits by these alone."""

    def __init__(self, packs: Packs, seen: dict[str, set[bool]]) -> None:
        self._packs, self._seen = packs, seen
        self._configurations: dict[str, Configuration] = {}
        self._judges: list[Counting] = []
        self._auditors: dict[tuple[str, ...], Auditor] = {}

    def audit(self, model: Model, specs: tuple[str, ...]) -> None:
        if specs not in self._auditors:
            asked = [self._configuration(spec) for spec in specs]
            self._auditors[specs] = Auditor(self._packs, asked)
        self._auditors[specs].audit(model)

    @property
    def granted(self) -> set[str]:
        """Clauses that hold in some configuration whatever the model."""
        return {clause for judge in self._judges for clause in judge.granted}

    def _configuration(self, spec: str) -> Configuration:
        if spec not in self._configurations:
            name, written = split(spec)
            pack = self._packs.get(name)
            parameters = resolve(pack, written)
            judge = Counting(pack, parameters, self._seen)
            self._judges.append(judge)
            self._configurations[spec] = Configuration(pack, parameters, judge)
        return self._configurations[spec]


def unexercised() -> list[str]:
    """One line a check: `no case refuses ID`, `no case accepts ID` or `no case comes to ID`."""
    seen = defaultdict[str, set[bool]](set)
    judged = Judged(Packs(), seen)
    for model, specs in _models():
        judged.audit(model, specs)
    for identity in judged.granted.intersection(seen):
        seen[identity].update({True} if seen[identity] else ())
    words = {
        frozenset([True]): "no case refuses",
        frozenset([False]): "no case accepts",
        frozenset(): "no case comes to",
    }
    identities = ((words.get(frozenset(answers)), identity) for identity, answers in sorted(seen.items()))
    # What is never taken, or isn't listed, has nothing to accept.
    return [
        f"{word} {identity}" for word, identity in identities if word and not _refuses_all(word, identity)
    ]


def _models() -> Iterator[tuple[Model, tuple[str, ...]]]:
    """Every case with the delegates that judged it, by their code or by a run."""
    works = WorksData(cases.FOLDER / "works", cases.DATA)
    specs: dict[str, dict[str, None]] = defaultdict(dict)
    for target, spec in cases.DATA.targets.items():
        for path in cases.DATA.truth(target):
            specs[path][spec] = None
    for row in works.seen:
        specs[row.path][row.delegate] = None
    for path, model in works.models(specs):
        if model is not None:
            yield model, tuple(specs[path])


def _refuses_all(word: str, identity: str) -> bool:
    return word == "no case accepts" and identity.endswith(("/never", "/unlisted", "/unlisted-custom"))


def known() -> dict[str, str]:
    """The lines of the list, each with its reason; empty where it lacks one."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return {check: reason for check, _, reason in (line.partition(BECAUSE) for line in lines)}


def write() -> None:
    """Write the list anew, with the reasons that are known."""
    reasons = known()
    lines = (f"{line}{BECAUSE}{reasons[line]}" if reasons.get(line) else line for line in unexercised())
    LIST.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    write()
