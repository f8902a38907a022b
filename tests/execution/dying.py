"""In place of the process that asks a runtime: dies at models called so, and never ends with others."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from analyzer.conformance.runtime_query import REPLIES, Reply, Task
from analyzer.execution import worker


def main(folder: Path) -> None:
    task = msgspec.msgpack.decode((folder / worker.TASK).read_bytes(), type=Task)
    with open(folder / REPLIES, "ab", buffering=0) as words:
        for file in task.files:
            if file == "dies":
                words.write(b'{"file":"di')
                os.kill(os.getpid(), signal.SIGSEGV)
            if file == "hangs":
                Path(os.environ["HANGS"]).write_text(str(os.getpid()))
                time.sleep(600)
            words.write(msgspec.json.encode(Reply(file, {0: (1,)})) + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
