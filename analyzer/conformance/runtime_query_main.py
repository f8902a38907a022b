"""The other process: `python -m analyzer.conformance.runtime_query_main FOLDER` asks what a folder says."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from analyzer.conformance.runtime_query import NOWHERE, REPLIES, UNPREPARED, Reply, Task
from analyzer.errors import RuntimeUnavailable
from analyzer.execution.engines import cpu, gpu, vulkan, xnnpack
from analyzer.execution.engines.execution_plan import ExecutionPlanHook
from analyzer.execution.engines.lookup import GPU, REFERENCE
from analyzer.execution.request import RunRequest, Runtime
from analyzer.execution.worker import Answer
from analyzer.execution.worker_main import begin, leave
from analyzer.model import read
from analyzer.model.graph import Model

_OK = 0
#: In a plan, what would stand in place of what was replaced.
_STAND_IN = -1
#: Where a context has the function that puts a delegate in the place of nodes.
#: Source: google-ai-edge/LiteRT f67457790, tflite/core/c/common.h TfLiteContext.
_REPLACE = 64
#: A registration, given by value; what it holds is no matter here.
_Registration = type("_Registration", (ctypes.Structure,), {"_fields_": [("words", ctypes.c_uint64 * 11)]})
_Replace = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, _Registration, ctypes.c_void_p, ctypes.c_void_p)

Delegated = tuple[Mapping[int, tuple[int, ...]] | None, Runtime]


def main(folder: Path) -> None:
    """Ask of every model and leave a line for each."""
    task = begin(folder, Task)
    leave(folder, lambda: (_run(folder, task), []))


def _run(folder: Path, task: Task) -> Answer:
    query = _query(task.engine)
    with open(folder / REPLIES, "ab", buffering=0) as replies:
        for file in task.files:
            replies.write(msgspec.json.encode(_reply(file, query)) + b"\n")
    return Answer()


def _query(engine: str) -> Callable[[str], Delegated]:
    if engine in (GPU, UNPREPARED):
        return GpuQuery(engine == UNPREPARED)
    return query_cpu if engine == REFERENCE else query_xnnpack


def _reply(file: str, query: Callable[[str], Delegated]) -> Reply:
    try:
        delegated, runtime = query(file)
    except Exception as error:
        return Reply(file, error=" ".join(str(error).split()) or type(error).__name__)
    return Reply(
        file, dict(delegated) if delegated is not None else None, f"{runtime.name} {runtime.version}"
    )


def query_xnnpack(file: str) -> Delegated:
    """The operators that XNNPACK takes where the interpreter applies it by itself."""
    session = xnnpack.open(RunRequest(model=file, entry=NOWHERE))
    return session.delegated(), session.runtime


def query_cpu(file: str) -> Delegated:
    """Nothing is delegated: what is asked is whether the model loads, and its kernels prepare it."""
    session = cpu.open(RunRequest(model=file, entry=NOWHERE))
    return {}, session.runtime


class GpuQuery:
    """Asks LiteRT's GPU accelerator which operators it takes, without having it compile anything."""

    def __init__(self, unprepared: bool = False) -> None:
        vulkan.use(vulkan.find(None, GPU))
        self._accelerator = gpu.hook()
        self._unprepared = unprepared

    def __call__(self, file: str) -> Delegated:
        if not self._accelerator.works:
            raise RuntimeUnavailable(
                f"the accelerator of ai-edge-litert {gpu.runtime().version} can't be watched: "
                "what it takes isn't told"
            )
        import ai_edge_litert.compiled_model as litert

        plan_hook = self._accelerator.plan_hook = DryRunHook(self._unprepared)
        both = litert.HardwareAccelerator.GPU | litert.HardwareAccelerator.CPU
        try:
            litert.CompiledModel.from_file(file, options=litert.Options(both))
        except RuntimeError:
            # What the accelerator took was said before; what made the rest fail is another matter.
            if not plan_hook.seen:
                raise
        return plan_hook.replaced(read(file)), gpu.runtime()


class DryRunHook(ExecutionPlanHook):
    """Notes what a delegate would replace, and keeps it from doing so: nothing is built.

    `unprepared`: it is asked before the CPU's kernels are, about the model as the file has it.
    """

    def __init__(self, unprepared: bool) -> None:
        super().__init__(unprepared)
        self._taken: dict[int, set[int]] = {}

    def _install(self, delegate: Any, then: Callable[[Any, Any], int]) -> None:
        def prepare(context: Any, address: Any) -> int:
            where = ctypes.addressof(context.contents)
            slot = ctypes.c_void_p.from_address(where + _REPLACE)
            own, note = slot.value, _Replace(self._note)
            slot.value = ctypes.cast(note, ctypes.c_void_p).value
            try:
                return then(context, address)
            finally:
                slot.value = own

        super()._install(delegate, prepare)

    def _note(self, context: int, registration: Any, nodes: int, delegate: int) -> int:
        count = ctypes.c_int.from_address(nodes).value
        taken = (ctypes.c_int * count).from_address(nodes + ctypes.sizeof(ctypes.c_int))
        self._taken.setdefault(context, set()).update(taken)
        return _OK

    def replaced(self, model: Model) -> dict[int, tuple[int, ...]]:
        for where, (tensors, plan) in self.seen.items():
            taken = self._taken.get(where, set())
            self.seen[where] = (
                tensors,
                (*(node for node in plan if node not in taken), *([_STAND_IN] if taken else [])),
            )
        return super().replaced(model)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
