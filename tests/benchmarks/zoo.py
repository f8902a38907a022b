"""Throughput and memory of audits of many models, and what a killed process costs.

usage: python -m tests.benchmarks.zoo [--models N,...] [--jobs N,...] [--archive FILE] [--killed] [--along N]

Models are those of the archive (tests/conformance/cases.zip where none is named), over and over, each with a
few bytes of its own at its end, so that no two have the same content.
"""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path

from tests.benchmarks.measuring import ROOT, USUAL, Row, audit, cost

CASES = ROOT / "tests" / "conformance" / "cases.zip"
_MEGABYTE = 1e6


def zoo(folder: Path, archive: Path, count: int) -> Path:
    """A folder of that many models, a thousand a folder in it."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.endswith(".tflite")]
        contents = [opened.read(name) for name in names]
    for number, content in enumerate(islice(cycle(contents), count)):
        place = folder / f"{number // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06}.tflite").write_bytes(content + number.to_bytes(8, "little"))
    return folder


def rows(folder: Path, archive: Path, count: int, processes: str) -> Iterator[Row]:
    """Models a second and the largest process, with so many processes."""
    models = zoo(folder / str(count), archive, count)
    for jobs in processes.split(","):
        out = folder / f"{count}-{jobs}.sqlite"
        begun = time.monotonic()
        command = audit(sys.executable, str(models), "-d", USUAL, "-j", jobs, "-q", "-o", str(out))
        spent = cost(command)
        wall = time.monotonic() - begun
        measured = f"{count / wall:.0f}/s, {spent.peak / _MEGABYTE:.0f} MB"
        cpu = 1000 * spent.cpu / count
        size = out.stat().st_size / count
        yield Row(f"{count:,} models, -j {jobs}: {cpu:.1f} ms CPU, {size:.0f} B of tables each", measured)


def along(folder: Path, archive: Path, count: int, jobs: int) -> Iterator[Row]:
    """One audit of many models, and what it takes on the way: models a second, resident memory."""
    models = zoo(folder / "along", archive, count)
    out = folder / "along.sqlite"
    command = audit(sys.executable, str(models), "-d", USUAL, "-j", str(jobs), "-q", "-o", str(out))
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT)
    largest, told = {"gathering": 0.0, "auditing": 0.0}, 0
    while process.poll() is None:
        done = _files(Path(f"{out}.journal")) or told
        own, *others = (_resident(number) for number in (process.pid, *_children(process.pid)))
        # By itself it does both.
        now = {"gathering": own, "auditing": max(others, default=own)}
        largest = {name: max(largest[name], now[name]) for name in largest}
        if done >= max(1000, told + told // 4):
            told = done
            spent = time.monotonic() - begun
            memory = ", ".join(f"{name} {now[name]:.0f} (most {largest[name]:.0f}) MB" for name in now)
            yield Row(f"{done:,} of {count:,} models, -j {jobs}", f"{done / spent:.0f}/s, {memory}")
        time.sleep(0.5)
    spent, used = time.monotonic() - begun, os.times()
    cpu = 1000 * (used.children_user + used.children_system) / count
    memory = ", ".join(f"{name} at most {most:.0f} MB" for name, most in largest.items())
    yield Row(f"{count:,} models, -j {jobs}: {cpu:.1f} ms CPU each", f"{count / spent:.0f}/s, {memory}")


def _resident(process: int) -> float:
    """Megabytes; none of a process that has ended."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0.0
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE


def _children(process: int) -> list[int]:
    try:
        return [*map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())]
    except OSError:
        return []


def killed(folder: Path, archive: Path, count: int = 2000) -> Row:
    """One of two processes killed outright, then all of them: rows before and after."""
    models = zoo(folder / "killed", archive, count)
    out = folder / "killed.sqlite"
    command = audit(sys.executable, str(models), "-d", USUAL, "-j", "2", "-q", "--resume", "-o", str(out))
    process = subprocess.Popen(command, cwd=ROOT)
    journal = Path(f"{out}.journal")
    worker = _when(journal, count // 10, process.pid)
    os.kill(worker, signal.SIGKILL)
    before = _files(journal)
    _when(journal, count // 2, process.pid)
    process.kill()
    process.wait()
    at_kill = _files(journal)
    cost(command)
    with closing(sqlite3.connect(out)) as database:
        after = database.execute("SELECT count(*), count(DISTINCT path), count(error) FROM file").fetchone()
    what = f"a process killed at {before} files, all at {at_kill}: files, different, errors in the end"
    return Row(what, " ".join(map(str, after)), f"{count} {count} 0")


def _when(journal: Path, files: int, parent: int) -> int:
    """A child of the process, once the journal holds so many files."""
    while not journal.exists() or _files(journal) < files:
        time.sleep(0.05)
    return _children(parent)[0]


def _files(journal: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            number: int = database.execute("SELECT count(*) FROM file").fetchone()[0]
            return number
    except sqlite3.OperationalError:
        return 0


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--models", default="1000,10000")
    asked.add_argument("--jobs", default="1,2")
    asked.add_argument("--archive", type=Path, default=CASES)
    asked.add_argument("--killed", action="store_true")
    asked.add_argument(
        "--along", type=int, metavar="N", help="so many in one go, with what it takes meanwhile"
    )
    wanted = asked.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for count in map(int, wanted.models.split(",") if wanted.models else ()):
            for row in rows(Path(folder), wanted.archive, count, wanted.jobs):
                print(row, flush=True)
        for jobs in map(int, wanted.jobs.split(",") if wanted.along else ()):
            for row in along(Path(folder) / str(jobs), wanted.archive, wanted.along, jobs):
                print(row, flush=True)
        if wanted.killed:
            print(killed(Path(folder), wanted.archive), flush=True)


if __name__ == "__main__":
    main()
