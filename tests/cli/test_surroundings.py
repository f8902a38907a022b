"""What surrounds a run: streams that are closed or full, pipes and devices in place of files, signals."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.cli.options import project
from tests.cli.models import chain, save
from tests.cli.running import Outcome, run
from tests.packs import saved, tiny

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="streams, pipes and signals are another matter there")


def shell(line: str, *arguments: str | Path) -> Outcome:
    """A line of shell in which `analyzer` is the program and `$1` the first argument."""
    program = f'analyzer() {{ "{sys.executable}" -m analyzer "$@"; }}; {line}'
    words = ["sh", "-c", program, "sh", *(os.fspath(argument) for argument in arguments)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL)
    return Outcome(done.returncode, done.stdout, done.stderr.decode())


# Streams


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("analyzer audit sample: <&-", 0),
        ("analyzer audit sample: >&-", 0),
        ("analyzer audit sample: <&- >&- 2>&-", 0),
        ("analyzer audit sample: -d gpu 2>&-", 1),
        ("analyzer audit sample: -q -d gpu >&-", 1),
        ("analyzer audit none.tflite >&- 2>&-", 2),
        ("analyzer --help >&-", 0),
    ],
)
def test_closed_streams_lead_nowhere(line: str, code: int) -> None:
    done = shell(line)
    assert (done.code, done.err) == (code, "")


def test_a_working_folder_that_is_gone(tmp_path: Path) -> None:
    done = shell(f'cd "$1"; rmdir "$1"; PYTHONPATH="{ROOT}" analyzer audit sample:', tmp_path)
    assert done.code == 2
    assert done.complaint == "the folder that this runs in: is no longer there; change to another one"


def test_standard_input_that_is_closed() -> None:
    done = shell("analyzer audit - --format json <&-")
    assert done.code == 2
    assert done.complaint.startswith("-: is empty; ")


def test_a_file_written_while_all_streams_are_closed(tmp_path: Path) -> None:
    output = tmp_path / "o.json"
    assert shell('analyzer audit sample: -o "$1" <&- >&- 2>&-', output).code == 0
    assert output.read_bytes().startswith(b"{")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("line", "code"), [("analyzer audit none.tflite -q", 2), ("analyzer audit sample: -q -d gpu", 1)]
)
def test_complaints_that_find_no_space(line: str, code: int) -> None:
    assert shell(f"{line} 2>/dev/full").code == code


def test_output_that_may_not_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "delegate-analyzer.toml")

    monkeypatch.setattr(project, "find_file", refuse)
    monkeypatch.setattr("analyzer.cli.hush", lambda: None)
    done = run("audit", "sample:")
    assert (done.code, done.complaint) == (
        2,
        "delegate-analyzer.toml: Permission denied; check that it may be used",
    )


# Pipes and devices


@pytest.mark.parametrize("words", [["audit"], ["inspect"], ["compare", "sample:"]])
def test_a_pipe_is_no_model(tmp_path: Path, words: list[str]) -> None:
    os.mkfifo(tmp_path / "pipe.tflite")
    done = run(*words, tmp_path / "pipe.tflite")
    assert done.code == 2
    assert done.complaint == (
        f"{tmp_path}/pipe.tflite: is a pipe, not a file; pass what it holds on standard input, as -"
    )


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_no_model(device: str) -> None:
    done = run("audit", device)
    assert (done.code, done.complaint) == (2, f"{device}: is a device, not a file; name a file")


def test_pipes_and_devices_are_no_rule_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    for file in (tmp_path / "pipe.toml", "/dev/zero"):
        for option in ("--rules", "--config"):
            done = run("audit", "sample:", option, file)
            assert done.code == 2
            assert f"{file}: can't be read (is a " in done.complaint


def test_rule_files_that_cannot_be_read_say_why_in_words(tmp_path: Path) -> None:
    missing, damaged = tmp_path / "none.toml", tmp_path / "damaged.toml"
    damaged.write_bytes(b"\xff")
    for file, why in ((missing, "No such file or directory"), (damaged, "it isn't UTF-8")):
        done = run("audit", "sample:", "--rules", file)
        assert (done.code, done.complaint) == (2, f"{file}: can't be read ({why}); name a rule file")


# Signals


#: Interrupts itself while the program is still being loaded.
LOADING = """
import os, signal, sys
# Whoever started the tests in the background had them ignore what the keyboard sends.
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
from analyzer.__main__ import run
run()
"""


def test_an_interruption_while_loading() -> None:
    done = subprocess.run([sys.executable, "-c", LOADING], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "delegate-analyzer: interrupted\n")


#: Audits in two processes and says which; waits to be killed once both are at work.
PARENT = """
import multiprocessing, sys, time
from analyzer import cli
from analyzer.fleet import batch
results = batch.results
def told(*arguments):
    for result in results(*arguments):
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        time.sleep(600)
        yield result
batch.results = told
cli.main(["audit", *sys.argv[1:], "-j", "2"])
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_the_one_that_started_them(tmp_path: Path, how: signal.Signals) -> None:
    for number in range(40):
        save(tmp_path / f"{number}.tflite", chain("RELU"))
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, os.fspath(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as parent:
        assert parent.stdout is not None
        children = [int(word) for word in parent.stdout.readline().split()]
        parent.send_signal(how)
        # Ends when the last process that could still write is gone.
        parent.communicate(timeout=60)
    assert len(children) == 2


# What is asked for


def test_a_configuration_names_its_file_where_its_delegates_are_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text, words in (
        ('delegates = ["gpus"]', "delegate gpus: there is no such rule pack; did you mean gpu?"),
        ('delegates = ["gpu"]\nfail-on = ["gpu:nope"]', "there is no policy nope"),
        ('delegates = ["gpu"]\nruntime = "9"', "runtime=9 is not known"),
    ):
        saved(tmp_path, text, "delegate-analyzer.toml")
        done = run("audit", "sample:")
        assert done.code == 2
        assert re.match(r"delegate-analyzer\.toml:\d: ", done.complaint)
        assert words in done.complaint


def test_names_in_capitals_are_recognized() -> None:
    assert "did you mean gpu?" in run("audit", "sample:", "-d", "GPU").complaint


@pytest.mark.parametrize("shape", ["x=1_0", "x=\uff11", "x=+1", "x=1.0"])
def test_sizes_are_plain_numbers(shape: str) -> None:
    assert "not INPUT=SIZE" in run("audit", "sample:", "--shape", shape).complaint


def test_a_path_without_a_name() -> None:
    assert run("audit", "").complaint == "'': no such file or directory; check the path"


def test_a_policy_may_loop(tmp_path: Path) -> None:
    rules = saved(tmp_path, tiny())
    words = ("audit", "sample:", "--rules", rules, "-d", "tiny", "--fail-on")
    assert run(*words, "any(operators > n for n in [1, 2])").code == 1
    assert run(*words, "all(operators < n for n in [1, 2])").code == 0
