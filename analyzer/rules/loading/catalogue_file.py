"""TOML -> Catalogue, strictly."""

from __future__ import annotations

from pathlib import Path

import msgspec

from analyzer.errors import RuleError
from analyzer.expressions.check import parse
from analyzer.expressions.nodes import Node
from analyzer.expressions.scope import ExpressionError, Scope
from analyzer.resources import data
from analyzer.rules.catalogue import Catalogue, Entry, places
from analyzer.rules.loading.file import read_tables
from analyzer.rules.loading.lines import Lines
from analyzer.rules.loading.option_types import enums, option_types


def parse_catalogue(path: Path | None = None) -> Catalogue:
    """Read and check the catalogue.

    Raises: RuleError with all its problems.
    """
    file = path or data("rules") / "common" / "operators.toml"
    tables, text = read_tables(file)
    customs = tables.pop("custom", {})
    entries: dict[str, Entry] = {}
    macs: dict[str, Node] = {}
    problems: list[str] = []
    for key, table in [*tables.items(), *((f"custom:{code}", table) for code, table in customs.items())]:
        try:
            entry = entries[key] = msgspec.convert(table, Entry)
            if entry.macs:
                types = option_types(key)
                scope = Scope(places(entry), types, enums=enums(list((types or {}).values())))
                macs[key] = parse(entry.macs, scope, "number")
        except (msgspec.ValidationError, ExpressionError) as error:
            line = Lines(text).of(key.replace("custom:", "custom."))
            problems.append(f"{file}:{line}: {key}: {error}")
    if problems:
        raise RuleError(problems)
    return Catalogue(entries, macs)
