"""Small models that are run for real, some of them to the runtime's undoing."""

from __future__ import annotations

from struct import pack

from tests.building import Description, model, operator, subgraph, tensor
from tests.building import chain as chain


def floats(*values: float) -> bytes:
    """float32 values as a constant holds them."""
    return pack(f"<{len(values)}f", *values)


def signatures() -> bytes:
    """Two signatures, each a subgraph of its own: `double` adds a value to itself, `square` multiplies it."""
    graphs = [_pointwise("double", "ADD"), _pointwise("square", "MUL")]
    defined = [
        {
            "signature_key": graph["name"],
            "subgraph_index": index,
            "inputs": [{"name": "value", "tensor_index": 0}],
            "outputs": [{"name": "result", "tensor_index": 1}],
        }
        for index, graph in enumerate(graphs)
    ]
    return model(subgraphs=graphs, signature_defs=defined)


def _pointwise(name: str, of: str) -> Description:
    tensors = [tensor("x", [1, 4]), tensor("y", [1, 4])]
    return subgraph(tensors, [operator(of, ["x", "x"], ["y"])], name=name)


def crashing() -> bytes:
    """A loop whose body is that very loop: preparing it has no end but the stack's."""
    loop = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    main = subgraph([tensor("x", [1]), tensor("y", [1])], [operator("WHILE", ["x"], ["y"], loop)])
    return model(subgraphs=[main, _always(), main | {"name": "body"}])


def endless() -> bytes:
    """A loop whose condition always holds."""
    loop = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    main = subgraph([tensor("x", [1]), tensor("y", [1])], [operator("WHILE", ["x"], ["y"], loop)])
    body = subgraph([tensor("b", [1]), tensor("same", [1])], [operator("ABS", ["b"], ["same"])], name="body")
    return model(subgraphs=[main, _always(), body])


def _always() -> Description:
    tensors = [tensor("c", [1]), tensor("most", [1], data=floats(1e30)), tensor("always", [], "BOOL")]
    return subgraph(tensors, [operator("LESS", ["c", "most"], ["always"])], name="again")


def huge(elements: int = 1 << 28) -> bytes:
    """One value, repeated over a gigabyte."""
    tensors = [
        tensor("x", [1]),
        tensor("times", [1], "INT32", data=pack("<i", elements)),
        tensor("y", [elements]),
    ]
    return model(tensors, [operator("TILE", ["x", "times"], ["y"], None)])


def counting() -> bytes:
    """A loop that adds one to a value until it is ten, then doubles it, in three subgraphs."""
    loop = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    main = subgraph(
        [tensor("x", [1]), tensor("ten", [1]), tensor("y", [1])],
        [operator("WHILE", ["x"], ["ten"], loop), operator("ADD", ["ten", "ten"], ["y"])],
    )
    below = subgraph(
        [tensor("c", [1]), tensor("most", [1], data=floats(10)), tensor("more", [], "BOOL")],
        [operator("LESS", ["c", "most"], ["more"])],
        name="below",
    )
    body = subgraph(
        [tensor("b", [1]), tensor("one", [1], data=floats(1)), tensor("next", [1])],
        [operator("ADD", ["b", "one"], ["next"])],
        name="body",
    )
    return model(subgraphs=[main, below, body])


def quantized(operators: int = 1) -> bytes:
    """Convolutions in 8 bits, from int8 to int8, whose scales round."""
    tensors = [tensor("t0", [1, 4, 4, 2], "INT8", scale=[0.05], zero_point=[3])]
    made = []
    for index in range(operators):
        weights = bytes(range(1, 9))
        tensors += [
            tensor(f"w{index}", [2, 1, 1, 2], "INT8", data=weights[:4], scale=[0.013]),
            tensor(f"b{index}", [2], "INT32", data=bytes(8), scale=[0.05 * 0.013]),
            tensor(f"t{index + 1}", [1, 4, 4, 2], "INT8", scale=[0.05], zero_point=[3]),
        ]
        options = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
        made.append(
            operator(
                "CONV_2D", [f"t{index}", f"w{index}", f"b{index}"], [f"t{index + 1}"], options, version=3
            )
        )
    return model(tensors, made)


def transposed() -> bytes:
    """A custom operator that the CPU has an optimized kernel for, and no other."""
    tensors = [
        tensor("x", [1, 2, 2, 1]),
        tensor("w", [1, 2, 2, 1], data=floats(1, 2, 3, 4)),
        tensor("b", [1], data=floats(1)),
        tensor("y", [1, 4, 4, 1]),
    ]
    # Padding, and strides in width and height, as the kernel's own structure has them.
    options = pack("<iii", 1, 2, 2)
    made = operator("Convolution2DTransposeBias", ["x", "w", "b"], ["y"], custom_options=options)
    return model(tensors, [made])
