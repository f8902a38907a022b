"""What a project settles once: `delegate-analyzer.toml`, or `[tool.delegate-analyzer]` in `pyproject.toml`.

    required-version = ">=0.1,<0.3"          # of this tool
    delegates = ["gpu", "gpu:quantized=false"]      # what `audit` asks where -d names none
    for = "android"                          # or the platform whose delegates it asks
    fail-on = ["unsupported", "gpu:partial"]
    warn-on = ["hazard"]                     # told, but the exit code stays
    baseline = "ci/baseline.json"            # what is known, so that only what is new fails
    rules = ["ci/npu.toml"]                  # further rule files, relative to this one
    registered = ["MyOp", "Flex*"]           # custom operators that the app has kernels for
    runtime = "2.3"                          # for every pack that has this parameter

    [packs.gpu]                              # a pack pinned, and parameters where a SPEC gives none
    version = "1"
    sha256 = "..."
    parameters = {quantized = false}

    [[waivers]]                              # a finding that is excused: which, why, until when
    rule = "gpu/arg-max/*"
    tensor = "head/*"
    reason = "the app picks the class"
    expires = 2027-03-31

Options on the command line come before all of it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from analyzer import __version__
from analyzer.auditing.configurations import for_platform
from analyzer.errors import UsageError
from analyzer.files import parse_toml, read_text
from analyzer.gating.excuses import Waiver
from analyzer.rules.pack import RulePack
from analyzer.rules.parameters import split
from analyzer.rules.registry import Packs
from analyzer.suggest import nearest

#: Its name; it lies above the models or the working folder, the nearest counts.
FILE = "delegate-analyzer.toml"
#: Where the same may stand in a table of its own.
_PYPROJECT, _TABLE = "pyproject.toml", "delegate-analyzer"
#: The pack that is about the runtime itself; it can be pinned like any other.
RUNTIME = "runtime"


class PackSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    version: str = ""
    sha256: str = ""
    parameters: dict[str, str | int | bool] = {}

    @property
    def written(self) -> dict[str, str]:
        """The parameters as they would be written in a SPEC."""
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self.parameters.items()
        }


class Settings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="kebab"):
    """What the file says; without one, nothing."""

    required_version: str = ""
    delegates: tuple[str, ...] = ()
    platform: str = msgspec.field(default="", name="for")
    fail_on: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    registered: tuple[str, ...] = ()
    runtime: str = ""
    warn_on: tuple[str, ...] = ()
    baseline: str = ""
    waivers: tuple[Waiver, ...] = ()
    packs: dict[str, PackSettings] = {}


class Project(Struct, frozen=True):
    """The settings in force and the file that they come from, if any."""

    settings: Settings = Settings()
    file: str | None = None

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule files, wherever the command is run."""
        return tuple(str(Path(self.file or "").parent / rule) for rule in self.settings.rules)

    @property
    def baseline(self) -> str:
        """The baseline's file, likewise; empty where there is none."""
        named = self.settings.baseline
        return str(Path(self.file or "").parent / named) if named else ""


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
    waivers = tables.get("waivers", [])
    for position, table in enumerate(waivers if isinstance(waivers, list) else []):
        if isinstance(table, dict):
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
            f"{project.file}: required-version {required!r} is not a version like {example}"
        ) from None
    if not holds:
        raise UsageError(
            f"{project.file}: required-version is {required}, this is {__version__}; install one that "
            "fits, or change the file"
        )


def check_packs(project: Project, packs: Packs, specs: Sequence[str]) -> None:
    """Hold the packs of these delegates, and the runtime's, to what the file pins.

    Raises: UsageError, RuleError.
    """
    known = [*packs.names(), RUNTIME]
    used = {RUNTIME, *(split(spec)[0] for spec in specs)}
    for name, pinned in project.settings.packs.items():
        if name not in known:
            raise UsageError(
                f"{project.file}: packs.{name}: there is no such rule pack{nearest(name, known)}"
            )
        if name in used and (wrong := _mismatch(pinned, _pack(packs, name))):
            raise UsageError(
                f"{project.file}: pack {name} is pinned to {wrong}; see what changes with rules diff, "
                "then pin it anew with config --pin"
            )


def _pack(packs: Packs, name: str) -> RulePack:
    return packs.cpu_kernels if name == RUNTIME else packs.get(name)


def _mismatch(pinned: PackSettings, pack: RulePack) -> str:
    if pinned.version and pinned.version != pack.version:
        return f"version {pinned.version}, this is {pack.version}"
    if pinned.sha256 and pinned.sha256 != pack.sha256:
        return f"sha256 {pinned.sha256}, this is {pack.sha256}"
    return ""


def delegates(project: Project, packs: Packs) -> tuple[str, ...]:
    """The delegates that the file names, or those of its platform; empty where it says neither.

    Raises: UsageError, RuleError.
    """
    settings = project.settings
    if settings.platform and settings.delegates:
        raise UsageError(
            f"{project.file}: for picks the delegates and delegates names them; keep one of them"
        )
    return for_platform(packs, settings.platform) if settings.platform else settings.delegates


def settled(project: Project, packs: Packs, specs: Sequence[str]) -> tuple[str, ...]:
    """`NAME:PARAM=VALUE` texts, each pack by itself, with the file's parameters where they give none.

    Raises: UsageError, RuleError.
    """
    every = [one for spec in specs for one in (packs.names() if spec == "all" else [spec])]
    return tuple(_settled(project.settings, packs, spec) for spec in every or packs.default())


def _settled(settings: Settings, packs: Packs, spec: str) -> str:
    name, written = split(spec)
    parameters = settings.packs.get(name, PackSettings()).written
    if settings.runtime and "runtime" in packs.get(name).parameters:
        parameters = {"runtime": settings.runtime} | parameters
    return ":".join([name, *(f"{parameter}={value}" for parameter, value in (parameters | written).items())])


def policies_on(specs: Sequence[str], policies: Sequence[str]) -> tuple[str, ...]:
    """The file's policies without those on delegates that are not audited."""
    names = {None, *(split(spec)[0] for spec in specs)}
    return tuple(policy for policy in policies if _about(policy) in names)


def _about(policy: str) -> str | None:
    match = re.match(r"([A-Za-z][\w.-]*):", policy)
    return match[1] if match else None


def pinned(project: Project, packs: Packs, specs: Sequence[str]) -> str:
    """The file with this tool, these delegates' packs and the runtime's pinned to what they are today."""
    used = dict.fromkeys(split(spec)[0] for spec in (*specs, RUNTIME))
    settings = project.settings
    held = {name: _held(_pack(packs, name), settings.packs.get(name, PackSettings())) for name in used}
    today = {"required_version": f"=={__version__}", "packs": settings.packs | held}
    if not (settings.delegates or settings.platform):
        today["delegates"] = tuple(specs)
    settled = msgspec.structs.replace(settings, **today)
    return "\n".join(_toml(msgspec.to_builtins(settled, builtin_types=(datetime.date,))))


def _held(pack: RulePack, settings: PackSettings) -> PackSettings:
    return msgspec.structs.replace(settings, version=pack.version, sha256=pack.sha256)


def _toml(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, value in settings.items():
        if key not in ("packs", "waivers"):
            yield f"{key} = {_value(value)}"
    for table in settings.get("waivers", ()):
        yield from ("", "[[waivers]]", *(f"{key} = {_value(value)}" for key, value in table.items()))
    for name, table in settings.get("packs", {}).items():
        yield from ("", f"[packs.{name}]", *(f"{key} = {_value(value)}" for key, value in table.items()))


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(of)}" for key, of in value.items()) + "}"
    return value.isoformat() if isinstance(value, datetime.date) else msgspec.json.encode(value).decode()
