"""The cases that mutants are made of, aimed at checks that none of them exercises."""

from __future__ import annotations

import hashlib
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

from msgspec import Struct

from analyzer.errors import ModelError
from analyzer.model import Model, read_bytes, schema
from analyzer.model.extract import contents
from analyzer.model.write import build
from tests import building
from tests.conformance.unexercised import known
from tests.sweeps.mutants.changes import AIMED, CHANGES, Change

CASES = Path(__file__).parents[2] / "conformance" / "cases.zip"
#: How often one change is as much as there is, and how often two are.
_ONE_OR_TWO = (1, 1, 1, 2, 2)
#: Changes that are tried before a case is given up: not every one applies to every operator.
_TRIES = 12
#: How often a change is one that a check asks for, where there is one.
_AIMED = 0.6
#: Mutants after which it is looked again at what is left.
_AGAIN = 200
#: Operators that stand for no kernel.
_NONE = ("CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES")
#: Checks beyond this many make an operator no likelier: others want a turn.
_MOST_WEIGHT = 25


class Case(Struct, frozen=True):
    """A model, and how it came to be: a case, and changes of it."""

    base: str
    operator: str
    data: bytes
    changes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """A name that follows from what the file holds."""
        return f"synth/{self.operator}/m-{hashlib.sha256(self.data).hexdigest()[:10]}.tflite"


def unexercised(delegates: Iterable[str]) -> set[str]:
    """Checks of these delegates that no case refuses, accepts or comes to, and nobody knows why not."""
    asked = set(delegates)
    lines = known().items()
    return {line for line, reason in lines if not reason and line.split()[-1].partition("/")[0] in asked}


class Corpus:
    """Cases to change, each as likely as its operator has checks left; what reaches a new one joins them."""

    def __init__(self, archive: Path, left: Iterable[str], seed: int) -> None:
        """`left` are lines of the list; whoever takes some away while mutants are made is heeded."""
        self._random = Random(seed)
        self._left = left
        self._cases: dict[str, list[Case]] = defaultdict(list)
        for case in cases_of(archive):
            self._cases[case.operator].append(case)
        for operator in sorted({*schema.members("BuiltinOperator").values()} - {*self._cases, *_NONE}):
            self._cases[operator].append(plain(operator))
        self._seen = {case.path for cases in self._cases.values() for case in cases}

    def keep(self, mutant: Case) -> None:
        """Change this one further as well."""
        self._cases[mutant.operator].append(mutant)

    def mutants(self, count: int) -> Iterator[tuple[Case, Model]]:
        """So many mutants, none twice, each with what is read of it."""
        made = tried = 0
        while made < count and tried < _TRIES * count:
            if not tried % _AGAIN:
                wanted = self._wanted()
                weights = [1 + min(len(wanted.get(name, ())), _MOST_WEIGHT) for name in self._cases]
            tried += 1
            [operator] = self._random.choices(list(self._cases), weights)
            case = self._random.choice(self._cases[operator])
            mutant = changed(self._random, case, wanted.get(operator, ()))
            if mutant is None or mutant.path in self._seen:
                continue
            self._seen.add(mutant.path)
            made += 1
            yield mutant, read_bytes(mutant.data, mutant.path)

    def _wanted(self) -> dict[str, list[Change]]:
        """Operator -> what its checks that are left ask for, one an entry."""
        wanted: dict[str, list[Change]] = defaultdict(list)
        for line in sorted(self._left):
            _, operator, check = line.split()[-1].split("/")
            changes = [change for word, some in AIMED.items() if word in check for change in some]
            wanted[operator.replace("-", "_").upper()] += changes or [self._random.choice(CHANGES)]
        return wanted


def changed(random: Random, case: Case, wanted: Sequence[Change] = ()) -> Case | None:
    """A case after one change or two, often of those that are wanted; None where nothing applies."""
    tables = contents(case.data)
    operators = tables["subgraphs"][0].get("operators", ())
    if not operators:
        return None
    made: list[str] = []
    most = random.choice(_ONE_OR_TWO)
    for _ in range(_TRIES):
        changes = wanted if wanted and random.random() < _AIMED else CHANGES
        change = random.choice(changes)(random, tables, random.randrange(len(operators)))
        made += [change] if change else []
        if len(made) == most:
            break
    if not made:
        return None
    return Case(case.base, case.operator, build(tables), (*case.changes, *made))


def cases_of(archive: Path) -> Iterator[Case]:
    """All that can be read."""
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if name.endswith(".tflite"):
                data = opened.read(name)
                if _readable(data, name):
                    yield Case(name, name.split("/")[-2], data)


def plain(operator: str) -> Case:
    """A model of an operator that no case has: something to start from."""
    tensors = [building.tensor("x", [1, 4, 4, 8]), building.tensor("y", [1, 4, 4, 8])]
    return Case("plain", operator, building.model(tensors, [building.operator(operator, ["x"], ["y"])]))


def _readable(data: bytes, name: str) -> bool:
    try:
        return bool(read_bytes(data, name).subgraphs)
    except ModelError:
        return False
