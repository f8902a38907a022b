"""`run`, as a user meets it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from analyzer.model import read
from analyzer.report.document.audit_document import json_schema
from tests.building import model, operator, tensor
from tests.cli.models import save
from tests.cli.running import run
from tests.execution import models
from tests.execution.running import needs_gpu
from tests.schemas import faults

QUICK = ("--runs", "1", "--warmup", "0", "--samples", "1")


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    return save(tmp_path / "chain.tflite", models.chain("ABS", "SIGN", "NEG"))


def test_agreement_is_exit_code_0(chain: Path) -> None:
    outcome = run("run", chain, "-d", "xnnpack", *QUICK)
    assert outcome.code == 0, outcome.err
    assert "agrees with the CPU and with the prediction" in outcome.text
    assert "2 operators delegated, exactly those predicted" in outcome.text
    assert "what blocks" not in outcome.text.lower()


@pytest.mark.parametrize("ending", ["md", "npz"])
def test_what_lies_beside_the_smallest_model_is_no_other_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run("run", "none.tflite", "-d", "gpu", "-o", "a.tflite", "-o", f"markdown=./a.{ending}")
    told = f"-o ./a.{ending}: is written with a.tflite, its inputs and a text for an issue; name another file"
    assert (outcome.code, outcome.complaint) == (2, told)


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/m\xff.tflite"
    try:
        with open(name, "wb") as file:
            file.write(models.chain("ABS"))
    except OSError:
        pytest.skip("the file system takes names in UTF-8 only")
    outcome = run("run", os.fsdecode(name), "-d", "xnnpack", *QUICK)
    assert outcome.code == 0, outcome.err
    assert "m\ufffd.tflite" in outcome.text


def test_a_driver_whose_name_is_no_text(chain: Path) -> None:
    outcome = run("run", chain, "-d", "xnnpack", *QUICK, "--vulkan-driver", os.fsdecode(b"d\xff.json"))
    assert outcome.code == 2
    assert "d\\udcff.json: has bytes that aren't UTF-8" in outcome.complaint


def test_the_document_holds_the_run(chain: Path) -> None:
    outcome = run("run", chain, "-d", "xnnpack", *QUICK, "--format", "json")
    assert faults(outcome.json, json_schema()) == []
    (found,) = outcome.json["models"][0]["runs"]
    assert found["delegated"] == found["predicted"] == {"0": [0, 2]}
    assert (found["status"], found["predicted_equal"], found["agrees"]) == ("ok", True, True)
    assert [one["within"] for one in found["outputs"]] == [True]
    assert [sum(one["errors"]["counts"]) > 0 for one in found["outputs"]] == [True]
    assert len(found["latency_ms"]["times"]) == found["latency_ms"]["runs"] == 1
    assert found["reference"]["latency_ms"]["threads"] == 1
    assert found["runtime"]["version"]


def test_every_format_shows_it(chain: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"report.{ending}" for ending in ("txt", "md", "html", "json", "jsonl")]
    outputs = [argument for file in files for argument in ("-o", str(file))]
    assert run("run", chain, "-d", "xnnpack", *QUICK, *outputs).code == 0
    for file in files:
        assert "xnnpack" in file.read_text() and "t3" in file.read_text()


def test_a_threshold_that_is_exceeded_is_exit_code_1(chain: Path, tmp_path: Path) -> None:
    data = models.chain("EXP", "SQRT", "EXP", "SQRT")
    file = save(tmp_path / "m.tflite", data)
    outcome = run("run", file, "-d", "xnnpack", *QUICK, "--atol", "0", "--format", "json", "--range", "0,3")
    (found,) = outcome.json["models"][0]["runs"]
    differs = found["outputs"][0]["max_abs"] > 0
    assert outcome.code == (1 if differs else 0)
    assert found["outputs"][0]["within"] is not differs


def test_a_failed_run_is_exit_code_1_and_says_why(tmp_path: Path) -> None:
    file = save(tmp_path / "m.tflite", models.chain("ABS", "Unheard"))
    outcome = run("run", file, "-d", "xnnpack", *QUICK)
    assert outcome.code == 1
    assert "Unheard" in outcome.err and "policy failed" in outcome.err
    assert "xnnpack, run for real: failed, as predicted" in outcome.text


def test_one_s_own_inputs_are_used(chain: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full((1, 8), -2.0, np.float32))
    outcome = run("run", chain, "-d", "xnnpack", *QUICK, "--input", tmp_path / "x.npy", "--format", "json")
    assert outcome.code == 0 and outcome.json["models"][0]["runs"][0]["samples"] == 1


def test_every_signature_is_run_or_the_one_that_is_named(tmp_path: Path) -> None:
    file = save(tmp_path / "m.tflite", models.signatures())
    both = run("run", file, "-d", "xnnpack", *QUICK, "--format", "json").json["models"][0]["runs"]
    assert [one["signature"] for one in both] == ["double", "square"]
    one = run("run", file, "-d", "xnnpack", *QUICK, "--signature", "square", "--format", "json")
    assert [found["signature"] for found in one.json["models"][0]["runs"]] == ["square"]


def test_a_model_may_come_from_stdin(chain: Path) -> None:
    assert run("run", "-", "-d", "xnnpack", *QUICK, stdin=chain.read_bytes()).code == 0


def test_quiet_says_nothing(chain: Path) -> None:
    outcome = run("run", chain, "-d", "xnnpack", *QUICK, "-q")
    assert (outcome.code, outcome.out, outcome.err) == (0, b"", "")


def test_a_delegate_that_is_not_here_is_exit_code_2_with_what_to_do(chain: Path) -> None:
    outcome = run("run", chain, "-d", "gpu", *QUICK)
    assert outcome.code == 2 and not outcome.out
    assert "there is no way to run it on this machine; give its library" in outcome.complaint


def test_what_is_here_is_run_all_the_same(chain: Path) -> None:
    outcome = run("run", chain, "-d", "gpu,xnnpack", *QUICK, "--format", "json")
    assert outcome.code == 2
    assert [one["status"] for one in json.loads(outcome.out)["models"][0]["runs"]] == ["unavailable", "ok"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "no delegate is named; name one with -d"),
        (("-d", "xnnpack", "--signature", "s"), "--signature s: "),
        (("-d", "xnnpack", "--range", "1"), "--range 1: not [NAME=]LOW,HIGH"),
        (("-d", "xnnpack", "--range", "2,1"), "--range 2,1: 2 is above 1"),
        (("-d", "xnnpack", "--range", "z=0,1"), "--range z: there is no such input; there are t0"),
        (("-d", "xnnpack", "--input", "none.npy"), "--input none.npy: can't be read"),
        (("-d", "xnnpack", "--shape", "z=1"), "z"),
        (("-d", "xnnpack", "--delegate-lib", "none.so"), "--delegate-lib none.so: there is no such file"),
        (("--delegate-lib", "lib.so", "--delegate-option", "key"), "--delegate-option key: not KEY=VALUE"),
        (("-d", "xnnpack", "--delegate-option", "a=b"), "name that with --delegate-lib"),
        (("-d", "xnnpack:qs8=false"), "leave qs8 at its default"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(chain: Path, arguments: tuple[str, ...], complaint: str) -> None:
    outcome = run("run", chain, *QUICK, *arguments)
    assert outcome.code == 2
    assert complaint in outcome.complaint


def merged_wrongly() -> bytes:
    shape = [1, 6, 6, 8]
    weights, bias = (np.linspace(-1, 1, count, dtype=np.float32).tobytes() for count in (576, 8))
    tensors = [
        *(tensor(name, shape) for name in ("x", "y", "kept", "z")),
        tensor("weights", [8, 3, 3, 8], data=weights),
        tensor("bias", [8], data=bias),
    ]
    strides = {
        "padding": "SAME",
        "stride_w": 1,
        "stride_h": 1,
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
    }
    operators = [
        operator("ABS", ["x"], ["y"]),
        operator("CONV_2D", ["y", "weights", "bias"], ["kept"], strides),
        operator("ADD", ["kept", "bias"], ["z"]),
    ]
    return model(tensors, operators, inputs=["x"], outputs=["kept", "z"])


@needs_gpu
def test_the_smallest_model_that_differs_is_written_and_differs_again(tmp_path: Path) -> None:
    """The GPU merges the addition into the convolution, whose own output is then never written."""
    file = save(tmp_path / "m.tflite", merged_wrongly())
    small = tmp_path / "small.tflite"
    outcome = run("run", file, "-d", "litert-gpu", *QUICK, "-o", small)
    assert outcome.code == 1 and "small.tflite: differs by itself on litert-gpu" in outcome.err
    (command,) = [
        line for line in (tmp_path / "small.md").read_text().split("\n") if "run small.tflite" in line
    ]
    _, _, _, _, delegate, *rest = command.split()
    assert delegate.startswith("litert-gpu") and rest[:2] == ["--input", "small.npz"]
    again = run("run", small, "-d", delegate, "--input", tmp_path / "small.npz", *QUICK)
    assert again.code == 1 and "differs" in again.text
    assert len(read(small).subgraphs[0].operators) < len(read(file).subgraphs[0].operators)


@pytest.mark.parametrize(
    ("delegate", "complaint"),
    [
        ("xnnpack", "--precision both: xnnpack computes in one precision alone; leave it out"),
        ("gpu:precision=fp32", "-d gpu:precision=fp32: says its precision itself; leave --precision out"),
    ],
)
def test_a_precision_is_for_delegates_that_have_a_choice(chain: Path, delegate: str, complaint: str) -> None:
    done = run("run", chain, "-d", delegate, "--precision", "both")
    assert (done.code, done.complaint) == (2, complaint)


def test_where_nothing_differs_no_model_is_written(chain: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.tflite"
    outcome = run("run", chain, "-d", "xnnpack", *QUICK, "-o", small)
    assert outcome.code == 0 and not small.exists()
    assert "small.tflite: not written" in outcome.err


def test_no_document_is_a_model(chain: Path) -> None:
    assert "there is no such format" in run("run", chain, "-d", "xnnpack", "--format", "tflite").complaint
    assert run("run", chain, "-d", "xnnpack", "-o", "tflite=-").code == 2
