"""Changes that checks ask for by their names, beside those of mutants: what these come to too seldom."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from analyzer.model import schema
from analyzer.model.graph import OMITTED
from tests.sweeps.mutants.changes import AIMED, CHANGES, Change, Tables

_FLOATS = ("FLOAT32", "FLOAT16")
#: Up to one that no kernel knows.
_VERSIONS = range(2, 17)


def _tensors(tables: Tables, at: int, sides: Sequence[str] = ("inputs", "outputs")) -> list[Tables]:
    graph = tables["subgraphs"][0]
    operator = graph["operators"][at]
    return [graph["tensors"][i] for side in sides for i in operator.get(side, ()) if i != OMITTED]


def newer(random: Random, tables: Tables, at: int) -> str | None:
    """A later version, of which kernels know some."""
    code = tables["operator_codes"][tables["subgraphs"][0]["operators"][at].get("opcode_index", 0)]
    code["version"] = random.choice(_VERSIONS)
    return f"version {code['version']}"


def bare(random: Random, tables: Tables, at: int) -> str | None:
    """No options at all."""
    operator = tables["subgraphs"][0]["operators"][at]
    gone = [operator.pop(f"{kind}{part}", None) for kind in _KINDS for part in ("", "_type")]
    return "no options" if any(gone) else None


_KINDS = ("builtin_options", "builtin_options_2")


def activated(random: Random, tables: Tables, at: int) -> str | None:
    """Any activation fused, or what is none."""
    operator = tables["subgraphs"][0]["operators"][at]
    options = operator.get("builtin_options")
    if not isinstance(options, dict) or operator.get("builtin_options_type", "NONE") == "NONE":
        return None
    if "fused_activation_function" not in schema.fields(operator["builtin_options_type"]):
        return None
    word = random.choice(sorted(schema.members("ActivationFunctionType").values()))
    operator["builtin_options"] = options | {"fused_activation_function": word}
    return f"activation {word}"


def several_scales(random: Random, tables: Tables, at: int) -> str | None:
    """An operand in 8 bits with a scale for each size of a dimension: other counts aren't loaded."""
    tensors = [tensor for tensor in _tensors(tables, at) if max(tensor.get("shape", ()), default=0) > 1]
    if not tensors:
        return None
    chosen = random.choice(tensors)
    axis = random.choice([axis for axis, size in enumerate(chosen["shape"]) if size > 1])
    count = chosen["shape"][axis]
    if chosen.get("type", "FLOAT32") not in ("INT8", "UINT8") and random.random() < 0.5:
        chosen["type"] = "INT8"
    chosen["quantization"] = {"scale": [0.01] * count, "zero_point": [0] * count, "quantized_dimension": axis}
    return f"{count} scales"


def eight_bits(random: Random, tables: Tables, at: int) -> str | None:
    """All that is float is in 8 bits, but for constants, whose bytes stay what they are."""
    word, made = random.choice(("INT8", "UINT8")), 0
    for tensor in _tensors(tables, at):
        if tensor.get("type", "FLOAT32") in _FLOATS and not tensor.get("buffer"):
            tensor["type"] = word
            tensor["quantization"] = {"scale": [0.05], "zero_point": [0]}
            made += 1
    return f"{word} at run time" if made else None


_OWN: dict[str, tuple[Change, ...]] = {
    "version": (newer,),
    "runtime": (newer,),
    "options": (bare,),
    "activation": (activated,),
    "scale": (several_scales, eight_bits),
    "quanti": (several_scales, eight_bits),
    "eight-bit": (eight_bits,),
    "whole-numbers": (eight_bits, activated),
}
#: All changes of one step.
EVERY: tuple[Change, ...] = (*dict.fromkeys(CHANGES), newer, bare, activated, several_scales, eight_bits)

BY_NAME = {change.__name__: change for change in EVERY}


def asked(check: str) -> tuple[Change, ...]:
    """What the name of a check says may make a model fail it."""
    aims = (*_OWN.items(), *AIMED.items())
    return tuple(dict.fromkeys(change for word, some in aims if word in check for change in some))
