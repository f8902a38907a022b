"""Specs -> configurations: delegates as `-d` names them, with their packs and parameters."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.auditing.types import Configuration
from analyzer.rules.judge import Judge
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs


def fallbacks(packs: Packs, configurations: Sequence[Configuration]) -> list[Configuration]:
    """Configurations of what takes the operators that these delegates leave, unless it is among them."""
    packs_asked = [configuration.pack for configuration in configurations]
    asked = {pack.delegate for pack in packs_asked}
    names = dict.fromkeys(pack.fallback for pack in packs_asked if pack.fallback not in asked)
    return configure(packs, [name for name in names if name in packs.names()])


def configure(packs: Packs, specs: Sequence[str]) -> list[Configuration]:
    """`NAME(:PARAM=VALUE)*` texts -> configurations, in the order given; `all` stands for every pack.

    Raises: UsageError, RuleError.
    """
    return [
        _configuration(packs, name) for spec in specs for name in (packs.names() if spec == "all" else [spec])
    ]


def _configuration(packs: Packs, spec: str) -> Configuration:
    name, written = split(spec)
    pack = packs.get(name)
    parameters = resolve(pack, written)
    return Configuration(pack, parameters, Judge(pack, parameters))
