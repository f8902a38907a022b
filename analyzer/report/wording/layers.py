"""The layers of the source that operators come from, as far as the names of their tensors tell of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from analyzer.report.document.audit_document import Model, Operator
from analyzer.report.wording.causes import Cause
from analyzer.report.wording.hostile_text import plain

#: What TensorFlow and JAX put around layers: calls of functions, loops, the model itself.
_AROUND = re.compile(
    r"((Stateful)?PartitionedCall|while|cond|model|functional|sequential)(_\d+)*(:\d+)?|jit\(.*\)"
)
#: What layers do inside.
_INSIDE = re.compile(
    r"batchnorm|moments|Tensordot|BiasAdd|ReadVariableOp|Reshape|Conv2D|MatMul|einsum|TensorArrayV2\w*|.*->.*"
)
#: A module of PyTorch: its class in its package, and what the module around it calls it.
_MODULE = re.compile(r"(?:[\w<>]+\.)+([A-Z]\w*?)(?:_(\w+))?")
#: Names are read so far.
_READ = 1000
#: Longer names are no layer's.
_LONGEST = 120
#: So many are named.
_FEW = 3


def layer(tensor: str) -> str:
    """The layer that a tensor's name tells of; empty where it tells of none.

    Of the names that a converter joins where it fuses, the first that tells of one.
    """
    return next((name for part in tensor.split(";") if (name := _layer(part))), "")


def source_layers(output: str, constants: Iterable[str]) -> tuple[str, ...]:
    """The layers that an operator comes from: its output's, else those that its constants belong to.

    Of names that a converter joins the first one's layer, and those beside it that are fused with it.
    """
    named = (_fused(name) for name in (output, *constants))
    return next(filter(None, named), ())


def _fused(name: str) -> tuple[str, ...]:
    fused = dict.fromkeys(layer for part in name[:_READ].split(";") if (layer := _layer(part)))
    first = next(iter(fused), "")
    return tuple(layer for layer in fused if layer.rpartition("/")[0] == first.rpartition("/")[0])


@lru_cache(maxsize=4096)
def _layer(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    modules = [match for part in parts if (match := _MODULE.fullmatch(part))]
    if modules:
        telling = [match for match in modules if match[2] or match is modules[-1]]
        return "/".join(f"{match[1]} {match[2]}" if match[2] else match[1] for match in telling)
    around = [part for part in parts[:-1] if not _AROUND.fullmatch(part)]
    while around and _INSIDE.fullmatch(around[-1]):
        around.pop()
    return "/".join(around)


def layers(cause: Cause, model: Model) -> str:
    """The layers that a cause concerns; empty where names don't tell or all operators are meant."""
    everything = cause.level == "graph" or len(cause.operators) == model.operators
    return "" if everything else layers_of(cause.operators)


def layers_of(nodes: Sequence[Operator]) -> str:
    """`block1/conv, block2/conv, head and 4 more`."""
    names = (layer(node.output[:_READ]) for node in nodes if node.output)
    known = [name for name in dict.fromkeys(names) if name and len(name) <= _LONGEST]
    shown = known if len(known) <= _FEW + 1 else known[:_FEW]
    words = ", ".join(map(plain, shown))
    return words if len(shown) == len(known) else f"{words} and {len(known) - len(shown)} more"
