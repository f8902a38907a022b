"""Runs the command line as a user does, in this process or in one of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from unittest import mock

from msgspec import Struct

from analyzer.cli import main

Argument = str | os.PathLike[str]


class Outcome(Struct, frozen=True):
    """What a command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return cast(dict[str, Any], json.loads(self.out))

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def complaint(self) -> str:
        """The one line on stderr, besides those that tell why a policy failed."""
        lines = [line for line in self.err.splitlines() if not line.startswith("policy failed: ")]
        assert len(lines) == 1, self.err
        assert lines[0].startswith("delegate-analyzer: "), self.err
        return lines[0].removeprefix("delegate-analyzer: ")


def run(*arguments: Argument, stdin: bytes = b"") -> Outcome:
    """Run a command in this process."""
    out, err, given = (io.TextIOWrapper(io.BytesIO(content), "utf-8") for content in (b"", b"", stdin))
    with mock.patch.multiple(sys, stdout=out, stderr=err, stdin=given):
        code = main([os.fspath(argument) for argument in arguments])
        out.flush()
        err.flush()
    written, said = (stream.buffer.getvalue() for stream in (out, err))
    return Outcome(code, written, said.decode())


def run_apart(
    *arguments: Argument, stdin: bytes = b"", environment: Mapping[str, str] = {}, python: Sequence[str] = ()
) -> Outcome:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, *python, "-m", "analyzer", *(os.fspath(argument) for argument in arguments)],
        input=stdin,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, **environment},
    )
    return Outcome(done.returncode, done.stdout, done.stderr.decode())
