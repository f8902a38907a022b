"""The project's file: where it is looked for, and what is wrong with it, by file, line and key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.config.settings import PackSettings, Project, Settings, TargetSettings
from analyzer.errors import UsageError
from analyzer.files import parse_toml, read_text
from analyzer.gating.excuses import Waiver
from analyzer.suggest import nearest

#: Its name; it lies above the models or the working folder, the nearest counts.
FILE = "delegate-analyzer.toml"
#: Where the same may stand in a table of its own.
_PYPROJECT, _TABLE = "pyproject.toml", "delegate-analyzer"


def find(chosen: str | None, paths: Sequence[str] = ()) -> Project:
    """The project of the file that was chosen, else of the nearest above the first model, else of the
    nearest above the working folder.

    Raises: UsageError where the file is wrong.
    """
    file = chosen or _nearest(paths)
    return Project() if file is None else Project(_read(file), file)


def _nearest(paths: Sequence[str]) -> str | None:
    here = Path.cwd()
    models = [path for path in map(Path, paths[:1]) if path.exists()]
    for start in (*(path.resolve() for path in models), here):
        for folder in (start, *start.parents):
            for name in (FILE, _PYPROJECT):
                if (file := folder / name).is_file() and (name == FILE or _has_table(file)):
                    return name if folder == here else str(file)
    return None


def _has_table(file: Path) -> bool:
    """Whether a pyproject.toml speaks of this tool; one that can't be read speaks of others."""
    try:
        return f"[tool.{_TABLE}" in read_text(file)
    except (OSError, UnicodeDecodeError):
        return False


def _read(file: str) -> Settings:
    import tomllib

    try:
        text = read_text(file)
        tables = parse_toml(text)
    except OSError as error:
        raise UsageError(f"{file}: can't be read ({error.strerror}); name another file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: can't be read (it isn't UTF-8); name another file") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: not TOML: {error}") from None
    if Path(file).name == _PYPROJECT:
        tables = _own_table(tables)
    _check_keys(tables, Settings, file, text, "")
    for name, table in _tables(tables.get("packs")):
        _check_keys(table, PackSettings, file, text, f"packs.{name}.")
    for position, table in _listed(tables.get("targets")):
        _check_keys(table, TargetSettings, file, text, f"targets[{position}].")
    for position, table in _listed(tables.get("waivers")):
        _check_waiver(table, file, text, position)
    try:
        return msgspec.convert(tables, Settings)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        where = where.rstrip("`")
        place = _place(file, text, re.split(r"[.\[]", where)[-1] if where else "")
        raise UsageError(f"{place}: {where or 'file'}: {what[0].lower()}{what[1:]}") from None


def _own_table(tables: Mapping[str, Any]) -> dict[str, Any]:
    tool = tables.get("tool")
    own = tool.get(_TABLE) if isinstance(tool, dict) else None
    return own if isinstance(own, dict) else {}


def _tables(packs: object) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, table in packs.items() if isinstance(packs, dict) else ():
        if isinstance(table, dict):
            yield name, table


def _listed(tables: object) -> Iterator[tuple[int, dict[str, Any]]]:
    for position, table in enumerate(tables if isinstance(tables, list) else []):
        if isinstance(table, dict):
            yield position, table


def _check_keys(table: Mapping[str, Any], shape: type[Struct], file: str, text: str, prefix: str) -> None:
    known = [field.encode_name for field in msgspec.structs.fields(shape)]
    for key in table:
        if key not in known:
            hint = nearest(key, known) or f"; use {', '.join(known)}"
            raise UsageError(f"{_place(file, text, key)}: there is no key {prefix}{key}{hint}")


def _check_waiver(table: Mapping[str, Any], file: str, text: str, position: int) -> None:
    name = f"waivers[{position}]"
    _check_keys(table, Waiver, file, text, f"{name}.")
    place = _place(file, text, "[waivers]", position)
    if not {"rule", "operator", "tensor"} & set(table):
        raise UsageError(f"{place}: {name} says not what it excuses; give a rule, an operator or a tensor")
    for key, advice in (("reason", "say why"), ("expires", "give a day, as in expires = 2027-03-31")):
        if not table.get(key):
            raise UsageError(f"{place}: {name} has no {key}; {advice}")


def _place(file: str, text: str, key: str, times: int = 0) -> str:
    """`file:line` of the key that is wrong, as far as it is found."""
    pattern = rf"""^[ \t]*\[?[ \t]*(?:[\w."'-]+\.)?["']?{re.escape(key)}["']?[ \t]*[=.\]]"""
    lines = [text.count("\n", 0, match.start()) + 1 for match in re.finditer(pattern, text, re.MULTILINE)]
    return f"{file}:{lines[times]}" if key and len(lines) > times else file
