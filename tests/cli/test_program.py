"""The program as a whole: help, usage errors, what it loads, and how it ends when something else does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import __version__
from analyzer.model_auditor import ModelAuditor
from tests.cli.models import chain, save
from tests.cli.running import run, run_apart

ROOT = Path(__file__).parents[2]


def test_version() -> None:
    done = run("--version")
    assert (done.code, done.err) == (0, "")
    assert __version__ in done.text


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("audit", "--help"), ("audit", "-h")])
def test_help(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith(f"Usage: {' '.join(['delegate-analyzer', *words[:-1]])} ")
    assert max(map(len, done.text.splitlines())) <= 80


@pytest.mark.parametrize("group", ["rules", "devices"])
def test_a_group_by_itself_shows_its_help(group: str) -> None:
    done = run(group)
    assert (done.code, done.text) == (2, "")
    assert done.err == run(group, "--help").text


@pytest.mark.parametrize("group", ["rules", "devices"])
def test_help_of_a_group_cuts_no_summary(group: str) -> None:
    assert "..." not in run(group, "--help").text.partition("Commands:")[2]


def test_help_names_the_exit_codes_and_every_command() -> None:
    text = run("--help").text
    for word in ("0 the policy holds", "audit", "inspect", "explain", "rules", "schema"):
        assert word in text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "Missing command"),
        (("audti",), "There is no command audti; did you mean audit?"),
        (("audit",), "Missing argument 'PATH...'"),
        (("--bogus",), "--bogus"),
        (("audit", "sample:", "--delegat", "gpu"), "--delegate"),
        (("audit", "sample:", "-d"), "-d"),
        (("audit", "sample:", "-j", "0"), "0 is not in the range x>=1"),
        (("audit", "sample:", "-j", "many"), "many"),
        (("audit", "sample:", "--color", "red"), "red"),
        (("audit", "sample:", "-q=1"), "-="),
    ],
)
def test_usage_errors_are_one_line(words: tuple[str, ...], complaint: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, b"")
    assert complaint in done.complaint
    assert "--help" in done.complaint


def test_usage_errors_in_a_process_of_its_own() -> None:
    assert run_apart("audit") == run("audit")


HEAVY = ["numpy", "psutil", "flatbuffers", "jinja2", "tabulate", "tensorflow", "ai_edge_litert"]


def loaded(code: str, names: list[str]) -> str:
    """Which of these modules a fresh interpreter has after running the code."""
    code += f"; import sys; sys.exit(' '.join(name for name in {names} if name in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    return done.stderr


@pytest.mark.parametrize(
    "code", ["import analyzer.cli", "from analyzer.cli import main; main(['--help'])", "import analyzer"]
)
def test_starting_loads_nothing_heavy(code: str) -> None:
    assert loaded(code, [*HEAVY, "analyzer.auditing.auditor", "tomllib"]) == ""


def test_an_audit_to_json_loads_nothing_heavy() -> None:
    code = "from analyzer.cli import main; main(['audit', 'sample:', '--format', 'json'])"
    assert loaded(code, HEAVY) == ""


#: Prints, of every module of ours that an audit loads, whether it was found as Python finds it.
FOUND = """
import os, sys
from importlib.machinery import PathFinder
from analyzer import __main__ as program
program._leave = lambda code: None
sys.argv = ["analyzer", "audit", "sample:", "--format", "json"]
program.run()
for name, module in list(sys.modules.items()):
    if name.startswith("analyzer."):
        usual = PathFinder.find_spec(name, sys.modules[name.rpartition(".")[0]].__path__)
        said = [(spec.origin, spec.cached, spec.parent, spec.submodule_search_locations, type(spec.loader))
                for spec in (module.__spec__, usual)]
        print(name, said[0] == said[1], file=sys.stderr)
"""


def test_modules_are_found_as_python_finds_them() -> None:
    done = subprocess.run([sys.executable, "-c", FOUND], cwd=ROOT, capture_output=True, text=True)
    found = dict(line.split() for line in done.stderr.splitlines() if line.startswith("analyzer."))
    assert {"analyzer.cli", "analyzer.model_auditor"} < found.keys() and set(found.values()) == {"True"}


#: What only runs load that ask for it.
APART = (
    "analyzer.api", "analyzer.cli.fleet_commands", "analyzer.config.pinning",
    "analyzer.config.project_file", "analyzer.config.settings", "analyzer.conformance",
    "analyzer.device_log", "analyzer.devices", "analyzer.evaluation", "analyzer.execution",
    "analyzer.expressions.check", "analyzer.fleet.store", "analyzer.fleet.survey",
    "analyzer.fleet.workers", "analyzer.recommendation.snippets", "analyzer.report.compare",
    "analyzer.report.html", "analyzer.report.text", "analyzer.rewriting", "analyzer.rules.loading",
    "difflib", "locale", "signal", "subprocess", "tempfile", "tomllib",
)  # fmt: skip
#: So many of our own modules are loaded by it at most: each takes a seventh of a millisecond.
MODULES = 140


def test_an_audit_to_json_loads_what_it_needs() -> None:
    """From packs that are there: the second audit."""
    words = ["audit", "sample:", "-d", "gpu", "--format", "json", "--fail-on", "never"]
    code = f"from analyzer.cli import main; main({words})"
    assert loaded(code, []) == ""
    code += "; import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    names = done.stderr.split()
    assert not {name for name in names if name.startswith(APART)}
    assert sum(name.startswith("analyzer") for name in names) <= MODULES


def break_down(*_: object) -> None:
    raise KeyError("some\nthing")


def test_an_internal_error_is_one_line_that_says_how_to_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelAuditor, "audit", break_down)
    done = run("audit", "sample:")
    assert (done.code, done.out) == (3, b"")
    assert done.complaint.startswith("internal error (KeyError: ")
    assert "DELEGATE_ANALYZER_TRACEBACK=1" in done.complaint
    assert __version__ in done.complaint


def test_an_internal_error_can_be_seen_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelAuditor, "audit", break_down)
    monkeypatch.setenv("DELEGATE_ANALYZER_TRACEBACK", "1")
    with pytest.raises(KeyError):
        run("audit", "sample:")


def test_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ModelAuditor, "audit", interrupt)
    done = run("audit", "sample:")
    assert (done.code, done.out) == (130, b"")
    assert done.err.split() == ["delegate-analyzer:", "interrupted"]


#: Runs the program with something registered for the end, and with a thread left where that is asked for.
ENDING = """
import atexit, sys, threading
from analyzer.__main__ import run
atexit.register(print, "registered", end="")
def last():
    threading.main_thread().join()
    print("thread", end=" ")
if sys.argv.pop(1) == "thread":
    threading.Thread(target=last).start()
run()
"""


@pytest.mark.parametrize(("more", "said"), [("nothing", "registered"), ("thread", "thread registered")])
@pytest.mark.parametrize(("words", "code"), [(("--version",), 0), (("audit", "none.tflite"), 2)])
def test_the_end_forgets_nothing(more: str, said: str, words: tuple[str, ...], code: int) -> None:
    command = [sys.executable, "-c", ENDING, more, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, said)
    assert ("none.tflite" in done.stderr) == (code == 2)


#: Audits what the arguments name and interrupts the whole process group when the processes are idle.
INTERRUPTED = """
import os, signal, sys, time
from analyzer import cli
from analyzer.fleet import batch
# Whoever started the tests in the background had them ignore what the keyboard sends.
signal.signal(signal.SIGINT, signal.default_int_handler)
results = batch.results
def interrupted(*arguments):
    for number, result in enumerate(results(*arguments)):
        yield result
        if number == 98:
            time.sleep(0.2)
            os.killpg(0, signal.SIGINT)
batch.results = interrupted
sys.exit(cli.main(["audit", *sys.argv[1:]]))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interruption_from_the_keyboard(tmp_path: Path, jobs: str) -> None:
    for number in range(100):
        save(tmp_path / f"{number}.tflite", chain(*["RELU"] * 40))
    command = [sys.executable, "-c", INTERRUPTED, os.fspath(tmp_path), "-j", jobs]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, start_new_session=True)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.split() == ["delegate-analyzer:", "interrupted"]


@pytest.mark.parametrize(("operators", "code"), [(("NEG",), 1), (("RELU",), 0)])
@pytest.mark.parametrize("format", ["json", "table"])
def test_a_reader_that_goes_away(
    tmp_path: Path, rules: Path, operators: tuple[str, ...], code: int, format: str
) -> None:
    for number in range(300):
        save(tmp_path / "set" / f"{number}.tflite", chain(*operators * 3))
    command = ["-m", "analyzer", "audit", os.fspath(tmp_path / "set"), "-v", "--format", format]
    child = subprocess.Popen(
        [sys.executable, *command, "--rules", os.fspath(rules), "-d", "tiny"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None and child.stderr is not None
    child.stdout.read(10)
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    said = [line for line in err.splitlines() if b"policy failed: " not in line]
    assert (child.wait(), said) == (code, [])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [("audit", "sample:"), ("--help",)])
def test_output_that_finds_no_space(words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", *words], cwd=ROOT, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and "No space left on device" in lines[0]


def test_progress_stays_off_stderr_where_that_is_no_terminal(tmp_path: Path) -> None:
    for number in range(20):
        save(tmp_path / f"{number}.tflite", chain("RELU"))
    assert run("audit", tmp_path).err == ""


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    for number in range(20):
        save(tmp_path / "set" / f"{number}.tflite", chain("RELU"))
    reading, writing = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "analyzer", "audit", tmp_path / "set", "--format", "json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=writing,
    ) as child:
        os.close(writing)
        out, _ = child.communicate(timeout=60)
    said = os.read(reading, 65536)
    os.close(reading)
    assert len(json.loads(out)["models"]) == 20
    assert b"Auditing" in said


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run sample: -d xnnpack --seed -1", "'--seed': -1 is not in the range x>=0"),
        ("run sample: -d xnnpack --runs 99999999999999999999", "'--runs': 99999999999999999999 is more than"),
        ("run sample: -d xnnpack --warmup 2147483648", "'--warmup': 2147483648 is more than 2147483647"),
        ("run sample: -d xnnpack --threads 99999999999", "'--threads': 99999999999 is more than"),
        ("run sample: -d xnnpack --memory 99999999999999999999", "'--memory': 99999999999999999999 is more"),
        ("run sample: -d xnnpack --samples 2000000000", "--samples 2000000000: of "),
        ("run sample: -d xnnpack --timeout nan", "'--timeout': nan is no number"),
        ("run sample: -d xnnpack --atol nan", "'--atol': nan is no number"),
        ("run sample: -d xnnpack --min-snr NaN", "'--min-snr': nan is no number"),
        ("compare sample: sample: --growth nan", "'--growth': nan is no number"),
        ("evaluate sample: --data x.npz --batch 9999999999", "'--batch': 9999999999 is more than"),
    ],
)
def test_numbers_that_nothing_can_be_done_with(line: str, words: str) -> None:
    done = run(*line.split())
    assert done.code == 2
    assert words in done.complaint
