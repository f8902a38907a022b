"""Models that no case is near enough to: composites of all kinds, to be changed as cases are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from flatbuffers import flexbuffers

from tests import building
from tests.sweeps.mutants.corpus import Case

_FLOATS = "FLOAT32"
_OPERATOR = "STABLEHLO_COMPOSITE"
_PLACE = [1, 4, 4, 8]
#: Without any, the runtime doesn't read a composite.
_NOTHING = {"nothing": 0}
_AXES = "_TENSOR_V1_reduction_axes"
_NORM: dict[str, Any] = {"num_groups": 1, "epsilon": 1e-5, "channel_axis": 3}


def _composite(
    name: str,
    attributes: Mapping[str, Any],
    inputs: Sequence[Sequence[int]],
    outputs: Sequence[Sequence[int]],
    constants: Sequence[int] = (),
    dtypes: Mapping[int, str] = {},
    scales: int = 0,
) -> bytes:
    """An operator that stands for a second subgraph, in which ABS makes each output of an input.

    With `scales` the first input has so many, and is of 8 bits.
    """
    operands = [(f"x{at}", shape) for at, shape in enumerate(inputs)]
    results = [(f"y{at}", shape) for at, shape in enumerate(outputs)]
    tensors = [
        building.tensor(
            operand,
            shape,
            dtypes.get(at, _FLOATS),
            data=bytes(4 * prod(shape)) if at in constants else None,
        )
        for at, (operand, shape) in enumerate(operands)
    ]
    if scales:
        quantized = {"scale": [0.05] * scales, "zero_point": [0] * scales, "quantized_dimension": 3}
        tensors[0] |= {"type": "INT8", "quantization": quantized}
    made = [building.tensor(result, shape) for result, shape in results]
    options = {
        "name": name,
        "decomposition_subgraph_index": 1,
        "composite_attributes": flexbuffers.Dumps(dict(attributes or _NOTHING)),
        "composite_attributes_format": "FLEXBUFFERS",
        "version": 1,
    }
    read, written = ([name for name, _ in side] for side in (operands, results))
    whole = building.operator(_OPERATOR, read, written, options)
    inner = [building.tensor(one["name"], one["shape"], one["type"]) for one in (*tensors, *made)]
    name = "DEQUANTIZE" if scales else "ABS"
    inner[0] = inner[0] | {field: one for field, one in tensors[0].items() if field == "quantization"}
    parts = [building.operator(name, [read[0]], [result]) for result in written]
    graphs = [
        building.subgraph([*tensors, *made], [whole]),
        building.subgraph(inner, parts, inputs=read, outputs=written, name="decomposition"),
    ]
    return building.model(subgraphs=graphs)


def _norms() -> Iterator[tuple[str, bytes]]:
    for missing in (None, "num_groups", "epsilon", "channel_axis"):
        attributes: dict[str, Any] = {name: value for name, value in _NORM.items() if name != missing}
        yield f"layer norm without {missing}", _composite("odml.group_norm", attributes, [_PLACE], [_PLACE])
        grouped = attributes | {"sub_type": 0}
        yield f"group norm without {missing}", _composite("odml.group_norm", grouped, [_PLACE], [_PLACE])
    for axes in ([3], [1, 2, 3], [2]):
        for sub_type in (None, 0, 1):
            attributes = _NORM | {_AXES: axes} | ({} if sub_type is None else {"sub_type": sub_type})
            yield (
                f"norm over {axes}, {sub_type}",
                _composite("odml.group_norm", attributes, [_PLACE], [_PLACE]),
            )
    for axis in (1, 3):
        attributes = _NORM | {"channel_axis": axis, "sub_type": 0}
        scaled = _composite("odml.group_norm", attributes, [_PLACE, [8], [8]], [_PLACE], (1, 2))
        yield f"group norm of channels in {axis}", scaled
    layered = _NORM | {"sub_type": 1}
    yield "layer norm, scaled", _composite("odml.group_norm", layered, [_PLACE, [8], [8]], [_PLACE], (1, 2))
    rms = {"epsilon": 1e-5}
    for width in (8, 4):
        scaled = _composite("odml.rms_norm", rms, [_PLACE, [width]], [_PLACE], (1,))
        yield f"rms norm, {width} scales", scaled
    for count in (1, 8):
        yield (
            f"rms norm of 8 bits, {count} scales",
            _composite("odml.rms_norm", rms, [_PLACE], [_PLACE], scales=count),
        )
    yield "rms norm without a scale", _composite("odml.rms_norm", rms, [_PLACE], [_PLACE])
    yield "rms norm of three", _composite("odml.rms_norm", rms, [_PLACE, [8], [8]], [_PLACE], (1, 2))
    yield "l2 norm of two", _composite("odml.l2_norm", rms, [_PLACE, _PLACE], [_PLACE])
    named = {"rms_norm": [[8]], "l2_norm": [], "group_norm": [[8], [8]]}
    for name, vectors in named.items():
        given, known = rms | {"num_groups": 1}, range(1, 1 + len(vectors))
        narrow = _composite(f"odml.{name}", given, [_PLACE, *vectors], [[1, 4, 4, 4]], known)
        yield f"{name} to fewer channels", narrow
        half = _composite(f"odml.{name}", given, [_PLACE, *vectors], [_PLACE], known, {0: "FLOAT16"})
        yield f"{name} of float16", half
    for shape in ([4], [1, 8]):
        given = rms | {"num_groups": 2}
        scaled = _composite("odml.group_norm", given, [_PLACE, shape, shape], [_PLACE], (1, 2))
        yield f"group norm, scales of {shape}", scaled


def _attention() -> Iterator[tuple[str, bytes]]:
    name, key = "odml.scaled_dot_product_attention", [1, 6, 2, 8]
    scale = {"scale": 0.35}
    yield "attention", _composite(name, scale, [_PLACE, key, key], [_PLACE])
    yield "attention, masked", _composite(name, scale, [_PLACE, key, key, [1, 1, 4, 6]], [_PLACE])
    for at in range(4):
        sizes = [_PLACE, key, key, [1, 1, 4, 6]]
        sizes[at] = [*sizes[at][:-1], 5]
        yield f"attention, operand {at} as wide as no other", _composite(name, scale, sizes, [_PLACE])
        half = _composite(name, scale, [_PLACE, key, key, [1, 1, 4, 6]], [_PLACE], (), {at: "FLOAT16"})
        yield f"attention, operand {at} in float16", half
    for count in (2, 3, 4, 5, 6):
        given = _composite("odml.sdpa_transposed", scale, [_PLACE] * count, [_PLACE])
        yield f"transposed attention of {count}", given


def _others() -> Iterator[tuple[str, bytes]]:
    for name in ("custom_call.rotary_positional_embedding", "odml.rope"):
        for inputs, outputs in ((2, 1), (3, 2), (3, 1)):
            turned = _composite(name, {}, [_PLACE] * inputs, [_PLACE] * outputs)
            yield f"{name} of {inputs} to {outputs}", turned
        for count in (1, 8):
            narrow = _composite(name, {}, [_PLACE, _PLACE], [_PLACE], scales=count)
            yield f"{name} of 8 bits, {count} scales", narrow
        short = _composite(name, {}, [_PLACE, [1, 4, 3, 8]], [_PLACE])
        yield f"{name} of fewer places", short
    cache = {"kv_cache_batch_size": 1, "cache_size": 16, "head_size": 8}
    for count, outputs in ((3, 2), (7, 2), (4, 2), (3, 1)):
        for missing in (None, "head_size"):
            attributes = {word: value for word, value in cache.items() if word != missing}
            made = _composite("odml.cache_update", attributes, [_PLACE] * count, [_PLACE] * outputs)
            yield f"cache of {count} to {outputs} without {missing}", made
    product, sizes = {"is_global": True, "is_src": False}, [1, 1, 1, 7]
    for depth, last in ((8, sizes), (4, sizes), (8, [1, 1, 1, 6])):
        for missing in (None, "is_src"):
            attributes = {word: value for word, value in product.items() if word != missing}
            operands = [_PLACE, [1, 4, 4, depth], last]
            made = _composite("odml.runtime_bmm", attributes, operands, [_PLACE], (), {2: "INT32"})
            yield f"product of depth {depth}, sizes {last}, without {missing}", made
    for name in ("odml.unknown", "odml.l2_norm", "aten.gelu.default"):
        yield name, _composite(name, {}, [_PLACE], [_PLACE])


def seeds() -> Iterator[Case]:
    """All of them."""
    for made in (_norms(), _attention(), _others()):
        for name, data in made:
            yield Case(f"seed: {name}", _OPERATOR, data)
