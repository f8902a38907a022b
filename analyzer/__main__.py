"""`python -m analyzer` and the `delegate-analyzer` command."""

import gc
import io
import os
import sys
from typing import Any

# Before the imports: a run is short and leaves next to no cycles behind, so that collecting garbage as
# often as Python does by default would only cost time.
gc.set_threshold(100_000, 20, 100)

_INTERRUPTED = 130


def run() -> None:
    """The console script."""
    _open_closed_streams()
    _write_whole()
    try:
        # Here, so that an interruption while it loads is told like any other.
        from analyzer.cli import main

        code = main()
    except KeyboardInterrupt:
        sys.stderr.write("delegate-analyzer: interrupted\n")
        code = _INTERRUPTED
    # What is left goes with the process; looking through it for cycles first takes a fifth of a short run.
    gc.freeze()
    sys.exit(code)


def _open_closed_streams() -> None:
    """Let streams that the caller closed lead nowhere, before a file takes the place of one."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


class _Whole(io.FileIO):
    """A stream that waits where a pipe that doesn't block is full: it would else take a part and say so."""

    def write(self, content: Any) -> int:
        while (written := super().write(content)) is None:
            import select

            select.select([], [self], [])
        return written


def _write_whole() -> None:
    """Have stdout written to the end, also where Python doesn't buffer it and so takes part of it for all."""
    stream = sys.stdout
    try:
        handle = stream.fileno()
        raw = isinstance(stream, io.TextIOWrapper) and isinstance(stream.buffer, io.RawIOBase)
        if raw or not os.get_blocking(handle):
            lines = io.BufferedWriter(_Whole(handle, "wb", closefd=False))
            sys.stdout = io.TextIOWrapper(lines, stream.encoding, stream.errors, write_through=True)
    except (OSError, ValueError, AttributeError):
        return


if __name__ == "__main__":
    run()
