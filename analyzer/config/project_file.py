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

from analyzer.config.find_file import PYPROJECT, TABLE, find_file
from analyzer.config.settings import PackSettings, Project, Settings, TargetSettings
from analyzer.errors import UsageError
from analyzer.files import parse_toml, read_text, toml_fault
from analyzer.gating.excuses import Waiver
from analyzer.suggest import nearest

#: Keys of tables, as they are looked at where they stand.
_IN_TURN: Mapping[str, Any] = {
    "packs": dict[str, dict[str, Any]],
    "targets": tuple[dict[str, Any], ...],
    "waivers": tuple[dict[str, Any], ...],
}
#: All keys that the file may have: a message may have them for words.
_KEYS = frozenset(
    field.encode_name
    for table in (Settings, TargetSettings, PackSettings, Waiver)
    for field in msgspec.structs.fields(table)
)


def find(chosen: str | None, paths: Sequence[str] = ()) -> Project:
    """The project of the file that was chosen or is found.

    Raises: UsageError where the file is wrong.
    """
    file = find_file(chosen, paths)
    return Project() if file is None else read(file)


def read(file: str) -> Project:
    """The project of a file. Raises: UsageError where it is wrong."""
    return Project(_read(file), file)


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
    if os.path.basename(file) == PYPROJECT:
        tables = _own_table(tables)
    if problems := [*_problems(tables, Places(file, text))]:
        raise UsageError(*problems)
    return msgspec.convert(tables, Settings)


def _problems(tables: Mapping[str, Any], places: Places) -> Iterator[str]:
    """All that is wrong with a file that is TOML."""
    yield from _misfits(tables, Settings, places, "")
    for name, table in _tables(tables.get("packs")):
        yield from _misfits(table, PackSettings, places, f"packs.{name}.")
    for position, table in _listed(tables.get("targets")):
        yield from _misfits(table, TargetSettings, places, f"targets[{position}].")
    for position, table in _listed(tables.get("waivers")):
        yield from _misfits(table, Waiver, places, f"waivers[{position}].")
        yield from _unsaid(table, places, f"waivers[{position}]")


def _own_table(tables: Mapping[str, Any]) -> dict[str, Any]:
    tool = tables.get("tool")
    own = tool.get(TABLE) if isinstance(tool, dict) else None
    return own if isinstance(own, dict) else {}


def _tables(packs: object) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, table in packs.items() if isinstance(packs, dict) else ():
        if isinstance(table, dict):
            yield name, table


def _listed(tables: object) -> Iterator[tuple[int, dict[str, Any]]]:
    for position, table in enumerate(tables if isinstance(tables, list) else []):
        if isinstance(table, dict):
            yield position, table


def _misfits(table: Mapping[str, Any], shape: type[Struct], places: Places, prefix: str) -> Iterator[str]:
    """Keys that there aren't, and values of other types; what is a table in turn is looked at by itself."""
    known = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for key, value in table.items():
        where = f"{prefix}{key}"
        if key not in known:
            hint = nearest(key, [*known]) or f"; use {', '.join(known)}"
            yield f"{places.of(where)}: there is no key {where}{hint}"
            continue
        try:
            msgspec.convert(value, _IN_TURN.get(where, known[key].type))
        except msgspec.ValidationError as error:
            what, _, below = str(error).partition(" - at `$")
            where += below.rstrip("`")
            one_of_several = isinstance(value, str) and "`array`" in what
            advice = f"; write {key} = {msgspec.json.encode([value]).decode()}" if one_of_several else ""
            yield f"{places.of(where)}: {where}: {what[0].lower()}{what[1:]}{advice}"
    # A key that is misspelt may be the one that lacks.
    if shape is TargetSettings and "models" not in table and table.keys() <= known.keys():
        where = prefix.rstrip(".")
        yield f"{places.of(where)}: {where}: object missing required field `models`"


def _unsaid(waiver: Mapping[str, Any], places: Places, name: str) -> Iterator[str]:
    """What a waiver has to say, and doesn't."""
    place = places.of(name)
    if not {"rule", "operator", "tensor"} & set(waiver):
        yield f"{place}: {name} says not what it excuses; give a rule, an operator or a tensor"
    for key, advice in (("reason", "say why"), ("expires", "give a day, as in expires = 2027-03-31")):
        if not waiver.get(key):
            yield f"{place}: {name} has no {key}; {advice}"


class Places:
    """`FILE:LINE` of what a project's file says, by key: `fail-on`, `targets[0].for`, `packs.gpu`."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines: dict[str, int] = {}
        #: Texts, whether they are more than the name of a key, and their lines.
        self._texts: list[tuple[str, bool, int]] = []
        self._tables: Counter[str] = Counter()
        table = ""
        for number, line in enumerate(text.split("\n"), 1):
            for written in re.findall(_TEXT, line):
                text, own = _bare(written), written in _KEYS
                # A delegate's text is told of by its parts, as in "gpu: no parameter quant".
                self._texts += [(each, not own, number) for each in (text, *re.split(r"[:=]", text))]
            if header := re.match(_HEADER, line):
                table = self._header(_bare(header[2]), listed=bool(header[1]))
                self._lines.setdefault(table, number)
            elif key := re.match(_KEY, line):
                name = f"{table}.{_bare(key[1])}" if table else _bare(key[1])
                self._lines.setdefault(name, number)

    def _header(self, name: str, listed: bool) -> str:
        name = name.removeprefix(f"tool.{TABLE}").removeprefix(".")
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
        """Of the longest text that a message is about, or else of a key; the file alone where of neither."""
        about = message.partition(";")[0]
        spoken_of = [
            (said, len(text), -number)
            for text, said, number in self._texts
            if text and re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", about)
        ]
        return f"{self._file}:{-max(spoken_of)[2]}" if spoken_of else self._file


def places(project: Project) -> Places:
    """Where each value of a project's file stands."""
    return Places(project.file or "", read_text(project.file) if project.file else "")


@contextmanager
def naming(project: Project) -> Iterator[None]:
    """Name the line that the words come from in what is wrong with them."""
    try:
        yield
    except UsageError as error:
        if project.file is None:
            raise
        raise UsageError(*(_placed(project, problem) for problem in error.problems)) from None


def _placed(project: Project, problem: str) -> str:
    told = problem.startswith(f"{project.file}:")
    return problem if told else f"{places(project).saying(problem)}: {problem}"


_TEXT = r"""\"[^\"]*\"|'[^']*'|(?<![\w-])[\w-]++(?=[ \t]*=)"""
_HEADER = r"[ \t]*\[(\[?)([^\[\]]+)\]"
_NAME = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_KEY = rf"[ \t]*({_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)[ \t]*="


def _bare(name: str) -> str:
    return re.sub(r"""["']|[ \t]*(?=\.)|(?<=\.)[ \t]*""", "", name.strip())
