"""Graphs of one to nine operators, run for real on LiteRT's GPU accelerator and held against the verdict.

usage: python -m tests.sweeps.chains [--count N] [--seed S] [--python FILE] [-o FOLDER]

DELEGATE_ANALYZER_MODELS may name a folder of models, whose operators say which stand beside which. Prints
what differs by cause, each with its smallest model, and how many of which outcome were foreseen. FOLDER gets
all that was judged, as `check.py` takes it, and the groups. See docs/new-runtime-release.md.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from analyzer.conformance import runtime_query
from analyzer.errors import RuntimeUnavailable
from analyzer.execution.installed import installed
from tests.sweeps import environments
from tests.sweeps.chains import writing
from tests.sweeps.chains.drawing import plans
from tests.sweeps.chains.neighbours import NEIGHBOURS, neighbours
from tests.sweeps.chains.shrinking import DELEGATE, Chain, Verdict, judged, shrunk

_MODULE = "tests.sweeps.chains"
_MODELS = "DELEGATE_ANALYZER_MODELS"
_BATCH = 200


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    environments.enter(_MODULE, options.python, arguments)
    try:
        runtime_query.check(DELEGATE)
        verdict = Verdict()
        chains = sweep(options.count, options.seed, verdict)
    except RuntimeUnavailable as missing:
        print(missing, file=sys.stderr)
        return 2
    smallest = _smallest(chains, verdict, options.shrink)
    found = writing.grouped(smallest, operators=True)
    lines = [*map(writing.described, found)]
    lines += [
        f"{len(chains):,} chains (seed {options.seed}), ai-edge-litert {installed()}",
        *writing.figures(chains),
    ]
    print("\n".join(lines))
    if options.output:
        writing.write(options.output, [*chains, *smallest])
        (options.output / "groups.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if found else 0


def sweep(count: int, seed: int, verdict: Verdict) -> list[Chain]:
    """Draw so many graphs and run them."""
    folder = os.environ.get(_MODELS)
    drawn = plans(seed, neighbours(Path(folder)) if folder else NEIGHBOURS)
    chains: list[Chain] = []
    begun = time.monotonic()
    while batch := list(islice(drawn, min(_BATCH, count - len(chains)))):
        chains += judged(batch, verdict)
        rate = 60 * len(chains) / (time.monotonic() - begun)
        print(f"{len(chains):,} chains, {rate:.0f} a minute", file=sys.stderr, flush=True)
    return chains


def _smallest(chains: Sequence[Chain], verdict: Verdict, most: int) -> list[Chain]:
    """What differs, each kind's first few made small; a process of its own confirms each on the way."""
    groups = writing.grouped((chain for chain in chains if chain.differs), operators=False)
    first = [group.smallest for group in groups][:most]
    for group in groups[most:]:
        print(writing.described(group), file=sys.stderr, flush=True)
    print(f"making {len(first)} of {sum(len(g.chains) for g in groups)} smaller", file=sys.stderr, flush=True)
    return shrunk(first, verdict)


def _options(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog=f"python -m {_MODULE}", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=500, metavar="N", help="how many graphs")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="others of them")
    parser.add_argument(
        "--shrink", type=int, default=20, metavar="N", help="how many that differ are made small"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="write models and outcomes there")
    environments.add_option(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
