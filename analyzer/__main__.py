"""`python -m analyzer` and the `delegate-analyzer` command."""

# What `signal` adds are names as enums, which take a hundredth of a start.
import _signal as signal  # type: ignore[import-not-found]
import atexit
import gc
import io
import os
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import Any, NoReturn

# Before the imports: a run is short and leaves next to no cycles behind, so that collecting garbage as
# often as Python does by default would only cost time.
gc.set_threshold(1_000_000, 20, 100)

_INTERRUPTED = 130


def run() -> None:
    """The console script."""
    _open_closed_streams()
    _write_whole()
    _end_in_order()
    sys.meta_path.insert(0, _OwnModules)
    try:
        # Here, so that an interruption while it loads is told like any other.
        from analyzer.cli import main
        from analyzer.model.read import end_where_cut_short

        end_where_cut_short()
        code = main()
    except KeyboardInterrupt:
        sys.stderr.write("delegate-analyzer: interrupted\n")
        code = _INTERRUPTED
    _leave(code)


class _OwnModules:
    """Finds this package's modules by their names: a start asks for over a hundred.

    Python would list each folder, and look there for extensions and bytecode too: a twentieth of a start.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _: object = None) -> ModuleSpec | None:
        if path is None or not name.startswith("analyzer."):
            return None
        place = os.path.join(path[0], name.rpartition(".")[2])
        for file, folders in ((f"{place}.py", None), (os.path.join(place, "__init__.py"), [place])):
            if os.path.isfile(file):
                spec = ModuleSpec(name, SourceFileLoader(name, file), origin=file)
                spec.has_location, spec.submodule_search_locations = True, folders
                return spec
        return None  # which others may find after all


def _leave(code: int) -> NoReturn:
    """End here: the system takes back at once what Python would let go of piece by piece, which takes longer.

    What was registered for the end is done, and where threads are left, Python waits for them as ever.
    """
    if threading.active_count() == 1:
        atexit._run_exitfuncs()
        try:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        except (OSError, ValueError):
            pass  # which Python has an exit code of its own for
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


def _end_in_order() -> None:
    """Have a request to end unwind what runs, so that processes and temporary files go with this one."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # Whoever has it ignored, as nohup does, is to be left alone.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _: object) -> None:
    # Once: what is left to do must not be ended half-way.
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


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
