"""What a shell offers for words of the command line, as `shell_complete` of arguments and options."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def files(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Files, which the shell finds by itself."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(begun, type="file")]


def one_of(names: Iterable[str]) -> Complete:
    """One of these names."""

    def complete(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
        return _items(names, begun)

    return complete


def packs(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of packs."""
    return _items([*_names(), "runtime"], begun)


def delegates(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names, also after a comma; parameters after a colon."""
    from analyzer.rules.registry import Packs

    before, comma, last = begun.rpartition(",")
    name, colon, rest = last.partition(":")
    if not colon or name not in _names():
        return _items([f"{before}{comma}{one}" for one in (*_names(), "all")], begun)
    written = last[: len(last) - len(rest.rpartition(":")[2])]
    return _items([f"{before}{comma}{written}{one}=" for one in Packs().get(name).parameters], begun)


def devices(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Devices, and groups of them."""
    from analyzer.devices.device_catalogue import catalogue

    return _items([*catalogue().devices, *catalogue().groups], begun)


def operators(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """The operators that the pack named before lists; all that any delegate may take where none is."""
    from analyzer.model import schema
    from analyzer.rules.registry import Packs
    from analyzer.rules.rulebook import Rulebook

    name = context.params.get("name")
    if name in _names():
        return _items(Rulebook(Packs().get(name)).operators(), begun.upper(), begun)
    return _items(sorted(schema.members("BuiltinOperator").values()), begun.upper())


def rules(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Ids of rules, a part at a time: `gpu/`, `gpu/conv-2d/`, `gpu/conv-2d/version`."""
    from analyzer.rules.registry import Packs
    from analyzer.rules.rulebook import Rulebook

    delegate, slash, _rest = begun.partition("/")
    if not slash:
        return _items([f"{name}/" for name in (*_names(), "runtime")], begun)
    packs = Packs()
    if delegate not in (*packs.names(), "runtime"):
        return []
    pack = packs.cpu_kernels if delegate == "runtime" else packs.get(delegate)
    parts = begun.count("/") + 1
    ids = (rule.id.split("/") for rule in Rulebook(pack).rules())
    return _items(dict.fromkeys("/".join(id[:parts]) + "/" * (len(id) > parts) for id in ids), begun)


def _names() -> list[str]:
    from analyzer.rules.registry import Packs

    return list(Packs().names())


def _items(names: Iterable[str], *begun: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(begun)]
