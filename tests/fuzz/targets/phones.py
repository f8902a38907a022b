"""What adb, a phone and `benchmark_model` answer."""

from __future__ import annotations

from functools import cache
from random import Random

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.android import benchmark_model, runtime_info
from analyzer.execution.android.adb import Adb, AdbError
from analyzer.execution.android.device import identify, room
from analyzer.execution.inputs.signatures import entries
from analyzer.execution.request import RunRequest
from analyzer.model import Model, read_bytes
from tests.building import chain
from tests.fuzz import mutation
from tests.fuzz.promised import check_lines

_WORDS = mutation.words(
    """
    device offline unauthorized product: model: #ended 0 1 -1 [ro.product.model]: [Pixel] GLES: Mali,
    Inference timings in us: Init: First inference: avg count=50 first=1 curr=1 min=1 max=1 avg= std=0
    p95= median= Memory footprint delta overall (MB): nan inf 1e400 Replacing out of node(s) with
    delegate Initialized OpenCL-based API. Explicitly applied Unconsumed cmdline flags: --x
    """
)


class _Answers(Adb):
    """A client that answers always the same."""

    def __init__(self, text: str) -> None:
        self.text, self.patience, self._executable = text, 1.0, "adb"

    def call(self, *arguments: str, seconds: float) -> str:
        return self.text


@cache
def _model() -> Model:
    return read_bytes(chain("RELU", "NEG"), "m")


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    _asked(_Answers(text))
    request = RunRequest(model="m", entry=entries(_model())[0], parameters={"opencl": True})
    _told(text, request)
    try:
        told = runtime_info.read(data)
    except ValueError:
        return
    benchmark_model.delegated(_model(), request.entry, text, told, None)


def _asked(adb: Adb) -> None:
    try:
        device = adb.device()
        str(identify(device))
        room(device)
    except (AdbError, RuntimeUnavailable) as error:
        check_lines(error)


def _told(log: str, request: RunRequest) -> None:
    benchmark_model.remarks(log, request)
    benchmark_model.growth(log)
    benchmark_model.too_old(log)
    benchmark_model.applied(log)
    try:
        benchmark_model.latency(log, request)
    except ValueError as error:
        check_lines(error)
    try:
        subgraph = _model().subgraphs[0]
        benchmark_model.outputs(subgraph, request.entry, log.encode(), {})
    except ValueError as error:
        check_lines(error)


def seeds() -> list[bytes]:
    return [
        b"List of devices attached\n123 device product:a model:Pixel_8 transport_id:1\n\n#ended 0\n",
        b"List of devices attached\nx offline\ny unauthorized usb:1\n",
        b"[ro.product.model]: [Pixel 8]\n[ro.soc.model]: [G3]\nGLES: ARM, Mali-G715, ES\n\n#ended 0\n",
        b"Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/x 100 50 50 50% /data\n\n#ended 0\n",
        b"Inference timings in us: Init: 1234, First inference: 567, Warmup (avg): 5.1, Inference (avg): 4\n"
        b"count=50 first=10 curr=12 min=8 max=20 avg=11.5 std=2 p5=8 median=11 p95=19\n"
        b"Memory footprint delta from the start of the tool (MB): init=1.5 overall=2.5\n",
        b"Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate.\n"
        b"Initialized OpenCL-based API.\nUnconsumed cmdline flags: --a --b\n",
        bytes.fromhex("0a016d12140a02666e1a0e080042 0a0a084465 6c65676174651000".replace(" ", "")),
        b"\x12\x0c\x08\x00\x12\x04\x08\x01\x22\x00\x1a\x02\x42\x00",
    ]


def mutate(random: Random, data: bytes) -> bytes | None:
    return mutation.text(random, data, _WORDS) if random.random() < 0.6 else mutation.octets(random, data)
