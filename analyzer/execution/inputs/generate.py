"""Inputs that a model could meet: random by element type, quantization and shape, or the user's own."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.execution.inputs import integer_domains
from analyzer.execution.inputs.array_header import shape_text
from analyzer.execution.request import Entry, Sample, check_numpy, unavailable
from analyzer.model.graph import Model, Subgraph, Tensor

#: Element types as NumPy calls them.
NUMPY = {
    "FLOAT32": "float32",
    "FLOAT16": "float16",
    "FLOAT64": "float64",
    "INT8": "int8",
    "UINT8": "uint8",
    "INT16": "int16",
    "UINT16": "uint16",
    "INT32": "int32",
    "UINT32": "uint32",
    "INT64": "int64",
    "UINT64": "uint64",
    "BOOL": "bool",
    "COMPLEX64": "complex64",
    "COMPLEX128": "complex128",
}

#: What samples can be made of: values as from 0 to 1 (as images have) and from -1 to 1 in turn, all
#: zeros, or values a hundred times as large.
RANDOM, ZEROS, LARGE = "random", "zeros", "large"
_RANGES = ((0.0, 1.0), (-1.0, 1.0))
_LARGE = 100.0
#: The largest number that an input may hold, and how many numbers it may have: they are made in memory.
_MOST, _MOST_ELEMENTS = 3.4028234663852886e38, 1 << 28
#: So many samples are made of inputs of any size.
_FEW = 4
#: Integers that aren't quantized are counts, positions or words more often than not: small ones are valid.
_SMALL = 10


class Wanted(Struct, frozen=True):
    """Inputs as the user wants them; anything not named is made up."""

    seed: int = 0
    #: How many random samples.
    samples: int = 2
    special: tuple[str, ...] = ()
    #: Input name -> lowest and highest value, in real units; the empty name means every input.
    ranges: Mapping[str, tuple[float, float]] = {}
    shapes: Mapping[str, tuple[int, ...]] = {}
    #: Input name -> values of the user's own, the same in every sample.
    given: Mapping[str, Any] = {}


def samples(model: Model, entry: Entry, wanted: Wanted) -> list[Sample]:
    """The samples that a model is run with. Raises: UsageError, RuntimeUnavailable."""
    check_numpy("runs")
    _known(entry, wanted)
    subgraph = model.subgraphs[entry.subgraph]
    _check_room(subgraph, entry, wanted)
    if wanted.given.keys() >= {name for name, _ in entry.inputs} and entry.inputs:
        return [_sample(subgraph, entry, wanted, RANDOM, 0)]
    made = [_sample(subgraph, entry, wanted, RANDOM, number) for number in range(wanted.samples)]
    return made + [_sample(subgraph, entry, wanted, kind, 0) for kind in wanted.special]


def nudged(subgraph: Subgraph, entry: Entry, samples: Sequence[Sample]) -> list[Sample]:
    """The same samples, every value moved at random by up to one step of the model's own rounding.

    That is one for integers, and for real numbers the 255th part of the largest in a model that holds any
    8-bit tensors, else about what float32 can tell apart.
    """
    import numpy as np

    random = np.random.default_rng(len(samples))
    coarse = any(tensor.dtype in ("INT8", "UINT8") for tensor in subgraph.tensors)

    def move(values: Any) -> Any:
        if values.dtype.kind in "iu":
            info = np.iinfo(values.dtype)
            moved = values.astype(np.int64) + random.integers(-1, 1, values.shape, endpoint=True)
            return np.clip(moved, info.min, info.max).astype(values.dtype)
        if values.dtype.kind != "f" or not values.size:
            return values
        extent = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
        step = extent * (1 / 255 if coarse else 1e-6)
        # What a file gives may be NaN of any kind, or the largest numbers that there are.
        with np.errstate(all="ignore"):
            return (values + random.uniform(-step, step, values.shape)).astype(values.dtype)

    # Numbers of rows, words and the like don't round, and what divides might become zero.
    kept = {
        name
        for name, index in entry.inputs
        if integer_domains.rows(subgraph, index) is not None or integer_domains.divides(subgraph, index)
    }
    return [{name: v if name in kept else move(v) for name, v in sample.items()} for sample in samples]


def _known(entry: Entry, wanted: Wanted) -> None:
    names = [name for name, _ in entry.inputs]
    for option, asked in (("--input", wanted.given), ("--range", wanted.ranges), ("--shape", wanted.shapes)):
        for name in asked:
            if name and name not in names:
                where = f" of signature {entry.key}" if entry.key else ""
                known = ", ".join(names) or "none"
                raise UsageError(f"{option} {name}: there is no such input{where}; there are {known}")
    for name, (low, high) in wanted.ranges.items():
        if not -_MOST <= low <= high <= _MOST:
            raise UsageError(
                f"--range {name + '=' if name else ''}{low:g},{high:g}: isn't a range of float32; "
                f"give finite numbers, the lower one first"
            )


def _sample(subgraph: Subgraph, entry: Entry, wanted: Wanted, kind: str, number: int) -> Sample:
    arrays = {}
    for name, index in entry.inputs:
        tensor = subgraph.tensors[index]
        shape = wanted.shapes.get(name, tensor.shape)
        if name in wanted.given:
            arrays[name] = fit(wanted.given[name], tensor, shape, name)
        else:
            _check_size(name, shape)
            limits = wanted.ranges.get(name) or wanted.ranges.get("")
            values = _made(subgraph, tensor, shape, kind, number, limits, wanted.seed)
            arrays[name] = _divisors(values, tensor) if integer_domains.divides(subgraph, index) else values
    return arrays


def _check_room(subgraph: Subgraph, entry: Entry, wanted: Wanted) -> None:
    """Raises: UsageError for more samples than there is room for."""
    shapes = [wanted.shapes.get(name, subgraph.tensors[index].shape) for name, index in entry.inputs]
    each = max(1, sum(map(math.prod, shapes)))
    if wanted.samples > max(_FEW, _MOST_ELEMENTS // each):
        raise UsageError(
            f"--samples {wanted.samples}: of {each:,} numbers each, that is more than can be made up; "
            f"give at most {max(_FEW, _MOST_ELEMENTS // each)}"
        )


def _check_size(name: str, shape: Sequence[int]) -> None:
    """Raises: UsageError for a shape that there is no room for, or that is none."""
    if min(shape, default=0) < 0 or math.prod(shape) > _MOST_ELEMENTS:
        raise UsageError(
            f"input {name}: no values can be made up for the shape {shape_text(shape)}; resize it with "
            f"--shape {name}=SIZE,SIZE,... to at most {_MOST_ELEMENTS:,} numbers"
        )


def _made(
    subgraph: Subgraph,
    tensor: Tensor,
    shape: tuple[int, ...],
    kind: str,
    number: int,
    limits: tuple[float, float] | None,
    seed: int,
) -> Any:
    import numpy as np

    if tensor.dtype not in NUMPY:
        raise unavailable(
            f"input {tensor.name}: no values can be made up for {tensor.dtype}",
            f"give them with --input {tensor.name}=FILE.npy",
        )
    dtype = np.dtype(NUMPY[tensor.dtype])
    # The name takes part: inputs of equal shape shouldn't be equal, and one's values not depend on another's.
    random = np.random.default_rng([seed, number, zlib.crc32(tensor.name.encode()), tensor.index])
    if kind == ZEROS:
        return stored(np.zeros(shape), tensor, dtype)
    if dtype == np.bool_:
        return random.integers(0, 2, shape).astype(dtype)
    if limits is None and dtype.kind in "iu":
        least, most = _integers(subgraph, tensor, np.iinfo(dtype))
        values = random.integers(least, most, shape, np.int64, endpoint=True).astype(dtype)
        near = [value for value in (_zero(tensor) - 1, _zero(tensor) + 1) if least < value < most]
        return _with_edges(values, [least, *near, most])
    scale = _LARGE if kind == LARGE else 1.0
    low, high = (end * scale for end in limits or _RANGES[number % len(_RANGES)])
    values = random.uniform(low, high, shape)
    if dtype.kind == "c":
        values = values + 1j * random.uniform(low, high, shape)
    return stored(values, tensor, dtype)


def _integers(subgraph: Subgraph, tensor: Tensor, info: Any) -> tuple[int, int]:
    """All values where they stand for real numbers or pixels, the rows of a table where they choose one."""
    if tensor.quantization is not None and tensor.quantization.scale_count:
        return int(info.min), int(info.max)
    rows = integer_domains.rows(subgraph, tensor.index)
    if rows is not None:
        return 0, max(rows - 1, 0)
    return (0, 255) if tensor.dtype == "UINT8" else (0, min(_SMALL, int(info.max)))


def _divisors(values: Any, tensor: Tensor) -> Any:
    """The same integers, with none that is zero or stands for it; the smallest meet the largest dividends."""
    import numpy as np

    if values.dtype.kind not in "iu":
        return values
    info, zero = np.iinfo(values.dtype), _zero(tensor)
    near = [value for value in (zero - 1, zero + 1, zero + 2) if value and info.min <= value <= info.max]
    values[(values == zero) | (values == 0)] = near[-1]
    return _with_edges(values, [near[0], values.min(), values.max(), near[-1]])


def _zero(tensor: Tensor) -> int:
    points = tensor.quantization.zero_points if tensor.quantization is not None else ()
    return points[0] if points else 0


def _with_edges(values: Any, edges: Sequence[int]) -> Any:
    """The integers, the first of them replaced: random ones seldom are what kernels part at."""
    if values.size >= 2 * len(edges):
        values.flat[: len(edges)] = edges
    return values


def stored(values: Any, tensor: Tensor, dtype: Any) -> Any:
    """Real numbers as a tensor of NumPy's `dtype` holds them."""
    import numpy as np

    quantization = tensor.quantization
    # What is too large for the type becomes infinite, and a scale of nothing says nothing.
    with np.errstate(all="ignore"):
        if dtype.kind in "iu":
            if quantization is not None and quantization.scale_count == 1 and quantization.scales[0]:
                points = quantization.zero_points or (0,)
                values = values / quantization.scales[0] + points[0]
            info = np.iinfo(dtype)
            values = np.clip(np.rint(values), info.min, info.max)
        return values.astype(dtype)


def fit(values: Any, tensor: Tensor, shape: Sequence[int], name: str) -> Any:
    """A user's values in the tensor's element type and shape. Raises: UsageError."""
    import numpy as np

    array = np.asarray(values)
    if array.size != int(np.prod(shape, dtype=np.int64)):
        asked = f"has shape {shape_text(array.shape)}, the model wants {shape_text(shape)}"
        raise UsageError(
            f"--input {name}: {asked}; resize the model with --shape {name}={shape_text(array.shape, ',')}"
        )
    if tensor.dtype not in NUMPY:
        return array.reshape(tuple(shape))
    dtype = np.dtype(NUMPY[tensor.dtype])
    if array.dtype.kind not in ("fiubc" if dtype.kind == "c" else "fiub"):
        raise UsageError(f"--input {name}: holds {array.dtype}, expected numbers as {tensor.dtype} has them")
    if dtype.kind in "iu" and array.dtype.kind == "f" and np.isnan(array).any():
        raise UsageError(f"--input {name}: holds NaN, which {tensor.dtype} hasn't got; give numbers")
    if dtype.kind in "iu":
        array = (
            stored(array, tensor, dtype) if array.dtype.kind == "f" else _whole(array, dtype, tensor, name)
        )
    with np.errstate(all="ignore"):
        return array.astype(dtype).reshape(tuple(shape))


def _whole(array: Any, dtype: Any, tensor: Tensor, name: str) -> Any:
    """Integers that a tensor can hold. Raises: UsageError."""
    import numpy as np

    info = np.iinfo(dtype)
    beyond = array[(array < info.min) | (array > info.max)]
    if beyond.size:
        limits = f"expected {tensor.dtype}'s {info.min} to {info.max}"
        raise UsageError(f"--input {name}: holds {beyond[0]}, {limits}; give floats for real units")
    return array
