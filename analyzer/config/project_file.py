"""The project's file: where it is looked for, and what is wrong with it, by file, line and key."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.config.settings import PackSettings, Project, Settings, TargetSettings
from analyzer.errors import UsageError
from analyzer.files import parse_toml, read_text, toml_fault
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
    here = os.getcwd()
    for start in (*(os.path.realpath(path) for path in paths[:1] if os.path.exists(path)), here):
        for folder in _upwards(start):
            for name in (FILE, _PYPROJECT):
                file = os.path.join(folder, name)
                if os.path.isfile(file) and (name == FILE or _has_table(file)):
                    return name if folder == here else file
    return None


def _upwards(path: str) -> Iterator[str]:
    """The path itself, and every folder that it lies in."""
    above = os.path.dirname(path)
    yield path
    if above != path:
        yield from _upwards(above)


def _has_table(file: str) -> bool:
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
        line, what = toml_fault(error, text)
        raise UsageError(f"{file}:{line}: not TOML: {what}") from None
    if os.path.basename(file) == _PYPROJECT:
        tables = _own_table(tables)
    places = Places(file, text)
    _check_keys(tables, Settings, places, "")
    for name, table in _tables(tables.get("packs")):
        _check_keys(table, PackSettings, places, f"packs.{name}.")
    for position, table in _listed(tables.get("targets")):
        _check_keys(table, TargetSettings, places, f"targets[{position}].")
    for position, table in _listed(tables.get("waivers")):
        _check_waiver(table, places, position)
    try:
        return msgspec.convert(tables, Settings)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        where = where.rstrip("`")
        raise UsageError(f"{places.of(where)}: {where or 'file'}: {what[0].lower()}{what[1:]}") from None


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


def _check_keys(table: Mapping[str, Any], shape: type[Struct], places: Places, prefix: str) -> None:
    known = [field.encode_name for field in msgspec.structs.fields(shape)]
    for key in table:
        if key not in known:
            hint = nearest(key, known) or f"; use {', '.join(known)}"
            where = f"{prefix}{key}"
            raise UsageError(f"{places.of(where)}: there is no key {where}{hint}")


def _check_waiver(table: Mapping[str, Any], places: Places, position: int) -> None:
    name = f"waivers[{position}]"
    _check_keys(table, Waiver, places, f"{name}.")
    place = places.of(name)
    if not {"rule", "operator", "tensor"} & set(table):
        raise UsageError(f"{place}: {name} says not what it excuses; give a rule, an operator or a tensor")
    for key, advice in (("reason", "say why"), ("expires", "give a day, as in expires = 2027-03-31")):
        if not table.get(key):
            raise UsageError(f"{place}: {name} has no {key}; {advice}")


class Places:
    """`FILE:LINE` of what a project's file says, by key: `fail-on`, `targets[0].for`, `packs.gpu`."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines: dict[str, int] = {}
        self._texts: list[tuple[str, int]] = []
        self._tables: Counter[str] = Counter()
        table = ""
        for number, line in enumerate(text.split("\n"), 1):
            for text in map(_bare, re.findall(_TEXT, line)):
                # A delegate's text is told of by its parts, as in "gpu: no parameter quant".
                self._texts += [(each, number) for each in (text, *re.split(r"[:=]", text))]
            if header := re.match(_HEADER, line):
                table = self._header(_bare(header[2]), listed=bool(header[1]))
                self._lines.setdefault(table, number)
            elif key := re.match(_KEY, line):
                name = f"{table}.{_bare(key[1])}" if table else _bare(key[1])
                self._lines.setdefault(name, number)

    def _header(self, name: str, listed: bool) -> str:
        name = name.removeprefix(f"tool.{_TABLE}").removeprefix(".")
        if not listed:
            return name
        self._tables[name] += 1
        return f"{name}[{self._tables[name] - 1}]"

    def has(self, key: str) -> bool:
        """Whether the file says anything under a key."""
        return key in self._lines

    def of(self, key: str) -> str:
        """Of a key, or else of the list or table in which it would stand, or else the file alone."""
        while key and key not in self._lines:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return f"{self._file}:{self._lines[key]}" if key else self._file

    def saying(self, message: str) -> str:
        """Of the longest text that a message is about; the file alone where it is about none."""
        about = message.partition(";")[0]
        spoken_of = [
            (len(text), -number)
            for text, number in self._texts
            if text and re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", about)
        ]
        return f"{self._file}:{-max(spoken_of)[1]}" if spoken_of else self._file


def places(project: Project) -> Places:
    """Where each value of a project's file stands."""
    return Places(project.file or "", read_text(project.file) if project.file else "")


@contextmanager
def naming(project: Project) -> Iterator[None]:
    """Name the line that the words come from in what is wrong with them."""
    try:
        yield
    except UsageError as error:
        if project.file is None or str(error).startswith(f"{project.file}:"):
            raise
        raise UsageError(f"{places(project).saying(str(error))}: {error}") from None


_TEXT = r"""\"[^\"]*\"|'[^']*'|(?<![\w-])[\w-]++(?=[ \t]*=)"""
_HEADER = r"[ \t]*\[(\[?)([^\[\]]+)\]"
_NAME = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_KEY = rf"[ \t]*({_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)[ \t]*="


def _bare(name: str) -> str:
    return re.sub(r"""["']|[ \t]*(?=\.)|(?<=\.)[ \t]*""", "", name.strip())
