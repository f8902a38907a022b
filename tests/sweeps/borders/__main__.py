"""Models at the border of every check that no case exercises, put to the runtimes here.

usage: python -m tests.sweeps.borders [-d DELEGATE]... [--operator NAME]... [--python FILE] -o FOLDER

FOLDER gets those that the runtimes judge as the packs do, in the format of tests/conformance; what differs is
printed, and lies in FOLDER/differs. See docs/new-runtime-release.md.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.model import read_bytes
from analyzer.rules.pack import slug
from tests.sweeps import environments
from tests.sweeps.borders import writing
from tests.sweeps.borders.hidden import hidden
from tests.sweeps.borders.patterns import patterns
from tests.sweeps.borders.rare import rare
from tests.sweeps.borders.searching import Searcher, Seen, Wanted, operator_of, search
from tests.sweeps.borders.seeds import seeds
from tests.sweeps.borders.singles import singles
from tests.sweeps.mutants.asking import DELEGATES, available
from tests.sweeps.mutants.corpus import CASES, Case, cases_of, plain, unexercised

_MODULE = "tests.sweeps.borders"


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    environments.enter(_MODULE, options.python, arguments)
    delegates = available(options.delegate or DELEGATES)
    searcher = Searcher(delegates)
    found = dict(borders(searcher, delegates, options.operator))
    held = writing.hold(found, searcher.later, delegates, options.output)
    print("\n".join(writing.described(held)))
    return 1 if any(one.differs for one in held) else 0


def borders(
    searcher: Searcher, delegates: Sequence[str], operators: Sequence[str] = ()
) -> Iterator[tuple[Wanted, Seen]]:
    """The best evidence found of each check of these packs that no case exercises."""
    asked: dict[str, list[Wanted]] = defaultdict(list)
    for line in sorted(unexercised(delegates)):
        for one in Wanted.of(line):
            asked[one.operator].append(one)
    cases = by_operator()
    for operator, wanted in sorted(asked.items()):
        if not operators or operator in operators:
            starts = cases.get(operator) or [plain(operator)]
            best = search(searcher, starts, wanted)
            print(f"{operator}: {len(best)} of {len(wanted)}", file=sys.stderr, flush=True)
            yield from best.items()


def by_operator() -> dict[str, list[Case]]:
    """All that is there to start from, and what is made for single checks, which comes first."""
    cases: dict[str, list[Case]] = defaultdict(list)
    for case in (*patterns(), *seeds(), *singles(), *rare(), *hidden(), *cases_of(CASES)):
        cases[operator_of(slug(_name(case)))].append(case)
    return cases


def _name(case: Case) -> str:
    """A case's operator; of custom ones, the code."""
    if case.operator != "CUSTOM":
        return case.operator
    codes = read_bytes(case.data, case.path).operator_codes
    return next((code.custom for code in codes if code.custom), case.operator)


def _options(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog=f"python -m {_MODULE}", description=__doc__.splitlines()[0])
    parser.add_argument("-d", "--delegate", action="append", choices=DELEGATES, help="ask only these")
    parser.add_argument("--operator", action="append", metavar="NAME", default=[], help="only its checks")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", required=True, help="write cases there"
    )
    environments.add_option(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
