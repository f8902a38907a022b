"""Runs delegates on a phone: LiteRT's `benchmark_model` once for each sample, the first of them timed."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.execution.android import benchmark_model, runtime_info
from analyzer.execution.android.adb import AdbError, Said
from analyzer.execution.android.device import Phone, PhoneInfo, check_processor
from analyzer.execution.android.runtime_info import RuntimeSubgraph
from analyzer.execution.request import (
    CRASHED,
    FAILED,
    OK,
    TIMEOUT,
    UNAVAILABLE,
    Limits,
    Measured,
    Memory,
    Runner,
    RunRequest,
    RunResult,
    Sample,
    unavailable,
)
from analyzer.files import temporary_folder
from analyzer.model import read
from analyzer.model.graph import Model
from analyzer.rules.loading.android_section import flags
from analyzer.rules.pack import Parameter, RulePack
from analyzer.rules.parameters import split
from analyzer.rules.registry import Packs

_MODEL, _OUTPUTS, _INFO = "model.tflite", "outputs.bin", "info.pb"
#: How a shell tells that a program can't be started, and one that a signal ended.
_CANNOT_START, _SIGNALLED = (126, 127), 128
_SAYING = re.compile(r"^(ERROR|WARN\w*|error|F|E)\b")
_LONGEST = 240


class Android:
    """A phone as the target that delegates run on."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone

    @property
    def reference(self) -> Runner:
        """The built-in kernels on the phone's CPU."""
        return OnPhone(self.phone, "cpu", benchmark_model.NO_DELEGATE)

    def runner(self, pack: RulePack | None) -> Runner:
        """The runner of a pack's delegate; without a pack, of the library that each request names."""
        return OnPhone(self.phone, pack.delegate if pack else "external", pack=pack)

    def specs(self, packs: Packs, specs: Sequence[str]) -> list[str]:
        """See `completed`."""
        return completed(packs, specs, self.phone.target)


def completed(packs: Packs, specs: Sequence[str], target: PhoneInfo) -> list[str]:
    """Delegates with the parameters that a phone itself says; without any, those that it can run.

    Raises: UsageError where one is said to be otherwise.
    """
    every = [name for name in packs.names() if packs.get(name).android is not None]
    usual = [name for name in every if name in packs.default()]
    asked = [name for spec in specs or usual for name in (every if spec == "all" else [spec])]
    return [_completed(packs, spec, target) for spec in asked]


def _completed(packs: Packs, spec: str, target: PhoneInfo) -> str:
    name, written = split(spec)
    pack = packs.get(name)
    for parameter, key in (pack.android.properties if pack.android else {}).items():
        said = _usable(pack.parameters[parameter], target.properties.get(key, ""))
        if said and parameter not in written:
            spec = f"{spec}:{parameter}={said}"
        elif said and written[parameter] != said:
            raise UsageError(
                f"delegate {spec}: the phone has {parameter}={said}; leave {parameter} out to run there"
            )
    return spec


def _usable(parameter: Parameter, said: str) -> str:
    """A property as the parameter takes it, the nearest number where it has a range."""
    if parameter.type == "int":
        if not said.isdigit():
            return ""
        low, high = parameter.range or (int(said), int(said))
        return str(min(max(int(said), low), high))
    return said if not parameter.values or said in map(str, parameter.values) else ""


class OnPhone:
    """Runs models through one delegate, or through none."""

    rounds_alike = False

    def __init__(
        self, phone: Phone, name: str, always: Sequence[str] = (), pack: RulePack | None = None
    ) -> None:
        self.name = name
        self._phone = phone
        self._always = always
        self._pack = pack

    def check(self, request: RunRequest) -> None:
        if request.library is None and self._pack is not None and self._pack.android is None:
            raise unavailable(
                f"{self.name}: benchmark_model can't apply it on a phone", "leave it out with --on adb"
            )
        if request.library is not None and not Path(request.library).is_file():
            raise unavailable(
                f"--delegate-lib {request.library}: there is no such file",
                "name a library built for the phone",
            )
        if request.library is not None:
            check_processor(request.library, self._phone.target)
        benchmark_model.check(request, read(request.model).subgraphs[request.entry.subgraph])

    def run(self, request: RunRequest, samples: Sequence[Sample], limits: Limits) -> RunResult:
        model = read(request.model)
        entry = benchmark_model.in_order(request.entry, model.subgraphs[request.entry.subgraph])
        task = _Task(self._phone, model, replace(request, entry=entry), limits)
        try:
            return task.result(samples, self._told(request))
        except (_Ended, AdbError, ValueError) as error:
            status = error.status if isinstance(error, _Ended) else FAILED
            return RunResult(status=status, message=str(error), log=task.log)

    def _told(self, request: RunRequest) -> _Told:
        if request.library is not None:
            library = self._phone.put(request.library, Path(request.library).name)
            options = ";".join(f"{key}:{value}" for key, value in request.options.items())
            return _Told([f"--external_delegate_path={library}", f"--external_delegate_options={options}"])
        if self._pack is None or self._pack.android is None:
            return _Told(self._always, applies=False)
        own = [f"--{key}={value}" for key, value in request.options.items()]
        told = flags(self._pack, request.parameters, self._phone.folder)
        return _Told([*told, *own], self._pack.android.kernel)


class _Told(Struct, frozen=True):
    """Flags that have the tool apply a delegate."""

    flags: Sequence[str]
    #: What the delegate's nodes are called; None for any but the CPU's.
    kernel: str | None = None
    #: Whether there is a delegate.
    applies: bool = True


class _Ended(Exception):
    """The tool didn't come to its end."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Task:
    """One model through one delegate, or none."""

    def __init__(self, phone: Phone, model: Model, request: RunRequest, limits: Limits) -> None:
        self._phone = phone
        self._model = model
        self._request = request
        self._limits = limits
        #: Seconds that the tool may still take; copying files isn't its fault.
        self._left = limits.seconds
        #: Whether the build enters by a signature whether or not one is named.
        self._first = False
        #: What the tool wrote.
        self.log = ""

    def result(self, samples: Sequence[Sample], told: _Told) -> RunResult:
        """Raises: _Ended, AdbError, ValueError."""
        log, seen, first = self._once(samples[0], told, timed=True)
        rest = [self._once(sample, told, timed=False)[2] for sample in samples[1:]]
        measured = self._measured(log, seen, told)
        return RunResult(status=OK, measured=measured, outputs=[first, *rest], log=self.log)

    def _once(
        self, sample: Sample, told: _Told, timed: bool
    ) -> tuple[str, list[RuntimeSubgraph], dict[str, Any]]:
        """Run the tool on a sample: its log, what the runtime was like, and the outputs."""
        said = self._run(self._arguments(sample, told, timed))
        if not self._first and benchmark_model.by_signature(said.text, [*self._entering(told), *told.flags]):
            self._first = True
            said = self._run(self._arguments(sample, told, timed))
        self._check(said, told)
        entry, seen = self._request.entry, runtime_info.read(self._phone.take(_INFO))
        shapes = next((subgraph.shapes for subgraph in seen if subgraph.index == entry.subgraph), {})
        raw = self._phone.take(_OUTPUTS)
        outputs = benchmark_model.outputs(self._model.subgraphs[entry.subgraph], entry, raw, shapes)
        return said.text, seen, outputs

    def _entering(self, told: _Told) -> list[str]:
        return benchmark_model.signature(self._model, self._request.entry, told.flags, self._first)

    def _arguments(self, sample: Sample, told: _Told, timed: bool) -> list[str]:
        return [
            f"--graph={self._phone.put(self._request.model, _MODEL)}",
            *benchmark_model.arguments(self._request, sample, self._inputs(sample), timed),
            *self._entering(told),
            *told.flags,
            # A slow model gets fewer inferences rather than none: those that warm up have as long again.
            f"--max_secs={self._limits.seconds / 3:g}",
            f"--output_filepath={self._phone.folder}/{_OUTPUTS}",
            "--export_model_runtime_info=true",
            f"--model_runtime_info_output_file={self._phone.folder}/{_INFO}",
        ]

    def _run(self, arguments: Sequence[str]) -> Said:
        begun = time.monotonic()
        said = self._phone.run(arguments, (_OUTPUTS, _INFO), max(1.0, self._left))
        self._left -= time.monotonic() - begun
        self.log += f"{said.text}\n"
        return said

    def _inputs(self, sample: Sample) -> list[str]:
        """The values, as files on the phone in the subgraph's order."""
        paths = []
        with temporary_folder() as folder:
            for number, (name, _) in enumerate(self._request.entry.inputs):
                file = Path(folder) / f"input{number}.bin"
                file.write_bytes(sample[name].tobytes())
                paths.append(self._phone.put(str(file), file.name))
        return paths

    def _check(self, said: Said, told: _Told) -> None:
        """Raises: _Ended unless the tool did all that it was told."""
        words, phone = _words(said.text), self._phone.target
        if said.late:
            message = f"no answer within {self._limits.seconds:g} s; its last words: {words}"
            raise _Ended(TIMEOUT, message)
        if said.code in _CANNOT_START:
            message = f"benchmark_model can't be started on {phone.name} ({words}); build it for {phone.abi}"
            raise _Ended(UNAVAILABLE, message)
        if said.code > _SIGNALLED:
            message = f"ended by {_signal(said.code - _SIGNALLED)} on the phone; its last words: {words}"
            raise _Ended(CRASHED, message)
        if said.code:
            message = f"benchmark_model ended with exit code {said.code}; its last words: {words}"
            raise _Ended(FAILED, message)
        if lacking := benchmark_model.too_old(said.text):
            message = f"benchmark_model knows no {lacking}; build it from a current LiteRT"
            raise _Ended(UNAVAILABLE, message)
        if told.applies and not benchmark_model.applied(said.text):
            message = f"benchmark_model made no such delegate on {phone.name} ({words})"
            raise _Ended(UNAVAILABLE, f"{message}; build it with that one, or --push the libraries it needs")

    def _measured(self, log: str, seen: Sequence[RuntimeSubgraph], told: _Told) -> Measured:
        entry = self._request.entry
        grown = benchmark_model.growth(log)
        alone = benchmark_model.NO_DELEGATE[0] in self._entering(told)
        return Measured(
            runtime=self._phone.runtime,
            device=str(self._phone.target),
            latency=benchmark_model.latency(log, self._request),
            # The tool tells the difference alone.
            memory=None if grown is None else Memory(0, grown),
            delegated=benchmark_model.delegated(self._model, entry, log, seen, told.kernel),
            remarks=benchmark_model.remarks(log, self._request, alone=alone),
        )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _words(log: str) -> str:
    """The last that was said, what sounds like a reason before all else."""
    lines = [" ".join(line.split()) for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if _SAYING.match(line)] or lines
    words = " / ".join(dict.fromkeys(telling[-2:]))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
