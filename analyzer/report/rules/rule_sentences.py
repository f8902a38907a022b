"""Rules and a pack's `[graph]` section in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from analyzer.expressions.nodes import TRUE, Node
from analyzer.expressions.show import show
from analyzer.rules.coverage import Cell
from analyzer.rules.pack import Graph
from analyzer.rules.rulebook import Rule
from analyzer.rules.wording.paraphrase import sentence

_DYNAMIC = {
    "not-asked": "A subgraph with a tensor whose size is only known at run time is not shown to the "
    "delegate, nor are later ones.",
    "fails-load": "A tensor whose size is only known at run time keeps its subgraph and later ones from the "
    "delegate, and fails the loading of the model.",
    "refuses-model": "A tensor whose size is only known at run time keeps the whole model from the delegate.",
    "accepted": "It is asked before anything is prepared: sizes only known at run time are no obstacle.",
    "compiled-ahead": "It compiles the file as it stands, before anything is prepared. Where the CPU can't "
    "prepare what it left, that is shown as a hazard.",
}
_FLOAT16 = {
    "never": "Float16 constants are read through their DEQUANTIZE, which itself never counts as supported.",
    "if-fully-delegated": "Float16 constants are read through their DEQUANTIZE, which counts as supported "
    "where all else is accepted.",
    "as-any-operator": "A DEQUANTIZE of a float16 constant is an operator like any other.",
}
#: When rules of the stages after choosing are asked.
_LATER = {"build": " (when the graph is built)", "run": " (when it runs)"}

_BUILD = {
    "reported-only": "A failure to build the graph is shown as a hazard; what is delegated stays.",
    "rolls-back-model": "A failure to build the graph takes the whole model back to the CPU.",
    "fails-load": "A failure to build the graph fails the loading of the model.",
}
_EQUALS = {
    "libstdc++": "of equals those that the sort of GNU's C++ library leaves first",
    "libc++": "of equals those that the sort of LLVM's C++ library leaves first",
}


def sentences(graph: Graph) -> Iterator[str]:
    """Sentences on the fate of operators that the delegate accepts."""
    if graph.max_partitions is not None:
        limit = f"Partitions of a subgraph are limited to {show(graph.max_partitions)}"
        yield f"{limit}: those with the most operators are kept, {_EQUALS[graph.sort]}."
    if graph.min_operators is not None:
        yield f"A partition of fewer than {show(graph.min_operators)} operators stays on the CPU."
    if graph.full_delegation_ignores_limits:
        yield "A subgraph whose every operator is accepted is taken whole, whatever the limits."
    if graph.takes_dequantize_alone:
        yield "So is one of nothing but DEQUANTIZEs of float16 constants."
    if graph.replaces_composites:
        yield "A composite that it takes is a kernel of its own: nothing runs its subgraph."
    if graph.stand_ins:
        yield f"The runtime lets these custom operators pass for it: {', '.join(graph.stand_ins)}."
    yield _DYNAMIC[graph.dynamic_tensors]
    yield _FLOAT16[graph.constant_fp16_dequantize]
    yield _BUILD[graph.build_failure]
    if graph.reads_through_before_limit is not None:
        early = "Float16 constants are read through before the limit: operators that it drops keep them"
        yield f"{early}{_if(graph.reads_through_before_limit)}."
    if graph.builds_while_choosing is not None:
        yield f"The graph is built while the delegate chooses{_if(graph.builds_while_choosing)}."


def _if(node: Node) -> str:
    return "" if node == TRUE else f" if {sentence(node)}"


class Condition(Struct, frozen=True):
    """One rule in words: what it asks, where it is asked, what is said where it fails, and its names."""

    text: str
    when: str = ""
    otherwise: str = ""
    where: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        asked = " ".join([self.text, *([f"[if {self.when}]"] if self.when else [])])
        return f"{asked}; else: {self.otherwise}" if self.otherwise else asked


def conditions(cell: Cell) -> Iterator[Condition]:
    """All that a delegate asks of an operator, or the reason why it never takes it."""
    if cell.refused is not None:
        yield Condition(_sentence(cell.refused))
    for accepted in cell.accepted:
        yield Condition(f"at once if {accepted}")
    yield from map(condition, cell.rules)


def condition(rule: Rule) -> Condition:
    """A rule in words; its own message tells what is wrong, so that only follows."""
    marks = _LATER.get(rule.stage, "")
    where = tuple(f"{name}: {meaning}" for name, meaning in rule.terms.items())
    text = rule.requires or (rule.meaning if rule.severity == "note" else _sentence(rule))
    otherwise = rule.meaning if rule.requires else ""
    return Condition(text + marks, "; and ".join(rule.when), otherwise, where)


def _sentence(rule: Rule) -> str:
    return f"never: {rule.meaning}" if rule.meaning else "never"
