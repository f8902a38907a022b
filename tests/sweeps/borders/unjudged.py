"""Cases for delegates whose own code isn't here, ready to be judged elsewhere.

usage: python -m tests.sweeps.borders.unjudged [--search | --complete] [-o FOLDER]

Makes the models of tests/conformance/unjudged again from how they came to be. With --search it first looks
for models at the border of every check of these delegates that no case exercises; with --complete it adds
those that are there by now for sides of borders that have none. See the README there.
"""

from __future__ import annotations

import json
import sys
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.graph_findings import LIMIT
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.conformance import cases
from tests.conformance.add import zipped
from tests.conformance.unexercised import known
from tests.sweeps.borders.__main__ import borders, by_operator
from tests.sweeps.borders.hidden import hidden
from tests.sweeps.borders.networks import network
from tests.sweeps.borders.patterns import patterns
from tests.sweeps.borders.rare import rare
from tests.sweeps.borders.searching import Searcher, Seen, Wanted, stepped
from tests.sweeps.borders.seeds import seeds
from tests.sweeps.borders.singles import singles
from tests.sweeps.mutants.corpus import Case, plain

FOLDER = cases.FOLDER / "unjudged"
LINES = "synth/cases.jsonl"
#: Configurations that between them ask every check; the others of `targets.json` differ in releases.
SPECS = (
    *("nnapi:api=31", "nnapi:api=29", "nnapi:api=30:accelerator=false", "nnapi:api=27:accelerator=false"),
    *("gpu", "gpu:quantized=false", "gpu:opencl=false", "hexagon", "coreml:version=2", "coreml:version=3"),
)
DELEGATES = tuple(dict.fromkeys(spec.partition(":")[0] for spec in SPECS))
_NETWORK, _NETWORKS = "network", 80
#: Further graphs with float16 weights of which a limit drops operators, and for whom.
_LIMITED, _LIMIT = 20, "nnapi:api=29"


def described() -> list[dict[str, Any]]:
    """The lines of the cases: how each came to be, and what it is for."""
    with zipfile.ZipFile(FOLDER / "cases.zip") as archive:
        return [json.loads(line) for line in archive.read(LINES).splitlines()]


def models(lines: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """Path and model of each line, made again."""
    with zipfile.ZipFile(cases.FOLDER / "cases.zip") as archive:
        made = {
            (case.operator, case.base): case
            for case in (*patterns(), *seeds(), *singles(), *rare(), *hidden())
        }
        for line in lines:
            base, steps = line["params"]["base"], line["params"]["change"]
            if base.startswith(_NETWORK):
                yield line["path"], network(int(base.split()[1]))
                continue
            case = made.get((line["op"], base))
            if case is None:
                data = archive.read(base) if base.startswith("synth/") else plain(line["op"]).data
                case = Case(base, line["op"], data)
            for step in steps:
                case = stepped(case, step) or case
            yield line["path"], case.data


def write(lines: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """The archive, as tests/conformance has its own."""
    contents = dict(models(lines))
    contents[LINES] = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    folder.mkdir(parents=True, exist_ok=True)
    zipped(folder / "cases.zip", contents)
    targets = {
        target: spec for target, spec in cases.DATA.targets.items() if spec.partition(":")[0] in DELEGATES
    }
    (folder / "targets.json").write_text(json.dumps(targets, indent=1) + "\n", encoding="utf-8")


def searched() -> list[dict[str, Any]]:
    """Lines of new cases: both sides of each border, and the random graphs."""
    lines = dict[str, dict[str, Any]]()
    for delegate in DELEGATES:
        searcher = Searcher([spec for spec in SPECS if spec.partition(":")[0] == delegate])
        for wanted, seen in borders(searcher, [delegate]):
            told = lines.setdefault(seen.case.path, _line(seen))
            told["shows"].append([wanted.check, wanted.holds])
            if (before := _passing(wanted, seen)) is not None:
                told = lines.setdefault(before.case.path, _line(before))
                told["shows"].append([wanted.check, not wanted.holds])
    lines.update((one.case.path, _line(one)) for one in _random_graphs())
    return sorted(lines.values(), key=lambda line: str(line["path"]))


def _random_graphs() -> Iterator[Seen]:
    searcher = Searcher(SPECS)
    every = (Case(f"{_NETWORK} {seed}", "GRAPH", network(seed)) for seed in count())
    loading = (one for case in every if (one := searcher.see(case)) is not None and one.loads)
    yield from islice(loading, _NETWORKS)
    packs = Packs()
    auditor = Auditor(packs, configure(packs, [_LIMIT]))
    yield from islice((one for one in loading if _is_limited(auditor, one.case)), _LIMITED)


def _is_limited(auditor: Auditor, case: Case) -> bool:
    """Whether it has float16 weights, and operators that are lost to the limit."""
    audit = auditor.audit(read_bytes(case.data, case.path))
    half = any(tensor.dtype == "FLOAT16" for tensor in audit.model.subgraphs[0].tensors)
    return half and any(operator.lost == LIMIT for operator in audit.delegates[0].operators)


def completed() -> list[dict[str, Any]]:
    """The lines that there are, and more of all cases made since, for sides of borders that have none."""
    lines = {line["path"]: line for line in described()}
    shown = {Wanted(check, holds) for line in lines.values() for check, holds in line["shows"]}
    for delegate in DELEGATES:
        searcher = Searcher([spec for spec in SPECS if spec.partition(":")[0] == delegate])
        checks = [line.split()[-1] for line in known() if line.split()[-1].startswith(f"{delegate}/")]
        left = {side for check in checks for side in _sides(check)} - shown
        for wanted, seen in _evidence(searcher, left).items():
            lines.setdefault(seen.case.path, _line(seen))["shows"].append([wanted.check, wanted.holds])
    for seen in _random_graphs():
        lines.setdefault(seen.case.path, _line(seen))
    return sorted(lines.values(), key=lambda line: str(line["path"]))


def _sides(check: str) -> set[Wanted]:
    never = check.endswith(("/never", "/unlisted", "/unlisted-custom"))
    return {Wanted(check, False)} | (set() if never else {Wanted(check, True)})


def _evidence(searcher: Searcher, left: set[Wanted]) -> dict[Wanted, Seen]:
    """The best that any case shows of these, as it is."""
    best: dict[Wanted, Seen] = {}
    for operator, made in by_operator().items():
        asked = [wanted for wanted in left if wanted.operator == operator]
        for case in made if asked else ():
            seen = searcher.see(case)
            for wanted in asked if seen else ():
                if seen and seen.shows(wanted):
                    before = best.get(wanted, seen)
                    best[wanted] = min(before, seen, key=lambda one: one.rank(wanted))
    return best


def _passing(wanted: Wanted, seen: Seen) -> Seen | None:
    """The nearest that it was made of on the other side of the border."""
    before: Seen | None = seen.before
    while before is not None and (not wanted.holds) not in before.answers.get(wanted.check, ()):
        before = before.before
    return before


def _line(seen: Seen) -> dict[str, Any]:
    case = seen.case
    return {
        "path": case.path,
        "op": case.operator,
        "params": {"base": case.base, "change": list(case.changes)},
        "op_index": 0,
        "valid": seen.loads,
        "shows": [],
    }


def main(arguments: Sequence[str]) -> None:
    parser = ArgumentParser(
        prog="python -m tests.sweeps.borders.unjudged", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--search", action="store_true", help="look for cases anew: it takes a while")
    parser.add_argument("--complete", action="store_true", help="add what cases that are there show")
    parser.add_argument(
        "-o", "--output", type=Path, default=FOLDER, metavar="FOLDER", help="write them there"
    )
    options = parser.parse_args(arguments)
    lines = searched() if options.search else completed() if options.complete else described()
    write(lines, options.output)


if __name__ == "__main__":
    main(sys.argv[1:])
