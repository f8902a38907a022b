"""A rewrite: its pattern and condition as a function, and what it promises of the numbers."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module

from msgspec import Struct

from analyzer.rewriting.draft import Patch
from analyzer.rewriting.prepared_graph import Graph, Unfit
from analyzer.rewriting.site import Site

#: Stands for every operator in `rewrite`.
ANY = "*"

Function = Callable[[Site], Patch | None]


class Promise(Struct, frozen=True):
    """What becomes of the model's outputs; without a ratio: the same bits, floating point up to 1e-6."""

    #: Signal to noise, in dB.
    snr_db: float | None = None

    def __str__(self) -> str:
        return "equal" if self.snr_db is None else f"at least {self.snr_db:g} dB"


EQUAL = Promise()


class Rewrite(Struct, frozen=True):
    name: str
    #: What it does, in one line.
    title: str
    #: Operators that it is tried at.
    operators: frozenset[str]
    promise: Promise
    function: Function
    first: bool = False

    def at(self, graph: Graph, index: int) -> Patch | None:
        """What it would change at one operator; None where its pattern isn't there."""
        operator = graph.subgraph.operators[index]
        if operator.key not in self.operators and ANY not in self.operators:
            return None
        try:
            return self.function(Site(graph, operator))
        except Unfit:
            return None


_REWRITES: list[Rewrite] = []


def rewrite(
    *operators: str, title: str, promise: Promise = EQUAL, first: bool = False
) -> Callable[[Function], Function]:
    """Declare a function of `rewrites/` to be the rewrite of its name, tried at operators of these names.

    Those that leave less are tried `first`: what is gone needs no other rewrite.
    """

    def declare(function: Function) -> Function:
        name = function.__name__.replace("_", "-")
        _REWRITES.append(Rewrite(name, title, frozenset(operators), promise, function, first))
        return function

    return declare


@cache
def rewrites() -> tuple[Rewrite, ...]:
    """All there are: first those that leave less, then in the order of their modules' names."""
    package = import_module("analyzer.rewriting.rewrites")
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        import_module(f"{package.__name__}.{module}")
    return tuple(sorted(_REWRITES, key=lambda each: not each.first))
