"""Inputs made of others by their grammar: a model's tables, or words of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from analyzer.model.extract import contents
from analyzer.model.write import build
from tests.sweeps.mutants.corpus import Case, changed

#: Numbers at which code draws lines, and beyond all of them.
_NUMBERS = (-(1 << 31), -129, -2, -1, 0, 1, 2, 3, 7, 127, 128, 255, 1000, 65_536, (1 << 31) - 1)
_REALS = (float("nan"), float("inf"), float("-inf"), -0.0, 1e-45, 3e38, 0.5)
_TEXTS = (
    "",
    "x" * 3000,
    "\x1b[31m",
    "<script>",
    "\u202e",
    "a\nb",
    "=cmd()",
    "..\\..",
    "\udc80".encode("utf-8", "replace").decode(),
)
#: The same as four bytes of a file.
_WORDS = tuple((number & 0xFFFFFFFF).to_bytes(4, "little") for number in _NUMBERS)
#: Copies of an element, at most, and bytes that a constant keeps.
_COPIES, _KEPT = 64, 4096
_WORD = re.compile(rb"\w+|\s+|[^\w\s]")
_HOSTILE = (
    *(b"9" * 30, b"-1", b"0", b"1e999", b"nan", b"''", b'"', b"[", b"]", b"{", b"}", b"\n", b"\0", b"\xff"),
    *(b"\xe2\x80\xae", b"\x1b[2J", b"=", b"#", b".", b":", b"%s", b"{0}", b"\\u0000", b"//", b"(" * 50),
)


def words(text: str) -> tuple[bytes, ...]:
    """Words of a grammar, to put into texts."""
    return tuple(word.encode() for word in text.split())


def tables(random: Random, data: bytes) -> bytes | None:
    """Another model: a field of some table altered, often as an operator's neighbours would be; None where
    these bytes can't be taken apart or put together.
    """
    try:
        if random.random() < 0.4:
            made = changed(random, Case("", "", data))
            return None if made is None else made.data
        whole = contents(data)
        for _ in range(random.choice((1, 1, 2, 3, 8))):
            alter(random, whole)
        return build(whole)
    except Exception:
        # What can't be written is no input; the reader has targets of its own.
        return None


def without_weights(data: bytes) -> bytes:
    """A model whose large constants are cut short: real ones become quick to mutate."""
    whole = contents(data)
    for buffer in whole.get("buffers", ()):
        if len(buffer.get("data") or b"") > _KEPT:
            buffer["data"] = bytes(buffer["data"])[:_KEPT]
    return build(whole)


def alter(random: Random, table: Any) -> None:
    """Go down to some field of what tables or objects hold and alter it."""
    while isinstance(table, dict) and table:
        key = random.choice(list(table))
        value = table[key]
        deeper = isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))
        if deeper and random.random() < 0.9:
            table = random.choice(value) if isinstance(value, list) else value
            continue
        table[key] = _other(random, value)
        if random.random() < 0.1:
            del table[key]
        return


def _other(random: Random, value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return random.choice((value + 1, value - 1, -value, *_NUMBERS))
    if isinstance(value, float):
        return random.choice(_REALS)
    if isinstance(value, str):
        return random.choice(_TEXTS)
    if isinstance(value, dict):
        return {}
    if isinstance(value, bytes | bytearray | memoryview):
        return (
            bytes(value)[: random.choice((0, 1, 3, 7))]
            if random.random() < 0.5
            else bytes(random.randbytes(16))
        )
    return _other_list(random, list(value))


def _other_list(random: Random, values: list[Any]) -> list[Any]:
    at = random.randrange(len(values) + 1)
    which = random.randrange(5)
    if which == 0 or not values:
        return values[:at]
    if which == 1:
        return values * random.randint(2, _COPIES) if len(values) < 100 else values
    if which == 2:
        random.shuffle(values)
    elif which == 3:
        values.insert(at, random.choice(values))
    else:
        values[at - 1] = _other(random, values[at - 1])
    return values


def text(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    """Another text: words dropped, doubled, exchanged, or replaced by others that the grammar knows."""
    parts = _WORD.findall(data) or [b""]
    for _ in range(random.choice((1, 1, 1, 2, 3, 12))):
        at = random.randrange(len(parts))
        which = random.randrange(9)
        if which == 0 and len(parts) > 1:
            del parts[at : at + random.choice((1, 2, 8))]
            parts = parts or [b""]
        elif which == 1:
            other = random.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        elif which == 2:
            parts.insert(at, random.choice(_HOSTILE))
        elif which == 3:
            parts[at] = random.choice(_HOSTILE)
        elif which == 4 and len(parts) < 20_000:
            end = at + random.choice((1, 3, 20, 100))
            parts[at:at] = parts[at:end] * random.choice((1, 1, 2, 20))
        elif words:
            spots = [place for place in range(at, min(at + 9, len(parts))) if parts[place].isalnum()]
            parts[spots[0] if spots else at] = random.choice(words)
    return b"".join(parts)


def offsets(random: Random, data: bytes) -> bytes:
    """Another flatbuffer, made in no time: its aligned numbers replaced, moved, copied, exchanged."""
    changed = bytearray(data)
    last = len(changed) // 4 - 1
    if last < 1:
        return octets(random, data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        at, other, which = 4 * random.randint(0, last), 4 * random.randint(0, last), random.randrange(8)
        if which == 0:
            # The distance to somewhere else, as tables and vectors are referred to.
            changed[at : at + 4] = (abs(other - at)).to_bytes(4, "little")
        elif which == 1:
            number = int.from_bytes(changed[at : at + 4], "little") + random.choice((-8, -4, -1, 1, 4, 8))
            changed[at : at + 4] = (number & 0xFFFFFFFF).to_bytes(4, "little")
        elif which == 2:
            changed[at : at + 4] = random.choice(_WORDS)
        elif which == 3:
            moved = changed[at : at + 4]
            changed[at : at + 4] = changed[other : other + 4]
            changed[other : other + 4] = moved
        elif which == 4:
            moved = changed[other : other + random.choice((4, 8, 16, 48))]
            changed[at : at + len(moved)] = moved
        elif which == 5:
            # Entries of vtables are half as wide.
            at += random.choice((0, 2))
            changed[at : at + 2] = random.choice((0, 4, 6, 8, 12, 20, 0xFFFF)).to_bytes(2, "little")
        else:
            changed[at + random.randrange(4)] = random.randrange(256)
    return bytes(changed)


def octets(random: Random, data: bytes) -> bytes:
    """Other bytes: some replaced, dropped or doubled."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        at = random.randrange(len(changed) + 1)
        which = random.randrange(5)
        if which == 0:
            del changed[at : at + random.choice((1, 4, 64))]
        elif which == 1:
            changed[at:at] = changed[at : at + random.choice((1, 4, 64))]
        elif which == 2:
            size = random.choice((1, 2, 4, 8))
            number = random.choice((0, 1, 4, (1 << 8 * size) - 1, 1 << 8 * size - 1, len(changed) & 255))
            changed[at : at + size] = number.to_bytes(size, "little")
        elif which == 3 and at < len(changed):
            changed[at] ^= 1 << random.randrange(8)
        else:
            changed[at : at + 1] = random.randbytes(1)
    return bytes(changed)
