"""The project's file: what it puts in force, what it pins, and what comes before it."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from analyzer import __version__
from tests.cli.models import chain, save
from tests.cli.running import Outcome, run
from tests.packs import saved, tiny


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a rule pack and a model of which tiny takes two operators of three."""
    monkeypatch.chdir(tmp_path)
    parameters = '[parameters]\nmost = {type = "int", default = 9, meaning = "most partitions"}\n\n[unlisted]'
    saved(tmp_path, tiny("max_partitions = 'most'").replace("[unlisted]", parameters, 1))
    save(tmp_path / "m.tflite", chain("RELU", "NEG", "ABS"))
    return tmp_path


def settle(folder: Path, text: str, name: str = "delegate-analyzer.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def delegated(outcome: Outcome) -> list[tuple[str, int]]:
    [model] = outcome.json["models"]
    return [(audit["delegate"], audit["summary"]["delegated"]) for audit in model["audits"]]


def audit(*arguments: str | Path) -> Outcome:
    return run("audit", "m.tflite", "--format", "json", *arguments)


TINY = 'delegates = ["tiny"]\nrules = ["tiny.toml"]\n'


def test_the_working_folder_s_file_says_what_is_audited(project: Path) -> None:
    settle(project, TINY)
    outcome = audit()
    assert (outcome.code, delegated(outcome)) == (1, [("tiny", 2)])


def test_another_file_can_be_named_and_finds_its_rules_beside_it(project: Path) -> None:
    inner = project / "ci"
    inner.mkdir()
    (project / "tiny.toml").rename(inner / "tiny.toml")
    assert delegated(audit("--config", settle(inner, TINY, "strict.toml"))) == [("tiny", 2)]


def test_its_policies_decide(project: Path) -> None:
    settle(project, TINY + 'fail-on = ["delegated < 2", "tiny:partitions > 2"]\n')
    outcome = audit()
    assert (outcome.code, outcome.json["policy"]["fail_on"]) == (0, ["delegated < 2", "tiny:partitions > 2"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-d", "gpu"], [("gpu", 3)]),
        (["-d", "tiny:most=2"], [("tiny", 2)]),
        (["--rules", "other.toml"], [("tiny", 1)]),
    ],
)
def test_the_command_line_comes_first(
    project: Path, arguments: list[str], expected: list[tuple[str, int]]
) -> None:
    settle(project, TINY + "[packs.tiny]\nparameters = {most = 1}\n")
    saved(project, tiny("max_partitions = 1").replace("\nstages", "\nnotes = 'o'\nstages"), "other.toml")
    if arguments[0] == "--rules":
        settle(project, TINY)
    assert delegated(audit(*arguments)) == expected


@pytest.mark.parametrize("aims", ['delegates = ["gpu"]\n', 'rules = ["tiny.toml"]\ndelegates = ["gpu"]\n'])
def test_a_pack_on_the_command_line_is_asked_beside_the_file_s_delegates(project: Path, aims: str) -> None:
    settle(project, aims)
    saved(project, tiny(name="npu"), "npu.toml")
    assert [name for name, _ in delegated(audit("--rules", "npu.toml"))] == ["gpu", "npu"]


def test_rules_of_the_file_alone_change_no_default(project: Path) -> None:
    settle(project, 'rules = ["tiny.toml"]\n')
    assert [name for name, _ in delegated(audit())] == ["litert-gpu", "gpu", "coreml", "nnapi", "hexagon"]


def test_parameters_hold_where_none_are_given(project: Path) -> None:
    settle(project, TINY + "[packs.tiny]\nparameters = {most = 1}\n")
    assert delegated(audit()) == [("tiny", 1)]


def test_a_parameter_is_told_to_be_the_file_s_where_it_is(project: Path) -> None:
    settle(project, TINY + "[packs.tiny]\nparameters = {most = 1}\n")
    assert ", not pinned; most from delegate-analyzer.toml:" in run("config", "-d", "tiny").text
    assert ", not pinned\n" in run("config", "-d", "tiny:most=3").text


def test_a_delegate_is_shown_once(project: Path) -> None:
    settle(project, 'delegates = ["gpu", "gpu", "all"]\n')
    for words in ((), ("-d", "gpu,gpu")):
        assert run("config", *words).text.count("  gpu:") == 1, words


def test_a_runtime_holds_for_every_pack_that_knows_runtimes(project: Path) -> None:
    settle(project, 'delegates = ["gpu", "nnapi"]\nruntime = "2.1"\n')
    [model] = audit("--fail-on", "never").json["models"]
    assert [one["parameters"].get("runtime") for one in model["audits"]] == ["2.1", None]


def test_policies_on_delegates_that_are_not_audited_are_left_aside(project: Path) -> None:
    settle(project, 'delegates = ["gpu", "coreml"]\nfail-on = ["gpu:never", "coreml:partial"]\n')
    outcome = audit("-d", "gpu")
    assert (outcome.code, outcome.json["policy"]["fail_on"]) == (0, ["gpu:never"])


@pytest.mark.parametrize("required", [">=0.0.1", f"=={__version__}", f"<=9,>={__version__}", __version__])
def test_a_version_that_fits_is_fine(project: Path, required: str) -> None:
    settle(project, f'required-version = "{required}"\n')
    assert audit().code == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('required-version = ">=9"', "required-version is >=9, this is "),
        ('required-version = "new"', "required-version 'new' is not a version like >=0.1"),
        ('fail_on = ["never"]', "there is no key fail_on; did you mean fail-on?"),
        (
            'phone_model = "pixel"',
            "there is no key phone_model; use required-version, delegates, ",
        ),
        ("[packs.gpu]\nsha = 'x'", "there is no key packs.gpu.sha; did you mean sha256?"),
        ("[packs.gpi]\nversion = '1'", "packs.gpi: there is no such rule pack; did you mean gpu?"),
        ("delegates = 'gpu'", 'delegates: expected `array`, got `str`; write delegates = ["gpu"]'),
        ("delegates = [", "not TOML: "),
        (f"delegates = {'9' * 5000}", "not TOML: a number has too many digits"),
        ("[packs.gpu]\nversion = '0'", "pack gpu is pinned to version 0, this is "),
        (f"[packs.gpu]\nsha256 = '{'0' * 64}'", f"pack gpu is pinned to sha256 {'0' * 64}, this is "),
        (f"[packs.runtime]\nsha256 = '{'0' * 64}'", "pack runtime is pinned to sha256 "),
    ],
)
def test_what_is_wrong_is_one_line(project: Path, text: str, complaint: str) -> None:
    settle(project, text)
    outcome = audit()
    assert outcome.code == 2
    assert re.match(rf"delegate-analyzer\.toml(:\d+)?: {re.escape(complaint)}", outcome.complaint)


def test_a_pinned_pack_that_is_not_audited_is_no_concern(project: Path) -> None:
    settle(project, "[packs.hexagon]\nversion = '0'\n")
    assert audit("-d", "gpu", "--fail-on", "never").code == 0


def test_a_file_that_is_named_must_be_there(project: Path) -> None:
    outcome = audit("--config", "none.toml")
    assert outcome.code == 2
    assert outcome.complaint.startswith("none.toml: can't be read")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("leads", ["nowhere", "."])
def test_one_that_is_no_file_is_not_passed_over(project: Path, leads: str) -> None:
    """A policy would not be in force, unnoticed."""
    (project / "delegate-analyzer.toml").unlink(missing_ok=True)
    (project / "delegate-analyzer.toml").symlink_to(leads)
    outcome = audit()
    assert outcome.code == 2
    assert outcome.complaint.startswith("delegate-analyzer.toml: can't be read")


def test_pins_what_there_is_today(project: Path) -> None:
    settle(project, TINY + "fail-on = ['hazard']\n[packs.tiny]\nparameters = {most = 1}\nversion = '0'\n")
    assert audit().code == 2
    settle(project, run("config", "--pin").text)
    outcome = audit()
    assert (outcome.code, delegated(outcome)) == (0, [("tiny", 1)])
    saved(project, tiny("max_partitions = 2"))
    assert re.match(r"delegate-analyzer\.toml:\d+: pack tiny is pinned to sha256 ", audit().complaint)


@pytest.mark.parametrize("name", ["acme.npu", "größe", "acme npu"])
def test_what_is_pinned_can_be_read_whatever_it_is_called(project: Path, name: str) -> None:
    (project / "tiny.toml").write_text(tiny(name=name), encoding="utf-8")
    text = f'delegates = ["{name}"]\nrules = ["tiny.toml"]\nexclude = ["a\\u007f*"]\n'
    (project / "delegate-analyzer.toml").write_text(text, encoding="utf-8")
    pinned = run("config", "--pin").text
    (project / "delegate-analyzer.toml").write_text(pinned, encoding="utf-8")
    assert tomllib.loads(pinned)["packs"][name]["version"] == "1"
    assert delegated(audit()) == [(name, 2)]


def test_shows_what_is_in_force(project: Path) -> None:
    settle(project, run("config", "--pin", "-d", "gpu:opencl=false,coreml").text)
    shown = run("config").text
    assert "file       delegate-analyzer.toml\n" in shown
    assert (
        f"version    {__version__}   required: =={__version__}   (from delegate-analyzer.toml:1)\n" in shown
    )
    spec = next(line for line in shown.splitlines() if line.strip().startswith("gpu:"))
    assert {"quantized=true", "max_partitions=1", "opencl=false"} <= set(spec.strip().split(":"))
    assert shown.count(", pinned\n") == 2


def test_without_a_file_nothing_is_in_force(project: Path) -> None:
    shown = run("config").text
    assert "file       none\n" in shown
    assert "not pinned" in shown


def test_a_key_that_is_wrong_is_named_with_its_line(project: Path) -> None:
    settle(project, TINY + '\n[[waivers]]\nrule = "a"\nreason = "b"\nexpires = 2030-01-01\nwho = "c"\n')
    assert audit().complaint.startswith("delegate-analyzer.toml:8: there is no key waivers[0].who")


def test_all_that_is_wrong_is_told_at_once(project: Path) -> None:
    settle(
        project,
        'delegate = ["gpu"]\nfail-on = "partial"\ndevices = ["pixel-8", 8]\n[packs]\ngpu = 3\n[packs.tiny]\n'
        'verison = "1"\n[[targets]]\nfor = 1\n[[waivers]]\nrule = "a"\nexpires = "soon"\n',
    )
    assert told() == [
        "1: there is no key delegate; did you mean delegates?",
        '2: fail-on: expected `array`, got `str`; write fail-on = ["partial"]',
        "3: devices[1]: expected `str`, got `int`",
        "4: packs[...]: expected `object`, got `int`",
        "7: there is no key packs.tiny.verison; did you mean version?",
        "9: targets[0].for: expected `str`, got `int`",
        "8: targets[0]: object missing required field `models`",
        "12: waivers[0].expires: invalid RFC3339 encoded date",
        "10: waivers[0] has no reason; say why",
    ]


def told() -> list[str]:
    outcome = audit()
    assert outcome.code == 2
    return [
        line.removeprefix("delegate-analyzer: delegate-analyzer.toml:") for line in outcome.err.splitlines()
    ]


def test_so_is_what_its_words_say(project: Path) -> None:
    settle(
        project,
        'required-version = ">=99"\ndelegates = ["gpu"]\nfail-on = ["prtial", "gpu:broken", "hazrd"]\n'
        'warn-on = ["wrng"]\n[[targets]]\nmodels = "a*"\ndelegates = ["hexagn"]\n'
        '[[waivers]]\ndelegate = "gpuu"\nrule = "a"\nreason = "b"\nexpires = 2100-01-01\n',
    )
    assert [line.partition(";")[0] for line in told()] == [
        f"1: required-version is >=99, this is {__version__}",
        "9: waivers[0].delegate gpuu: there is no such delegate",
        "3: fail-on prtial: there is no policy prtial",
        "3: fail-on hazrd: there is no policy hazrd",
        "4: warn-on wrng: there is no policy wrng",
        "7: delegate hexagn: there is no such rule pack",
    ]


@pytest.mark.parametrize(
    ("waiver", "complaint"),
    [
        ('reason = "b"\nexpires = 2030-01-01', "says not what it excuses"),
        ('rule = "a"\nexpires = 2030-01-01', "has no reason"),
        ('rule = "a"\nreason = ""\nexpires = 2030-01-01', "has no reason"),
        ('rule = "a"\nreason = "b"', "has no expires"),
        ('rule = "a"\nreason = "b"\nexpires = "soon"', "expires"),
    ],
)
def test_a_waiver_says_what_why_and_until_when(project: Path, waiver: str, complaint: str) -> None:
    settle(project, f"{TINY}\n[[waivers]]\n{waiver}\n")
    assert complaint in audit().complaint


@pytest.mark.parametrize("name", ["pyproject.toml", "delegate-analyzer.toml"])
def test_the_nearest_file_above_the_model_counts(project: Path, name: str) -> None:
    """Wherever the command is run."""
    settle(project, 'delegates = ["gpu"]\n')
    inner = project / "app" / "assets"
    inner.mkdir(parents=True)
    save(inner / "m.tflite", chain("RELU"))
    head = "[tool.other]\nx = 1\n[tool.delegate-analyzer]\n" if name == "pyproject.toml" else ""
    settle(project / "app", head + 'delegates = ["hexagon"]\n', name)
    assert delegated(run("audit", "app/assets", "--format", "json"))[0][0] == "hexagon"
    assert delegated(audit())[0][0] == "gpu"


@pytest.mark.parametrize(
    "text",
    [
        "[tool.other]\ndelegates = ['gpu']\n",
        "[project]\ndependencies = ['delegate-analyzer']\n# [tool.delegate-analyzer]\ndelegates = ['gpu']\n",
    ],
)
def test_a_pyproject_of_others_says_nothing(project: Path, text: str) -> None:
    settle(project, text, "pyproject.toml")
    assert len(audit().json["models"][0]["audits"]) == 5


@pytest.mark.parametrize(
    "text",
    [
        "[ tool . delegate-analyzer ]\ndelegates = ['gpu']\n",
        "[tool.\"delegate-analyzer\"]\ndelegates = ['gpu']\n",
        "[tool]\ndelegate-analyzer = {delegates = ['gpu']}\n",
        "tool.delegate-analyzer.delegates = ['gpu']\n",
        "tool = {delegate-analyzer = {delegates = ['gpu']}}\n",
        "[tool]\n  [tool.delegate-analyzer]\n  delegates = ['gpu']\n",
        "\ufeff[tool.delegate-analyzer]\ndelegates = ['gpu']\n",
    ],
)
def test_its_table_counts_however_it_is_written(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text, "utf-8")
    assert [name for name, *_ in delegated(audit())] == ["gpu"]


def test_a_policy_may_only_warn(project: Path) -> None:
    settle(project, TINY + 'fail-on = ["broken"]\nwarn-on = ["partial", "file_bytes > 10"]\n')
    outcome = audit()
    assert outcome.code == 0 and outcome.json["policy"]["failed"] is False
    assert outcome.err.count("policy warns: m.tflite: tiny: ") == 2


WHOLE = """\
[tool.delegate-analyzer]
required-version = "~=0.1"
delegates = ["tiny"]
rules = ["tiny.toml"]
fail-on = ["partial"]
warn-on = [
    "hazard",
]
registered = ["MyOp"]
exclude = ["old/*"]
[tool.delegate-analyzer.packs.tiny]
parameters = {most = 1}
[[tool.delegate-analyzer.waivers]]
rule = "a"
reason = "b"
expires = 2100-01-01
[[tool.delegate-analyzer.targets]]
models = "detectors/*"
devices = ["pixel-8"]
[[tool.delegate-analyzer.targets]]
models = "m.*"
for = "ios"
fail-on = ["broken"]
"""


def test_each_value_is_shown_with_where_it_comes_from(project: Path) -> None:
    assert "delegates   (from the default)" in run("config").text
    settle(project, WHOLE, "pyproject.toml")
    shown = run("config", "show").text
    assert shown == run("config").text
    origins = dict(re.findall(r"^( *[\w-]+) .*\(from pyproject\.toml:(\d+)\)$", shown, re.MULTILINE))
    assert origins == {
        "version": "2",
        "delegates": "3",
        "rules": "4",
        "fail-on": "5",
        "warn-on": "6",
        "registered": "9",
        "exclude": "10",
        "waiver": "13",
        "models": "21",
        "  fail-on": "23",
        "  warn-on": "6",
        "  devices": "19",
        "  for": "22",
        "  delegates": "22",
    }
    assert "most from pyproject.toml:12" in shown
    assert "delegates   (from the command line)" in run("config", "-d", "gpu").text


def test_of_a_model_what_holds_for_it_is_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(project, WHOLE, "pyproject.toml")
    monkeypatch.chdir(project.parent)
    model, file = project / "m.tflite", project / "pyproject.toml"
    lines = run("config", "show", model).text.splitlines()
    assert f"models     m.*   (from {file}:21)" in lines
    assert (
        f"fail-on    broken   (from {file}:23)" in lines and f"exclude    old/*   (from {file}:10)" in lines
    )
    assert not [line for line in lines if "partial" in line or "pixel-8" in line]
    other = run("config", "show", save(project / "n.tflite", chain("RELU"))).text
    assert f"fail-on    partial   (from {file}:5)" in other and "models" not in other


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            'fail-on = [\n  "partial",\n  "gpu:prtial",\n]',
            "5: fail-on gpu:prtial: there is no policy prtial",
        ),
        ('warn-on = ["hazards"]', "3: warn-on hazards: there is no policy hazards; did you mean hazard?"),
        ('for = "ios"\ndelegates = ["gpu"]', "4: for picks the delegates and delegates names them"),
        ("registered = [3]", "3: registered[0]: expected `str`"),
        ("delegates = ['gpu:quant=true']", "3: delegate gpu: no parameter quant; did you mean quantized?"),
        ('rules = ["none.toml"]', "3: rules: there is no file none.toml"),
        (
            'baseline = "none.json"',
            "3: baseline: there is no file none.json; write it with baseline write -o none.json",
        ),
        (
            '[[waivers]]\nrule = "a"\nreason = "b"\nexpires = 2099-01-01\ndelegate = "gpuu"',
            "7: waivers[0].delegate gpuu: there is no such delegate; did you mean gpu?",
        ),
        ('for = "iso"', "3: --for iso: there is no such platform; did you mean ios?"),
        ('devices = ["iphone-15", "pixl-8"]', "3: device pixl-8: there is no such one"),
        ('[[targets]]\nmodels = "a"\n[[targets]]\nmodels = "b"\nfor = "iso"', "7: --for iso: "),
        ('[[targets]]\nmodels = "a"\n[[targets]]\nfor = "ios"', "5: targets[1]: object missing required"),
        (
            '[[targets]]\nmodels = "a"\n[[targets]]\nmodels = "b"\nfro = "ios"',
            "7: there is no key ",
        ),
        ("[packs.gpu]\nparameters = {quantised = true}", "4: delegate gpu: no parameter quantised"),
        ("[packs.gpu]\n\nversion = '0'", "3: pack gpu is pinned to version 0"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(project: Path, text: str, complaint: str) -> None:
    """By whoever shows what is in force as well as by an audit."""
    first = "" if text.startswith(("for", "devices", "delegates")) else 'delegates = ["gpu"]'
    settle(project, f"# settings\n{first}\n{text}\n")
    for outcome in (run("config", "show"), audit()):
        assert outcome.code == 2
        assert outcome.complaint.startswith(f"delegate-analyzer.toml:{complaint}")


def test_a_model_is_named_with_or_without_the_word_before(project: Path) -> None:
    settle(project, 'delegates = ["coreml"]\n[[targets]]\nmodels = "m.tflite"\ndelegates = ["gpu"]\n')
    shown = run("config", "m.tflite")
    assert (shown.code, "gpu" in shown.text, "coreml" in shown.text) == (0, True, False)
    assert run("config", "show", "m.tflite").text == shown.text
    assert run("config", "show", "a.tflite", "b.tflite").complaint.endswith("a.tflite, b.tflite; name one")
