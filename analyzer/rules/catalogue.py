"""The operator catalogue `rules/common/operators.toml`: operand names and how MACs are counted."""

from collections.abc import Mapping

from msgspec import Struct

from analyzer.expressions.nodes import Node

#: Side, position (or first position) and whether the name stands for all from there on.
Place = tuple[str, int, bool]


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One operator: names end in `?` where the operand may be left out, in `*` where there may be many."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    intermediates: tuple[str, ...] = ()
    macs: str = ""


class Catalogue(Struct, frozen=True):
    """Operator name, or `custom:CODE`, -> its entry."""

    entries: dict[str, Entry]
    #: The same keys -> how its multiply-accumulates are counted, where it has any.
    macs: dict[str, Node]

    def places(self, operator: str) -> Mapping[str, Place]:
        entry = self.entries.get(operator)
        return {} if entry is None else places(entry)


def places(entry: Entry) -> dict[str, Place]:
    """Operand name -> where it stands."""
    found: dict[str, Place] = {}
    for side, names in (
        ("inputs", entry.inputs),
        ("outputs", entry.outputs),
        ("intermediates", entry.intermediates),
    ):
        for position, name in enumerate(names):
            found[name.rstrip("?*")] = (side, position, name.endswith("*"))
    return found
