"""The cases that mutants are made of, aimed at checks that none of them exercises."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from msgspec import Struct

from analyzer.errors import ModelError
from analyzer.model import Model, read_bytes
from analyzer.model.extract import contents
from analyzer.model.write import build
from tests.sweeps.mutants.changes import CHANGES

CASES = Path(__file__).parents[2] / "conformance" / "cases.zip"
LIST = CASES.parent / "unexercised.txt"
#: How often one change is as much as there is, and how often two are.
_ONE_OR_TWO = (1, 1, 1, 2, 2)
#: Changes that are tried before a case is given up: not every one applies to every operator.
_TRIES = 12
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
    """Checks of these delegates that no case refuses, accepts or comes to, as the list has them."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    asked = set(delegates)
    return {line for line in lines if line.split()[-1].partition("/")[0] in asked}


class Corpus:
    """Cases to change, each as likely as its operator has checks left; what reaches a new one joins them."""

    def __init__(self, archive: Path, left: Iterable[str], seed: int) -> None:
        self._random = Random(seed)
        self._cases = list(_cases(archive))
        wanted = Counter(line.split("/")[1].replace("-", "_").upper() for line in left)
        shares = Counter(case.operator for case in self._cases)
        self._weights = [
            (1 + min(wanted[case.operator], _MOST_WEIGHT)) / shares[case.operator] ** 0.5
            for case in self._cases
        ]
        self._seen = {case.path for case in self._cases}

    def keep(self, mutant: Case) -> None:
        """Change this one further as well."""
        self._cases.append(mutant)
        self._weights.append(max(self._weights) / 2)

    def mutants(self, count: int) -> Iterator[tuple[Case, Model]]:
        """So many mutants, none twice, each with what is read of it."""
        made = tried = 0
        while made < count and tried < _TRIES * count:
            tried += 1
            [case] = self._random.choices(self._cases, self._weights)
            mutant = changed(self._random, case)
            if mutant is None or mutant.path in self._seen:
                continue
            self._seen.add(mutant.path)
            made += 1
            yield mutant, read_bytes(mutant.data, mutant.path)


def changed(random: Random, case: Case) -> Case | None:
    """A case after one change or two; None where nothing applies."""
    tables = contents(case.data)
    operators = tables["subgraphs"][0].get("operators", ())
    if not operators:
        return None
    made: list[str] = []
    wanted = random.choice(_ONE_OR_TWO)
    for _ in range(_TRIES):
        change = random.choice(CHANGES)(random, tables, random.randrange(len(operators)))
        made += [change] if change else []
        if len(made) == wanted:
            break
    if not made:
        return None
    return Case(case.base, case.operator, build(tables), (*case.changes, *made))


def _cases(archive: Path) -> Iterator[Case]:
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if name.endswith(".tflite"):
                data = opened.read(name)
                if _readable(data, name):
                    yield Case(name, name.split("/")[-2], data)


def _readable(data: bytes, name: str) -> bool:
    try:
        return bool(read_bytes(data, name).subgraphs)
    except ModelError:
        return False
