"""Checks of the packs that no generated case refuses, or none accepts.

`python -m tests.conformance.unexercised` writes the list anew; the test beside it notices new ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.types import Configuration
from analyzer.expressions.evaluate import Evaluate
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.rules.judge import Judge
from analyzer.rules.pack import Clause, RulePack
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs
from tests.conformance import cases

LIST = cases.FOLDER / "unexercised.txt"


class Counting(Judge):
    """A judge that notes for every clause whether it ever held and ever failed."""

    def __init__(self, pack: RulePack, parameters: Mapping[str, Any], seen: dict[str, set[bool]]) -> None:
        self._seen = seen
        super().__init__(pack, parameters)

    def _clauses(
        self, clauses: tuple[Clause, ...], known: Mapping[str, Any], op: str | None = None
    ) -> Iterator[Any]:
        for compiled in super()._clauses(clauses, known, op):
            noted = self._noted(compiled.require, self._seen[compiled.clause.id])
            yield replace(compiled, require=noted)

    @staticmethod
    def _noted(require: Evaluate, seen: set[bool]) -> Evaluate:
        def evaluate(context: Context) -> Any:
            try:
                holds = require(context)
            except Undefined:
                seen.add(False)
                raise
            seen.add(bool(holds))
            return holds

        return evaluate


def unexercised() -> list[str]:
    """One line a check: `no case refuses ID`, `no case accepts ID` or `no case comes to ID`."""
    packs, seen = Packs(), defaultdict[str, set[bool]](set)
    configurations = []
    for spec in cases.DATA.targets.values():
        name, written = split(spec)
        pack = packs.get(name)
        parameters = resolve(pack, written)
        configurations.append(Configuration(pack, parameters, Counting(pack, parameters, seen)))
    auditor = Auditor(packs, configurations)
    for model in cases.models():
        auditor.audit(model)
    words = {
        frozenset([True]): "no case refuses",
        frozenset([False]): "no case accepts",
        frozenset(): "no case comes to",
    }
    identities = ((words.get(frozenset(answers)), identity) for identity, answers in sorted(seen.items()))
    # What is never taken, or isn't listed, has nothing to accept.
    return [
        f"{word} {identity}" for word, identity in identities if word and not _refuses_all(word, identity)
    ]


def _refuses_all(word: str, identity: str) -> bool:
    return word == "no case accepts" and identity.endswith(("/never", "/unlisted", "/unlisted-custom"))


if __name__ == "__main__":
    LIST.write_text("\n".join(unexercised()) + "\n", encoding="utf-8")
