"""The shortest way from one sequence to another: what of it stays.

Source: E. W. Myers, An O(ND) Difference Algorithm and Its Variations, Algorithmica 1, 1986
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def kept(before: Sequence[Hashable], after: Sequence[Hashable], most: int) -> dict[int, int]:
    """Positions of what stays, as many as possible; none where more than `most` items come or go."""
    reached: list[dict[int, int]] = []
    furthest = {1: 0}
    for edits in range(most + 1):
        reached.append(furthest)
        furthest = _step(before, after, furthest, edits)
        if furthest.get(len(before) - len(after)) == len(before):
            return _back(reached, len(before), len(after))
    return {}


def _step(
    before: Sequence[Hashable], after: Sequence[Hashable], furthest: dict[int, int], edits: int
) -> dict[int, int]:
    """The position in `before` that each diagonal gets to with so many edits, from that with one less."""
    reached = {}
    for diagonal in range(-edits, edits + 1, 2):
        x = _start(furthest, diagonal)
        while x < len(before) and 0 <= x - diagonal < len(after) and before[x] == after[x - diagonal]:
            x += 1
        reached[diagonal] = x
    return reached


def _start(furthest: dict[int, int], diagonal: int) -> int:
    """After one item more of `after`, or of `before`, whichever gets further."""
    return max(furthest.get(diagonal + 1, -1), furthest.get(diagonal - 1, -2) + 1)


def _back(reached: Sequence[dict[int, int]], x: int, y: int) -> dict[int, int]:
    """The way back from the ends, one edit at a time."""
    kept_positions: dict[int, int] = {}
    for furthest in reversed(reached):
        diagonal = x - y
        start = _start(furthest, diagonal)
        while x > start:
            x, y = x - 1, y - 1
            kept_positions[x] = y
        if start == furthest.get(diagonal + 1, -1):
            y -= 1
        else:
            x -= 1
    return kept_positions
