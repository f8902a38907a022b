"""What delegate configurations are called."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from analyzer.report.wording import labels
from analyzer.report.wording.hostile_text import plain, shorten
from tests.report import sample_document as sample

Parameters = dict[str, str | int | bool]


def named(title: str, *configurations: Parameters, in_title: str = "") -> list[str]:
    nodes = sample.operators(4)
    titled = (in_title,) if in_title else ()
    audits = tuple(
        sample.audit("one", title, nodes, sample.gpu, parameters=one, in_title=titled)
        for one in configurations
    )
    model = replace(sample.model(), audits=audits)
    ((_, names),) = labels.named(sample.document(model))
    return names


@pytest.mark.parametrize(
    ("title", "in_title", "configurations", "names"),
    [
        ("GPU delegate", "", [{}], ["GPU"]),
        ("GPU", "", [{"quantized": True, "limit": 1}], ["GPU"]),
        ("NPU", "grade", [{"grade": 3}], ["NPU 3"]),
        ("HTP", "soc", [{"soc": "SM8650"}], ["HTP SM8650"]),
        (
            "GPU",
            "",
            [{"quantized": True}, {"quantized": False}],
            ["GPU quantized=true", "GPU quantized=false"],
        ),
        ("NNAPI", "api", [{"api": 29, "level": 3}, {"api": 31, "level": 5}], ["NNAPI 29", "NNAPI 31"]),
        (
            "NNAPI",
            "api",
            [{"api": 31, "level": 5}, {"api": 31, "level": 6}],
            ["NNAPI 31 level=5", "NNAPI 31 level=6"],
        ),
        ("NNAPI", "api", [{"api": 31, "level": 5}] * 2, ["NNAPI 31", "NNAPI 31"]),
    ],
)
def test_only_parameters_that_tell_configurations_apart_are_named(
    title: str, in_title: str, configurations: list[Parameters], names: list[str]
) -> None:
    assert named(title, *configurations, in_title=in_title) == names


def test_a_device_is_named_too() -> None:
    audit = replace(sample.audit("gpu", "GPU", (), sample.gpu), device="pixel-8")
    model = replace(sample.empty(), audits=(audit,))
    assert labels.named(sample.document(model)) == [(model, ["GPU (pixel-8)"])]


ESCAPED: Mapping[str, str] = {
    "weights/größe": "weights/größe",
    "a\nb": "a\\x0ab",
    "\x1b[2J": "\\x1b[2J",
    "\u202egnp": "\\u202egnp",
    "\U000e0041": "\\U000e0041",
}


@pytest.mark.parametrize(("text", "shown"), ESCAPED.items())
def test_text_that_could_fool_a_reader_is_written_out(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_paths_are_cut_at_the_start() -> None:
    assert shorten("models/vision/ssd.tflite", 11) == "…ssd.tflite"
    assert shorten("ssd.tflite", 10) == "ssd.tflite"
