"""`audit`: what is asked of it, and its exit code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.building import model as build_model
from tests.building import operator, tensor
from tests.cli.models import chain, save
from tests.cli.running import Outcome, run, run_apart
from tests.packs import saved, tiny


def audit_tiny(rules: Path, model: Path, *more: str) -> Outcome:
    return run("audit", model, "--rules", rules, "-d", "tiny", "--format", "json", *more)


# Exit codes and policies


def test_without_delegate_and_policy_audit_informs(model: Path) -> None:
    done = run("audit", model, "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert done.json["policy"] == {"fail_on": [], "failed": False, "reasons": []}
    audits = done.json["models"][0]["audits"]
    assert [audit["delegate"] for audit in audits] == ["litert-gpu", "gpu", "coreml", "nnapi", "hexagon"]
    assert [audit["legacy"] for audit in audits] == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("operators", "code"),
    [
        (("RELU", "ABS"), 0),
        (("RELU", "NEG"), 1),  # an operator that isn't supported
        (("NEG",), 1),
        ((), 0),  # nothing to delegate in a model without operators
        (("EXP",), 0),  # a hazard is no refusal
    ],
)
def test_a_delegate_alone_fails_on_unsupported(
    tmp_path: Path, rules: Path, operators: tuple[str, ...], code: int
) -> None:
    done = audit_tiny(rules, save(tmp_path / "m.tflite", chain(*operators)))
    assert done.json["policy"]["fail_on"] == ["unsupported"]
    assert (done.code, done.json["policy"]["failed"]) == (code, code == 1)


def test_nothing_delegated_counts_as_unsupported(tmp_path: Path, model: Path) -> None:
    rules = saved(tmp_path, tiny("min_operators = 9"))
    path = save(tmp_path / "all.tflite", chain("RELU", "ABS"))
    done = audit_tiny(rules, path)
    assert done.json["models"][0]["audits"][0]["summary"]["unsupported"] == 0
    assert done.code == 1
    assert done.json["policy"]["reasons"] == [f"{path}: tiny: none of 2 operators delegated"]


@pytest.mark.parametrize(
    ("operators", "policies", "code"),
    [
        ("RELU NEG", ["never"], 0),
        ("RELU NEG", ["tiny:never"], 0),
        ("RELU NEG", ["unsupported"], 1),
        ("RELU NEG", ["tiny:unsupported"], 1),
        ("RELU NEG", ["never", "partial"], 1),
        ("RELU NEG", ["partial", "never"], 1),
        ("RELU ABS", ["partial"], 0),
        ("RELU ABS", ["hazard"], 0),
        ("RELU EXP", ["hazard"], 1),
        ("RELU EXP", ["partial", "unsupported"], 0),
        ("RELU NEG", ["delegated_operators_share < 0.5"], 0),
        ("RELU NEG", ["delegated_operators_share <= 0.5"], 1),
        ("RELU NEG", ["tiny:delegated_operators_share < 0.9 or partitions > 3"], 1),
        ("RELU NEG ABS", ["partitions > 1"], 1),
        ("RELU NEG ABS", ["partitions > 2", "verdict == 'none'", "unsupported > 1"], 0),
        ("RELU NEG", ["verdict in ['partial', 'none']"], 1),
    ],
)
def test_fail_on(tmp_path: Path, rules: Path, operators: str, policies: list[str], code: int) -> None:
    path = save(tmp_path / "m.tflite", chain(*operators.split()))
    done = audit_tiny(rules, path, *(word for policy in policies for word in ("--fail-on", policy)))
    assert done.code == code, done.err
    assert done.json["policy"]["fail_on"] == policies
    assert bool(done.json["policy"]["reasons"]) == (code == 1)


def test_a_policy_covers_every_configuration_of_its_delegate_and_no_other(model: Path, rules: Path) -> None:
    specs = "nnapi:api=30,tiny,nnapi:api=31"
    words = ("--rules", rules, "-d", specs, "--fail-on", "nnapi:operators > 0", "--format", "json")
    done = run("audit", model, *words)
    assert done.code == 1
    assert done.json["policy"]["reasons"] == [f"{model}: nnapi: operators > 0 holds: operators is 3"] * 2


def test_delegates_that_were_given_up_fail_no_policy_unless_it_names_them(model: Path) -> None:
    done = run("audit", model, "--fail-on", "never", "--fail-on", "partitions >= 0", "--format", "json")
    assert done.code == 1
    failed = {reason.split(": ")[1] for reason in done.json["policy"]["reasons"]}
    assert failed == {"litert-gpu", "gpu", "coreml"}
    assert run("audit", model, "--fail-on", "hexagon:partitions >= 0").code == 1
    assert run("audit", model, "-d", "hexagon", "--fail-on", "partitions >= 0").code == 1


def test_a_policy_without_a_delegate_is_enough_to_fail(model: Path) -> None:
    assert run("audit", model, "--fail-on", "operators > 2").code == 1
    assert run("audit", model, "--fail-on", "operators > 3").code == 0


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        ("partail", "--fail-on partail: there is no policy partail; did you mean partial?"),
        ("tniy:partial", "tniy isn't audited; did you mean tiny?"),
        ("gpu:partial", "gpu isn't audited; audited: tiny"),
        ("partition > 3", "did you mean partitions?"),
        ("partitions", "partitions is a value, not a policy; compare it, as in partitions > 3"),
        ("verdict", "verdict is a value, not a policy"),
        ("partitions + 1", "expected"),
        ("verdict > 3", "--fail-on verdict > 3"),
        ("partitions >", "--fail-on partitions >"),
        ("", "--fail-on"),
        ("tiny:", "--fail-on tiny:"),
        ("__import__('os')", "--fail-on"),
    ],
)
def test_policies_that_make_no_sense(model: Path, rules: Path, policy: str, complaint: str) -> None:
    done = audit_tiny(rules, model, "--fail-on", policy)
    assert (done.code, done.out) == (2, b"")
    assert complaint in done.complaint


# Delegates


def audited(done: Outcome) -> list[tuple[str, dict[str, object]]]:
    return [(a["delegate"], a["parameters"]) for a in done.json["models"][0]["audits"]]


def test_delegates_come_out_as_asked_and_equal_ones_once(model: Path, rules: Path) -> None:
    words = ("-d", "nnapi:api=29:accelerator=false,tiny", "-d", "tiny,nnapi,nnapi:accelerator=false:api=29")
    done = run("audit", model, "--rules", rules, *words, "--format", "json")
    assert [name for name, _ in audited(done)] == ["nnapi", "tiny", "nnapi"]
    told = [(parameters["api"], parameters["accelerator"]) for _, parameters in audited(done)[::2]]
    assert told == [(29, False), (31, True)]
    # As it is written or by default, and beside all.
    done = run("audit", model, "-d", "gpu,gpu:opencl=true,all,coreml", "--format", "json")
    names = [name for name, _ in audited(done)]
    assert names[0] == "gpu" and len(names) == len(set(names))
    assert run("audit", model, "-d", "gpu,gpu").out == run("audit", model, "-d", "gpu").out


def test_all_delegates(model: Path, rules: Path) -> None:
    done = run("audit", model, "--rules", rules, "-d", "all", "--format", "json")
    names = [name for name, _ in audited(done)]
    assert names[:5] == ["litert-gpu", "gpu", "coreml", "nnapi", "hexagon"]
    assert "tiny" in names[5:]
    assert names[5:] == sorted(names[5:])


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("nnapi:api=29,accelerator=false", "write nnapi:api=29:accelerator=false"),
        ("nnapi,api=29", "write nnapi:api=29"),
        ("api=29", "write NAME:PARAM=VALUE"),
        ("nnapl", "did you mean nnapi?"),
        ("nnapi:apii=29", "no parameter apii; did you mean api?"),
        ("nnapi:api=3", "api=3"),
        ("nnapi:api=new", "api=new is not a number"),
        ("nnapi:api", "'api' is not PARAM=VALUE"),
        ("nnapi:api=29:api=30", "api is given twice"),
        ("nnapi:accelerator=maybe", "accelerator=maybe is not a truth value"),
        ("tiny:x=1", "no parameter x"),
        ("", "names no delegate"),
        (",", "names no delegate"),
    ],
)
def test_delegates_that_make_no_sense(model: Path, rules: Path, spec: str, complaint: str) -> None:
    done = run("audit", model, "--rules", rules, "-d", spec)
    assert (done.code, done.out) == (2, b"")
    assert complaint in done.complaint


# Rule files


def test_packs_that_are_given_are_what_is_asked_where_no_delegate_is_named(
    tmp_path: Path, model: Path
) -> None:
    files = [saved(tmp_path, tiny(name=name), f"{name}.toml") for name in ("npu", "dsp")]
    done = run("audit", model, *(word for file in files for word in ("--rules", file)), "--format", "json")
    assert [name for name, _ in audited(done)] == ["npu", "dsp"]
    assert (done.code, done.json["policy"]["fail_on"]) == (0, [])


def test_a_pack_that_extends_a_shipped_one(tmp_path: Path, model: Path) -> None:
    text = 'delegate = "mine"\nextends = "coreml"\ntitle = "Mine"\n[op.NEG]\ninputs = 1\n'
    done = run("audit", model, "--rules", saved(tmp_path, text), "-d", "mine,coreml", "--format", "json")
    mine, shipped = done.json["models"][0]["audits"]
    assert mine["operators"][2]["supported"] and not shipped["operators"][2]["supported"]
    assert mine["title"] == "Mine"


def test_a_pack_may_take_the_place_of_a_shipped_one(tmp_path: Path, model: Path) -> None:
    rules = saved(tmp_path, tiny(name="coreml"))
    done = run("audit", model, "--rules", rules, "-d", "coreml", "--format", "json")
    assert done.json["models"][0]["audits"][0]["title"] == "Tiny delegate"


def test_a_broken_pack_tells_all_its_errors_with_their_lines(tmp_path: Path, model: Path) -> None:
    text = tiny("max_partitons = 3") + "\n[op.REULU]\ninputs = 1\n"
    rules = saved(tmp_path, text, "broken.toml")
    done = run("audit", model, "--rules", rules)
    assert (done.code, done.out) == (2, b"")
    lines = done.err.splitlines()
    assert len(lines) == 2
    numbers = {1 + text.splitlines().index("max_partitons = 3"), 1 + text.splitlines().index("[op.REULU]")}
    assert {int(line.split("broken.toml:")[1].split(":")[0]) for line in lines} == numbers
    assert any("did you mean max_partitions?" in line for line in lines)
    assert any("did you mean RELU?" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("delegate = 'x'\n[[[\n", "not TOML"),
        ("title = 'nameless'", "delegate is missing"),
        ("delegate = 3", "delegate is missing"),
        ("\ntitle = nameless", ":2: not TOML"),
        ('delegate = "x"\nextends = "gpuu"\n', "there is no pack gpuu"),
    ],
)
def test_rule_files_that_are_none(tmp_path: Path, model: Path, text: str, complaint: str) -> None:
    done = run("audit", model, "--rules", file := saved(tmp_path, text))
    assert done.code == 2
    assert done.complaint.startswith(f"{file}:") and complaint in done.complaint


@pytest.mark.parametrize(("plain", "other"), [("delegate =", " delegate ="), ("delegate =", '"delegate" =')])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_rule_files_may_be_written_otherwise(
    tmp_path: Path, model: Path, plain: str, other: str, mark: str
) -> None:
    """As TOML allows; editors on Windows begin files with a mark."""
    rules = tmp_path / "rules.toml"
    rules.write_text(mark + tiny().replace(plain, other), "utf-8")
    done = run("audit", model, "--rules", rules)
    assert done.code == 0 and "tiny/neg/unlisted" in done.text


def test_a_rule_file_that_is_missing(tmp_path: Path, model: Path) -> None:
    done = run("audit", model, "--rules", tmp_path / "none.toml")
    assert done.code == 2
    assert "none.toml: can't be read" in done.complaint


# Shapes


def resizable(path: Path) -> Path:
    tensors = [tensor("a", [1, 4]), tensor("b", [1, 4]), tensor("c", [1, 4])]
    return save(path, build_model(tensors, [operator("ADD", ["a", "b"], ["c"])]))


def test_shapes_resize_inputs(tmp_path: Path, rules: Path) -> None:
    path = resizable(tmp_path / "m.tflite")
    done = audit_tiny(rules, path, "--shape", "a=3,4", "--shape", "b=3,4")
    assert done.json["models"][0]["audits"][0]["partitions"][0]["boundary_bytes"] == 3 * 3 * 4 * 4


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        ("z=1,4", "z"),
        ("c=1,4", "c"),
        ("a", "--shape a: not INPUT=SIZE"),
        ("a=", "not INPUT=SIZE"),
        ("=1,4", "not INPUT=SIZE"),
        ("a=1,x", "not INPUT=SIZE"),
        ("a=1,-4", "not INPUT=SIZE"),
        ("a=1,4,", "not INPUT=SIZE"),
        ("a=99999999999,4", "a=99999999999,4"),
    ],
)
def test_shapes_that_make_no_sense(tmp_path: Path, rules: Path, shape: str, complaint: str) -> None:
    done = audit_tiny(rules, resizable(tmp_path / "m.tflite"), "--shape", shape)
    assert (done.code, done.out) == (2, b"")
    assert complaint in done.complaint


def test_an_input_that_only_one_model_lacks_is_that_models_error(tmp_path: Path, rules: Path) -> None:
    for name in ("one", "three"):
        resizable(tmp_path / f"{name}.tflite")
    save(tmp_path / "two.tflite", chain("RELU"))
    for jobs in ("1", "2"):
        done = audit_tiny(rules, tmp_path, "--shape", "a=3,4", "-j", jobs)
        assert done.code == 2
        assert f"{tmp_path}/two.tflite: there is no input a; " in done.complaint
        errors = {Path(model["path"]).stem: model["error"] for model in done.json["models"]}
        assert errors == {
            "one": None,
            "three": None,
            "two": {"code": "input", "message": done.complaint},
        }


def test_an_input_that_no_model_has_is_told_once(tmp_path: Path, rules: Path) -> None:
    for name in ("one", "two"):
        save(tmp_path / f"{name}.tflite", resizable(tmp_path / "x.tflite").read_bytes())
    (tmp_path / "x.tflite").write_bytes(b"nothing")
    done = audit_tiny(rules, tmp_path, "--shape", "aa=3,4", "--shape", "none=3,4")
    assert (done.code, done.out) == (2, b"")
    unread, said = done.err.splitlines()
    assert "x.tflite" in unread
    assert "--shape aa: none of the 2 models has such an input; did you mean a?; they have a, b" in said


# What is written


def test_hash(tmp_path: Path, model: Path, rules: Path) -> None:
    import hashlib

    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert audit_tiny(rules, model).json["models"][0]["sha256"] is None
    assert audit_tiny(rules, model, "--hash").json["models"][0]["sha256"] == digest
    given = run("audit", "-", "--hash", "--format", "json", stdin=model.read_bytes())
    assert given.json["models"][0]["sha256"] == digest


@pytest.mark.parametrize("words", [(), ("--format", "json"), ("--format", "markdown"), ("-v",)])
def test_quiet_leaves_only_the_exit_code(model: Path, rules: Path, words: tuple[str, ...]) -> None:
    words = tuple(word for word in words if word != "-v")
    done = run("audit", model, "--rules", rules, "-d", "tiny", "-q", *words)
    assert (done.code, done.out, done.err) == (1, b"", "")


def test_quiet_still_writes_files(tmp_path: Path, model: Path) -> None:
    done = run("audit", model, "-q", "-o", tmp_path / "a.json")
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert (tmp_path / "a.json").stat().st_size > 0


def test_quiet_and_verbose_exclude_each_other(model: Path) -> None:
    assert "-q" in run("audit", model, "-q", "-v").complaint


def test_verbose_shows_every_operator(model: Path, rules: Path) -> None:
    brief, verbose = (run("audit", model, "--rules", rules, "-d", "tiny", *v).text for v in ((), ("-v",)))
    assert "ABS" not in brief
    assert "ABS" in verbose


@pytest.mark.parametrize(
    ("words", "environment", "colored"),
    [
        ((), {}, False),  # not a terminal
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {}, False),
    ],
)
def test_color(
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    environment: dict[str, str],
    colored: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (b"\x1b[" in run("audit", model, *words).out) == colored


@pytest.mark.parametrize(
    ("environment", "colored"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_color_on_a_terminal(model: Path, environment: dict[str, str], colored: bool) -> None:
    pty = pytest.importorskip("pty")
    reading, writing = pty.openpty()
    import subprocess
    import sys

    with subprocess.Popen(
        [sys.executable, "-m", "analyzer", "audit", os.fspath(model)],
        stdout=writing,
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
    ) as child:
        os.close(writing)
        seen = b""
        while chunk := _read(reading):
            seen += chunk
    os.close(reading)
    assert child.returncode == 0
    assert (b"\x1b[" in seen) == colored


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how a terminal says that its other end is closed
        return b""


# The same input gives the same bytes


@pytest.fixture
def models(tmp_path: Path) -> Path:
    kinds = ("RELU", "NEG", "ABS", "EXP", "TANH")
    for number in range(40):
        names = [kinds[(number + step) % len(kinds)] for step in range(number % 7)]
        save(tmp_path / "set" / str(number % 3) / f"{number}.tflite", chain(*names))
    save(tmp_path / "set" / "broken.tflite", b"broken")
    return tmp_path / "set"


def test_several_processes_answer_the_same(models: Path, rules: Path) -> None:
    words = ("audit", models, "--rules", rules, "-d", "tiny,gpu", "--format", "json", "--hash")
    one, two = (run_apart(*words, "-j", jobs) for jobs in ("1", "2"))
    assert one == two
    assert one.code == 2
    assert len(one.json["models"]) == 41


def test_an_operator_of_very_many_operands(tmp_path: Path) -> None:
    """Which took minutes where each question copied the list."""
    tensors = [tensor("x", [1, 1]), tensor("y", [1, 1])]
    data = build_model(tensors, [operator("CONCATENATION", ["x"] * 20_000, ["y"], {"axis": 1})])
    done = run("audit", save(tmp_path / "m.tflite", data), "--format", "json")
    assert (done.code, done.err) == (0, "")
    audits = done.json["models"][0]["audits"]
    assert len(audits) == 5
    told = [finding for audit in audits for node in audit["operators"] for finding in node["findings"]]
    assert [finding for finding in told if "was left out" in finding["message"]] == []


def test_numbers_beyond_64_bits(tmp_path: Path) -> None:
    """Sizes of memory that nobody has, and of a tensor with more dimensions than anybody counts."""
    vast = 2**31 - 1
    save(tmp_path / "one.tflite", chain("RELU", shape=(vast, vast)))
    save(tmp_path / "two.tflite", chain("RELU", shape=(vast,) * 100_000))
    one, two = (run_apart("audit", tmp_path, "--format", "json", "-j", jobs) for jobs in ("1", "2"))
    assert one == two
    assert (one.code, one.err) == (0, "")
    summaries = [model["audits"][0]["summary"] for model in one.json["models"]]
    assert [summary["delegated"] for summary in summaries] == [1, 0]
    assert summaries[0]["boundary_bytes"] == 2 * 4 * vast**2
    # Python writes no longer number.
    assert max(len(word) for word in one.text.split(",")) < 4300


@pytest.mark.parametrize("format", ["table", "json", "jsonl", "markdown", "html"])
def test_the_same_input_gives_the_same_bytes(models: Path, format: str) -> None:
    words = ("audit", "sample:", models, "--format", format)
    first, second = (run_apart(*words, environment={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    assert first == second


@pytest.mark.parametrize("given", [["--registered", "Flex*,Blur"], ["--registered", "Blur"], []])
def test_custom_operators_that_the_app_registers(tmp_path: Path, rules: Path, given: list[str]) -> None:
    """On the command line or in the project's file."""
    own = save(tmp_path / "own.tflite", chain("RELU", "Blur"))
    file = tmp_path / "project.toml"
    file.write_text("" if given else 'registered = ["Blur"]\n')
    done = audit_tiny(rules, own, *given, "--config", str(file))
    [audit] = done.json["models"][0]["audits"]
    assert (audit["summary"]["delegated"], audit["blockers"][0]["rule"]) == (1, "runtime/graph/registered")
