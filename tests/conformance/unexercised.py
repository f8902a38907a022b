"""Checks of the packs that no generated case refuses, or none accepts, and why nothing can.

A case exercises a check where it is asked of a case that its delegate judged too: by its own code, in
`truth.zip`, or by a run, in `works/`. `python -m tests.conformance.unexercised` writes the list anew, with
the reasons that stand in it; the test beside it notices new checks and missing reasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configuration
from analyzer.auditing.types import Configuration
from analyzer.conformance import verdicts
from analyzer.conformance.outcomes import WorksData
from analyzer.conformance.verdicts import Tallies
from analyzer.expressions.evaluate import Evaluate
from analyzer.expressions.nodes import TRUE
from analyzer.expressions.partial import partially_evaluated
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.rules.judging.judge import Judge
from analyzer.rules.pack import Clause, RulePack
from analyzer.rules.registry import Packs
from tests.conformance import cases

LIST = cases.FOLDER / "unexercised.txt"
#: What stands between a check and why nothing can reach it.
BECAUSE = ": "
#: The reason of those that a case is made for, whose delegate can't be asked here.
WAITS = "its case waits to be judged, in unjudged/"


class Counting(Judge):
    """A judge that notes for every clause whether it ever held and ever failed."""

    #: Whether every operator is asked, whatever it came to for one with the same traits.
    anew = True

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

    def _noted(self, one: Any, seen: set[bool]) -> Evaluate:
        anew = self.anew

        # Looked up each time: a clause is compiled, and put in its own place, when it is first asked.
        def evaluate(context: Context) -> Any:
            if anew:
                context.beyond = True
            try:
                holds = one.require(context)
            except Undefined:
                seen.add(False)
                raise
            seen.add(bool(holds))
            return holds

        return evaluate


class _OnceForAll(Counting):
    """Who wants to know what a clause ever came to need not ask it twice of the same traits."""

    anew = False


class Judged(Struct, frozen=True):
    """What came of the generated cases that were judged."""

    #: Target -> how the packs agree with its delegate's own code.
    tallies: Mapping[str, Tallies]
    #: One line a check: `no case refuses ID`, `no case accepts ID` or `no case comes to ID`.
    unexercised: list[str]


def judged() -> Judged:
    """Every case audited once, for the delegates that judged it, by their code or by a run."""
    packs, seen = Packs(), defaultdict[str, set[bool]](set)
    judges: list[Counting] = []

    def counting(packs: Packs, spec: str) -> Configuration:
        usual = configuration(packs, spec)
        judge = _OnceForAll(usual.pack, usual.parameters, seen)
        judges.append(judge)
        return Configuration(usual.pack, usual.parameters, judge)

    with mock.patch.object(verdicts, "configuration", counting):
        tallies = verdicts.verify(packs, cases.DATA, list(cases.DATA.targets))
    _audit_others(packs, counting)
    granted = {clause for judge in judges for clause in judge.granted}
    for identity in granted.intersection(seen):
        seen[identity].update({True} if seen[identity] else ())
    words = {
        frozenset([True]): "no case refuses",
        frozenset([False]): "no case accepts",
        frozenset(): "no case comes to",
    }
    identities = ((words.get(frozenset(answers)), identity) for identity, answers in sorted(seen.items()))
    # What is never taken, or isn't listed, has nothing to accept.
    unexercised = [
        f"{word} {identity}" for word, identity in identities if word and not _refuses_all(word, identity)
    ]
    return Judged(tallies, unexercised)


def _audit_others(packs: Packs, configured: Callable[[Packs, str], Configuration]) -> None:
    """Audit what runs alone judged."""
    works = WorksData(cases.FOLDER / "works", cases.DATA)
    specs: dict[str, dict[str, None]] = defaultdict(dict)
    for row in works.seen:
        specs[row.path][row.delegate] = None
    for target, spec in cases.DATA.targets.items():
        for path in cases.DATA.truth(target).keys() & specs.keys():
            specs[path].pop(spec, None)
    names = list({spec: None for left in specs.values() for spec in left})
    of = {name: configured(packs, name) for name in names}
    auditors: dict[tuple[str, ...], Auditor] = {}
    for path, model in works.models({path for path, left in specs.items() if left}):
        who = tuple(specs[path])
        if who not in auditors:
            auditors[who] = Auditor(packs, [of[spec] for spec in who])
        if model is not None:
            auditors[who].audit(model)


def _refuses_all(word: str, identity: str) -> bool:
    return word == "no case accepts" and identity.endswith(("/never", "/unlisted", "/unlisted-custom"))


def known() -> dict[str, str]:
    """The lines of the list, each with its reason; empty where it lacks one."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return {check: reason for check, _, reason in (line.partition(BECAUSE) for line in lines)}


def write() -> None:
    """Write the list anew, with the reasons that are known."""
    reasons = known()
    lines = (
        f"{line}{BECAUSE}{reasons[line]}" if reasons.get(line) else line for line in judged().unexercised
    )
    LIST.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    write()
