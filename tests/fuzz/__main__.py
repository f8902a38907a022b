"""`python -m tests.fuzz TARGET`: a long run, with Atheris where it is installed.

python -m tests.fuzz reader --seconds 3600 --corpus ~/fuzz/reader --finds ~/fuzz/finds

With `--unguided` it goes on, several times as fast, from what a guided run found to reach something new.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import chain, islice
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.campaign import Campaign, mutants
from tests.fuzz.promised import interrupting
from tests.fuzz.targets import TARGETS, Target, load

#: How many of Atheris's mutations are made by the grammar.
_BY_GRAMMAR = 0.1
#: Bytes of an input; more finds little and takes long.
_LONGEST = 8192


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=sys.maxsize, help="how many inputs at most")
    parser.add_argument("--seconds", type=int, default=60, help="how long at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--corpus",
        type=Path,
        help="folder of inputs that reach something new; guided runs add to it",
    )
    parser.add_argument("--finds", type=Path, default=Path("finds"), help="folder for what breaks")
    parser.add_argument("--record", type=Path, help="file for the latest line of figures")
    parser.add_argument("--unguided", action="store_true", help="mutations of the grammar alone")
    asked = parser.parse_args()
    guided = not asked.unguided and importlib.util.find_spec("atheris") is not None
    if guided:
        import atheris

        tracing: Any = atheris.instrument_imports(include=list(TARGETS[asked.target]))
    else:
        tracing = nullcontext()
    with tracing:
        target = load(asked.target)
    seeds = target.seeds()
    # What is made once, such as packs, is no input's fault.
    target.run(seeds[0])
    campaign = Campaign(target, asked.finds, asked.record)
    with interrupting():
        (_guided if guided else _unguided)(campaign, target, seeds, asked)
    campaign.tell()
    return 1 if campaign.broken else 0


def _unguided(campaign: Campaign, target: Target, seeds: Sequence[bytes], asked: argparse.Namespace) -> None:
    if asked.corpus is not None and asked.corpus.is_dir():
        seeds = [*seeds, *(file.read_bytes() for file in sorted(asked.corpus.iterdir()))]
    end = time.monotonic() + asked.seconds
    for data in islice(chain(seeds, mutants(target, seeds, asked.seed)), asked.runs):
        campaign.execute(data)
        if time.monotonic() > end:
            break


def _guided(campaign: Campaign, target: Target, seeds: Sequence[bytes], asked: argparse.Namespace) -> None:
    """Atheris ends the process itself: the last line of figures is told as it goes."""
    import atexit

    import atheris

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < _BY_GRAMMAR:
            made = target.mutate(random, data)
            if made is not None and len(made) <= most:
                return made
        return bytes(atheris.Mutate(data, most))

    corpus = asked.corpus or Path(os.environ.get("TMPDIR", "/tmp")) / f"fuzz-{target.name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds):
        if len(data) <= _LONGEST:
            (corpus / f"seed-{number}").write_bytes(data)
    atexit.register(campaign.tell)
    options = [f"-max_total_time={asked.seconds}", f"-max_len={_LONGEST}", f"-seed={asked.seed}"]
    options += [f"-atheris_runs={asked.runs}"] if asked.runs < sys.maxsize else []
    options += ["-timeout=300", "-rss_limit_mb=3072", "-verbosity=0", str(corpus)]
    atheris.Setup([sys.argv[0], *options], campaign.execute, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
