"""Archives of all kinds: what is in them, and each model's bytes."""

from __future__ import annotations

import io
from random import Random

from analyzer.sources.archives import ArchiveError, contents, members, names
from tests.building import chain
from tests.fuzz import mutation
from tests.fuzz.promised import check_lines
from tests.sources.packing import bundle, gzipped, tarred, zipped


def run(data: bytes) -> None:
    stream = io.BytesIO(data)
    try:
        names(stream)
        stream.seek(0)
        models = members(stream)
    except ArchiveError as error:
        check_lines(error)
        return
    for member in models[:20]:
        if member.problem is None:
            try:
                contents(io.BytesIO(data), member.way)
            except ArchiveError as error:
                check_lines(error)


def seeds() -> list[bytes]:
    model = chain("RELU", "NEG")
    files = {"a.tflite": model, "b/c.tflite": model[:200], "d.txt": b"no model", "../e.tflite": model}
    inner = {"i.zip": zipped(files), "t.tgz": tarred(files), "m.bin": model}
    return [
        *(
            zipped(files),
            zipped(files, stored=True),
            zipped(inner),
            tarred(files),
            tarred(files, packed=False),
        ),
        *(
            gzipped(model),
            bundle([("a", model), ("a", model)]),
            zipped({"x.task": zipped(inner)}),
            tarred(inner),
        ),
    ]


def mutate(random: Random, data: bytes) -> bytes | None:
    return mutation.octets(random, data)
