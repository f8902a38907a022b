"""Requests and results of runs: the same for every engine, on this machine or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import util
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from analyzer.errors import RuntimeUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
else:
    Array = Any

#: Input or output name -> values.
Sample = Mapping[str, Array]

#: How a run can end.
OK, FAILED, CRASHED, TIMEOUT, UNAVAILABLE = "ok", "failed", "crashed", "timeout", "unavailable"


class Entry(Struct, frozen=True):
    """An entry point of a model: a signature, or the first subgraph of a model without any.

    `inputs` and `outputs` are names with tensor indices of that subgraph.
    """

    key: str | None
    subgraph: int
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


class RunRequest(Struct, frozen=True, kw_only=True):
    """One model on one engine."""

    #: The .tflite file.
    model: str
    entry: Entry
    #: What the delegate was asked for, as its rule pack resolves it.
    parameters: Mapping[str, str | int | bool] = {}
    #: Input name -> the shape that it is resized to first.
    shapes: Mapping[str, tuple[int, ...]] = {}
    threads: int = 1
    warmup: int = 1
    runs: int = 10
    #: Tensors, by subgraph and index, that come out besides the outputs, called `kept`; the CPU alone can.
    kept: tuple[tuple[int, int], ...] = ()
    #: A delegate's shared library with its options, for engines that load one.
    library: str | None = None
    options: Mapping[str, str] = {}
    #: A Vulkan driver (its library or its JSON manifest), for engines that need one.
    vulkan_driver: str | None = None
    #: Tensor indices of the outputs that operators compute; constants among outputs can't be marked.
    computed: tuple[int, ...] = ()


class Limits(Struct, frozen=True):
    """Limits that a process may reach before it is ended."""

    seconds: float = 120.0
    megabytes: int = 4096


class Runtime(Struct, frozen=True):
    name: str
    version: str


class Latency(Struct, frozen=True):
    """Milliseconds; `median` and `p90` over `runs` inferences after those that warm up.

    `first` is None where a model is prepared for a device and not run; `p95` is for tools that know no `p90`.
    """

    init: float
    first: float | None
    median: float | None = None
    p90: float | None = None
    runs: int = 0
    warmup: int = 0
    threads: int = 1
    #: Each of those inferences, in the order they ran, where that is known.
    times: tuple[float, ...] = ()
    p95: float | None = None


class Memory(Struct, frozen=True):
    """Bytes resident in the process: before the model is loaded, and at most."""

    before: int
    peak: int


class Measured(Struct, frozen=True, kw_only=True):
    """Measurements and properties of a run, besides its outputs."""

    runtime: Runtime
    device: str
    latency: Latency
    memory: Memory | None = None
    #: Subgraph -> indices of the operators that the delegate runs; None where the runtime doesn't tell.
    delegated: Mapping[int, tuple[int, ...]] | None = None
    #: Outputs that aren't written whole -> how many of their elements aren't.
    never_written: Mapping[str, int] = {}
    #: What is to be said with these numbers, one line each.
    remarks: tuple[str, ...] = ()


class RunResult(Struct, frozen=True, kw_only=True):
    """A run's status; `measured` and `outputs`, one mapping a sample, where it ended well and has any."""

    status: str
    #: One line; empty where all went well.
    message: str = ""
    measured: Measured | None = None
    outputs: Sequence[Sample] = ()
    #: What the runtime wrote while it ran.
    log: str = ""
    #: What was delegated before a run failed, where that is known.
    before_failing: Mapping[int, tuple[int, ...]] | None = None

    @property
    def delegated(self) -> Mapping[int, tuple[int, ...]] | None:
        """Subgraph -> operators that the delegate took; None where the runtime doesn't tell."""
        return self.measured.delegated if self.measured else self.before_failing


class Runner(Protocol):
    """Runs models on one backend."""

    @property
    def name(self) -> str: ...

    @property
    def rounds_alike(self) -> bool:
        """True where it computes in integers what the CPU does, so that nothing but rounding may differ."""

    def check(self, request: RunRequest) -> None:
        """Raises: RuntimeUnavailable, with what to install."""

    def run(self, request: RunRequest, samples: Sequence[Sample], limits: Limits) -> RunResult: ...


class Session(Protocol):
    """A loaded model, inside the process that runs it."""

    runtime: Runtime

    @property
    def device(self) -> str:
        """The device that computes: a processor, a GPU and its driver."""

    @property
    def remarks(self) -> Sequence[str]: ...

    def feed(self, sample: Sample) -> None: ...

    def mark(self, pattern: int) -> None:
        """Fill outputs with a byte that a run has to write over."""

    def invoke(self) -> None: ...

    def fetch(self) -> dict[str, Any]: ...

    def delegated(self) -> Mapping[int, tuple[int, ...]] | None:
        """Asked last: it may leave the session unusable."""


class Engine(Protocol):
    """A module of this package that runs models in a process of its own."""

    #: See `Runner.rounds_alike`.
    ROUNDS_ALIKE: bool

    def check(self, request: RunRequest) -> None:
        """Raises: RuntimeUnavailable."""

    def load(self) -> None:
        """Import the runtime: that belongs to no model."""

    def open(self, request: RunRequest) -> Session: ...


def kept(subgraph: int, tensor: int) -> str:
    """The name of a kept tensor among outputs."""
    return f"{subgraph}.{tensor}"


def unavailable(what: str, advice: str) -> RuntimeUnavailable:
    """The error for what isn't installed or attached, with how to get it."""
    return RuntimeUnavailable(f"{what}; {advice}")


def check_numpy(who: str) -> None:
    """Raises: RuntimeUnavailable without NumPy, which comes with every runtime and not by itself."""
    if util.find_spec("numpy") is None:
        raise unavailable(f"{who}: NumPy is not installed", "pip install 'delegate-analyzer[litert]'")
