"""A model's bytes, and everything that is read of them later."""

from __future__ import annotations

from random import Random

from analyzer.errors import ModelError
from analyzer.model import flexbuffer, metadata, read_bytes
from tests.fuzz import models, mutation
from tests.fuzz.promised import check_lines

seeds = models.seeds


def run(data: bytes) -> None:
    try:
        model = read_bytes(data, "m")
    except ModelError as error:
        check_lines(error)
        return
    for subgraph in model.subgraphs:
        for operator in subgraph.operators:
            flexbuffer.decode(operator)
        metadata.inputs(model, subgraph.index)
        metadata.outputs(model, subgraph.index)
    _ = model.remarks, model.control_dependencies, model.signatures


def mutate(random: Random, data: bytes) -> bytes | None:
    """Mostly what takes no longer to make than to read: to write tables anew takes a hundred times that."""
    which = random.random()
    if which < 0.005:
        return mutation.tables(random, data)
    return mutation.offsets(random, data) if which < 0.7 else mutation.octets(random, data)
