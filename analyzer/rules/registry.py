"""The rule packs at hand: those that ship and those given with `--rules`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from analyzer.errors import RuleError, UsageError
from analyzer.files import read_text
from analyzer.resources import data, located
from analyzer.rules import cache
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.judging.judge import Judge
from analyzer.rules.pack import Recipes, RulePack, packed, unpacked
from analyzer.suggest import nearest

if TYPE_CHECKING:
    from pathlib import Path

#: Rule files that state what isn't about one delegate.
_NOT_DELEGATES = ("cpu-kernels", "devices")
#: A rule file, by its path.
RuleFile: TypeAlias = "str | Path"
_ORDER = rb"(?m)^default_order\s*=\s*(\d+)"
_NAME = r"""(?m)^delegate\s*=\s*["']([^"']+)["']"""
_EXTENDS = r"""(?m)^extends\s*=\s*["']([^"']+)["']"""
_CATALOGUE, _RECIPES = cache.as_json(Catalogue), cache.as_json(Recipes)
_PACK = cache.Codec(packed, unpacked)


class Packs:
    """Delegate name -> rule pack, each read when it is first asked for."""

    def __init__(self, extra: Iterable[RuleFile | RulePack] = ()) -> None:
        self._packs: dict[str, RuleFile | RulePack] = {name: _file(name) for name in _delegates()}
        given = {one.delegate if isinstance(one, RulePack) else _delegate_of(one): one for one in extra}
        self._packs |= given
        #: The delegates of the packs that were given beside those that ship.
        self.given = list(given)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The operator catalogue. Raises: RuleError."""

        def make() -> Catalogue:
            from analyzer.rules.loading.catalogue_file import parse_catalogue

            return parse_catalogue()

        return cache.kept("operators", lambda: _content(_file("common/operators")), _CATALOGUE, make)

    @cached_property
    def recipes(self) -> Recipes:
        """Fixes in full: those that all packs share, and those of given packs. Raises: RuleError."""

        def make() -> Recipes:
            from analyzer.rules.loading.fixes_file import shared_recipes

            return shared_recipes()

        shipped = cache.kept("fixes", _shared, _RECIPES, make)
        own = {text: recipe for name in self.given for text, recipe in self.get(name).recipes.items()}
        return replace(shipped, recipes=shipped.recipes | own)

    @cached_property
    def cpu_kernels(self) -> RulePack:
        """What the interpreter and its kernels do before any delegate. Raises: RuleError."""
        return self._read("cpu-kernels", _file("cpu-kernels"))

    def names(self) -> list[str]:
        """All delegates: those asked by default first, in their order, then the rest by name."""
        rank = {name: _order(pack) for name, pack in self._packs.items()}
        self._default = [
            name for name, order in sorted(rank.items(), key=lambda e: e[1] or 0) if order is not None
        ]
        return [*self._default, *sorted(name for name in rank if rank[name] is None)]

    def default(self) -> list[str]:
        """The delegates that the packs themselves put forward, in their order."""
        self.names()
        return self._default

    def usual(self) -> list[str]:
        """The delegates that are asked when the user names none: those of the rule files that were given."""
        return self.given or self.default()

    def get(self, name: str) -> RulePack:
        """The pack of a delegate. Raises: UsageError where there is none, RuleError where it is wrong."""
        if name not in self._packs:
            raise UsageError(self._unknown(name))
        pack = self._packs[name]
        if not isinstance(pack, RulePack):
            pack = self._packs[name] = self._read(name, pack)
        return pack

    def forget(self) -> None:
        """Let go of what was compiled of the packs; judges keep what they have."""
        for pack in self._packs.values():
            if isinstance(pack, RulePack):
                pack.compiled.clear()

    def _unknown(self, name: str) -> str:
        if "=" in name:
            return f"delegate {name}: parameters are joined by colons; write NAME:PARAM=VALUE:PARAM=VALUE"
        if name.endswith(".toml"):
            return f"delegate {name}: is a rule file; give that with --rules {name}"
        known = self.names()
        return f"delegate {name}: there is no such rule pack{nearest(name, known)}; known: {', '.join(known)}"

    def _read(self, name: str, file: RuleFile) -> RulePack:
        def make() -> RulePack:
            from pathlib import Path

            from analyzer.rules.loading.load import load

            return load(Path(file), self.catalogue)

        return make() if name in self.given else cache.kept(name, lambda: _made_from(file), _PACK, make)


def judge_of(pack: RulePack, parameters: Mapping[str, Any]) -> Judge:
    """The judge of a pack for these parameters, the same each time where a process keeps what it made."""
    # A judge has its pack, so that no other gets its number.
    return cache.held.once((id(pack), repr(parameters)), lambda: Judge(pack, parameters))


def shipped() -> dict[str, bytes]:
    """Every entry that a start may need, by its name: what a wheel brings. Raises: RuleError."""
    packs = Packs()
    delegates = {name: packed(packs.get(name)) for name in _delegates()}
    return {
        "operators": _CATALOGUE.write(packs.catalogue),
        "fixes": _RECIPES.write(packs.recipes),
        "cpu-kernels": packed(packs.cpu_kernels),
        **delegates,
    }


def _delegates() -> list[str]:
    """The delegates that ship, by name."""
    names = (name.removesuffix(".toml") for name in os.listdir(located("rules")) if name.endswith(".toml"))
    return sorted(name for name in names if name not in _NOT_DELEGATES)


def _file(name: str) -> str:
    """A rule file that ships."""
    return os.path.join(located("rules"), f"{name}.toml")


def _content(file: RuleFile) -> bytes:
    with open(file, "rb") as content:
        return content.read()


def _shared() -> bytes:
    """The files of what all packs share."""
    return b"".join(file.read_bytes() for file in sorted((data("rules") / "common").rglob("*.toml")))


def _made_from(file: RuleFile) -> bytes:
    """All that a pack is made from: its file, what all packs share, and the pack that it extends."""
    text = _content(file) + _shared()
    base = re.search(_EXTENDS, text.decode("utf-8", "replace"))
    extended = _file(base[1]) if base else ""
    return text + _content(extended) if os.path.isfile(extended) else text


def _order(pack: RuleFile | RulePack) -> int | None:
    """The pack's place among those that are asked by default."""
    if isinstance(pack, RulePack):
        return pack.default_order
    text = _content(pack)
    # Most packs state none, and to find that out line by line takes longest.
    match = re.search(_ORDER, text) if b"default_order" in text else None
    return int(match[1]) if match else None


def _delegate_of(file: RuleFile) -> str:
    try:
        match = re.search(_NAME, read_text(file))
    except (OSError, UnicodeDecodeError):
        match = None
    return match[1] if match else _delegate_by_parsing(file)


def _delegate_by_parsing(file: RuleFile) -> str:
    """The delegate where it isn't written as most packs do. Raises: RuleError, with what is wrong instead."""
    from pathlib import Path

    from analyzer.rules.loading.file import read_tables

    name = read_tables(Path(file))[0].get("delegate")
    if not isinstance(name, str) or not name:
        raise RuleError([f'{file}:1: pack: delegate is missing; start with delegate = "NAME"'])
    return name
