"""Mutants of the conformance cases, asked of every runtime here and held against the packs.

usage: python -m tests.sweeps.mutants [--count N] [--seed S] [--cases ZIP] [-d DELEGATE]... [--new]
                                      [--python FILE] [-o FOLDER]

Prints what differs by runtime, operator and rule, each with its smallest model, and the shares that agree.
FOLDER gets those models, and those that exercise checks which no case does, in the format of
tests/conformance. See docs/new-runtime-release.md.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer.execution.installed import installed
from analyzer.model import Model
from tests.sweeps import environments
from tests.sweeps.mutants import writing
from tests.sweeps.mutants.asking import DELEGATES, available
from tests.sweeps.mutants.corpus import CASES, Case, Corpus, unexercised
from tests.sweeps.mutants.holding import Subject, Tally, subjects
from tests.sweeps.mutants.predicting import Prediction, Predictor

_MODULE = "tests.sweeps.mutants"
#: Mutants that are asked about at once: a process is started for each runtime and so many.
_BATCH = 500


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    environments.enter(_MODULE, options.python, arguments)
    names = available(options.delegate or DELEGATES)
    tally, kept, predictor = sweep(names, options.cases, options.count, options.seed, options.new)
    for group in writing.groups(tally):
        print(writing.described(group))
    for error, [case, *more] in predictor.broken.items():
        print(f"{1 + len(more):5} the program itself: {error}")
        print(f"      {case.path}: {case.base} + {', '.join(case.changes)}")
    print(f"{tally.mutants:,} mutants (seed {options.seed}), ai-edge-litert {installed()}")
    print("\n".join(writing.figures(tally)))
    print(f"{len(kept):,} exercise checks that no case did; {len(predictor.left):,} are left")
    if options.output:
        _write(options.output, tally, kept, predictor)
    return 1 if tally.groups or predictor.broken else 0


def sweep(
    names: Sequence[str], archive: Path, count: int, seed: int, new: bool = False
) -> tuple[Tally, list[Subject], Predictor]:
    """Make so many mutants, ask, and compare; also those that exercise something new, or these alone."""
    predictor, tally, kept = Predictor(names, unexercised(names)), Tally(), list[Subject]()
    corpus = Corpus(archive, predictor.left, seed)
    made, begun = _made(corpus, predictor, count, new), time.monotonic()
    while batch := list(islice(made, _BATCH)):
        with TemporaryDirectory(prefix="delegate-analyzer-") as folder:
            for subject in subjects(Path(folder), batch, names):
                tally.add(subject)
                if subject.said.exercises:
                    kept.append(subject)
        rate = tally.mutants / (time.monotonic() - begun)
        print(f"{tally.mutants:,} mutants, {rate:.0f} a second", file=sys.stderr, flush=True)
    return tally, kept, predictor


def _made(
    corpus: Corpus, predictor: Predictor, count: int, new: bool
) -> Iterator[tuple[Case, Model, Prediction]]:
    """Mutants with what is said of them; one that exercises a check is changed further."""
    for case, model in corpus.mutants(count):
        said = predictor(case, model)
        if said is None:
            continue
        if said.exercises:
            corpus.keep(case)
        if said.exercises or not new:
            yield case, model, said


def _write(folder: Path, tally: Tally, kept: Sequence[Subject], predictor: Predictor) -> None:
    found = [(group, group.smallest) for group in writing.groups(tally) if group.smallest]
    notes = {subject.case.path: f"{group.who}: {group.what}" for group, subject in found}
    writing.write(folder, [*kept, *(subject for _, subject in found)], notes)
    text = "".join(f"{writing.described(group)}\n" for group, _ in found)
    (folder / "groups.txt").write_text(text + "\n".join(writing.figures(tally)) + "\n", encoding="utf-8")
    for case in (cases[0] for cases in predictor.broken.values()):
        (folder / f"broken-{Path(case.path).name}").write_bytes(case.data)
    (folder / "left.txt").write_text(
        "".join(f"{line}\n" for line in sorted(predictor.left)), encoding="utf-8"
    )


def _options(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog=f"python -m {_MODULE}", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, metavar="N", help="how many mutants")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="others of them")
    parser.add_argument("--cases", type=Path, default=CASES, metavar="ZIP", help="what they are made of")
    parser.add_argument("-d", "--delegate", action="append", choices=DELEGATES, help="ask only these")
    parser.add_argument("--new", action="store_true", help="ask only about those that exercise a check anew")
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="write cases there")
    environments.add_option(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
