"""Models run on a phone: the real adb client, a server on loopback, a stand-in for `benchmark_model`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import analyzer
from analyzer.execution.android import adb
from tests import building
from tests.cli.running import Outcome, run
from tests.execution.adb_server import FakeDevice
from tests.execution.phones import PROPERTIES, Phone, attached, needs_adb, needs_litert
from tests.execution.running import hurry

pytestmark = [needs_adb, needs_litert]

GPU = "TfLiteGpuDelegateV2"
BROKEN = "the connection to device 0A1B2C3D broke off while it ran a command"


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    """One phone, attached."""
    made = Phone(tmp_path)
    with attached(made.device):
        yield made


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two inputs; the GPU takes both operators."""
    file = tmp_path / "m.tflite"
    tensors = [building.tensor(name, [1, 2, 3, 4]) for name in ("x", "y", "sum", "out")]
    operators = [
        building.operator("ADD", ["x", "y"], ["sum"]),
        building.operator("LOGISTIC", ["sum"], ["out"], None),
    ]
    file.write_bytes(building.model(tensors, operators))
    return file


def gpu(*replaced: int, **more: Any) -> dict[str, Any]:
    return {"use_gpu": {"name": "GPU", "kernel": GPU, "replaced": list(replaced), **more}}


def on(phone: Phone, model: Path, *arguments: str) -> Outcome:
    return run("run", model, *phone.options, "--runs", "3", "--samples", "1", "--format", "json", *arguments)


def ran(outcome: Outcome) -> dict[str, Any]:
    (run,) = outcome.json["models"][0]["runs"]
    assert isinstance(run, dict)
    return run


def test_a_delegate_that_does_as_predicted(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1))
    outcome = on(phone, model, "-d", "gpu")
    assert (outcome.code, outcome.err) == (0, "")
    run = ran(outcome)
    assert run["agrees"] and run["predicted_equal"] is True
    assert run["delegated"] == {"0": [0, 1]}
    assert run["device"] == "Google Pixel 8, Android 14 (API 34), Google Tensor G3, Adreno (TM) 740"
    assert run["reference"]["device"] == run["device"]
    assert run["runtime"]["name"] == "benchmark_model"
    assert run["latency_ms"]["runs"] == 3 and run["latency_ms"]["median"] > 0
    assert run["memory"] == {"before": 0, "peak": int(7.25 * (1 << 20))}
    assert [(one["name"], one["max_abs"]) for one in run["outputs"]] == [("out", 0)]
    assert phone.left == []


def test_the_cpu_takes_its_built_in_kernels_and_each_sample_a_run(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1))
    on(phone, model, "-d", "gpu", "--samples", "3")
    assert len(phone.told) == 6
    assert ["--use_xnnpack=false" in told for told in phone.told] == [True] * 3 + [False] * 3
    assert ["--num_runs=3" in told for told in phone.told[3:]] == [True, False, False]
    assert all("--gpu_experimental_enable_quant=true" in told for told in phone.told[3:])


def test_parameters_become_flags(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1))
    on(phone, model, "-d", "gpu:opencl=false:max_partitions=4:precision=fp32", "--threads", "2")
    flags = ("--gpu_backend=gl", "--max_delegated_partitions=4", "--num_threads=2")
    assert {*flags, "--gpu_precision_loss_allowed=false"} <= set(phone.told[-1].split())


def test_operators_taken_otherwise_than_predicted(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, rest=[1]))
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 1
    assert ran(outcome)["delegated"] == {"0": [0]}
    assert ran(outcome)["reasons"] == ["#1 LOGISTIC: predicted to be delegated, ran on the CPU"]


@pytest.mark.parametrize(
    ("replaced", "delegated", "code"), [((0, 1), {"0": [0, 1]}, 0), ((0,), None, 1), ((), {"0": []}, 1)]
)
def test_builds_that_write_no_runtime_info(
    phone: Phone, model: Path, replaced: tuple[int, ...], delegated: dict[str, list[int]] | None, code: int
) -> None:
    phone.plan(gpu(*replaced, tells=False))
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == code
    assert ran(outcome)["delegated"] == delegated
    assert ran(outcome)["predicted_equal"] is {0: True, 1: None if delegated is None else False}[code]


def test_wrong_numbers(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1, noise=0.25))
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 1
    (output,) = ran(outcome)["outputs"]
    assert not output["within"] and output["max_abs"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("ends", "status", "message"),
    [
        (1, "failed", "benchmark_model ended with exit code 1"),
        (-signal.SIGSEGV, "crashed", "ended by SIGSEGV on the phone"),
    ],
)
def test_a_delegate_that_comes_to_a_bad_end(
    phone: Phone, model: Path, ends: int, status: str, message: str
) -> None:
    phone.plan(gpu(0, 1, ends=ends))
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 1
    assert ran(outcome)["status"] == status
    assert ran(outcome)["message"] == f"{message}; its last words: ERROR: Failed to apply the delegate."
    assert phone.left == []


def test_what_hangs_is_ended_on_the_phone(
    phone: Phone, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch, (tmp_path / "pid").is_file, adb, most=600)
    phone.plan(gpu(0, 1, sleeps=600, pid=os.fspath(tmp_path / "pid")))
    outcome = on(phone, model, "-d", "gpu", "--timeout", "600")
    assert outcome.code == 1
    assert ran(outcome)["status"] == "timeout"
    assert ran(outcome)["message"].startswith("no answer within 600 s; its last words: INFO: Loaded model")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert phone.left == []


def test_a_delegate_that_the_build_lacks_leaves_the_others(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1))
    outcome = on(phone, model, "-d", "hexagon,gpu")
    assert outcome.code == 2
    assert outcome.complaint == (
        "benchmark_model made no such delegate on Google Pixel 8 (WARN: Unconsumed cmdline flags: "
        "--use_hexagon=true); build it with that one, or --push the libraries it needs"
    )
    assert [one["status"] for one in outcome.json["models"][0]["runs"]] == ["unavailable", "ok"]


def test_a_delegate_that_cannot_be_applied_there(phone: Phone, model: Path) -> None:
    outcome = on(phone, model, "-d", "litert-gpu")
    assert outcome.code == 2
    assert outcome.complaint.startswith("litert-gpu: benchmark_model can't apply it on a phone")


def test_without_delegates_those_that_the_phone_can_run(phone: Phone, model: Path) -> None:
    nnapi = {"name": "NNAPI", "kernel": "TfLiteNnapiDelegate", "replaced": [0, 1]}
    hexagon = {"name": "Hexagon", "kernel": "TfLiteHexagonDelegate", "replaced": []}
    phone.plan(gpu(0, 1) | {"use_nnapi": nnapi, "use_hexagon": hexagon})
    outcome = on(phone, model)
    assert outcome.code == 0
    runs = outcome.json["models"][0]["runs"]
    assert [one["delegate"] for one in runs] == ["gpu", "nnapi", "hexagon"]


@pytest.mark.parametrize(("level", "api"), [("34", 34), ("99", 36), ("", 31)])
def test_the_phone_says_which_android_it_is(tmp_path: Path, model: Path, level: str, api: int) -> None:
    phone = Phone(tmp_path, {**PROPERTIES, "ro.build.version.sdk": level})
    phone.plan({"use_nnapi": {"name": "NNAPI", "kernel": "TfLiteNnapiDelegate", "replaced": [0, 1]}})
    with attached(phone.device):
        outcome = on(phone, model, "-d", "nnapi")
    assert outcome.code == 0
    assert ran(outcome)["parameters"]["api"] == api


def test_another_android_than_the_phone_s(phone: Phone, model: Path) -> None:
    outcome = on(phone, model, "-d", "nnapi:api=29")
    assert outcome.code == 2
    assert outcome.complaint == "delegate nnapi:api=29: the phone has api=34; leave api out to run there"


def test_a_library_of_the_user_s_own(phone: Phone, model: Path, tmp_path: Path) -> None:
    library = tmp_path / "libmine.so"
    library.write_bytes(b"")
    phone.plan({})
    outcome = on(phone, model, "--delegate-lib", os.fspath(library), "--delegate-option", "a=b")
    assert outcome.code == 2
    last = phone.told[-1]
    assert "/libmine.so" in last and "--external_delegate_options=a:b" in last


def test_a_library_that_is_not_there(phone: Phone, model: Path) -> None:
    outcome = on(phone, model, "--delegate-lib", "libnone.so")
    assert outcome.code == 2
    assert outcome.complaint.startswith("--delegate-lib libnone.so: there is no such file")


def test_a_tool_for_another_processor(phone: Phone, model: Path) -> None:
    phone.tool.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(60))
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 2
    assert "benchmark_model can't be started on Google Pixel 8" in outcome.complaint
    assert outcome.complaint.endswith("build it for arm64-v8a")
    assert phone.left == []


@pytest.mark.parametrize(("what", "code"), [(KeyboardInterrupt, 130), (RuntimeError, 3)])
def test_the_phone_is_left_clean_whatever_happens_here(
    phone: Phone, model: Path, monkeypatch: pytest.MonkeyPatch, what: type[BaseException], code: int
) -> None:
    def fail(*_: object) -> None:
        assert phone.left
        raise what

    monkeypatch.setattr("analyzer.execution.android.benchmark_model.outputs", fail)
    assert on(phone, model, "-d", "gpu").code == code
    assert phone.left == []


def test_a_cable_that_is_pulled(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1))
    phone.device.breaks_after = 6
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 1
    assert BROKEN in ran(outcome)["reference"]["message"]
    assert "is left on device 0A1B2C3D" in outcome.complaint and BROKEN in outcome.complaint


def test_a_phone_that_takes_no_files(phone: Phone, model: Path) -> None:
    phone.device.refused = ("sync",)
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 1
    assert ran(outcome)["reference"]["message"].startswith("adb: ")
    assert phone.left == []


def test_several_phones_and_one_that_is_named(model: Path, tmp_path: Path) -> None:
    phone, other = Phone(tmp_path / "a", serial="a:5555"), FakeDevice(tmp_path / "b", serial="b")
    phone.plan(gpu(0, 1))
    with attached(phone.device, other):
        assert on(phone, model, "-d", "gpu").complaint.startswith("adb: 2 devices are attached (a:5555, b)")
        assert on(phone, model, "-d", "gpu", "--on", "adb:a:5555").code == 0
    assert other.commands == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--on", "moon"), "--on moon: there is no such place; write --on adb or --on adb:SERIAL"),
        (
            ("--on", "adb", "--benchmark-model", "nowhere"),
            "adb: there is no file nowhere; name one that is there",
        ),
        (("--on", "adb"), "adb: a phone needs LiteRT's benchmark_model; build it from"),
        (("-d", "gpu", "--adb", "x"), "--adb: it is for phones; add --on adb"),
        (("-d", "gpu", "--push", "x"), "--push: it is for phones; add --on adb"),
    ],
)
def test_options_that_do_not_fit(
    phone: Phone, model: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], complaint: str
) -> None:
    monkeypatch.delenv("DELEGATE_ANALYZER_BENCHMARK_MODEL", raising=False)
    outcome = run("run", model, *arguments)
    assert outcome.code == 2
    assert outcome.complaint.startswith(complaint)


def test_the_tool_may_be_named_in_the_environment(
    phone: Phone, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.plan(gpu(0, 1))
    monkeypatch.setenv("DELEGATE_ANALYZER_BENCHMARK_MODEL", os.fspath(phone.tool))
    on_phone = [
        option for option in phone.options if option not in ("--benchmark-model", os.fspath(phone.tool))
    ]
    assert run("run", model, *on_phone, "-d", "gpu").code == 0


def test_the_shipped_sample_with_its_signature(phone: Phone) -> None:
    audit = analyzer.audit(analyzer.read(sample()), ["gpu"])
    phone.plan(gpu(*(one.index for one in audit.delegates[0].operators if one.delegated)))
    outcome = run("run", "sample:", *phone.options, "-d", "gpu", "--runs", "1")
    assert outcome.code == 0, outcome.text
    assert "agrees with the CPU and with the prediction" in outcome.text


def sample() -> Path:
    return Path(analyzer.__file__).parent / "model" / "sample.tflite"


def test_one_signature_of_several(phone: Phone, tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    tensors = [building.tensor(name, [2]) for name in ("x", "y", "out")]
    signatures = [
        {
            "signature_key": key,
            "subgraph_index": 0,
            "inputs": [{"name": "second", "tensor_index": 1}, {"name": "first", "tensor_index": 0}],
            "outputs": [{"name": "difference", "tensor_index": 2}],
        }
        for key in ("one", "two")
    ]
    operators = [building.operator("SUB", ["x", "y"], ["out"])]
    file.write_bytes(building.model(tensors, operators, signature_defs=signatures))
    phone.plan(gpu(0))
    outcome = on(phone, file, "-d", "gpu", "--signature", "two")
    assert outcome.code == 0
    assert "--signature_to_run_for=two --use_xnnpack=false" in phone.told[-1]
    assert ran(outcome)["remarks"][0].startswith("What the delegate leaves ran on the built-in kernels")
    assert [one["name"] for one in ran(outcome)["outputs"]] == ["difference"]


def test_a_build_that_enters_by_the_only_signature_has_xnnpack_kept_out(phone: Phone, tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    tensors = [building.tensor(name, [2]) for name in ("x", "out")]
    signature = {
        "signature_key": "serve",
        "subgraph_index": 0,
        "inputs": [{"name": "value", "tensor_index": 0}],
        "outputs": [{"name": "result", "tensor_index": 1}],
    }
    operators = [building.operator("ABS", ["x"], ["out"])]
    file.write_bytes(building.model(tensors, operators, signature_defs=[signature]))
    phone.plan({"use_gpu": {"name": "GPU", "kernel": GPU, "replaced": [0], "enters": "serve"}})
    outcome = on(phone, file, "-d", "gpu:max_partitions=2", "--samples", "2")
    assert ran(outcome)["delegated"] == {"0": [0]}
    assert ran(outcome)["remarks"][0].startswith("What the delegate leaves ran on the built-in kernels")
    assert ["--use_xnnpack=false" in told for told in phone.told[2:]] == [False, True, True]


def test_a_build_that_cannot_write_outputs(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1, lacks=["output_filepath"]))
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 2
    assert outcome.complaint == "benchmark_model knows no --output_filepath; build it from a current LiteRT"


def test_a_build_that_knows_fewer_flags(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1, lacks=["gpu_experimental_enable_quant", "enable_op_profiling"]))
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 0
    ignored = "This build of benchmark_model takes no notice of --gpu_experimental_enable_quant."
    assert ran(outcome)["remarks"] == [ignored]


def test_what_computed_is_told(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1, says="Initialized OpenGL-based API."))
    assert "Computed by OpenGL, predicted for OpenCL" in ran(on(phone, model, "-d", "gpu"))["remarks"][0]
    assert ran(on(phone, model, "-d", "gpu:opencl=false"))["remarks"] == ["Computed by OpenGL."]


def test_flags_of_the_tool_may_be_given(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1))
    assert on(phone, model, "-d", "gpu", "--delegate-option", "gpu_precision_loss_allowed=false").code == 0
    assert "--gpu_precision_loss_allowed=false" in phone.told[-1]
    assert "--gpu_precision_loss_allowed=false" not in phone.told[0], "the CPU has no such thing"


def test_the_table_says_what_the_slowest_tenth_is_at_most(phone: Phone, model: Path) -> None:
    phone.plan(gpu(0, 1))
    outcome = run("run", model, *phone.options, "--runs", "3", "--samples", "1", "-d", "gpu")
    [line] = [line for line in outcome.text.splitlines() if line.strip().startswith("gpu ")]
    assert "≤ " in line


def elf(machine: int) -> bytes:
    """The beginning of a program for a processor."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0" + machine.to_bytes(2, "little")


@pytest.mark.parametrize(
    ("machine", "abis", "complaint"),
    [
        (62, "arm64-v8a,armeabi-v7a", "is made for x86_64, Google Pixel 8 takes arm64-v8a, armeabi-v7a; "),
        (183, "armeabi-v7a,armeabi", "is made for arm64-v8a, Google Pixel 8 takes armeabi-v7a, armeabi; "),
    ],
)
def test_programs_and_libraries_for_another_processor_are_not_even_pushed(
    tmp_path: Path, model: Path, machine: int, abis: str, complaint: str
) -> None:
    first = abis.split(",")[0]
    phone = Phone(tmp_path, {**PROPERTIES, "ro.product.cpu.abilist": abis, "ro.product.cpu.abi": first})
    library = tmp_path / "lib.so"
    library.write_bytes(elf(machine))
    config = {"arm64-v8a": "android_arm64", "armeabi-v7a": "android_arm"}[first]
    with attached(phone.device):
        for outcome in (
            on(phone, model, "-d", "gpu", "--push", os.fspath(library)),
            on(phone, model, "--delegate-lib", os.fspath(library)),
        ):
            assert outcome.code == 2
            assert complaint in outcome.complaint
            assert (
                f"build it for {first} (bazel build -c opt --config={config} //tflite/" in outcome.complaint
            )
    assert phone.left == []


def test_a_program_of_32_bits_runs_on_a_phone_of_64(tmp_path: Path, model: Path) -> None:
    phone = Phone(tmp_path, {**PROPERTIES, "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a"})
    phone.plan(gpu(0, 1))
    library = tmp_path / "lib.so"
    library.write_bytes(elf(40))
    with attached(phone.device):
        assert on(phone, model, "-d", "gpu", "--push", os.fspath(library)).code == 0


def test_a_phone_without_room(phone: Phone, model: Path) -> None:
    phone.device.room = model.stat().st_size
    outcome = on(phone, model, "-d", "gpu")
    assert outcome.code == 1
    message = ran(outcome)["reference"]["message"]
    assert "No space left on device" in message
    assert message.endswith("; free some space on device 0A1B2C3D") and "\n" not in message
    assert phone.left == []


def test_paths_with_spaces_and_quotes(tmp_path: Path, model: Path) -> None:
    there = tmp_path / "it's a folder"
    there.mkdir()
    phone = Phone(tmp_path)
    phone.plan(gpu(0, 1))
    library, moved = there / "lib one's.so", there / "my model.tflite"
    library.write_bytes(b"")
    moved.write_bytes(model.read_bytes())
    phone.tool = phone.tool.rename(there / "the tool")
    with attached(phone.device):
        assert on(phone, moved, "-d", "gpu", "--push", os.fspath(library)).code == 0
        on(phone, moved, "--delegate-lib", os.fspath(library))
    assert "lib one'" in phone.told[-1]
    assert phone.left == []
