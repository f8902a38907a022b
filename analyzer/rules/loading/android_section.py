"""The `[android]` section of a rule file: how a phone's benchmark tool is told to apply the delegate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.expressions.partial import constant
from analyzer.expressions.scope import Scope
from analyzer.rules.loading.file import RuleFile
from analyzer.rules.loading.format import FlagTable
from analyzer.rules.pack import Android, Flag, RulePack
from analyzer.rules.parameters import as_written, compared

#: What a flag may name besides parameters: the folder on the phone where everything lies.
FOLDER = "folder"


def convert(file: RuleFile, scope: Scope) -> Android | None:
    """The section, checked; None where the tool can't apply the delegate."""
    table = file.table.android
    if table is None:
        return None
    for name in table.properties:
        if name not in file.table.parameters:
            file.problem("android", f"properties: there is no parameter {name}", "properties")
    flags = [FlagTable(flag) if isinstance(flag, str) else flag for flag in table.flags]
    return Android(
        kernel=table.kernel,
        flags=tuple(_flag(file, scope, flag) for flag in flags),
        properties=table.properties,
    )


def _flag(file: RuleFile, scope: Scope, table: FlagTable) -> Flag:
    for name in file.names_in(table.flag, "android", "flags"):
        if name != FOLDER and name not in file.table.parameters:
            file.problem("android", f"flag {table.flag}: there is no parameter {name}", "flags")
    when = file.tree(table.when, scope, "android", "flags") if table.when else None
    return Flag(table.flag, when)


def flags(pack: RulePack, parameters: Mapping[str, Any], folder: str) -> list[str]:
    """What the tool is told for a delegate with these parameters."""
    declared = pack.android.flags if pack.android else ()
    values = {name: as_written(value) for name, value in parameters.items()} | {FOLDER: folder}
    return [flag.text.format_map(values) for flag in declared if _holds(flag, compared(pack, parameters))]


def _holds(flag: Flag, parameters: Mapping[str, Any]) -> bool:
    return flag.when is None or bool(constant(flag.when, parameters))
