"""How C++'s std::sort leaves equal elements: it isn't stable, and each library does it its own way.

Where a delegate sorts its partitions by size, this decides which of several equal ones survive a limit.
Stated from the algorithms of the two open libraries: libstdc++'s introsort, and libc++'s quicksort that
looks out for patterns (since LLVM 17, for comparators of the caller's own).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

#: Up to so many elements every known library sorts by insertion, which keeps equals in order.
STABLE = 16
#: In libc++: shorter ranges are sorted by insertion.
_INSERTION = 24
#: In libc++: longer ranges take the median of nine elements as their pivot.
_NINTHER = 128
#: In libc++: after so many insertions a range that looked sorted is given up.
_PATIENCE = 8


def order(sizes: Sequence[int], library: str = "libstdc++") -> list[int]:
    """Indices of `sizes`, largest size first, as std::sort of a library of `LIBRARIES` leaves them."""
    keys = [-size for size in sizes]
    items = list(range(len(sizes)))
    if len(items) > STABLE:
        LIBRARIES[library](items, keys)
    # Both end in insertion sorts of what is nearly sorted; those are stable.
    return sorted(items, key=keys.__getitem__)


def _libstdcxx(items: list[int], keys: Sequence[int]) -> None:
    pending = [(0, len(items), _depth(len(items)))]
    while pending:
        first, last, depth = pending.pop()
        if last - first <= STABLE:
            continue
        if depth == 0:
            _heap_sort(items, keys, first, last, prefers_right=True)
            continue
        _swap(items, first, _median(items, keys, first + 1, (first + last) // 2, last - 1))
        pivot = keys[items[first]]
        cut, _ = _split(items, keys, first + 1, last, pivot.__gt__, pivot.__lt__)
        pending += [(first, cut, depth - 1), (cut, last, depth - 1)]


def _median(items: list[int], keys: Sequence[int], a: int, b: int, c: int) -> int:
    """Which of three places holds the median; the order of comparisons decides between equals."""
    key_a, key_b, key_c = (keys[items[place]] for place in (a, b, c))
    low, high = ((key_a, a), (key_b, b)) if key_a < key_b else ((key_b, b), (key_a, a))
    if high[0] < key_c:
        return high[1]
    return c if low[0] < key_c else low[1]


def _libcxx(items: list[int], keys: Sequence[int]) -> None:
    _libcxx_range(items, keys, 0, len(items), _depth(len(items)), leftmost=True)


def _libcxx_range(
    items: list[int], keys: Sequence[int], first: int, last: int, depth: int, leftmost: bool
) -> None:
    while last - first >= _INSERTION:
        if depth == 0:
            _heap_sort(items, keys, first, last, prefers_right=False)
            return
        depth -= 1
        _choose_pivot(items, keys, first, last)
        pivot = keys[items[first]]
        if not leftmost and keys[items[first - 1]] == pivot:
            # Nothing here is smaller than what stands to the left: set all that equals it aside.
            cut, _ = _split(items, keys, first + 1, last, pivot.__ge__, pivot.__lt__)
            _swap(items, first, cut - 1)
            first = cut
            continue
        cut, swapped = _split(items, keys, first + 1, last, pivot.__gt__, pivot.__le__)
        _swap(items, first, cut - 1)
        left = right = False
        if not swapped:
            left = _nearly_sorted(items, keys, first, cut - 1)
            right = _nearly_sorted(items, keys, cut, last)
        if right:
            if left:
                return
            last = cut - 1
            continue
        if not left:
            _libcxx_range(items, keys, first, cut - 1, depth, leftmost)
            leftmost = False
        first = cut


def _choose_pivot(items: list[int], keys: Sequence[int], first: int, last: int) -> None:
    """Bring the pivot to the first place: the median of three elements, or of three such medians."""
    length, half = last - first, first + (last - first) // 2
    if length <= _NINTHER:
        _sort_places(items, keys, half, first, last - 1)
        return
    for step, place in enumerate((half, half - 1, half + 1)):
        _sort_places(items, keys, first + step, place, last - 1 - step)
    _sort_places(items, keys, half - 1, half, half + 1)
    _swap(items, first, half)


def _sort_places(items: list[int], keys: Sequence[int], *places: int) -> None:
    found = sorted((items[place] for place in places), key=keys.__getitem__)
    for place, item in zip(places, found, strict=True):
        items[place] = item


def _nearly_sorted(items: list[int], keys: Sequence[int], first: int, last: int) -> bool:
    """Sort a range by insertion, or give up on it after a few insertions."""
    end, insertions = min(first + 3, last), 0
    largest = max((keys[item] for item in items[first:end]), default=0)
    while end < last and insertions < _PATIENCE:
        key = keys[items[end]]
        insertions += key < largest
        largest = max(key, largest)
        end += 1
    items[first:end] = sorted(items[first:end], key=keys.__getitem__)
    return end == last


def _split(
    items: list[int],
    keys: Sequence[int],
    first: int,
    last: int,
    goes_left: Callable[[int], bool],
    goes_right: Callable[[int], bool],
) -> tuple[int, bool]:
    """Swap pairs from both ends inwards until the range is split: where, and whether a swap was needed."""
    left, right, swapped = first, last - 1, False
    while True:
        while left < last and goes_left(keys[items[left]]):
            left += 1
        while right >= left and goes_right(keys[items[right]]):
            right -= 1
        if left >= right:
            return left, swapped
        _swap(items, left, right)
        left, right, swapped = left + 1, right - 1, True


def _heap_sort(items: list[int], keys: Sequence[int], first: int, last: int, *, prefers_right: bool) -> None:
    """The way out where splitting went badly too often; libraries differ in which equal child moves up."""
    heap = items[first:last]
    for root in reversed(range(len(heap) // 2)):
        _sift(heap, keys, root, len(heap), heap[root], prefers_right)
    for end in reversed(range(1, len(heap))):
        item, heap[end] = heap[end], heap[0]
        _sift(heap, keys, 0, end, item, prefers_right)
    items[first:last] = heap


def _sift(heap: list[int], keys: Sequence[int], root: int, end: int, item: int, prefers_right: bool) -> None:
    """Let the larger children move up from `root`, then put `item` where no smaller one stands above it."""
    hole = root
    while (child := 2 * hole + 1) < end:
        if child + 1 < end:
            left, right = keys[heap[child]], keys[heap[child + 1]]
            child += left < right or (prefers_right and left == right)
        heap[hole] = heap[child]
        hole = child
    while hole > root and keys[heap[(hole - 1) // 2]] < keys[item]:
        heap[hole] = heap[(hole - 1) // 2]
        hole = (hole - 1) // 2
    heap[hole] = item


def _depth(count: int) -> int:
    """How many times a range may be split: twice the logarithm."""
    return 2 * (count.bit_length() - 1)


def _swap(items: list[int], a: int, b: int) -> None:
    items[a], items[b] = items[b], items[a]


#: Library -> what its std::sort does to indices before the final insertion sort.
LIBRARIES: Mapping[str, Callable[[list[int], Sequence[int]], None]] = {
    "libstdc++": _libstdcxx,
    "libc++": _libcxx,
}
