"""Changes of a model: each takes all its tables, alters one thing around one operator and says what.

A change that doesn't apply says None and leaves the tables as they are. What comes out is a file that can be
read; whether any runtime takes it is what it is made to find out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from analyzer.model import schema
from analyzer.model.graph import DTYPE_BITS, OMITTED

#: All tables of a model, as `analyzer.model.write.build` takes them.
Tables = dict[str, Any]
Change = Callable[[Random, Tables, int], str | None]

#: Element types that kernels know, those that most of them know three times.
_TYPES = (
    *("FLOAT32", "INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT16", "BOOL") * 3,
    *("FLOAT64", "UINT32", "UINT16", "INT4", "COMPLEX64", "STRING", "BFLOAT16", "UINT64"),
)
#: Sizes at which delegates draw lines.
_SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 32, 64, 127, 128, 129, 256)
_NUMBERS = (-2, -1, 0, 1, 2, 3, 4, 5, 8, 16, 127, 128)
_REALS = (-1.0, 0.0, 1e-6, 0.5, 1.0, 1.5, 6.0, 100.0, math.inf)
_SCALES = (0.0, 1e-6, 0.002, 0.0078125, 0.05, 0.5, 1.0, 100.0)
_POINTS = (-128, -1, 0, 1, 5, 127, 128, 255, 300)
_LAST_VERSION = 13
#: A float32 in the order of files.
_ONE = b"\0\0\x80\x3f"
#: Elements that a constant may be given: enough for any border, too few to fill a disk.
_MOST_ELEMENTS = 1 << 16
#: Fields of an operator that aren't its options.
_KINDS = ("builtin_options", "builtin_options_2")


def _graph(tables: Tables) -> Tables:
    graph: Tables = tables["subgraphs"][0]
    return graph


def _operator(tables: Tables, at: int) -> Tables:
    operator: Tables = _graph(tables)["operators"][at]
    return operator


def _operands(tables: Tables, at: int, sides: Sequence[str] = ("inputs", "outputs")) -> list[int]:
    operator = _operator(tables, at)
    return [index for side in sides for index in operator.get(side, ()) if index != OMITTED]


def _tensor(random: Random, tables: Tables, at: int) -> tuple[int, Tables] | None:
    operands = _operands(tables, at)
    if not operands:
        return None
    index = random.choice(operands)
    return index, _graph(tables)["tensors"][index]


def _data(tables: Tables, tensor: Tables) -> bytes | None:
    buffer = tables["buffers"][tensor.get("buffer", 0)]
    return bytes(buffer["data"]) if tensor.get("buffer", 0) and buffer.get("data") is not None else None


def _constant(tables: Tables, tensor: Tables, data: bytes) -> None:
    """Give a tensor a buffer of its own: others may share the one that it has."""
    tensor["buffer"] = len(tables["buffers"])
    tables["buffers"].append({"data": data})


def _size(tensor: Tables) -> int | None:
    """Bytes of a tensor; None where its elements have no fixed size, or there are too many."""
    bits = DTYPE_BITS.get(tensor.get("type", "FLOAT32"))
    count = math.prod(tensor.get("shape", ()))
    return None if bits is None or not 0 <= count <= _MOST_ELEMENTS else (count * bits + 7) // 8


def _fit(tables: Tables, tensor: Tables) -> None:
    """Repeat or cut a constant's bytes, so that they are as many as its type and shape ask for."""
    data, size = _data(tables, tensor), _size(tensor)
    if data is not None and size is not None and len(data) != size:
        _constant(tables, tensor, (data * (size // max(len(data), 1) + 1) or bytes(size))[:size])


def version(random: Random, tables: Tables, at: int) -> str | None:
    """Another version, for all operators of this kind."""
    code = tables["operator_codes"][_operator(tables, at).get("opcode_index", 0)]
    before = code.get("version", 1)
    near = [before - 1, before + 1, random.randint(1, _LAST_VERSION)]
    code["version"] = max(0, random.choice(near))
    return f"version {code['version']}"


def dtype(random: Random, tables: Tables, at: int) -> str | None:
    """Another element type of a tensor, or of all that had the same."""
    chosen = _tensor(random, tables, at)
    if chosen is None:
        return None
    index, tensor = chosen
    before, after = tensor.get("type", "FLOAT32"), random.choice(_TYPES)
    alike = [_graph(tables)["tensors"][operand] for operand in _operands(tables, at)]
    whole = random.random() < 0.3
    for one in alike if whole else [tensor]:
        if one.get("type", "FLOAT32") == before:
            one["type"] = after
            _fit(tables, one)
    return f"type {'all' if whole else _place(tables, at, index)} {after}"


def shape(random: Random, tables: Tables, at: int) -> str | None:
    """Another size of one dimension."""
    chosen = _tensor(random, tables, at)
    if chosen is None or not chosen[1].get("shape"):
        return None
    index, tensor = chosen
    sizes = list(tensor["shape"])
    axis = random.randrange(len(sizes))
    sizes[axis] = random.choice((sizes[axis] - 1, sizes[axis] + 1, 2 * sizes[axis], random.choice(_SIZES)))
    sizes[axis] = max(0, sizes[axis])
    _reshape(tables, tensor, sizes)
    return f"shape {_place(tables, at, index)}"


def rank(random: Random, tables: Tables, at: int) -> str | None:
    """One dimension more or fewer, flat, or a scalar; of one tensor, or of all that are as deep."""
    chosen = _tensor(random, tables, at)
    if chosen is None:
        return None
    index, tensor = chosen
    kind = random.choice(("before", "behind", "first", "last", "flat", "scalar"))
    depth, whole = len(tensor.get("shape", ())), random.random() < 0.4
    for one in [_graph(tables)["tensors"][i] for i in _operands(tables, at)] if whole else [tensor]:
        sizes = list(one.get("shape", ()))
        if len(sizes) == depth:
            made = {
                "before": [1, *sizes],
                "behind": [*sizes, 1],
                "first": sizes[1:],
                "last": sizes[:-1],
                "flat": [math.prod(sizes)],
                "scalar": [],
            }
            _reshape(tables, one, made[kind])
    return f"rank {kind} {'all' if whole else _place(tables, at, index)}"


def _reshape(tables: Tables, tensor: Tables, sizes: Sequence[int]) -> None:
    tensor["shape"] = list(sizes)
    tensor.pop("shape_signature", None)
    _fit(tables, tensor)


def option(random: Random, tables: Tables, at: int) -> str | None:
    """Another value of one option, or no options at all."""
    operator = _operator(tables, at)
    field = next((name for name in _KINDS if operator.get(f"{name}_type", "NONE") != "NONE"), None)
    if field is None or not isinstance(operator.get(field), dict):
        return None
    if random.random() < 0.05:
        operator.pop(field)
        operator.pop(f"{field}_type")
        return "no options"
    known = schema.fields(operator[f"{field}_type"])
    names = [name for name, one in known.items() if one.form in ("scalar", "enum")]
    if not names:
        return None
    name = random.choice(sorted(names))
    options = dict(operator[field])
    options[name] = _value(random, known[name], options.get(name))
    operator[field] = options
    return f"option {name}"


def _value(random: Random, field: schema.Field, before: Any) -> Any:
    if field.vector:
        stored = schema.stored_type(field.type) if field.form == "enum" else field.type
        least = 0 if stored.startswith("u") else min(_NUMBERS)
        numbers = _numbers(random, list(before or ()))
        if stored == "bool":
            return [bool(number) for number in numbers]
        return [number if isinstance(number, str) else max(least, number) for number in numbers]
    if field.form == "enum":
        beyond = 9 if schema.stored_type(field.type).startswith("u") else random.choice((9, -1))
        return random.choice([*schema.members(field.type).values(), beyond])
    if field.type == "bool":
        return not before
    if field.type in ("float32", "float64"):
        return random.choice(_REALS)
    least = 0 if field.type.startswith("uint") else -2
    near = [(before or 0) - 1, (before or 0) + 1]
    return max(least, random.choice([*near, *_NUMBERS]))


def _numbers(random: Random, values: list[Any]) -> list[Any]:
    kind = random.choice(("other", "more", "fewer")) if values else "more"
    if kind == "other":
        values[random.randrange(len(values))] = random.choice(_NUMBERS)
        return values
    return [*values, random.choice(_NUMBERS)] if kind == "more" else values[:-1]


def constant(random: Random, tables: Tables, at: int) -> str | None:
    """A constant comes at run time, or what comes at run time is a constant."""
    operands = _operands(tables, at, ("inputs",))
    if not operands:
        return None
    index = random.choice(operands)
    graph, tensor = _graph(tables), _graph(tables)["tensors"][index]
    if _data(tables, tensor) is not None:
        tensor["buffer"] = 0
        graph["inputs"] = [*graph.get("inputs", ()), index]
        return f"run-time {_place(tables, at, index)}"
    size = _size(tensor)
    if index not in graph.get("inputs", ()) or size is None:
        return None
    _constant(tables, tensor, random.choice((bytes(size), random.randbytes(size), (_ONE * size)[:size])))
    graph["inputs"] = [one for one in graph["inputs"] if one != index]
    return f"constant {_place(tables, at, index)}"


def contents(random: Random, tables: Tables, at: int) -> str | None:
    """Other values in a constant of integers: axes, sizes, paddings, indices."""
    operands = [
        index
        for index in _operands(tables, at, ("inputs",))
        if _graph(tables)["tensors"][index].get("type", "FLOAT32") in ("INT32", "INT64")
        and _data(tables, _graph(tables)["tensors"][index])
    ]
    if not operands:
        return None
    index = random.choice(operands)
    tensor = _graph(tables)["tensors"][index]
    data, width = bytearray(_data(tables, tensor) or b""), 4 if tensor["type"] == "INT32" else 8
    if len(data) < width:
        return None
    start = width * random.randrange(len(data) // width)
    before = int.from_bytes(data[start : start + width], "little", signed=True)
    value = random.choice([before - 1, before + 1, -before, *_NUMBERS])
    value = max(-(1 << 31), min(value, (1 << 31) - 1))
    data[start : start + width] = value.to_bytes(width, "little", signed=True)
    _constant(tables, tensor, bytes(data))
    return f"contents {_place(tables, at, index)}"


def quantization(random: Random, tables: Tables, at: int) -> str | None:
    """Another scale or zero point, one for each channel, or none."""
    chosen = _tensor(random, tables, at)
    if chosen is None:
        return None
    index, tensor = chosen
    before = {**(tensor.get("quantization") or {})}
    kind = random.choice(("none", "scale", "point", "channels", "axis", "counts", "per-tensor"))
    sizes = tensor.get("shape", ())
    axis = random.randrange(len(sizes)) if sizes else 0
    channels = min(sizes[axis], 512) if sizes else 1
    made: dict[str, Tables] = {
        "none": {},
        "scale": {"scale": [random.choice(_SCALES)]},
        "point": {"zero_point": [random.choice(_POINTS)]},
        "channels": {"scale": [0.01] * channels, "zero_point": [0] * channels, "quantized_dimension": axis},
        "axis": {"quantized_dimension": random.choice((-1, 0, 1, 2, 3, 4))},
        "counts": {"scale": [0.01, 0.02], "zero_point": [0]},
        "per-tensor": {"scale": [0.02], "zero_point": [0], "quantized_dimension": 0},
    }
    if kind == "none":
        if not before:
            return None
        tensor.pop("quantization")
    else:
        tensor["quantization"] = before | made[kind]
    return f"quantization {kind} {_place(tables, at, index)}"


def operand(random: Random, tables: Tables, at: int) -> str | None:
    """An operand omitted, dropped, said twice, swapped with another, or one more."""
    operator, side = _operator(tables, at), random.choice(("inputs", "inputs", "inputs", "outputs"))
    before = list(operator.get(side, ()))
    if not before:
        return None
    at_operand, other = random.randrange(len(before)), random.randrange(len(before))
    kind = random.choice(("omit", "drop", "twice", "swap", "more", "extra"))
    after = list(before)
    if kind == "omit":
        after[at_operand] = OMITTED
    elif kind == "drop":
        after.pop()
    elif kind == "twice":
        after[at_operand] = after[other]
    elif kind == "swap":
        after[at_operand], after[other] = after[other], after[at_operand]
    elif kind == "more" and side == "inputs":
        after.append(before[at_operand])
    else:
        after.append(_copied(tables, before[at_operand], side))
    if after == before:
        return None
    operator[side] = after
    return f"{kind} {side[:-1]}"


def arity(random: Random, tables: Tables, at: int) -> str | None:
    """An input or an output more or less, at the end."""
    operator, side = _operator(tables, at), random.choice(("inputs", "outputs"))
    before = list(operator.get(side, ()))
    if not before or random.random() < 0.3:
        operator[side] = before[:-1]
        return f"drop {side[:-1]}" if before else None
    operator[side] = [
        *before,
        _copied(tables, random.choice([i for i in before if i != OMITTED] or [0]), side),
    ]
    return f"extra {side[:-1]}"


def _copied(tables: Tables, index: int, side: str) -> int:
    """A tensor more, like one that is there; what comes at run time comes in from outside."""
    graph = _graph(tables)
    copied = {**graph["tensors"][index], "name": f"more{len(graph['tensors'])}"}
    graph["tensors"] = [*graph["tensors"], copied]
    made = len(graph["tensors"]) - 1
    if side == "outputs":
        copied["buffer"] = 0
    elif _data(tables, copied) is None:
        graph["inputs"] = [*graph.get("inputs", ()), made]
    return made


def variable(random: Random, tables: Tables, at: int) -> str | None:
    """A tensor is a variable, or a variable isn't one."""
    chosen = _tensor(random, tables, at)
    if chosen is None:
        return None
    index, tensor = chosen
    tensor["is_variable"] = not tensor.get("is_variable", False)
    return f"variable {_place(tables, at, index)}"


def output(random: Random, tables: Tables, at: int) -> str | None:
    """A tensor of the operator is given to the app, or no longer."""
    operands = _operands(tables, at)
    graph = _graph(tables)
    if not operands:
        return None
    index, outputs = random.choice(operands), list(graph.get("outputs", ()))
    if index in outputs and len(outputs) > 1:
        outputs.remove(index)
    elif index in outputs:
        return None
    else:
        outputs.append(index)
    graph["outputs"] = outputs
    return f"output {_place(tables, at, index)}"


def _place(tables: Tables, at: int, index: int) -> str:
    operator = _operator(tables, at)
    for side in ("inputs", "outputs"):
        if index in operator.get(side, ()):
            return f"{side}[{list(operator[side]).index(index)}]"
    return "graph"


#: All changes, those that reach the most checks several times.
CHANGES: tuple[Change, ...] = (
    *(version,),
    *(dtype, shape, rank, option, quantization) * 3,
    *(constant, contents, operand) * 2,
    *(variable, output, arity),
)
#: A word in the name of a check -> what may make a model fail it.
AIMED: dict[str, tuple[Change, ...]] = {
    "inputs": (arity, operand),
    "outputs": (arity,),
    "operand": (operand, constant, arity),
    "same": (operand,),
    "scale": (quantization,),
    "zero-point": (quantization,),
    "quanti": (quantization, dtype),
    "axis": (quantization, contents, option),
    "type": (dtype,),
    "eight-bit": (dtype, quantization),
    "float": (dtype,),
    "constant": (constant,),
    "run-time": (constant,),
    "option": (option,),
    "activation": (option,),
    "padding": (option, contents),
    "version": (version,),
    "shape": (shape, rank),
    "rank": (rank,),
    "broadcast": (shape, rank),
    "size": (shape, contents),
    "channels": (shape,),
    "layout": (rank, shape),
    "variable": (variable,),
}
