"""A short run of every target, always the same; and what longer ones found, which must not come back."""

from __future__ import annotations

import base64
import math
import struct
import sys
import warnings
import zlib
from itertools import islice

import pytest

from tests.fuzz.targets import TARGETS, load

if sys.platform == "win32":
    pytest.skip("needs signals and limits of POSIX", allow_module_level=True)

from tests.building import build, chain, model, operator, tensor
from tests.fuzz.campaign import Campaign, mutants
from tests.fuzz.promised import interrupting
from tests.sources.packing import zipped

#: Inputs beyond the seeds that each target is given here: as many as take a few tenths of a second.
SHORT = {
    "reader": 300,
    "audit": 1,
    "archives": 200,
    "packs": 20,
    "expressions": 300,
    "configuration": 100,
    "phones": 300,
    "logs": 40,
    "fleet": 3,
    "fix": 10,
}

#: A model that has nothing it can do without.
BARE = {
    "version": 3,
    "operator_codes": [{"builtin_code": "RELU"}],
    "subgraphs": [
        {
            "tensors": [{"shape": [1, 3]}, {"shape": [1, 3]}],
            "operators": [{"inputs": [0], "outputs": [1]}],
            "inputs": [0],
            "outputs": [1],
        }
    ],
}
XY = [tensor("x", [1, 1]), tensor("y", [1, 1])]
#: How values lie that are said to have a dimension.
SPARSE = {"traversal_order": [0], "block_map": [], "dim_metadata": [{"format": "DENSE", "dense_size": 1}]}
#: A model whose one operator writes thirty times what it reads.
THIRTY = (
    b"eNrtVE1Kw1AQ/hLTUtqiUYtILVqKYBdS6k+lC1cqUqFLF+5C1YABm5Y2Fbpy4znEhUfwIB7AI7jwAEKceZmkD1ERXIjgwJdJ"
    b"5v8L700ZwPFhewtK5rBIzwJs5JGhN4ss/A0cEO4I94RmCjBI5wkZFWlJdIR5QtfzncHID7yu61y5g6HX80FpOCG0CeuEVYmv"
    b"hGHImv0btUatjok8kW9P/NyD+05p/lfls1QdtneypyqGZ7aJjc7FpieFh6wfTOCZ8GJGNXmWMnZQp8mqWKN3YEV1KFB+TuWX"
    b"JR+fSClSs49UsGXG1rT6P2nheqlx+Nd/Qy/j98QU8CzTP6hjSB3mY9HHjTrvLEXSJSzJTckpW1ad1qKWz/dpW+rwVW3KvY39"
    b"GdkHkf9639Dsnt8fBU5jExoXnuNWy68S6uJntSv7KJ9MkEv2USy8Z47OXVoywdg56/XHzvCi03cTrsyt8g1u3Ls12SuptvSO"
    b"sj7u/RXfeKb3fA21kzjPxoyKtRJ+kr/wBl8jSKc="
)
#: What was found by longer runs -> the target, and the input made as small as it could be.
FINDS = {
    "a member of an archive without a name": (
        "archives",
        zipped({"QQ": chain("RELU")}).replace(b"QQ", b"\0Q"),
    ),
    "figures that are no numbers": ("phones", b"count=. std=-e\n"),
    "more inferences than there is room to count": (
        "phones",
        b"Inference timings in us: Init: 1, First inference: 1,\ncount=1e99\n",
    ),
    "memory that is no number": (
        "phones",
        b"Memory footprint delta from the start of the tool (MB): overall=2..5",
    ),
    "memory without end": (
        "phones",
        b"Memory footprint delta from the start of the tool (MB): overall=" + b"9" * 400,
    ),
    "an expression that is no end of text": ("expressions", b"'" + b"\0x" * 4000),
    "a model to rewrite that has no buffers": ("fix", build(BARE)),
    "one that has no codes of operators": ("fix", build(BARE | {"subgraphs": [{}], "operator_codes": None})),
    "a scalar where a matrix is flattened": (
        "fix",
        model(
            [tensor("x", []), tensor("w", [1, 1], data=bytes(4)), tensor("y", [1, 1])],
            [operator("FULLY_CONNECTED", ["x", "w", -1], ["y"])],
        ),
    ),
    "a scalar of many scales": (
        "fix",
        model(
            [tensor("w", [], "INT8", data=b"1", scale=[1.0, 2.0]), tensor("y", []), tensor("z", [])],
            [operator("DEQUANTIZE", ["w"], ["y"]), operator("NEG", ["y"], ["z"])],
        ),
    ),
    "more places to begin than dimensions": (
        "fix",
        model(
            [
                tensor("x", [2, 2], "INT32"),
                tensor("b", [8], "INT32", data=bytes(32)),
                *(tensor(name, [2], "INT32", data=b"\1\0\0\0" * 2) for name in ("e", "s")),
                tensor("y", [2, 2], "INT32"),
            ],
            [
                operator(
                    "STRIDED_SLICE", ["x", "b", "e", "s"], ["y"], {"end_mask": 3, "shrink_axis_mask": 128}
                )
            ],
        ),
    ),
    "more dimensions sliced than there are, some of them new": (
        "fix",
        model(
            [
                tensor("x", [8], "INT32"),
                *(tensor(name, [4], "INT32", data=b"\1\0\0\0" * 4) for name in ("b", "e", "s")),
                tensor("y", [1, 6], "INT32"),
            ],
            [operator("STRIDED_SLICE", ["x", "b", "e", "s"], ["y"], {"new_axis_mask": 12})],
        ),
    ),
    "places to begin that are no numbers": (
        "fix",
        model(
            [
                tensor("x", [2, 2]),
                *(tensor(name, [2], data=struct.pack("<2f", math.nan, 1)) for name in ("b", "e", "s")),
                tensor("y", [2, 2]),
            ],
            [operator("STRIDED_SLICE", ["x", "b", "e", "s"], ["y"], {"end_mask": 3})],
        ),
    ),
    "one operator that writes what it reads, often": ("fix", zlib.decompress(base64.b64decode(THIRTY))),
    "a scalar that is sparse": (
        "fix",
        model(
            [tensor("w", [], data=bytes(4), sparsity=SPARSE), tensor("v", [1, 1]), *XY],
            [operator("DENSIFY", ["w"], ["v"]), operator("FULLY_CONNECTED", ["x", "v", -1], ["y"])],
        ),
    ),
    "one whose version takes all memory to look through": (
        "fix",
        model(
            [tensor("x", [1, 4]), tensor("y", [1, 4])],
            [operator("LOGISTIC", ["x"], ["y"], version=(1 << 31) - 1)],
        ),
    ),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run(name: str) -> None:
    target = load(name)
    campaign = Campaign(target, bounds=False)
    seeds = target.seeds()
    some = seeds[:: 1 + len(seeds) // SHORT[name]]
    with interrupting():
        for data in (*some, *islice(mutants(target, some, seed=7), SHORT[name])):
            campaign.execute(data)
    assert not campaign.broken, "\n".join(said for _, said, _ in campaign.broken.values())


def test_nothing_is_warned_of() -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        load("expressions").run(b"1if api else 2")
    assert not warned


@pytest.mark.parametrize("find", FINDS)
def test_what_was_found(find: str) -> None:
    name, data = FINDS[find]
    load(name).run(data)
