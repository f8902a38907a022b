"""A process with a limit on its time and one on its memory, and how it ended."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.execution.request import CRASHED, FAILED, TIMEOUT, Limits, RunResult, unavailable

if TYPE_CHECKING:
    import psutil

#: How often memory is looked at. Listing processes takes time that the run would miss.
_POLL_SECONDS = 0.1
_LAST_WORDS = 300
#: What Python says when it can't clean up after what really happened.
_AFTERMATH = "Exception ignored in"
#: Lines that runtimes write whatever happens, and those that say where in their own code something did.
_CHATTER = (
    "*** Check failure",
    "@ 0x",
    "INFO",
    "I0",
    "W0",
    "WARNING: [",
    "WARNING: Logging before",
    "WARNING: All log messages",
    "VERBOSE",
    "└",
    "===",
    "See instr",
)


class Ended(Struct, frozen=True):
    code: int
    late: bool = False
    #: Whether it took more memory than it was allowed.
    large: bool = False


def watch(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    limits: Limits,
    moved: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run a command and have all that it says in `log`; each time it has `moved` on, its time begins anew.

    Nothing that it starts outlives this. Raises: RuntimeUnavailable without psutil.
    """
    if util.find_spec("psutil") is None:
        raise unavailable("runs: psutil is not installed", "pip install 'delegate-analyzer[litert]'")
    family = _Family(_start(command, log, environment))
    late, large, until = False, False, time.monotonic() + limits.seconds
    try:
        while not (late or large or family.ended()):
            if moved():
                until = time.monotonic() + limits.seconds
            late = time.monotonic() > until
            large = family.resident() > limits.megabytes << 20
    finally:
        code = family.end()
    return Ended(code, late, large)


def _start(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> psutil.Popen:
    import psutil

    with open(log, "wb") as file:
        return psutil.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=dict(environment),
            start_new_session=True,
        )


class _Family:
    """A process and all that it starts, also what outlives it."""

    def __init__(self, first: psutil.Popen) -> None:
        self._first = first
        self._known: set[psutil.Process] = {first}

    def ended(self) -> bool:
        """True where the process has ended by itself, after waiting a little."""
        import psutil

        try:
            self._first.wait(_POLL_SECONDS)
        except psutil.TimeoutExpired:
            return False
        return True

    def resident(self) -> int:
        """Bytes that they hold in memory together."""
        import psutil

        with suppress(psutil.Error):
            self._known.update(self._first.children(recursive=True))
        return sum(_resident(process) for process in self._known)

    def end(self) -> int:
        """End them all; the first one's exit code."""
        import psutil

        for process in self._known:
            with suppress(psutil.Error):
                process.kill()
        return int(self._first.wait())


def _resident(process: psutil.Process) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def over_limit(ended: Ended, limits: Limits, stage: str, log: str) -> RunResult | None:
    """The result of a process that had to be ended; None where it ended by itself."""
    if ended.large:
        message = f"needs more than the {limits.megabytes} MB it was allowed (--memory), while {stage}"
        return RunResult(status=FAILED, message=message, log=log)
    if ended.late:
        message = with_words(f"no answer within {limits.seconds:g} s (--timeout), while {stage}", log)
        return RunResult(status=TIMEOUT, message=message, log=log)
    return None


def crash(ended: Ended, stage: str, log: str) -> RunResult:
    """The result of a process that ended before it was done."""
    message = f"ended by {_cause(ended.code)} while {stage}"
    return RunResult(status=CRASHED, message=with_words(message, log), log=log)


def _cause(code: int) -> str:
    """The cause of a process's end, by its exit code."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def with_words(message: str, log: str) -> str:
    """The message with the last that the runtime wrote, where it wrote anything that tells."""
    lines = [" ".join(line.split()) for line in log.partition(_AFTERMATH)[0].splitlines()]
    telling = [line for line in lines if line and not line.startswith(_CHATTER)]
    words = " / ".join(dict.fromkeys(telling[-2:]))
    words = words if len(words) <= _LAST_WORDS else f"{words[: _LAST_WORDS - 1]}…"
    return f"{message}; its last words: {words}" if words else message
