"""The arena as the interpreter plans it: by hand, and held to where the real one lays its tensors."""

from __future__ import annotations

import os
import random
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from analyzer.api import read
from analyzer.interpreter import Interpreter, arena
from analyzer.model import read_bytes
from analyzer.model.graph import Prepared
from analyzer.rules.registry import Packs
from tests.building import chain, model, operator, tensor
from tests.cli.models import save

INTERPRETER = Interpreter(Packs())
SAMPLE = Path(arena.__file__).parents[1] / "model" / "sample.tflite"
MODELS = [
    Path(folder) for folder in os.environ.get("DELEGATE_ANALYZER_MODELS", "").split(os.pathsep) if folder
]


def planned(data: bytes, folder: Path) -> arena.Arena:
    prepared = INTERPRETER.prepare(read(save(folder / "m.tflite", data)), {}, ())
    [subgraph] = prepared.subgraphs
    return arena.plan(subgraph, arena.nodes(subgraph))


def test_a_chain_takes_turns_in_two_places_beside_its_input(tmp_path: Path) -> None:
    plan = planned(chain(*["CEIL"] * 6, shape=(1, 64)), tmp_path)
    assert list(plan.offsets.values()) == [0, 256, 512, 256, 512, 256, 512]
    assert plan.bytes == max(plan.used) == 3 * 256
    assert plan.used[0] == 2 * 256


def test_places_are_aligned(tmp_path: Path) -> None:
    plan = planned(chain("CEIL", "CEIL", shape=(1, 3)), tmp_path)
    assert all(offset % arena.ALIGNMENT == 0 for offset in plan.offsets.values())
    assert plan.bytes == 2 * 64 + 12


def test_what_may_write_over_its_input_does(tmp_path: Path) -> None:
    plan = planned(chain("CEIL", "SOFTMAX", "CEIL", shape=(1, 64)), tmp_path)
    assert plan.offsets[1] == plan.offsets[2]
    assert plan.bytes == 3 * 256


def test_what_somebody_else_reads_is_kept(tmp_path: Path) -> None:
    data = model(
        [tensor(name, [1, 64]) for name in "abcde"],
        [
            operator("CEIL", ["a"], ["b"]),
            operator("SOFTMAX", ["b"], ["c"], {"beta": 1.0}),
            operator("CEIL", ["c"], ["d"]),
            operator("ADD", ["d", "b"], ["e"]),
        ],
    )
    plan = planned(data, tmp_path)
    assert plan.offsets[1] != plan.offsets[2]


def test_constants_take_no_part_and_variables_a_part_of_their_own(tmp_path: Path) -> None:
    data = model(
        [
            tensor("x", [1, 64]),
            tensor("k", [1, 64], data=bytes(256)),
            tensor("v", [1, 64], is_variable=True),
            tensor("y", [1, 64]),
            tensor("z", [1, 64]),
        ],
        [operator("ADD", ["x", "k"], ["y"]), operator("ADD", ["y", "v"], ["z"])],
        inputs=["x"],
        outputs=["z"],
    )
    plan = planned(data, tmp_path)
    assert set(plan.offsets) == {0, 3, 4}
    assert plan.persistent == 256


@pytest.mark.skipif(find_spec("ai_edge_litert") is None, reason="needs LiteRT")
def test_tensors_lie_where_the_real_interpreter_lays_them(tmp_path: Path) -> None:
    sizes = {"a": 60, "b": 60, "c": 120, "d": 60, "e": 180, "f": 180, "g": 180}
    data = model(
        [tensor(name, [1, size]) for name, size in sizes.items()],
        [
            operator("LOGISTIC", ["a"], ["b"]),
            operator("CONCATENATION", ["a", "b"], ["c"], {"axis": 1}),
            operator("TANH", ["b"], ["d"]),
            operator("CONCATENATION", ["c", "d"], ["e"], {"axis": 1}),
            operator("SOFTMAX", ["e"], ["f"], {"beta": 1.0}),
            operator("LOGISTIC", ["f"], ["g"]),
        ],
    )
    plan, real = laid_out(save(tmp_path / "m.tflite", data))
    assert plan == real and len(plan) == 7


@pytest.mark.skipif(find_spec("ai_edge_litert") is None, reason="needs LiteRT")
def test_scratch_tensors_only_push_tensors_further_up() -> None:
    plan, real = laid_out(SAMPLE)
    assert max(plan.values()) <= max(real.values())
    assert sum(plan[index] == real[index] for index in plan) > len(plan) / 2


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ai_edge_litert") is None or not MODELS, reason="needs LiteRT and models")
def test_real_models_take_no_less_than_planned() -> None:
    """Kernels' scratch tensors lie between the others, and push them further up."""
    files = sorted(
        file for folder in MODELS for file in folder.rglob("*.tflite") if file.stat().st_size < 1 << 20
    )
    same = compared = 0
    for file in files[:: max(1, len(files) // 25)]:
        plan, real = laid_out(file)
        if real:
            compared += 1
            same += plan == real
            assert max(plan.values()) <= max(real.values())
    assert same >= 0.7 * compared


def laid_out(file: Path) -> tuple[dict[int, int], dict[int, int]]:
    """Tensor -> offset, as planned and as the reference kernels have it; nothing where that can't be said."""
    from ai_edge_litert.interpreter import Interpreter as Runtime
    from ai_edge_litert.interpreter import OpResolverType

    prepared = INTERPRETER.prepare(read(file), {}, ())
    if not static(prepared):
        return {}, {}
    [subgraph] = prepared.subgraphs
    plan = arena.plan(subgraph, arena.nodes(subgraph))
    try:
        runtime = Runtime(model_path=str(file), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        runtime.allocate_tensors()
    except (RuntimeError, ValueError):
        return {}, {}
    at = {index: address for index in plan.offsets if (address := _address(runtime, index))}
    if not at:
        return {}, {}
    start = min(at.values())
    return {index: plan.offsets[index] for index in at}, {
        index: address - start for index, address in at.items()
    }


def static(prepared: Prepared) -> bool:
    one = len(prepared.subgraphs) == 1 and not prepared.stops and prepared.refused is None
    return one and not any(each.dynamic for each in prepared.subgraphs[0].tensors)


def _address(runtime: object, index: int) -> int:
    try:
        array = runtime.tensor(index)()  # type: ignore[attr-defined]
    except ValueError:
        return 0
    return int(array.__array_interface__["data"][0]) if array.size else 0


def test_a_view_between_hides_who_else_reads() -> None:
    """SUB in the place of EXP, a view of that, MUL in the view's place: what SUB gave is read later."""
    shape = [1, 16]
    data = model(
        [
            *(tensor(name, shape) for name in "xabcdy"),
            tensor("s", [2], "INT32", data=bytes([1, 0, 0, 0, 16, 0, 0, 0])),
        ],
        [
            operator("EXP", ["x"], ["a"]),
            operator("SUB", ["a", "x"], ["b"]),
            operator("RESHAPE", ["b", "s"], ["c"]),
            operator("MUL", ["b", "c"], ["d"]),
            operator("ADD", ["d", "b"], ["y"]),
        ],
    )
    graph = Interpreter(Packs()).prepare(read_bytes(data, "m")).subgraphs[0]
    assert arena.overwritten(graph) == {3}
    pytest.importorskip("ai_edge_litert.interpreter")
    assert not (_computed(data, keep=True) == _computed(data, keep=False)).all()


def _computed(data: bytes, keep: bool) -> Any:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter as Runtime
    from ai_edge_litert.interpreter import OpResolverType

    runtime = Runtime(
        model_content=data,
        experimental_preserve_all_tensors=keep,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    runtime.allocate_tensors()
    (given,) = runtime.get_input_details()
    runtime.set_tensor(given["index"], np.full(given["shape"], 1.5, np.float32))
    runtime.invoke()
    return runtime.get_tensor(runtime.get_output_details()[0]["index"])


def test_tensors_that_live_long_lie_in_the_smallest_gap_that_is_large_enough() -> None:
    sizes = random.Random(7)
    layout = arena._Layout(20)
    lying: list[tuple[tuple[int, int], int, int]] = []
    for _ in range(300):
        size, first = sizes.choice((1, 64, 100, 1_000)), sizes.randrange(20)
        last = sizes.choice((first, 19, sizes.randrange(first, 20)))
        beside = sorted(block for block, born, dies in lying if born <= last and first <= dies)
        offset = layout.place(size, first, last)
        assert offset == arena._gap(beside, size)
        lying.append(((offset, offset + size), first, last))


def test_many_tensors_that_live_to_the_end_are_one_block() -> None:
    layout = arena._Layout(1_000)
    assert [layout.place(64, at, 999) for at in range(1_000)] == [64 * at for at in range(1_000)]
    assert all(len(blocks) == 1 for blocks in (*layout._within.values(), *layout._throughout.values()))
