"""The packs' agreement with the delegates, kept as data: `rules/conformance.json`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from analyzer.conformance.verdicts import GENERATED, REAL, Count, Figures, RuntimeTally, Tallies
from analyzer.resources import data

FILE = data("rules") / "conformance.json"


class Target(Struct, frozen=True):
    """One configuration of a delegate: its SPEC, and figures of generated and of real models."""

    spec: str
    generated: Figures
    real: Figures

    @property
    def delegate(self) -> str:
        return self.spec.partition(":")[0]

    @property
    def whole(self) -> Figures:
        return self.generated + self.real


class RuntimeFigures(Struct, frozen=True):
    """A runtime's figures: models whose delegated operators it told, and those it told nothing of."""

    runtime: str
    delegated: Count
    unjudged: int


class Agreement(Struct, frozen=True):
    """Everything that was compared."""

    targets: dict[str, Target]
    #: Delegate -> what the runtime that has it says.
    runtimes: dict[str, RuntimeFigures]

    @property
    def models(self) -> tuple[int, int]:
        """The most generated and real models that took part."""
        targets = self.targets.values()
        generated = max((target.generated.models for target in targets), default=0)
        return generated, max((target.real.models for target in targets), default=0)

    def by_delegate(self) -> dict[str, list[Target]]:
        """Delegate -> its configurations."""
        targets: dict[str, list[Target]] = {}
        for target in self.targets.values():
            targets.setdefault(target.delegate, []).append(target)
        return targets


def gather(
    specs: Mapping[str, str], compared: Mapping[str, Tallies], runtimes: Mapping[str, RuntimeTally]
) -> Agreement:
    """The figures of what was compared: specs and tallies by target, runtimes by delegate."""
    return Agreement(
        {
            target: Target(specs[target], figures(tallies[GENERATED]), figures(tallies[REAL]))
            for target, tallies in compared.items()
        },
        {name: RuntimeFigures(tally.runtime, tally.sets, tally.unjudged) for name, tally in runtimes.items()},
    )


def figures(tally: Figures) -> Figures:
    """Figures alone, without what differs."""
    return Figures(tally.models, tally.operators, tally.delegated, tally.partitions)


def recorded() -> Agreement:
    """The figures recorded when the packs were last held to the data."""
    return msgspec.json.decode(FILE.read_bytes(), type=Agreement)


def record(agreement: Agreement) -> None:
    """Keep figures as those that the project quotes."""
    parts = ((name, getattr(agreement, name)) for name in agreement.__struct_fields__)
    FILE.write_text(
        "{\n" + ",\n".join(_lines(name, part) for name, part in parts) + "\n}\n", encoding="utf-8"
    )


def _lines(name: str, entries: Mapping[str, Struct]) -> str:
    """A line an entry, so that a change of one is a change of one line."""
    lines = [f'  "{key}": {msgspec.json.encode(entry).decode()}' for key, entry in entries.items()]
    return f'"{name}": {{\n' + ",\n".join(lines) + "\n}"
