"""What single runs of the program cost, start and all, against importing the libraries that it stands on.

usage: python -m tests.benchmarks.cold [--runs N] [--installed PYTHON]

PYTHON is one in whose environment the wheel is installed; a checkout has no packs made ahead.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from msgspec import Struct

from tests.benchmarks.measuring import IMPORTS, NOWHERE, ROOT, USUAL, Cost, Row, audit, cost, least
from tests.building import Description, chain, model, operator, tensor

_CACHE = "DELEGATE_ANALYZER_CACHE"
#: Blocks of `network`, of five operators each.
_BLOCKS = 59


class _Program(Struct, frozen=True):
    """A Python, and the folder that decides which package it finds: a checkout's or the installed one."""

    python: str
    place: Path


_CHECKOUT = _Program(sys.executable, ROOT)


def network(blocks: int) -> bytes:
    """Five operators a block: three convolutions of float32 weights, a residual addition, a RELU6."""
    tensors: list[Description] = [tensor("x", [1, 16, 16, 8])]
    operators: list[Description] = []
    last = "x"
    for at in range(blocks):
        entry = last
        for part, name, weights in (
            ("expand", "CONV_2D", [8, 1, 1, 8]),
            ("depthwise", "DEPTHWISE_CONV_2D", [1, 3, 3, 8]),
            ("project", "CONV_2D", [8, 1, 1, 8]),
        ):
            size = 4 * weights[0] * weights[1] * weights[2] * weights[3]
            made = f"block{at}/{part}"
            tensors += [
                tensor(f"{made}/weights", weights, data=bytes(size)),
                tensor(f"{made}/bias", [8], data=bytes(32)),
                tensor(made, [1, 16, 16, 8]),
            ]
            options = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
            options |= {"dilation_w_factor": 1, "dilation_h_factor": 1}
            options |= {"depth_multiplier": 1} if name.startswith("DEPTH") else {}
            operators.append(operator(name, [last, f"{made}/weights", f"{made}/bias"], [made], options))
            last = made
        tensors += [tensor(f"block{at}/sum", [1, 16, 16, 8]), tensor(f"block{at}", [1, 16, 16, 8])]
        operators.append(operator("ADD", [last, entry], [f"block{at}/sum"]))
        operators.append(operator("RELU6", [f"block{at}/sum"], [f"block{at}"], None))
        last = f"block{at}"
    return model(tensors, operators, inputs=["x"])


def rows(runs: int, installed: str | None, folder: Path) -> list[Row]:
    """Every row on single runs; `folder` is for what they need."""
    large, small = folder / "large.tflite", folder / "small.tflite"
    large.write_bytes(network(_BLOCKS))
    small.write_bytes(chain(*["RELU"] * 10))
    formats = _formats(runs, _Program(installed, folder) if installed else _CHECKOUT, large, small)
    return [*formats, *_first(runs, installed, folder), _in_turn(runs, folder)]


def _formats(runs: int, program: _Program, large: Path, small: Path) -> list[Row]:
    python, place = program.python, program.place
    imports = [python, "-c", IMPORTS]
    commands = {
        format: audit(python, path, "-d", USUAL, "--format", format)
        for format, path in (("json", str(large)), ("table", str(large)), ("html", str(small)))
    }
    for command in commands.values():
        cost(command, folder=place)  # fills the cache of checked packs
    costs: dict[str, list[Cost]] = {name: [] for name in ("imports", *commands)}
    for _ in range(runs):
        costs["imports"].append(cost(imports))
        for format, command in commands.items():
            costs[format].append(cost(command, folder=place))
    base, json, table, html = map(least, costs.values())
    title = f"cold audit, {5 * _BLOCKS} operators x 4 delegates"
    return [
        Row("bare imports of the libraries", f"{base:.0f} ms"),
        Row(f"{title}, JSON", f"{json:.0f} ms = {json / base:.2f} x imports", "1.85 x, 105 ms"),
        Row("the same as table", f"{table:.0f} ms = JSON + {table - json:.0f}", "JSON + 10"),
        Row("HTML of 10 operators", f"{html:.0f} ms = JSON + {html - json:.0f}", "120 ms"),
        Row(f"{title}, peak memory", f"{max(one.peak for one in costs['json']) / 1e6:.0f} MB"),
    ]


def _first(runs: int, installed: str | None, folder: Path) -> list[Row]:
    """A run that nothing was kept for."""
    programs = {"checkout": (_CHECKOUT, "")}
    if installed:
        programs["installed wheel"] = (_Program(installed, folder), "140 ms")
    measured = []
    for name, (program, goal) in programs.items():
        command = audit(program.python, "sample:")
        costs = [cost(command, {_CACHE: NOWHERE}, folder=program.place) for _ in range(runs)]
        measured.append(Row(f"first run, nothing kept: {name}", f"{least(costs):.0f} ms", goal))
    return measured


def _in_turn(runs: int, folder: Path) -> Row:
    """Two checkouts of different code that share one cache."""
    places = [folder / "one", folder / "other"]
    for place in places:
        for part in ("analyzer", "rules", "templates"):
            shutil.copytree(ROOT / part, place / part)
        maker = place / "analyzer" / "rules" / "pack.py"
        maker.write_text(f"{maker.read_text('utf-8')}# {place.name}\n", "utf-8")
    surroundings = {_CACHE: str(folder / "cache")}

    def run(place: Path) -> Cost:
        return cost(audit(sys.executable, "sample:"), surroundings, folder=place)

    first = [run(place) for place in places]
    later = [run(place) for _ in range(runs) for place in places]
    return Row("two installs in turn", f"{least(later):.0f} ms (first {least(first):.0f})", "no eviction")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--runs", type=int, default=9)
    asked.add_argument("--installed", metavar="PYTHON")
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(*rows(wanted.runs, wanted.installed, Path(folder)), sep="\n")


if __name__ == "__main__":
    main()
