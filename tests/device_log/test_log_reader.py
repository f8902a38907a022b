"""What logs of phones say, in words; lines of others are left alone, and no log is too much."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from analyzer.device_log.log_document import LogDocument
from analyzer.device_log.log_reader import text_lines
from tests.device_log import logs
from tests.device_log.logs import read


def kinds(log: LogDocument) -> list[str]:
    return [line.kind for line in log.known]


def said(log: LogDocument, kind: str) -> str:
    return next(line.says for line in log.known if line.kind == kind)


@pytest.mark.parametrize("shape", [str, logs.logcat], ids=["plain", "logcat"])
def test_the_classic_gpu_delegate(shape: object) -> None:
    log = read(shape(logs.CLASSIC))  # type: ignore[operator]
    assert log.delegates == ("gpu",)
    (share,) = log.shares
    assert (share.nodes, share.total, share.partitions, share.subsets) == (28, 50, 1, 2)
    assert [(entry.operator, entry.delegate) for entry in log.refusals] == [
        ("ARG_MAX", "gpu"),
        ("BATCH_TO_SPACE_ND", "gpu"),
        ("CAST", "gpu"),
        ("SPACE_TO_BATCH_ND", "gpu"),
        ("TFLite_Detection_PostProcess", "gpu"),
    ]
    assert "more than four dimensions" in log.refusals[2].means
    assert log.parameters == {"gpu": {"opencl": "true"}}
    assert log.releases.since == "tflite-2.9"


def test_a_delegate_that_fails_is_told_with_what_to_do() -> None:
    log = read(logs.NO_OPENCL)
    failures = [line.kind for line in log.known if line.failure]
    assert failures == [
        "not-applied",
        "gpu-no-opencl",
        "gpu-failed",
        "gpu-failed",
        "not-prepared",
        "restored",
    ]
    assert "uses-native-library" in next(line.fix for line in log.known if line.kind == "gpu-no-opencl")
    assert "step Init: No shader implementation for transpose" in said(log, "gpu-failed")
    assert log.parameters["gpu"] == {"opencl": "false"}


def test_the_same_in_one_line() -> None:
    line = " ".join(part.removeprefix("E AndroidRuntime: ") for part in logs.NO_OPENCL.splitlines())
    assert {"gpu-no-opencl", "gpu-falls-back", "not-prepared", "restored"} <= set(kinds(read(line)))


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        (
            "java.lang.RuntimeException: GpuDelegate Prepare: Node is already a consumer of the "
            "valueNode number 7 "
            "(GpuDelegate) failed to prepare.",
            "gpu-failed-before",
            "reads the same tensor twice",
        ),
        (
            "TfLiteGpuDelegate Invoke: GpuDelegate must run on the same thread where it was initialized.",
            "gpu-failed",
            "on one thread and runs it on another",
        ),
        (
            "Failed to open OpenCL library: NOT_FOUND: dlopen failed: library x",
            "litert-no-opencl",
            "NOT_FOUND",
        ),
        (
            "[x.cc:184] OpenCL not supported on this platform. Using WebGPU instead.",
            "litert-other-api",
            "WebGPU",
        ),
        (
            "E litert: [model_load.cc:290] Variable tensors not yet supported.",
            "litert-not-loaded",
            "loader refuses",
        ),
        (
            "[model_load.cc:429] Signature has incorrect number of input/outputs",
            "litert-not-loaded",
            "loader",
        ),
        (
            "[qnn_manager.cc:231] Qnn library version 2.21.0 is not supported. "
            "The minimum supported version is "
            "2.25.0. Please make sure you have the correct library version.",
            "npu-old-library",
            "version 2.21.0; this LiteRT needs 2.25.0",
        ),
        (
            "QNN backend SoC mismatch: current SM8650, target SM8750",
            "npu-other-chip",
            "SM8750, the phone has SM8650",
        ),
        (
            "Partitioning yielded 12 NPU islands, which exceeds the maximum allowed (8).",
            "npu-too-many",
            "12 parts",
        ),
        ("keep_dims should be true for Mean op.", "coreml-mean", "with keep_dims"),
        ("p: Padding for channel dimension is not supported in PAD.", "coreml-pad", "height and width"),
        (
            "Error compiling model compiler error: Size of bias = 0 is not equal to the output channels = 7",
            "coreml-not-compiled",
            "no bias",
        ),
        (
            "Failed to lookup symbol (dlsym(RTLD_DEFAULT, TFLGpuDelegateCreate): symbol not found)",
            "not-in-app",
            "TFLGpuDelegateCreate",
        ),
        (
            "java.io.FileNotFoundException: This file can not be opened as a file descriptor; it is probably "
            "compressed",
            "java-compressed",
            "compressed",
        ),
        (
            "Cannot copy to a TensorFlowLite tensor (input) with 768 bytes from a Java Buffer "
            "with 192 bytes.",
            "java-bytes",
            "192 bytes for input, which takes 768",
        ),
        ("Contents of a does not encode a valid TensorFlow Lite model: x", "no-model", "no .tflite"),
        (
            "RuntimeError: failed to create XNNPACK runtime"
            "Node number 29 (TfLiteXNNPackDelegate) failed to prepare.",
            "not-prepared",
            "Node 29",
        ),
        (
            "Cannot create interpreter: Didn't find op for builtin opcode 'ADD' version '4'.",
            "old-runtime",
            "version 4 of ADD",
        ),
        (
            "Op builtin_code out of range: 127. Are you using old TFLite binary with newer model?",
            "out-of-range",
            "127",
        ),
        (
            "external/tf/tensorflow/lite/kernels/conv.cc:272 bias->type != input_type (10 != 1)",
            "kernel-refuses",
            "FLOAT16",
        ),
        (
            "Replacing 11 node(s) with delegate (TfLiteGpuDelegate) node, yielding 1 partitions.",
            "replaced-before",
            "11 op",
        ),
        ("Failed to build program executable - unknown build option", "gpu-no-program", "OpenCL driver"),
        (
            "TfLiteGpuDelegate Init: Batch size mismatch, expected 1 but got 49",
            "gpu-failed",
            "first dimension is 49",
        ),
        (
            "TfLiteGpuDelegate Invoke: Write to buffer failed. Source data is larger than buffer.",
            "gpu-failed",
            "another size",
        ),
        (
            "com.google.ai.edge.litert.LiteRtException: Failed to compile model",
            "litert-thrown",
            "Failed to compile model",
        ),
        (
            "Encountered unresolved custom op: Convolution2DTransposeBias.",
            "unresolved-custom",
            "TransposeBias",
        ),
        (
            "Regular TensorFlow ops are not supported by this interpreter.",
            "select-ops",
            "Flex",
        ),
    ],
)
def test_lines_that_people_ask_about(line: str, kind: str, words: str) -> None:
    known = {known.kind: known for known in read(f"E/tflite: {line}\n").known}
    assert words in known[kind].says
    harmless = ("replaced-before", "litert-other-api", "coreml-mean", "coreml-pad")
    assert known[kind].failure or kind in harmless


def test_old_lines_date_the_runtime() -> None:
    log = read(logs.OLD)
    assert (log.releases.since, log.releases.before) == (None, "tflite-2.4")
    assert log.releases.told_by == (2,)
    assert (log.shares[0].nodes, log.shares[0].total) == (60, 67)
    assert [entry.operator for entry in log.refusals] == ["MEAN"]


def test_lines_of_two_runtimes_date_nothing() -> None:
    later = "Replacing 1 out of 2 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 2 partitions"
    assert read(f"{logs.OLD}{later} for subgraph 0 (main).\n").releases.told_by == ()


def test_benchmark_model() -> None:
    log = read(logs.BENCHMARK)
    (share,) = log.shares
    assert (share.delegate, share.nodes, share.part) == ("nnapi", 0, "none")
    assert "9605.25 µs for one on average" in said(log, "bench-times")
    assert said(log, "nnapi-accelerators").startswith("The phone's NNAPI has vendor-dsp,nnapi-reference.")


def test_errors_of_a_driver_are_put_in_words() -> None:
    log = read(logs.NNAPI_ERROR)
    assert said(log, "nnapi-error").endswith(
        "That is: the driver finds an operand's type, shape or value invalid."
    )
    assert "setting new operand value" in said(log, "nnapi-error")


def test_xcode() -> None:
    log = read(logs.XCODE)
    (share,) = log.shares
    assert (share.delegate, share.nodes, share.total, share.partitions) == ("coreml", 71, 75, 2)
    assert [line.kind for line in log.known if line.failure] == ["coreml-not-compiled"]
    assert log.parameters == {"coreml": {"version": "3"}}


def test_metal_through_a_reporter_that_fills_nothing_in() -> None:
    log = read(logs.METAL)
    assert log.delegates == ("gpu",)
    assert [(share.nodes, share.total) for share in log.shares] == [(49, 50)]
    assert [line.kind for line in log.known if line.failure] == ["gpu-failed", "swift-not-created"]
    assert "times of this run say little" in said(log, "gpu-metal-checked")
    assert "drops what it was to say" in said(log, "gpu-failed")


def test_litert_on_an_iphone() -> None:
    log = read(logs.LITERT_METAL)
    assert (log.delegates, log.parameters) == (("litert-gpu",), {"litert-gpu": {"backend": "metal"}})
    assert [line.kind for line in log.known if line.breaks] == [
        "litert-kernel",
        "litert-kernel-missing",
        "not-prepared",
    ]
    assert "2.1.5 writes a faulty shader" in said(log, "litert-kernel")
    assert log.releases.before == "2.2"


def test_the_neural_engine_gives_up() -> None:
    log = read(logs.NEURAL_ENGINE)
    assert [line.kind for line in log.known] == ["coreml-overflow", "coreml-not-run"]
    assert log.delegates == ("coreml",)


def test_options_of_benchmark_model_are_those_of_the_prediction() -> None:
    log = read(logs.OPTIONS)
    assert log.parameters["gpu"] == {"max_partitions": "4", "opencl": "false", "precision": "fp32"}


def test_hexagon_without_its_libraries() -> None:
    log = read(logs.HEXAGON)
    assert log.delegates == ("hexagon",)
    assert all(line.failure and line.fix for line in log.known)


def test_an_npu_by_its_compiler_plugin() -> None:
    log = read(logs.NPU)
    (share,) = log.shares
    assert (share.delegate, share.nodes, share.total, share.partitions) == ("qualcomm-htp", 41, 50, 3)
    other = read(
        logs.NPU.replace("Qualcomm", "Other")
        .replace("Qnn", "Oth")
        .replace("online SoC", "")
        .replace("QNN", "")
    )
    assert [share.delegate for share in other.shares] == [None]


def test_which_gpu_delegate_speaks_is_told_by_other_lines() -> None:
    refusing = "Following operations are not supported by GPU delegate:\nSHAPE: Operation is not supported.\n"
    registered = "INFO: [accelerator_registry.cc:54] RegisterAccelerator: ptr=0x5, name=GPU OpenCL\n"
    for text in (registered + refusing, refusing + registered):
        log = read(text)
        assert [entry.delegate for entry in log.refusals] == ["litert-gpu"]
        assert log.parameters == {"litert-gpu": {"backend": "opencl"}}
    assert [entry.delegate for entry in read(refusing).refusals] == ["gpu"]


def test_other_lines_are_left_alone() -> None:
    log = read("".join(f"D Other: ADD: {n} delegate GPU nodes\n" for n in range(50)))
    assert (log.lines_read, log.known, log.refusals) == (50, (), ())


def test_a_list_goes_on_between_lines_of_others() -> None:
    lines = logs.CLASSIC.splitlines(keepends=True)
    mixed = "".join(line + "I Other: working\n" for line in lines)
    assert len(read(mixed).refusals) == 5


def test_what_comes_again_is_counted() -> None:
    log = read(logs.CLASSIC * 3)
    assert {line.times for line in log.known} == {3}
    assert len(log.shares) == 1


def test_two_models_in_one_log_are_two_shares() -> None:
    other = logs.CLASSIC.replace("28 ", "5 ").replace(" 22 ", " 1 ").replace(" 50 ", " 6 ")
    assert [(share.nodes, share.total) for share in read(logs.CLASSIC + other).shares] == [(28, 50), (5, 6)]


def test_colours_and_utf_16_are_read_through() -> None:
    coloured = "\x1b[32mINFO: Created 1 \x1b[1;31mGPU delegate kernels.\x1b[0m\n"
    assert kinds(read(coloured)) == ["gpu-kernels"]
    assert kinds(read("﻿" + coloured)) == ["gpu-kernels"]


def test_utf_16_of_a_windows_shell(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(logs.CLASSIC.replace("\n", "\r\n").encode("utf-16"))
    with file.open("rb") as stream:
        lines = list(text_lines(stream))
    assert lines[1] == "Created TensorFlow Lite delegate for GPU."


def test_nothing_in_a_log_is_too_much() -> None:
    rnd = random.Random(0)
    assert read(rnd.randbytes(1 << 20)).lines_read > 0
    assert read("x" * (8 << 20) + "\nCreated 1 GPU delegate kernels.\n").known[0].line == 2
    assert read("").lines_read == 0
    assert read(b"\x00" * 5000).known == ()


def test_memory_has_a_bound() -> None:
    many = "".join(f"TfLiteGpuDelegate Init: reason {n}\n" for n in range(5000))
    log = read("Following operations are not supported by GPU delegate:\n" + many)
    assert len(log.known) == 2000
    assert log.left_out == 3001
    listed = "".join(f"CUSTOM op{n}: why\n" for n in range(5000))
    assert len(read("Following operations are not supported by GPU delegate:\n" + listed).refusals) == 2000


def test_what_is_told_of_a_line_is_short() -> None:
    log = read("TfLiteGpuDelegate Init: " + "y" * 100_000)
    assert len(log.known[0].text) <= 400
    assert len(log.known[0].says) < 600
