"""What is promised of every input: an answer or clear lines, within bounds."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from types import FrameType

#: Seconds of processor time and bytes of memory that no input may take; inputs here are far below 10 MB.
MOST_SECONDS, MOST_MEMORY = 2.0, 256 << 20
#: Seconds after which it is interrupted.
_PATIENCE = 20.0
_LONGEST_LINE = 5000


class Hangs(BaseException):
    """An input takes much longer than any may; no code catches this on its way."""


class Broken(AssertionError):
    """An answer came, but not as it is promised."""


@contextmanager
def toml_file(data: bytes) -> Iterator[Path]:
    """These bytes as a file, which each process writes anew and takes away."""
    file = Path(gettempdir()) / f"delegate-analyzer-fuzz-{os.getpid()}.toml"
    file.write_bytes(data)
    try:
        yield file
    finally:
        file.unlink()


def check_lines(error: Exception) -> None:
    """What is wrong is said in lines that aren't endless. Raises: Broken."""
    for line in getattr(error, "problems", None) or [str(error)]:
        if not line.strip() or "\n" in line or len(line) > _LONGEST_LINE:
            raise Broken(f"{type(error).__name__} says {line[:200]!r} ({len(line)} characters)")


def measured(run: Callable[[], None], bounds: bool = True) -> None:
    """Run within the bounds, as processor time and the most memory ever, under `interrupting`.

    Raises: Broken, Hangs.
    """
    seconds, memory = _used()
    signal.setitimer(signal.ITIMER_VIRTUAL, _PATIENCE)
    try:
        run()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if not bounds:
        return
    later, larger = _used()
    if later - seconds > MOST_SECONDS:
        raise Broken(f"took {later - seconds:.1f} s")
    if larger - memory > MOST_MEMORY:
        raise Broken(f"took {(larger - memory) >> 20} MB")


def _used() -> tuple[float, int]:
    import resource  # Windows hasn't got it

    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss << 10


@contextmanager
def interrupting() -> Iterator[None]:
    """What takes too long is interrupted. Set up once: it takes a third as long as reading a small model."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise Hangs(f"takes more than {_PATIENCE:g} s")

    before = signal.signal(signal.SIGVTALRM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, before)
