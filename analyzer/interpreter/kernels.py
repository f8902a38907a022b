"""Properties of each operator's CPU kernel, out of `rules/cpu-kernels.toml`, looked up once per operator."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.interpreter.shapes import ShapeFunction, shape_function
from analyzer.memo import Memo
from analyzer.model.graph import Operator
from analyzer.rules.catalogue import Catalogue, Place
from analyzer.rules.judging.judge import Judge

if TYPE_CHECKING:
    from analyzer.interpreter.constant_folding import Fold

#: Operators that are told apart, of one kernel.
_MOST_SETTLED = 5000


class Kernel(Struct, frozen=True):
    """Properties of the kernel of one operator, its requirements left aside."""

    #: Shapes of the outputs; None where they stay the file's.
    shape: ShapeFunction | None
    #: What each output's type is set to: an element type, an input's position, or `options.NAME`; the last
    #: holds for all further outputs. Empty where types stay the file's.
    types: tuple[str | int, ...]
    fold: Fold | None
    folds_always: bool
    #: What goes to the persistent arena: nothing, outputs (`constant-input`, `always`), or `basic-state`.
    persistent: str
    #: Which subgraphs the operator calls, by control-flow construct; empty for all other operators.
    calls: str
    #: Whether operators of this kind keep their order even where no data says so.
    side_effects: bool
    #: Whether the kernel notices a dimension beyond 32 bits, which else just wraps.
    checks_overflow: bool
    #: What of the output 32 bits have to count; empty: nothing.
    counted: str
    #: Operand name -> where it stands.
    places: dict[str, Place]
    #: Traits and shapes of operators whose outputs are as Prepare makes them from the start.
    settled: Memo[tuple[Hashable, Hashable], bool]


class Kernels:
    """Operator -> its kernel, and the judge that knows the kernels' requirements."""

    def __init__(self, judge: Judge, catalogue: Catalogue) -> None:
        self.judge = judge
        self._catalogue = catalogue
        self._kernels: dict[str, Kernel] = {}

    def of(self, operator: Operator) -> Kernel:
        key = operator.name if operator.custom is None else operator.key
        kernel = self._kernels.get(key)
        if kernel is None:
            kernel = self._kernels[key] = self._make(key)
        return kernel

    def _make(self, name: str) -> Kernel:
        values = self.judge.values(name)
        places = dict(self._catalogue.places(name))
        return Kernel(
            shape=shape_function(values["shape"]) if values["shape"] else None,
            types=tuple(_type(word, places) for word in values["types"]),
            fold=_fold(values["fold"]) if values["fold"] else None,
            folds_always=values["folds"] == "always",
            persistent=values["persistent"],
            calls=values["calls"],
            checks_overflow=values["overflow"] == "fails",
            counted=values["counted"],
            side_effects=values["side_effects"],
            places=places,
            settled=Memo(_MOST_SETTLED),
        )


def _fold(name: str) -> Fold:
    from analyzer.interpreter.constant_folding import FOLDS

    return FOLDS[name]


def _type(word: str, places: dict[str, Place]) -> str | int:
    return places[word][1] if word in places else word
