"""Plans at random: by who stands beside whom in real models, and around what accelerators merge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from tests.sweeps.chains.graphs import STYLES
from tests.sweeps.chains.neighbours import NEIGHBOURS
from tests.sweeps.chains.plans import KINDS, Built, Plan, Step, build

#: What ML Drift and the classic delegate merge, fold or drop, one beside the other: any of the first, then
#: any of the second. Source: google-ai-edge/LiteRT f67457790, tflite/delegates/gpu/common/transformations,
#: and MergeElementwiseNodes in tflite/delegates/gpu/common/gpu_model.cc.
_WEIGHTED = ("CONV_2D:1", "CONV_2D:3", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
_CONSTANTS = ("ADD:constant", "MUL:constant", "SUB:constant", "DIV:constant", "MAXIMUM:constant")
_POINTWISE = (
    "RELU",
    "RELU6",
    "ABS",
    "NEG",
    "LOGISTIC",
    "HARD_SWISH",
    "ELU",
    "GELU",
    "SQUARE",
    "EXP",
    "PRELU",
)
_TWO = ("ADD:two", "MUL:two", "SUB:two", "MAXIMUM:two", "MINIMUM:two", "SQUARED_DIFFERENCE:two", "ADD_N")
_RESIZES = ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
_NOTHING = ("RESHAPE", "SLICE", "STRIDED_SLICE", "CONCATENATION", *_RESIZES, "PAD")
_PARTS = ("SPLIT", "UNPACK")
_REDUCED = ("MEAN", "SUM", "REDUCE_MAX", "AVERAGE_POOL_2D", "MAX_POOL_2D")
MERGES: tuple[tuple[Sequence[str], ...], ...] = (
    (_WEIGHTED, _CONSTANTS),
    (_CONSTANTS, _WEIGHTED),
    (_WEIGHTED, _CONSTANTS, _CONSTANTS),
    (("PAD",), (*_WEIGHTED, *_REDUCED, "ADD:two")),
    (_PARTS, (*_TWO, "CONCATENATION", "PACK")),
    (_POINTWISE, _POINTWISE, _POINTWISE),
    (_TWO, (*_POINTWISE, *_CONSTANTS)),
    (_TWO, _REDUCED),
    (_WEIGHTED, _TWO, _POINTWISE),
    (_WEIGHTED, _NOTHING),
    (_NOTHING, _NOTHING, _WEIGHTED),
    (("TRANSPOSE", "RESHAPE"), ("TRANSPOSE", "RESHAPE"), ("FULLY_CONNECTED", "BATCH_MATMUL")),
    (("MUL:layer-norm", "MUL:gate"), (*_TWO, *_WEIGHTED, "MUL:constant")),
    (("PACK", "BATCH_MATMUL", "GATHER", "TILE", "SPACE_TO_DEPTH"), (*_POINTWISE, *_TWO)),
    (_REDUCED, (*_CONSTANTS, *_WEIGHTED, "RESHAPE")),
)
_LONGEST = 9
_TRIES = 12
_MOST_ELEMENTS = 20000
_BY_OPERATOR: dict[str, list[str]] = defaultdict(list)
for _kind in KINDS:
    _BY_OPERATOR[_kind.partition(":")[0]].append(_kind)


def plans(seed: int, beside: Mapping[str, Mapping[str, int]] = NEIGHBOURS) -> Iterator[Built]:
    """Plans without end, all of which can be built, none twice."""
    random, seen = Random(seed), set[str]()
    while True:
        built = _drawn(random, beside)
        if built is not None and built.name not in seen:
            seen.add(built.name)
            yield built


def _drawn(random: Random, beside: Mapping[str, Mapping[str, int]]) -> Built | None:
    plan = Plan(_shape(random), random.choice(STYLES), (), seed=random.randrange(1 << 30))
    built: Built | None = None
    if random.random() < 0.5:
        for _ in range(random.choice((1, 2, 3, 3, 4, 5, 7, _LONGEST))):
            last = built.operators[-1] if built else ""
            built = _grown(random, plan, built, _next(random, last, beside)) or built
    else:
        for kinds in _merge(random):
            built = _grown(random, plan, built, kinds) or built
    return _finished(random, built) if built else None


def _shape(random: Random) -> tuple[int, ...]:
    sides = random.choice((3, 4, 5, 6, 7, 8)), random.choice((4, 5, 6, 7, 8))
    batch, depth = random.choice((1, 1, 1, 2)), random.choice((1, 2, 3, 4, 4, 5, 6, 8, 8, 16))
    whole = (batch, *sides, depth)
    return random.choice((whole,) * 6 + ((batch, *sides[:1], depth), (batch, depth), (depth,)))


def _next(random: Random, last: str, beside: Mapping[str, Mapping[str, int]]) -> Sequence[str]:
    """Kinds of one operator: one that often reads the last one, or any."""
    counts = {name: number for name, number in beside.get(last, {}).items() if name in _BY_OPERATOR}
    if counts and random.random() < 0.7:
        [name] = random.choices(list(counts), list(counts.values()))
        return _BY_OPERATOR[name]
    return [random.choice(list(KINDS))]


def _merge(random: Random) -> list[Sequence[str]]:
    """A merge, maybe behind something, and with something that does nothing in between."""
    kinds = list(random.choice(MERGES))
    if random.random() < 0.4:
        kinds.insert(random.randrange(len(kinds)), random.choice((_NOTHING, _POINTWISE, _WEIGHTED)))
    if random.random() < 0.3:
        kinds.append(random.choice((_POINTWISE, _TWO, _REDUCED, _NOTHING)))
    return kinds


def _grown(random: Random, plan: Plan, built: Built | None, kinds: Sequence[str]) -> Built | None:
    """One step more, mostly on what was made last; None where nothing tried applies."""
    before = built.plan if built else plan
    last = built.made[-1] if built else (0,)
    values = range(last[-1] + 1)
    for _ in range(_TRIES):
        first = random.choice(last) if random.random() < 0.8 else random.choice(values)
        second = random.choice((first, random.choice(last), random.choice(values), values[-1]))
        step = Step(random.choice(kinds), first, second, random.randrange(96))
        grown = build(Plan(before.shape, before.style, (*before.steps, step), (), before.seed))
        if grown and max(_elements(shape) for shape in grown.shapes) <= _MOST_ELEMENTS:
            return grown
    return None


def _elements(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _finished(random: Random, built: Built) -> Built | None:
    """With outputs in the middle, sometimes."""
    middle = [number for made in built.made[:-1] for number in made]
    if not middle or random.random() < 0.6:
        return built
    shown = random.sample(middle, min(len(middle), random.choice((1, 1, 2))))
    plan = built.plan
    return build(Plan(plan.shape, plan.style, plan.steps, tuple(sorted(shown)), plan.seed))
