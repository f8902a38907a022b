"""`recommend`: one choice a platform, in words, as JSON and as Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.report.document import advice
from tests.cli.running import run
from tests.recommendation.models import layers
from tests.schemas import faults

SCHEMA = advice.json_schema()


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_block_a_platform(tmp_path: Path) -> None:
    layers(tmp_path, ["CONV_2D", "CONV_2D"])
    done = run("recommend", tmp_path / "layers.tflite")
    assert (done.code, done.err) == (0, "")
    assert "Android: LiteRT GPU, both operators. NNAPI is deprecated." in done.text
    assert "iOS: LiteRT GPU, both operators." in done.text
    assert "Swift package google-ai-edge/LiteRT" in done.text
    assert "CompiledModel with GPU alone: loads, and everything runs on the GPU." in done.text
    assert '    <uses-native-library android:name="libOpenCL.so" android:required="false" />' in done.text
    assert max(map(len, done.text.splitlines())) <= 100


def test_one_platform_alone(tmp_path: Path) -> None:
    layers(tmp_path, ["CONV_2D", "CONV_2D"], size=4, channels=4, quantized=True)
    done = run("recommend", tmp_path / "layers.tflite", "--for", "desktop")
    assert "Desktop: stay on XNNPACK: LiteRT GPU takes both operators" in done.text
    assert "Android" not in done.text


@pytest.mark.parametrize("asked", [("--for", "ios", "--for", "desktop"), ("--for", "ios,desktop,ios")])
def test_several_platforms(tmp_path: Path, asked: tuple[str, ...]) -> None:
    """The last of several isn't all that is meant."""
    layers(tmp_path, ["CONV_2D"], size=4, channels=4)
    done = run("recommend", tmp_path / "layers.tflite", *asked, "--format", "json")
    assert [each["platform"] for each in done.json["recommendation"]["choices"]] == ["ios", "desktop"]


@pytest.mark.parametrize("more", [(), ("--for", "android"), ("--phone", "android-29", "--phone", "sm8650")])
def test_json_fits_its_schema(tmp_path: Path, more: tuple[str, ...]) -> None:
    layers(tmp_path, ["CONV_2D", "CEIL", "CONV_2D"])
    done = run("recommend", tmp_path / "layers.tflite", "--format", "json", *more)
    assert (done.code, done.err) == (0, "")
    assert faults(done.json, SCHEMA) == []
    assert done.json["recommendation"]["choices"][0]["platform"] == "android"


def test_the_chip_of_a_phone_makes_its_npu_a_choice(tmp_path: Path) -> None:
    layers(tmp_path, ["CONV_2D", "CONV_2D"], quantized=True)
    done = run("recommend", tmp_path / "layers.tflite", "--phone", "SM8650", "--format", "json")
    [choice] = done.json["recommendation"]["choices"]
    assert choice["delegate"] == "qualcomm-htp"
    assert choice["fallbacks"][0]["delegate"] == "litert-gpu"


def test_code_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    layers(tmp_path, ["CONV_2D", "CONV_2D"])
    asked = ("recommend", tmp_path / "layers.tflite", "--for", "android")
    assert "CompiledModel.create" not in run(*asked).text
    done = run(*asked, "--code", "Kotlin, python")
    assert "  Kotlin, for LiteRT GPU\n" in done.text
    assert '    val model = CompiledModel.create(context.assets, "layers.tflite", options)' in done.text
    assert "  Python, for LiteRT GPU\n" in done.text and "Flutter" not in done.text
    languages = [
        each["language"]
        for each in run(*asked, "--format", "json").json["recommendation"]["choices"][0]["code"]
    ]
    assert languages == ["Kotlin", "C++", "Python", "Flutter", "React Native"]


def test_markdown(tmp_path: Path) -> None:
    file = tmp_path / "advice.md"
    layers(tmp_path, ["CONV_2D", "CONV_2D"])
    assert run("recommend", tmp_path / "layers.tflite", "-o", file).code == 0
    text = file.read_text(encoding="utf-8")
    assert text.startswith("## ")
    assert "### Android: " in text
    assert "```text\ncom.google.ai.edge.litert:litert:2.3.0\n" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sample:", "--keras", "a.tflite"], "--keras a.tflite: is no Keras model; give a .keras or .h5"),
        (["sample:", "--data", "a.npz"], "--data a.npz: is for --keras, which names the model"),
        (["sample:", "--for", "symbian"], "--for symbian: there is no such platform"),
        (["sample:", "--phone", "SM8651"], "--phone SM8651: it is neither android-N nor adb"),
        (["sample:", "--phone", "SM8650", "--for", "ios"], "--for ios: --phone says its platform itself"),
        (["sample:", "--phone", "adb", "--phone", "SM8650"], "--phone: an attached phone says all of itself"),
        (["sample:", "--format", "html"], "--format html: there is no such format"),
        (["sample:", "--code", "java"], "--code java: there is no code in it"),
        (["nothing.tflite"], "nothing.tflite"),
    ],
)
def test_what_can_t_be_done_is_a_line(arguments: list[str], said: str) -> None:
    done = run("recommend", *arguments)
    assert done.code == 2 and said in done.complaint
