"""Looks for models that fail a check: cases that pass it are changed, and the packs asked what that does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from random import Random
from typing import Any

from msgspec import Struct

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import Audit, Configuration, DelegateAudit
from analyzer.errors import ModelError
from analyzer.model import read_bytes
from analyzer.model.extract import contents
from analyzer.model.write import build
from analyzer.rules.pack import LATER, LOAD, Clause
from analyzer.rules.registry import Packs
from tests.conformance.unexercised import Counting
from tests.sweeps.borders.changes import BY_NAME, EVERY, asked
from tests.sweeps.mutants.changes import Change
from tests.sweeps.mutants.corpus import Case

_REFUSES, _ACCEPTS = "no case refuses", "no case accepts"
#: Cases of an operator that are changed, mutants made of each at a time, and rounds of that.
_STARTS, _EACH, _ROUNDS = 8, 3, 3
#: Models in a row that bring nothing new, after which an operator's search ends.
_PATIENCE = 600
_CASES = "synth/"
#: What the CPU says by itself, which no delegate is asked about.
_CPU = "runtime/"
_TOLD = ("note", "hazard")


class Wanted(Struct, frozen=True):
    """A check, and the answer that no case has of it."""

    check: str
    holds: bool

    @classmethod
    def of(cls, line: str) -> Iterator[Wanted]:
        """What a line of the list asks for: where no case comes to a check, both answers."""
        check = line.split()[-1]
        if not line.startswith(_ACCEPTS):
            yield cls(check, False)
        if not (line.startswith(_REFUSES) or check.endswith(("/never", "/unlisted", "/unlisted-custom"))):
            yield cls(check, True)

    @property
    def line(self) -> str:
        return f"{_ACCEPTS if self.holds else _REFUSES} {self.check}"

    @property
    def delegate(self) -> str:
        return self.check.partition("/")[0]

    @property
    def operator(self) -> str:
        """The operator's name; that of something else for checks of graphs."""
        return operator_of(self.check.split("/")[1].partition(".")[0])

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the check's name says may make a model fail it."""
        return asked(self.check.split("/", 2)[2])


def operator_of(word: str) -> str:
    """An operator as rule ids have it, by which cases are told apart."""
    return word.replace("-", "_").upper()


class Seen(Struct, frozen=True):
    """What the packs make of a case."""

    case: Case
    #: Check -> whether it held, where it was asked.
    answers: Mapping[str, frozenset[bool]]
    #: Configuration -> what the delegate has against the case.
    against: Mapping[str, frozenset[str]]
    #: Whether the CPU prepares it.
    loads: bool
    #: Of the tensors at run time.
    types: tuple[str, ...]
    #: What it was made of by its last change.
    before: Seen | None = None

    @property
    def objections(self) -> int:
        return sum(map(len, self.against.values()))

    def shows(self, wanted: Wanted) -> bool:
        return wanted.holds in self.answers.get(wanted.check, ())

    def alone(self, wanted: Wanted) -> bool:
        """Whether a delegate has nothing else against it: what its code says is about this check."""
        wants = frozenset() if wanted.holds else {wanted.check}
        told = (told for spec, told in self.against.items() if spec.partition(":")[0] == wanted.delegate)
        return any(one == wants for one in told)

    def rank(self, wanted: Wanted) -> tuple[bool, bool, int, int]:
        """Less is better evidence."""
        return not self.alone(wanted), not self.loads, len(self.case.changes), len(self.case.data)


class _Staged(Counting):
    """Tells apart what is asked once a delegate has chosen, or ends the app: of that, runs are the judge."""

    def __init__(
        self, configuration: Configuration, seen: dict[str, set[bool]], later: dict[str, bool]
    ) -> None:
        self._later = later
        super().__init__(configuration.pack, configuration.parameters, seen)

    def _clauses(
        self, clauses: tuple[Clause, ...], known: Mapping[str, Any], op: str | None = None
    ) -> Iterator[Any]:
        self._later.update((c.id, c.stage in (LOAD, *LATER) or c.severity == "crash") for c in clauses)
        return super()._clauses(clauses, known, op)


class Searcher:
    """Asks several packs about a case at a time."""

    def __init__(self, specs: Sequence[str]) -> None:
        packs = Packs()
        self._answers: dict[str, set[bool]] = defaultdict(set)
        #: Check -> whether it is one of the stages after choosing.
        self.later: dict[str, bool] = {}
        configurations = [
            Configuration(c.pack, c.parameters, _Staged(c, self._answers, self.later))
            for c in configure(packs, specs)
        ]
        self._auditor = Auditor(packs, configurations)

    def see(self, case: Case, before: Seen | None = None) -> Seen | None:
        """None for a file that isn't read, or that no runtime takes for a model."""
        for told in self._answers.values():
            told.clear()
        try:
            audit = self._auditor.audit(read_bytes(case.data, case.path))
        except ModelError:
            return None
        answers = {check: frozenset(told) for check, told in self._answers.items() if told}
        against = {delegate.spec: frozenset(_against(delegate)) for delegate in audit.delegates}
        types = {tensor.dtype for tensor in audit.model.subgraphs[0].tensors if not tensor.constant}
        return Seen(case, answers, against, _loads(audit), tuple(sorted(types)), before)


def _against(audit: DelegateAudit) -> Iterator[str]:
    for one in audit.findings:
        if one.severity not in _TOLD and not one.rule.startswith(_CPU):
            yield one.rule


def _loads(audit: Audit) -> bool:
    stops = [audit.prepared.refused, audit.prepared.stops.get(0)]
    return not any(stop is not None and stop.kind == "failure" for stop in stops)


class _Search:
    """One operator's: the best evidence so far, and how long there was nothing better."""

    def __init__(self, searcher: Searcher, wanted: Sequence[Wanted]) -> None:
        self._searcher, self._wanted = searcher, wanted
        self.best: dict[Wanted, Seen] = {}
        self.patience = _PATIENCE
        self._known: set[bytes] = set()

    def look(self, case: Case, before: Seen | None = None) -> Seen | None:
        """None for what was looked at before, or isn't a model."""
        if case.data in self._known:
            return None
        self._known.add(case.data)
        self.patience -= 1
        seen = self._searcher.see(case, before)
        for one in self._wanted if seen else ():
            if seen and seen.shows(one):
                known = self.best.get(one)
                if known is None or seen.rank(one) < known.rank(one):
                    self.best[one] = seen
                    self.patience = _PATIENCE
        return seen

    @property
    def left(self) -> list[Wanted]:
        """Those that nothing speaks of alone; none where there is no hope."""
        return [one for one in self._wanted if self.patience > 0 and not self._settled(one)]

    def _settled(self, wanted: Wanted) -> bool:
        return wanted in self.best and self.best[wanted].alone(wanted)


def search(searcher: Searcher, cases: Sequence[Case], wanted: Sequence[Wanted]) -> dict[Wanted, Seen]:
    """The best evidence found of these checks; those that nothing came to are left out."""
    found = _Search(searcher, wanted)
    given = [case for case in cases if case.base.startswith(_CASES)]
    made_for = [case for case in cases if not case.base.startswith(_CASES)]
    seen = [one for case in (*made_for, *_apart(given)) if (one := found.look(case))]
    starts = _diverse(seen)
    for round in range(_ROUNDS):
        further = []
        for start in starts:
            seeds = range(round * _EACH, (round + 1) * _EACH)
            for case in _neighbours(start.case, found.left, seeds):
                if found.patience <= 0:
                    return found.best
                made = found.look(case, start)
                if made and made.objections <= 1:
                    further.append(made)
        # What was passed so far, and some that are one change farther.
        starts = [*starts[:_STARTS], *Random(round).sample(further, min(len(further), _STARTS // 2))]
    return found.best


def _apart(cases: Sequence[Case]) -> list[Case]:
    """Some of many cases, spread over all of them."""
    return list(cases[:: max(1, len(cases) // (4 * _STARTS))])


def _diverse(seen: Sequence[Seen]) -> list[Seen]:
    """Those that most delegates take, of as many kinds as there are places."""
    kinds: dict[tuple[str, ...], list[Seen]] = defaultdict(list)
    for one in sorted(seen, key=lambda one: (one.objections, not one.loads)):
        kinds[one.types].append(one)
    rows = zip_longest(*kinds.values())
    return [one for row in rows for one in row if one][:_STARTS]


def _neighbours(case: Case, wanted: Sequence[Wanted], seeds: Sequence[int]) -> Iterator[Case]:
    """The case after one change more; those that the checks ask for by their names come with every seed."""
    if not wanted:
        return
    aimed = dict.fromkeys(change for one in wanted for change in one.changes)
    for seed in seeds:
        for change in aimed if seed % 3 else dict.fromkeys((*aimed, *EVERY)):
            if made := stepped(case, f"{change.__name__} {seed}"):
                yield made


def stepped(case: Case, step: str) -> Case | None:
    """A case after a step, a change and the seed of its dice; None where it doesn't apply."""
    name = step.split()[0]
    random, tables = Random(step), contents(case.data)
    operators = tables["subgraphs"][0].get("operators", ())
    if not operators or not BY_NAME[name](random, tables, random.randrange(len(operators))):
        return None
    return Case(case.base, case.operator, build(tables), (*case.changes, step))
