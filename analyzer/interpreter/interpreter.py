"""The runtime, compiled once from its rule pack, and how it prepares models."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import structs

from analyzer.expressions.vocabulary import Context
from analyzer.interpreter.allocate import STAGES, Allocation, Contexts
from analyzer.interpreter.build import InterpreterBuilder
from analyzer.interpreter.kernels import Kernels
from analyzer.interpreter.resize_inputs import resized
from analyzer.interpreter.shapes import Shape
from analyzer.model.graph import Model, Prepared
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs, judge_of


class Interpreter:
    """Prepares models as the TFLite interpreter does before any delegate is asked."""

    def __init__(self, packs: Packs) -> None:
        judge = judge_of(packs.cpu_kernels, resolve(packs.cpu_kernels, {}))
        self._builder = InterpreterBuilder(judge)
        self._kernels = Kernels(judge, packs.catalogue)

    def prepare(
        self, model: Model, shapes: Mapping[str, Shape] = {}, stand_ins: Collection[str] = ()
    ) -> Prepared:
        """A model as it is prepared.

        Raises: InputError where an input in `shapes` doesn't exist.
        """
        return self.prepare_operators(model, shapes, stand_ins)[0]

    def prepare_operators(
        self, model: Model, shapes: Mapping[str, Shape] = {}, stand_ins: Collection[str] = ()
    ) -> tuple[Prepared, Contexts]:
        """The same, and the operators as they were left: nothing of them has to be worked out again.

        The interpreter is built and every subgraph prepared; `shapes` resizes inputs, by name, before that.

        `stand_ins` are custom operators that only a delegate can run, but whose kernels prepare.

        Raises: InputError where an input in `shapes` doesn't exist.
        """
        sizes = resized(model, shapes) if shapes else {}
        refused = self._builder.interpreter_build_error(model)
        if refused is not None:
            as_read = [
                [Context(graph, operator) for operator in graph.operators] for graph in model.subgraphs
            ]
            return Prepared(model, model.subgraphs, refused=refused), as_read
        allocation = Allocation(self._kernels, model, stand_ins)
        prepared = allocation.prepared(sizes)
        contexts = allocation.contexts(prepared)
        if not (sizes and prepared.stops) or Allocation(self._kernels, model, stand_ins).prepared({}).stops:
            return prepared, contexts
        fix = _otherwise(model, shapes)
        stops = {index: structs.replace(stop, fix=fix) for index, stop in prepared.stops.items()}
        return structs.replace(prepared, stops=stops), contexts

    def refuses(self, context: Context) -> bool:
        """True where the CPU's kernel can't be prepared for an operator as it is seen there."""
        found = self._kernels.judge.first_findings(STAGES, context)
        return found is not None and found[0] != "size"


def _otherwise(model: Model, shapes: Mapping[str, Shape]) -> str:
    """The advice where only what was resized stops the model."""
    places = {name: next(iter(resized(model, {name: shape}))) for name, shape in shapes.items()}
    own = {name: model.subgraphs[subgraph].tensors[index].shape for name, (subgraph, index) in places.items()}
    sizes = ", ".join(f"{name}={','.join(map(str, shape))}" for name, shape in own.items())
    return f"Resize otherwise: the model is prepared with the file's own sizes ({sizes}), not with these."
