"""`python -m tests.fuzz.bounds [KIND ...]`: what files take that are made to cost much, and what is said.

Each is audited by a process of its own for every delegate in one format after the other: processor seconds,
the most memory, bytes of output.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import Process
from pathlib import Path
from random import Random

import flatbuffers

from tests.benchmarks.growth import SHAPES, by_name
from tests.benchmarks.measuring import ROOT, cost
from tests.building import chain, model, named_chain, operator, tensor
from tests.fuzz import growth

#: Bytes of a file that is promised to be told of in no time.
_LARGEST = 10_000_000
#: Bytes of a name, and of options.
_LONG = 200_000
_MEGABYTE = 1e6
_COSTLY = ("json", "html", "junit", "netron", "table")


def noise() -> bytes:
    """No model at all."""
    return Random(1).randbytes(_LARGEST)


def damaged() -> bytes:
    """A model of which the second half is gone, but for noise."""
    whole = weights()
    return whole[: _LARGEST // 100] + Random(2).randbytes(_LARGEST - _LARGEST // 100)


def weights() -> bytes:
    """An ordinary layer with as many weights as fit."""
    size = _LARGEST - 2000
    tensors = [
        tensor("x", [1, 8]),
        tensor("w", [size // 8, 8], "INT8", data=bytes(size)),
        tensor("y", [1, 8]),
    ]
    return model(tensors, [operator("FULLY_CONNECTED", ["x", "w"], ["y"])])


def _repeated(slot: int, count: int) -> bytes:
    """A vector that refers to one table over and over: of buffers, of a subgraph's tensors or operators."""
    builder = flatbuffers.Builder(4 * count + 1000)

    def table(slots: int, vectors: dict[int, int]) -> int:
        builder.StartObject(slots)
        for at, vector in vectors.items():
            builder.PrependUOffsetTRelativeSlot(at, vector, 0)
        return int(builder.EndObject())

    def vector(target: int, length: int) -> int:
        builder.StartVector(4, length, 4)
        for _ in range(length):
            builder.PrependUOffsetTRelative(target)
        return int(builder.EndVector())

    many = vector(table(1, {}), count)
    graph = table(4, {0: many} if slot == 0 else {3: many} if slot == 3 else {})
    code = vector(table(1, {}), 1)
    whole = {1: code, 2: vector(graph, 1)} | ({4: many} if slot == 4 else {})
    builder.Finish(table(5, whole), file_identifier=b"TFL3")
    return bytes(builder.Output())


def one_operator_repeated() -> bytes:
    """Millions of references to one operator."""
    return _repeated(3, _LARGEST // 4 - 1000)


def one_tensor_repeated() -> bytes:
    """Millions of references to one tensor."""
    return _repeated(0, _LARGEST // 4 - 1000)


def one_buffer_repeated() -> bytes:
    """Millions of references to one buffer."""
    return _repeated(4, _LARGEST // 4 - 1000)


def spare_tensors() -> bytes:
    """As many tensors as fit, which no operator reads."""
    return growth.spare_tensors(150_000)


def _around_one(count: int, name: str, custom: str, options: bytes = b"") -> bytes:
    operators = [operator(custom, [name], [name]) for _ in range(count)]
    if options:
        operators = [operator(custom, [name], [name], custom_options=options) for _ in range(count)]
    return model([tensor(name, [1, 8])], operators, inputs=[name], outputs=[name])


def shared_tensor_name(count: int) -> bytes:
    """Operators around one tensor of a long name."""
    return _around_one(count, "n" * _LONG, "NEG")


def shared_custom_name(count: int) -> bytes:
    """Custom operators of one long name."""
    return _around_one(count, "x", "C" * _LONG)


def options(count: int) -> bytes:
    """Custom operators with as many options as fit."""
    return _around_one(count, "x", "Mine", b"\1\4\1" * (_LARGEST // count // 3 - 50))


def long_names(count: int) -> bytes:
    """A chain of which each tensor has a long name of its own."""
    return named_chain(f"{number}" + "n" * (_LARGEST // count - 120) for number in range(count + 1))


#: Files of ten megabytes, whatever the number of operators.
WHOLE: dict[str, Callable[[], bytes]] = by_name(
    noise,
    damaged,
    weights,
    one_operator_repeated,
    one_tensor_repeated,
    one_buffer_repeated,
    spare_tensors,
)
#: Files by their number of operators.
OPERATORS: dict[str, Callable[[int], bytes]] = {
    "chain": lambda count: chain(*["RELU"] * count),
    "refused": SHAPES["refused"],
    "alternating": SHAPES["alternating"],
    "operator-codes": growth.operator_codes,
    "shared-tensor-name": shared_tensor_name,
    "shared-custom-name": shared_custom_name,
    "options": options,
    "long-names": long_names,
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    known = [*WHOLE, *OPERATORS]
    asked.add_argument("kinds", nargs="*", default=known, metavar="KIND", help=", ".join(known))
    asked.add_argument("--operators", type=int, default=20_000)
    asked.add_argument("--delegates", default="all")
    asked.add_argument("--formats", default=",".join(_COSTLY))
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "m.tflite"
        for kind in wanted.kinds:
            # By another process: what this one takes would count as theirs.
            writing = Process(target=_write, args=(file, kind, wanted.operators))
            writing.start()
            writing.join()
            print(f"{kind} ({file.stat().st_size / _MEGABYTE:.1f} MB)", flush=True)
            for format in wanted.formats.split(","):
                print(f"  {format:8} {_told(file, format, wanted.delegates)}", flush=True)


def _write(file: Path, kind: str, operators: int) -> None:
    file.write_bytes(WHOLE[kind]() if kind in WHOLE else OPERATORS[kind](operators))


def _told(file: Path, format: str, delegates: str) -> str:
    out = file.with_suffix(".out")
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "analyzer", "audit", str(file), "-d", delegates, "--fail-on", "never"]
    spent = cost([*command, "-o", f"{format}={out}"], folder=ROOT, refused=True)
    size = os.path.getsize(out) / _MEGABYTE if out.exists() else 0
    told = f"{size:6.1f} MB of output" if out.exists() else "a line"
    return f"{spent.cpu:6.2f} s {spent.peak / _MEGABYTE:6.0f} MB {told}"


if __name__ == "__main__":
    main()
