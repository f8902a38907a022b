"""Which subgraphs operators call."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.graph import Operator, Subgraph

#: What the schema calls the options that name subgraphs.
_ENDINGS = ("subgraph_index", "subgraph_indices")
_NAMES = ("subgraph",)


def called(operator: Operator) -> Iterator[int]:
    """Indices of the subgraphs that an operator may call, in the order of its options."""
    for name, value in operator.options.items():
        if name.endswith(_ENDINGS) or name in _NAMES:
            yield from [value] if isinstance(value, int) else value or ()


def callees(subgraph: Subgraph) -> list[int]:
    """Each subgraph that a subgraph's operators may call, once, in order."""
    return list(dict.fromkeys(index for operator in subgraph.operators for index in called(operator)))
