"""The runtimes' words against the packs', and what differs by rule and operator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from analyzer.conformance.runtime_query import Reply
from analyzer.conformance.verdicts import Count
from analyzer.model import Model
from tests.sweeps.mutants.asking import CPU, ask
from tests.sweeps.mutants.corpus import Case
from tests.sweeps.mutants.predicting import Place, Placed, Prediction

#: What the runtime says where a process of it ended by itself.
DIED = "ended by"
#: Verdicts that leave nothing to answer.
_BROKEN = {"crash", "fails"}
#: Where and with what numbers an error was met: no two are alike.
_NUMBERS = re.compile(r"0x[0-9a-f]+|-?\d+(\.\d+)?|/\S+/")
_LONGEST = 110


class Subject(Struct, frozen=True):
    """A mutant, what is said of it, and what is seen."""

    case: Case
    operators: Sequence[Sequence[str]]
    said: Prediction
    seen: Mapping[str, Reply]

    @property
    def loads(self) -> bool:
        return self.seen[CPU].delegated is not None

    def taken(self, name: str) -> frozenset[Place] | None:
        """The operators that a runtime delegates; None where it didn't come to say."""
        delegated = self.seen[name].delegated
        if delegated is None:
            return None
        return frozenset((subgraph, index) for subgraph, taken in delegated.items() for index in taken)


class Group(Struct):
    """Disagreements of one kind, with the mutant that shows them best."""

    who: str
    operator: str
    what: str
    count: int = 0
    smallest: Subject | None = None

    def add(self, subject: Subject) -> None:
        self.count += 1
        if self.smallest is None or _size(subject) < _size(self.smallest):
            self.smallest = subject


def _size(subject: Subject) -> tuple[int, int, int]:
    return len(subject.case.changes), sum(map(len, subject.operators)), len(subject.case.data)


class Tally(Struct):
    """What all mutants come to."""

    mutants: int = 0
    cpu: Count = field(default_factory=Count)
    #: Delegate -> operators that are placed alike, of all in models that load, and models of which all are.
    operators: dict[str, Count] = {}
    models: dict[str, Count] = {}
    groups: dict[tuple[str, str, str], Group] = {}
    #: Delegate that told nothing so far -> its last words.
    silent: dict[str, str] = {}

    def add(self, subject: Subject) -> bool:
        """Whether everything is as said."""
        self.mutants += 1
        before = sum(group.count for group in self.groups.values())
        for who, operator, what in (*self._loading(subject), *self._placing(subject)):
            self.groups.setdefault((who, operator, what), Group(who, operator, what)).add(subject)
        return before == sum(group.count for group in self.groups.values())

    def _loading(self, subject: Subject) -> Iterator[tuple[str, str, str]]:
        reply, rule = subject.seen[CPU], subject.said.cpu
        if not self.cpu.add(subject.loads == (not rule)):
            what = f"loads, said was {rule}" if rule else f"doesn't load: {_plain(reply.error)}"
            yield CPU, subject.case.operator, what

    def _placing(self, subject: Subject) -> Iterator[tuple[str, str, str]]:
        for name, said in subject.said.delegates.items():
            taken, reply = subject.taken(name), subject.seen[name]
            if taken is None and name not in self.operators:
                self.silent[name] = reply.error
            if taken is None:
                if what := subject.loads and self._broken(name, reply, said):
                    yield name, subject.case.operator, what
                if subject.loads and (what or said.verdict in _BROKEN) and name in self.models:
                    self.models[name].add(not what)
                continue
            self.silent.pop(name, None)
            if not subject.loads:
                continue
            every = [(at, index) for at, names in enumerate(subject.operators) for index in range(len(names))]
            count = self.operators.setdefault(name, Count())
            wrong = [place for place in every if not count.add((place in taken) == (place in said.taken))]
            self.models.setdefault(name, Count()).add(not wrong)
            for at, index in wrong[:1]:
                what = f"refuses, after {' + '.join(_kinds(subject.case))}"
                if (at, index) in taken:
                    what = f"takes, said was {said.refused.get((at, index), '')}"
                yield name, subject.operators[at][index], what

    def _broken(self, name: str, reply: Reply, said: Placed) -> str:
        """What it came to in place of an answer where that wasn't foreseen; nothing of who never tells."""
        words = {said.verdict, said.rest}
        if reply.error.startswith(DIED):
            what, foreseen = "dies", "crash" in words
        else:
            what, foreseen = "fails", bool(words & _BROKEN) or name not in self.operators
        if foreseen or not reply.error:
            return ""
        return f"{what}, said was {said.verdict}: {_plain(reply.error)}"


def _kinds(case: Case) -> list[str]:
    return sorted(case.changes)


def _plain(error: str) -> str:
    return _NUMBERS.sub("#", error)[:_LONGEST]


def subjects(
    folder: Path, cases: Sequence[tuple[Case, Model, Prediction]], names: Sequence[str]
) -> Iterator[Subject]:
    """Ask everyone about a batch."""
    files = [folder / f"{number}.tflite" for number in range(len(cases))]
    for file, (case, _, _) in zip(files, cases, strict=True):
        file.write_bytes(case.data)
    replies = {name: list(ask(name, list(map(str, files)))) for name in (CPU, *names)}
    for number, (case, model, said) in enumerate(cases):
        operators = [[operator.key for operator in graph.operators] for graph in model.subgraphs]
        yield Subject(case, operators, said, {name: told[number] for name, told in replies.items()})
