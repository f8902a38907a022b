"""Runs of a target: with Atheris, guided by coverage, or with the grammar's mutations alone; finds are kept.

A find doesn't end a run: it is told apart by where it broke, and the smallest input of each is kept.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

from tests.fuzz.promised import Hangs, measured
from tests.fuzz.targets import Target

#: Seconds after which it is told how far it is: who guides ends the process without a word.
_TELL = 20.0
#: Inputs that are mutated further, at most, where nothing guides.
_POOL = 5_000


class Campaign:
    """Executes inputs and counts; `finds` is the folder of what broke, if any."""

    def __init__(
        self, target: Target, finds: Path | None = None, record: Path | None = None, bounds: bool = True
    ) -> None:
        """`bounds`: whether time and memory count, which tell little where other work goes on beside it."""
        self._bounds = bounds
        self._target = target
        self._finds = finds
        self._record = record
        self._began = self._told = time.monotonic()
        self.runs = 0
        #: Where it broke -> how often, what it said, the smallest input.
        self.broken: dict[str, tuple[int, str, bytes]] = {}

    def execute(self, data: bytes) -> None:
        """Run one input; what breaks is kept."""
        self.runs += 1
        try:
            measured(partial(self._target.run, data), self._bounds)
        except (Exception, Hangs) as error:
            self._keep(data, error)
        if time.monotonic() - self._told > _TELL:
            self.tell()

    def _keep(self, data: bytes, error: BaseException) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "analyzer" in Path(frame.filename).parts] or frames
        place = f"{type(error).__name__}-{Path(own[-1].filename).stem}-{own[-1].lineno}"
        count, said, smallest = self.broken.get(place, (0, "", data))
        if not count or len(data) < len(smallest):
            said, smallest = "".join(traceback.format_exception(error))[-4000:], data
            self._write(place, said, smallest)
        self.broken[place] = count + 1, said, smallest

    def _write(self, place: str, said: str, data: bytes) -> None:
        if self._finds is not None:
            self._finds.mkdir(parents=True, exist_ok=True)
            (self._finds / f"{self._target.name}-{place}").write_bytes(data)
            (self._finds / f"{self._target.name}-{place}.txt").write_text(said, encoding="utf-8")

    def tell(self) -> None:
        """One line of how far it is; the record has the latest."""
        self._told = time.monotonic()
        figures = {
            "target": self._target.name,
            "runs": self.runs,
            "seconds": round(time.monotonic() - self._began),
            "finds": {place: count for place, (count, *_) in self.broken.items()},
        }
        line = json.dumps(figures)
        print(line, file=sys.stderr, flush=True)
        if self._record is not None:
            self._record.write_text(line + "\n", encoding="utf-8")


def mutants(target: Target, seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Mutants of seeds and of each other, without end."""
    random = Random(seed)
    pool = list(seeds)
    while True:
        # Mutants of mutants are soon nothing but broken.
        made = target.mutate(random, random.choice(pool if random.random() < 0.5 else seeds))
        if made is None:
            continue
        yield made
        if len(made) < 1 << 16 and random.random() < 0.2:
            if len(pool) < _POOL:
                pool.append(made)
            else:
                pool[random.randrange(len(pool))] = made
