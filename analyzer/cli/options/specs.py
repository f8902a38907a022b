"""`-d`: delegates with their parameters, as they are written on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.errors import UsageError
from analyzer.rules.pack import RulePack
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs


def specs(texts: Sequence[str]) -> tuple[str, ...]:
    """All that `-d` asks for, each delegate by itself. Raises: UsageError."""
    asked: list[str] = []
    for text in texts:
        joined = re.sub(r"\s*,\s*(?=[^:,]*=)", ":", text)
        if joined != text:
            raise UsageError(
                f"-d {text}: a comma begins another delegate, parameters take colons; write {joined}"
            )
        several = [spec.strip() for spec in text.split(",") if spec.strip()]
        if not several:
            raise UsageError(f"-d {text!r} names no delegate; write for example -d gpu")
        asked += several
    return tuple(asked)


def chosen(packs: Packs, spec: str) -> tuple[RulePack, Mapping[str, Any]]:
    """One of the packs with all its parameters: `NAME:PARAM=VALUE:...`, or `FILE.toml:...` for one in a file.

    Raises: UsageError, RuleError.
    """
    name, written = split(spec)
    if name.endswith(".toml"):
        packs = Packs([name])
        name = packs.given[0]
    pack = packs.get(name)
    return pack, resolve(pack, written)
