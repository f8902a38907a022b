"""LiteRT's GPU accelerator through its CompiledModel: WebGPU over Vulkan, what it leaves on XNNPACK."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata, util
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.engines import vulkan
from analyzer.execution.engines.accelerator_hook import AcceleratorHook
from analyzer.execution.engines.tensor_buffers import Buffer
from analyzer.execution.inputs.generate import NUMPY
from analyzer.execution.request import RunRequest, Runtime, Sample, Session, unavailable
from analyzer.model import read
from analyzer.model.extract import resize
from analyzer.model.read import damage_told

_WHO = "litert-gpu"
ACCELERATOR = "libLiteRtWebGpuAccelerator.so"
RUNTIME = "libLiteRt.so"
_INSTALL = "pip install 'delegate-analyzer[litert]'"
#: How the accelerator names the device that it chose, and what a device is called that is none.
_ADAPTER = re.compile(r"Selected adapter: (.*)")
_SOFTWARE = re.compile(r"adapterType=CPU")
_REMARK = "This GPU is software on the processor: its times say nothing of a phone."
#: What the runtime says of how much it delegated, where something is left.
_COUNTS = re.compile(r"(?:\d+|No) operations will run on the GPU.*")
#: Where in its own sources an error was met.
_LOCATION = re.compile(r"CompiledModel error: code=\d+, message=|ERROR: \[[^\]]*\]|└")
_NO_ADAPTER = "No adapters found"

#: Integers are computed as floating point numbers.
ROUNDS_ALIKE = False


def check(request: RunRequest) -> None:
    backend = request.parameters.get("backend", "webgpu")
    if backend != "webgpu":
        raise unavailable(f"{_WHO}: backend {backend} doesn't run on this machine", "leave it at webgpu")
    if not sys.platform.startswith("linux"):
        raise unavailable(f"{_WHO}: is run on Linux only", "run it there")
    where = folder()
    if where is None or not (where / ACCELERATOR).is_file():
        raise unavailable(f"{_WHO}: LiteRT with its GPU accelerator is not installed", _INSTALL)
    vulkan.find(request.vulkan_driver, _WHO)


def load() -> None:
    import ai_edge_litert.compiled_model  # noqa: F401


def open(request: RunRequest) -> Session:
    vulkan.use(vulkan.find(request.vulkan_driver, _WHO))
    return GpuSession(request)


def folder() -> Path | None:
    """The folder of the LiteRT that is installed."""
    package = util.find_spec("ai_edge_litert")
    return Path(package.origin).parent if package and package.origin else None


def hook() -> AcceleratorHook:
    """Watches the accelerator from now on, for as long as the process lasts."""
    where = folder() or Path()
    return AcceleratorHook(where / ACCELERATOR, where / RUNTIME)


def runtime() -> Runtime:
    """The LiteRT that is installed."""
    return Runtime("ai-edge-litert", metadata.version("ai-edge-litert"))


class GpuSession:
    """A compiled model with buffers for the inputs and outputs of one signature."""

    def __init__(self, request: RunRequest, accelerator: AcceleratorHook | None = None) -> None:
        """A process that opens one after the other hands in the hook of its accelerator."""
        import ai_edge_litert.compiled_model as litert

        self.runtime = runtime()
        self._request = request
        self._read = read(request.model)
        self._subgraph = self._read.subgraphs[request.entry.subgraph]
        self._accelerator = accelerator or hook()
        both = litert.HardwareAccelerator.GPU | litert.HardwareAccelerator.CPU
        exact = litert.GpuOptions(enforce_f32=request.parameters.get("precision") == "fp32")
        options = litert.Options(both, litert.CpuOptions(num_threads=request.threads), exact)
        with _plain_errors():
            self._model = litert.CompiledModel.from_file(_file(request), options=options)
            self._signature = self._find_signature()
            self._inputs = self._buffers(
                self._model.create_input_buffers(self._signature), request.entry.inputs
            )
            self._outputs = self._buffers(
                self._model.create_output_buffers(self._signature), request.entry.outputs
            )

    def _find_signature(self) -> int:
        key = self._request.entry.key
        return 0 if key is None else list(self._model.get_signature_list()).index(key)

    def _buffers(self, made: Sequence[Any], named: Sequence[tuple[str, int]]) -> dict[str, Buffer]:
        """Buffers by our names: LiteRT orders them as the file does, a signature's by their names."""
        listed = self._model.get_signature_by_index(self._signature)
        order = next((names for names in listed.values() if set(names) == {name for name, _ in named}), None)
        tensors = self._subgraph.tensors
        indices = dict(named)
        names = order or [name for name, _ in named]
        buffers = {}
        for name, buffer in zip(names, made, strict=True):
            tensor = tensors[indices[name]]
            buffers[name] = Buffer(buffer, NUMPY[tensor.dtype], tuple(buffer.get_tensor_details()["shape"]))
        return buffers

    @property
    def device(self) -> str:
        adapter = _ADAPTER.search(_log())
        return adapter[1].strip() if adapter else "unknown"

    @property
    def remarks(self) -> Sequence[str]:
        software = (_REMARK,) if _SOFTWARE.search(self.device) else ()
        return software if self._accelerator.works else (*software, *counts(_log()))

    def feed(self, sample: Sample) -> None:
        for name, buffer in self._inputs.items():
            buffer.write(sample[name])

    def mark(self, pattern: int) -> None:
        for name, index in self._request.entry.outputs:
            if index in self._request.computed:
                self._outputs[name].fill(pattern)

    def invoke(self) -> None:
        with _plain_errors():
            self._model.run_by_index(
                self._signature, list(self._inputs.values()), list(self._outputs.values())
            )

    def fetch(self) -> dict[str, Any]:
        return {name: self._outputs[name].read() for name, _ in self._request.entry.outputs}

    def delegated(self) -> Mapping[int, tuple[int, ...]] | None:
        return self._accelerator.plan_hook.replaced(self._read) if self._accelerator.works else None


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Without where in its own sources the runtime met them. Raises: RuntimeUnavailable without a device."""
    try:
        yield
    except RuntimeError as error:
        if _NO_ADAPTER in _log():
            raise _no_device() from None
        raise RuntimeError(_LOCATION.sub("", str(error))) from None


def counts(log: str) -> list[str]:
    """The runtime's own lines on how many operators of each subgraph are on the GPU."""
    return [line.strip() for line in _COUNTS.findall(log)]


def _file(request: RunRequest) -> str:
    """The model's file, or one with its inputs resized: LiteRT would only do that once it is too late."""
    if not request.shapes:
        return request.model
    shapes = {index: request.shapes[name] for name, index in request.entry.inputs if name in request.shapes}
    resized = Path(mkdtemp()) / "resized.tflite"
    with damage_told(request.model):
        resized.write_bytes(resize(Path(request.model).read_bytes(), request.entry.subgraph, shapes))
    return str(resized)


def _log() -> str:
    """The process's log so far: the accelerator says only there which device it chose."""
    try:
        return Path("/proc/self/fd/2").resolve().read_text("utf-8", "replace")
    except OSError:
        return ""


def _no_device() -> RuntimeUnavailable:
    return unavailable(
        f"{_WHO}: the Vulkan driver has no device that the accelerator takes",
        "name another driver with --vulkan-driver",
    )
