"""This tool and its packs held to what a project's file pins; the file with today's pinned."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import filter as fitting
from typing import Any

import msgspec

from analyzer import __version__
from analyzer.config.project_file import places
from analyzer.config.settings import PackSettings, Project
from analyzer.errors import UsageError
from analyzer.rules.pack import RulePack
from analyzer.rules.parameters import split
from analyzer.rules.registry import Packs
from analyzer.suggest import nearest

#: The pack that is about the runtime itself; it can be pinned like any other.
RUNTIME = "runtime"
#: Keys that hold tables, a table each.
_LISTS = ("targets", "waivers")


def check_tool(project: Project) -> None:
    """Hold this tool to what the file requires. Raises: UsageError."""
    if not (required := project.settings.required_version):
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        clauses = (clause.strip() for clause in required.split(","))
        exact = ",".join(f"=={clause}" if clause[:1].isdigit() else clause for clause in clauses)
        holds = SpecifierSet(exact).contains(__version__, prereleases=True)
    except InvalidSpecifier:
        example = ">=0.1, ~=0.1 or >=0.1,<0.3"
        raise UsageError(
            f"{_place(project)}: required-version {required!r} is not a version like {example}"
        ) from None
    if not holds:
        raise UsageError(
            f"{_place(project)}: required-version is {required}, this is {__version__}; install one that "
            "fits, or change the file"
        )


def check_files(project: Project, rules: bool, baseline: bool) -> None:
    """Hold the files that the project's file names to being there. Raises: UsageError."""
    named = [("rules", file, "name one") for file in project.rules if rules]
    if baseline and (known := project.baseline):
        named.append(("baseline", known, f"write it with baseline write -o {known}"))
    problems = [
        f"{places(project).of(key)}: {key}: there is no file {file}; {advice}"
        for key, file, advice in named
        if not os.path.isfile(file)
    ]
    if problems:
        raise UsageError(*problems)


def check_waivers(project: Project, packs: Packs) -> None:
    """Hold the delegates of waivers to being ones that there are. Raises: UsageError."""
    known = [*packs.names(), RUNTIME]
    problems = []
    for position, waiver in enumerate(project.settings.waivers):
        if not fitting(known, waiver.delegate):
            where = f"waivers[{position}].delegate"
            wrong = f"there is no such delegate{nearest(waiver.delegate, known)}"
            problems.append(f"{places(project).of(where)}: {where} {waiver.delegate}: {wrong}")
    if problems:
        raise UsageError(*problems)


def _place(project: Project) -> str:
    return places(project).of("required-version")


def check_packs(project: Project, packs: Packs, specs: Sequence[str]) -> None:
    """Hold the packs of these delegates, and the runtime's, to what the file pins.

    Raises: UsageError, RuleError.
    """
    known = [*packs.names(), RUNTIME]
    used = {RUNTIME, *(split(spec)[0] for spec in specs)}
    problems = []
    for name, pinned in project.settings.packs.items():
        where = f"packs.{name}"
        place = places(project).of(where)
        if name not in known:
            problems.append(f"{place}: {where}: there is no such rule pack{nearest(name, known)}")
        elif name in used and (wrong := _mismatch(pinned, _pack(packs, name))):
            advice = "see what changes with rules diff, then pin it anew with config --pin"
            problems.append(f"{place}: pack {name} is pinned to {wrong}; {advice}")
    if problems:
        raise UsageError(*problems)


def _pack(packs: Packs, name: str) -> RulePack:
    return packs.cpu_kernels if name == RUNTIME else packs.get(name)


def _mismatch(pinned: PackSettings, pack: RulePack) -> str:
    if pinned.version and pinned.version != pack.version:
        return f"version {pinned.version}, this is {pack.version}"
    if pinned.sha256 and pinned.sha256 != pack.sha256:
        return f"sha256 {pinned.sha256}, this is {pack.sha256}"
    return ""


def pinned(project: Project, packs: Packs, specs: Sequence[str]) -> str:
    """The file with this tool, these delegates' packs and the runtime's pinned to what they are today."""
    used = dict.fromkeys(split(spec)[0] for spec in (*specs, RUNTIME))
    settings = project.settings
    held = {name: _held(_pack(packs, name), settings.packs.get(name, PackSettings())) for name in used}
    today = {"required_version": f"=={__version__}", "packs": settings.packs | held}
    if not (settings.delegates or settings.platform or settings.devices):
        today["delegates"] = tuple(specs)
    settled = msgspec.structs.replace(settings, **today)
    return "\n".join(_toml(msgspec.to_builtins(settled, builtin_types=(datetime.date,))))


def _held(pack: RulePack, settings: PackSettings) -> PackSettings:
    return msgspec.structs.replace(settings, version=pack.version, sha256=pack.sha256)


def _toml(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, value in settings.items():
        if key not in ("packs", *_LISTS):
            yield f"{key} = {_value(value)}"
    for name in _LISTS:
        for table in settings.get(name, ()):
            yield from ("", f"[[{name}]]", *(f"{key} = {_value(value)}" for key, value in table.items()))
    for name, table in settings.get("packs", {}).items():
        yield from (
            "",
            f"[packs.{_key(name)}]",
            *(f"{key} = {_value(value)}" for key, value in table.items()),
        )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(of)}" for key, of in value.items()) + "}"
    return value.isoformat() if isinstance(value, datetime.date) else _json(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _json(name)


def _json(value: Any) -> str:
    """As JSON, which TOML reads but for the one control character that JSON leaves as it is."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
