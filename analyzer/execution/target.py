"""Targets that delegates run on: this machine, unless a phone is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from analyzer.execution import installed
from analyzer.execution.engines import lookup
from analyzer.execution.request import Runner
from analyzer.rules.pack import RulePack
from analyzer.rules.registry import Packs


class Target(Protocol):
    """Something that has a CPU, and delegates beside it."""

    @property
    def reference(self) -> Runner:
        """The CPU that delegates there are compared with."""

    def runner(self, pack: RulePack | None) -> Runner:
        """The runner of a pack's delegate; without a pack, of the library that each request names."""

    def specs(self, packs: Packs, specs: Sequence[str]) -> Sequence[str]:
        """Delegates with the parameters that are known of the place. Raises: UsageError."""


class Host:
    """This machine."""

    @property
    def reference(self) -> Runner:
        return lookup.local(lookup.REFERENCE)

    def runner(self, pack: RulePack | None) -> Runner:
        return lookup.local(lookup.EXTERNAL if pack is None else pack.delegate)

    def specs(self, packs: Packs, specs: Sequence[str]) -> Sequence[str]:
        return installed.completed(packs, specs)


HOST = Host()
