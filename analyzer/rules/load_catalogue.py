"""TOML -> Catalogue, strictly."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from analyzer.errors import RuleError
from analyzer.resources import data
from analyzer.rules.catalogue import Catalogue, Entry, places
from analyzer.rules.expression import ExpressionError, Scope, parse
from analyzer.rules.option_types import enums, option_types
from analyzer.rules.trees import Tree


def parse_catalogue(path: Path | None = None) -> Catalogue:
    """Read and check the catalogue. Raises: RuleError."""
    file = path or data("rules") / "operators.toml"
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, OSError) as error:
        raise RuleError([f"{file.name}: {error}"]) from None
    customs = raw.pop("custom", {})
    entries: dict[str, Entry] = {}
    macs: dict[str, Tree] = {}
    problems: list[str] = []
    for key, table in [*raw.items(), *((f"custom:{code}", table) for code, table in customs.items())]:
        try:
            entry = entries[key] = msgspec.convert(table, Entry)
            if entry.macs:
                types = option_types(key)
                scope = Scope(places(entry), types, enums=enums(list((types or {}).values())))
                macs[key] = parse(entry.macs, scope, "number")
        except (msgspec.ValidationError, ExpressionError) as error:
            problems.append(f"{file.name}: {key}: {error}")
    if problems:
        raise RuleError(problems)
    return Catalogue(entries, macs)
