"""`python -m analyzer` and the `delegate-analyzer` command."""

import gc
import os
import sys

# Before the imports: a run is short and leaves next to no cycles behind, so that collecting garbage as
# often as Python does by default would only cost time.
gc.set_threshold(100_000, 20, 100)

_INTERRUPTED = 130


def run() -> None:
    """The console script."""
    _open_closed_streams()
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


if __name__ == "__main__":
    run()
