"""The TFLite interpreter as Python offers it, from ai-edge-litert or from TensorFlow."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module, metadata, util
from typing import Any

from msgspec import Struct

from analyzer.execution import request
from analyzer.execution.engines.execution_plan import ExecutionPlanHook
from analyzer.execution.request import RunRequest, Runtime, Sample, check_numpy, unavailable
from analyzer.model import read


class _Source(Struct, frozen=True):
    """A package that has an interpreter."""

    package: str
    module: str
    #: What pip calls it.
    names: tuple[str, ...]


#: The preferred one first.
_SOURCES = (
    _Source("ai_edge_litert", "ai_edge_litert.interpreter", ("ai-edge-litert", "ai-edge-litert-nightly")),
    _Source("tensorflow", "tensorflow.lite.python.interpreter", ("tensorflow", "tensorflow-cpu")),
)

#: Built-in kernels, and nothing that the interpreter would add by itself.
NO_DELEGATE = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
DEFAULT = "AUTO"


def check_installed(who: str) -> None:
    """Raises: RuntimeUnavailable where there is no interpreter."""
    if _source() is None:
        raise unavailable(
            f"{who}: no TFLite interpreter is installed", "pip install 'delegate-analyzer[litert]'"
        )
    check_numpy(who)


def load() -> None:
    """Import the interpreter."""
    _loaded()


def _source() -> _Source | None:
    return next((source for source in _SOURCES if util.find_spec(source.package)), None)


def installed() -> Runtime | None:
    """The package that interpreters are taken from here, with its version."""
    source = _source()
    return None if source is None else Runtime(source.names[0], _version(source.names))


def _loaded() -> tuple[Any, Runtime]:
    source, runtime = _source(), installed()
    if source is None or runtime is None:
        raise ModuleNotFoundError("no TFLite interpreter is installed")
    return import_module(source.module), runtime


def _version(names: Sequence[str]) -> str:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"


def processor() -> str:
    """The name of this machine's processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def load_delegate(library: str, options: Mapping[str, str]) -> Any:
    """A delegate out of a shared library. Raises: RuntimeError, OSError where it can't be loaded."""
    module, _ = _loaded()
    return module.load_delegate(library, dict(options))


class InterpreterSession:
    """A model in an interpreter: inputs and outputs by the names of the entry."""

    remarks: Sequence[str] = ()

    def __init__(self, request: RunRequest, resolver: str, delegate: Any = None) -> None:
        module, self.runtime = _loaded()
        self.device = processor()
        self._request = request
        self._entry = request.entry
        interpreter = module.Interpreter(
            request.model,
            num_threads=request.threads,
            experimental_op_resolver_type=module.OpResolverType[resolver],
            experimental_preserve_all_tensors=bool(request.kept),
        )
        self._owner = interpreter
        self._resize(request.shapes)
        self._plan_hook = ExecutionPlanHook()
        if delegate is not None:
            address = delegate._get_native_delegate_pointer()
            self._plan_hook.wrap(address)
            self._inside.ModifyGraphWithDelegate(address)
        self._delegate = delegate
        interpreter.allocate_tensors()
        if self._entry.subgraph:
            # Delegates reach every subgraph with the first call; memory is given to one at a time.
            self._inside.AllocateTensors(self._entry.subgraph)

    @property
    def _inside(self) -> Any:
        """The inner interpreter, which knows of subgraphs; holding on to it would keep it from running."""
        return self._owner._interpreter

    def _resize(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        import numpy as np

        for name, index in self._entry.inputs:
            if name in shapes:
                shape = np.array(shapes[name], np.int32)
                self._inside.ResizeInputTensor(index, shape, False, self._entry.subgraph)

    def feed(self, sample: Sample) -> None:
        for name, index in self._entry.inputs:
            self._inside.SetTensor(index, sample[name], self._entry.subgraph)

    def mark(self, pattern: int) -> None:
        import numpy as np

        for index in self._request.computed:
            try:
                values = self._inside.tensor(self._owner, index, self._entry.subgraph)
            except (RuntimeError, ValueError):
                continue  # of a size only known once it ran
            if values.flags.writeable and values.dtype.kind != "O":
                values.reshape(-1).view(np.uint8)[:] = pattern

    def invoke(self) -> None:
        self._inside.Invoke(self._entry.subgraph)

    def fetch(self) -> dict[str, Any]:
        subgraph = self._entry.subgraph
        outputs = {name: self._inside.GetTensor(index, subgraph) for name, index in self._entry.outputs}
        for kept in self._request.kept:
            # What was never computed, as in a branch that wasn't taken, has no values.
            with suppress(ValueError):
                outputs[request.kept(*kept)] = self._inside.GetTensor(kept[1], kept[0])
        return outputs

    def delegated(self) -> Mapping[int, tuple[int, ...]] | None:
        if self._delegate is None:
            self._inside.ModifyGraphWithDelegate(self._plan_hook.delegate())
        return self._plan_hook.replaced(read(self._request.model))
