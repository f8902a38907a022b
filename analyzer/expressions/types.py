"""Types of the rule language, which are short texts: `int`, `list[tensor]`, `enum:Padding`."""

from __future__ import annotations

NUMBERS = ("int", "float", "number")


def said(found: str) -> str:
    return found.replace("enum:", "a name of ")


def article(kind: str) -> str:
    return kind if kind.startswith("a ") else f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def fits(found: str, wanted: str) -> bool:
    if found == wanted or wanted in ("T", "any"):
        return True
    if wanted in NUMBERS and found in NUMBERS:
        return True
    if wanted.startswith("list[") and found.startswith("list["):
        return found == "list[nothing]" or fits(found[5:-1], wanted[5:-1])
    return False
