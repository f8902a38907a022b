"""Every example of the README and docs/ does what they say, typed as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from analyzer.testing import assert_delegated
from tests.building import chain
from tests.docs import standins
from tests.docs.quoted import PAGES, ROOT, commands, text_of
from tests.execution.delegates import compiled, needs_compiler
from tests.execution.phones import attached, needs_adb, needs_litert
from tests.execution.running import needs_gpu

TEXT = "\n\n".join(page.read_text(encoding="utf-8") for page in PAGES)
PROGRAM = "delegate-analyzer"

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
#: Commands that run models: only these fare otherwise with TensorFlow's interpreter than with LiteRT's.
RUNNING = {"run", "evaluate", "fix"}

needs_tensorflow = pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")


class Promise(Struct, frozen=True):
    """What a command is said to do, besides writing the files that it names."""

    #: What it prints, or writes, says so.
    says: str
    code: int = 0
    #: What it can't do without.
    needs: tuple[pytest.MarkDecorator, ...] = ()


#: Endings of files that hold no text.
BINARY = {".tflite", ".sqlite", ".parquet"}

AGREES = "agrees with the CPU and with the prediction"

PROMISES = {
    "audit model.tflite": Promise("TFLite GPU full 3 of 3"),
    "audit model.tflite -d nnapi:api=29": Promise("NNAPI 29 full 3 of 3"),
    "audit models/ -d gpu,nnapi:api=30 --fail-on unsupported -o report.html -o summary.md": Promise(
        "| NNAPI 30 | **full** | 3 of 3 |"
    ),
    "audit models/ -j 2 -o fleet.jsonl -o fleet.html": Promise("models/b/c.tflite"),
    "fleet show zoo.sqlite": Promise("2 files, 1 model of them different"),
    "fleet diff before.sqlite after.sqlite": Promise("1 model in both"),
    "fleet diff before.sqlite after.sqlite --fail-on worse": Promise("nothing changes"),
    "audit models/ -j 2 -o zoo.sqlite": Promise("zoo.sqlite: 2 models, 1 of them different: "),
    "audit models/ -j 2 -o all.sqlite --resume": Promise("all.sqlite: 2 models, 1 of them different: "),
    "audit model.tflite --shape input=1,320,320,3": Promise("TFLite GPU full 3 of 3"),
    "audit model.tflite --registered 'MyOp,Flex*'": Promise("TFLite GPU full 3 of 3"),
    "recommend model.tflite": Promise("Android: stay on XNNPACK"),
    "recommend model.tflite --for ios -o advice.md": Promise("### iOS: "),
    "recommend model.tflite --phone android-29 --phone SM8650": Promise("Android: "),
    "recommend model.tflite --code kotlin,c++": Promise("Kotlin, for XNNPACK"),
    "recommend model.tflite --measured profile.txt": Promise("Measured by benchmark_model"),
    "recommend model.tflite --keras model.keras --data test.npz": Promise(
        "Quantizing: float16 (converted", needs=(needs_tensorflow,)
    ),
    "recommend model.tflite --measured aihub.json --format json": Promise('"kind":"AI Hub"'),
    "recommend model.tflite --format json": Promise('"choices"'),
    "schema --of recommendation": Promise("$schema"),
    "inspect model.tflite": Promise("in input [1, 8, 8, 3] FLOAT32"),
    "rules show gpu CONV_2D": Promise("operator version is at most"),
    "explain gpu/conv-2d/version": Promise("gpu/conv-2d/version"),
    "rules coverage": Promise("CONV_2D"),
    "rules coverage CONV_2D": Promise("CONV_2D"),
    "rules coverage -o coverage.html": Promise("<!doctype html>"),
    "rules diff gpu:runtime=1.0 gpu:runtime=2.3 model.tflite": Promise("model.tflite: nothing changes"),
    "rules verify -d xnnpack": Promise("takes for real: 100 %", needs=(needs_gpu,)),
    "compare float.tflite int8.tflite": Promise("Hexagon DSP better"),
    "compare float.tflite int8.tflite -o model-explorer=diff.json": Promise(""),
    "audit model.tflite --hash -o cyclonedx=bom.json": Promise(""),
    "audit model.tflite -d gpu,coreml --fail-on gpu:partial --fail-on 'coreml:delegated_macs_share < 0.9'": (
        Promise("coreml: delegated_macs_share < 0.9 holds", code=1)  # Core ML has no global mean.
    ),
    "audit app.apk": Promise("app.apk!assets/model.tflite"),
    "inspect app.apk!assets/model.tflite": Promise("app.apk!assets/model.tflite"),
    "log phone.log": Promise("gpu: 3 of 3 operators went to TfLiteGpuDelegateV2."),
    "log phone.log model.tflite": Promise("operators delegated: 3, as predicted"),
    "log phone.log model.tflite -d gpu:max_partitions=4": Promise("partitions: 1, as predicted"),
    "schema --of log": Promise("Delegate Analyzer log"),
    "config --pin > new.toml": Promise("[packs.gpu]"),
    "config show": Promise("delegates (from the default)"),
    "config show models/a.tflite": Promise("delegates (from the default)"),
    "schema": Promise("$schema"),
    "schema --of pack": Promise("$schema"),
    "rules test": Promise("litert-gpu"),
    "rules list": Promise("NNAPI delegate"),
    "run model.tflite -d xnnpack": Promise(AGREES),
    "run model.tflite -d litert-gpu --precision both": Promise("litert-gpu fp32", needs=(needs_gpu,)),
    "run model.tflite -d litert-gpu --bisect": Promise(AGREES, needs=(needs_gpu,)),
    # The stand-in takes nothing.
    "run model.tflite -d gpu --delegate-lib libdelegate.so --delegate-option key=value": Promise(
        "predicted to be delegated, ran on the CPU", code=1, needs=(needs_compiler,)
    ),
    "fix model.tflite -o fixed.tflite -d gpu,litert-gpu": Promise("Nothing to rewrite"),
    "fix model.tflite --dry-run -d litert-gpu": Promise("Nothing to rewrite"),
    "fix model.tflite -o fixed.tflite -o compared.html -o compared.json": Promise("a copy"),
    "fix model.tflite -o fixed.tflite --split-tail": Promise("a copy"),
    "schema --of fix": Promise("$schema"),
    "devices list --on adb": Promise("SERIAL Google Pixel 8 14 (API 34)", needs=(needs_adb,)),
    "devices list 'pixel-*' iphones": Promise("pixel-8 API 36 Google Tensor G3"),
    "devices show galaxy-s24": Promise("-d gpu -d qualcomm-htp:soc=SM8650 -d nnapi:api=34"),
    "audit model.tflite --device pixel-8 --device 'iphone-1[56]'": Promise(
        "coreml on iphone-15: ",
        code=1,  # Core ML has no global mean.
    ),
    "audit model.tflite --device pixel-3:api=31 --fail-on never": Promise("NNAPI 31 full 3 of 3"),
    "recommend model.tflite --device galaxy-s24": Promise("Android: "),
    "schema --of devices": Promise("Delegate Analyzer devices"),
    "audit models/ --exclude 'archive/*' --redact-paths -o shared.html": Promise("shared.html: 2 models: "),
    "devices show": Promise("Google Pixel 8", needs=(needs_adb,)),
    "run model.tflite -d gpu,nnapi --on adb": Promise(
        f"nnapi, run for real: {AGREES}", needs=(needs_adb, needs_litert)
    ),
    "run model.tflite --on adb --benchmark-model ./benchmark_model": Promise(
        f"hexagon, run for real: {AGREES}", needs=(needs_adb, needs_litert)
    ),
    "run model.tflite --on adb:SERIAL -d gpu:opencl=false -o phone.html": Promise(
        "Google Pixel 8, Android 14", needs=(needs_adb, needs_litert)
    ),
    "evaluate model.keras model.tflite model-int8.tflite --data test.npz": Promise(
        "Against model.keras", needs=(needs_tensorflow,)
    ),
    "evaluate model.tflite -d cpu,xnnpack,litert-gpu --data images/ -o result.html -o result.md": Promise(
        "| model.tflite on litert-gpu | 100.0 % |", needs=(needs_gpu,)
    ),
}


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a stand-in for whatever an example names."""
    folder = tmp_path_factory.mktemp("furnished")
    standins.furnish(folder)
    if not needs_compiler.args[0]:
        compiled(folder / "libdelegate.so")
    if not needs_tensorflow.args[0]:
        standins.keras(folder / "model.keras")
    return folder


@pytest.fixture
def folder(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same, with a phone attached, for one example alone."""
    found = tmp_path / "here"
    shutil.copytree(furnished, found)
    phone = standins.phone(tmp_path, found / "benchmark_model")
    monkeypatch.setenv("DELEGATE_ANALYZER_BENCHMARK_MODEL", str(found / "benchmark_model"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    with attached(phone.device):
        yield found


def _tiers(command: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.tensorflow] if command.split()[0] in RUNNING else []


@pytest.mark.parametrize(
    ("command", "promise"),
    [
        pytest.param(command, promise, marks=(*promise.needs, *_tiers(command)), id=command)
        for command, promise in PROMISES.items()
    ],
)
def test_commands_do_as_they_say(command: str, promise: Promise, folder: Path) -> None:
    done = typed(command, folder)
    assert done.returncode == promise.code, done.stdout + done.stderr
    # An audit into files ends by saying where they are.
    files = re.findall(r"-o (?:[\w-]+=)?(\S+)", command)
    ending = files if command.startswith("audit") and "-q" not in command else []
    # The models here lie in no folder that an example leaves out.
    aside = ("policy failed: ", "--exclude ")
    told = [line for line in done.stderr.splitlines() if not line.startswith(aside)]
    told = [line for line in told if "; policy failed: " not in line and "fp16 and fp32" not in line]
    assert [line.partition(": ")[0] for line in told] == ([", ".join(ending)] if ending else []), done.stderr
    assert ("policy failed: " in done.stderr) == (promise.code == 1)
    written = [folder / name for name in re.findall(r"(?:-o|>) (?:[\w-]+=)?(\S+)", command)]
    texts = [file.read_text(encoding="utf-8") for file in written if file.suffix not in BINARY]
    said = "\n".join([done.stdout, done.stderr, *texts])
    assert promise.says in " ".join(said.split())


def test_every_command_is_tried() -> None:
    assert set(commands(TEXT, PROGRAM)) == {f"{PROGRAM} {command}" for command in PROMISES}


def test_modules_are_there() -> None:
    for command in commands(TEXT, "python"):
        found = re.match(r"python -m (\S+)", command)
        assert found and find_spec(found[1]), command


def test_the_project_s_file_is_one(folder: Path) -> None:
    """With the hash of today's pack in place of the one that is shown."""
    shown = example(text_of("configuration.md"), "toml", "delegate-analyzer.toml")
    pinned = typed("config --pin", folder).stdout
    sha256 = tomllib.loads(pinned)["packs"]["gpu"]["sha256"]
    (folder / "delegate-analyzer.toml").write_text(re.sub(r'(?<=sha256 = ")\w+', sha256, shown))
    done = typed("audit model.tflite", folder)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if not re.search(r"policy warns: | excused$", line)]
    assert told == []
    assert "NNAPI 29" in done.stdout and "Core ML" not in done.stdout


def test_the_question_to_tables_has_an_answer(folder: Path) -> None:
    query = example(text_of("many-models.md"), "sql", "for most models are")
    with closing(sqlite3.connect(folder / "zoo.sqlite")) as database:
        rows = database.execute(query).fetchall()
    assert rows and all(fix and models > 0 for _, fix, models in rows)


def test_the_test_it_shows_is_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {}
    exec(example(text_of("in-a-build.md"), "python", "**pytest.**"), names)
    monkeypatch.chdir(folder)
    [test] = [each for name, each in names.items() if name.startswith("test_")]
    test(assert_delegated)
    (folder / "model.tflite").write_bytes(chain("CEIL"))
    with pytest.raises(AssertionError, match="CEIL"):
        test(assert_delegated)


def test_the_workflow_it_shows_gives_the_action_what_it_takes() -> None:
    shown = yaml.safe_load(example(text_of("in-a-build.md"), "yaml", "**GitHub.**"))
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    checkout, audit = shown["steps"]
    assert set(audit["with"]) <= set(action["inputs"])
    assert checkout["with"]["fetch-depth"] == 0 and shown["permissions"]["security-events"] == "write"


def test_the_hook_it_shows_is_there() -> None:
    shown = yaml.safe_load(example(text_of("in-a-build.md"), "yaml", "**pre-commit.**"))
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in shown["repos"][0]["hooks"]] == [hook["id"] for hook in hooks]


def typed(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What comes of a command line of the program."""
    return subprocess.run(["sh", "-c", f"{PROGRAM} {command}"], cwd=folder, capture_output=True, text=True)


def example(text: str, language: str, after: str) -> str:
    """The first block of code behind some words."""
    block = re.search(rf"```{language}\n(.*?)```", text.partition(after)[2], re.DOTALL)
    assert block
    return block[1]
