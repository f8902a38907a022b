"""`--device` of audit and recommend, and the catalogue that `devices` shows."""

from __future__ import annotations

from pathlib import Path

from tests.cli.models import chain, save
from tests.cli.running import run
from tests.schemas import faults


def test_a_device_s_delegates_are_asked_after_those_that_are_named() -> None:
    done = run("audit", "sample:", "-d", "xnnpack", "--device", "iphone-1[12]", "--format", "json")
    [model] = done.json["models"]
    assert [(audit["delegate"], audit["device"]) for audit in model["audits"]] == [
        ("xnnpack", None),
        *(("litert-gpu", "iphone-11"), ("gpu", "iphone-11"), ("coreml", "iphone-11")),
        *(("litert-gpu", "iphone-12"), ("gpu", "iphone-12"), ("coreml", "iphone-12")),
    ]
    assert "--device" not in done.err
    assert faults(done.json, run("schema").json) == []


def test_it_is_judged_but_not_by_delegates_that_are_given_up(tmp_path: Path) -> None:
    """NNAPI takes ABS from level 5 on: no reason to fail, unless it is named."""
    model = save(tmp_path / "m.tflite", chain("ABS"))
    done = run("audit", model, "--device", "pixel-3")
    assert (done.code, done.err) == (0, "")
    assert "Hexagon DSP (pixel-3)" in done.text
    named = run("audit", model, "--device", "pixel-3", "--fail-on", "hexagon:unsupported")
    assert named.code == 1
    assert f"policy failed: {model}: hexagon on pixel-3: " in named.err


def test_a_device_is_asked_once() -> None:
    named = ("--device", "pixel-8", "--device", "pixel-[78]", "--device", "pixel-8:api=30")
    [model] = run("audit", "sample:", *named, "--format", "json").json["models"]
    devices = dict.fromkeys(audit["device"] for audit in model["audits"])
    assert list(devices) == ["pixel-8", "pixel-7", "pixel-8:api=30"]
    assert len(model["audits"]) == len({(audit["device"], audit["delegate"]) for audit in model["audits"]})
    assert run("devices", "list", "pixel-8", "pixel-8").out == run("devices", "list", "pixel-8").out


def test_an_unknown_device_is_one_line() -> None:
    done = run("audit", "sample:", "--device", "pixl-8")
    assert (done.code, done.complaint) == (2, "device pixl-8: there is no such one; did you mean pixel-8?")


def test_recommend_takes_a_device() -> None:
    told = run("recommend", "sample:", "--device", "iphone-x", "--format", "json").json
    assert {choice["platform"] for choice in told["recommendation"]["choices"]} == {"ios"}
    assert "coreml" not in told["recommendation"]["considered"]
    both = run("recommend", "sample:", "--phone", "pixel-8", "--phone", "SM8650")
    assert both.complaint == "--phone pixel-8: says all of itself; give no other beside it"


def test_the_catalogue_is_listed() -> None:
    done = run("devices", "list", "galaxy-s2[34]", "iphone-12")
    assert [" ".join(line.split()) for line in done.text.splitlines()] == [
        "device system chip GPU OpenCL NPU",
        "galaxy-s23 API 33 Qualcomm Snapdragon Adreno 740 unknown SM8550 v73",
        "8 Gen 2",
        "galaxy-s24 API 34 Qualcomm Snapdragon Adreno 750 3.0 SM8650 v75",
        "8 Gen 3",
        "iphone-12 unknown Apple A14 Bionic 16 cores",
    ]
    assert "groups: pixels, " in run("devices", "list").text
    wrong = run("devices", "list", "--on", "adb", "pixel-8")
    assert (wrong.code, wrong.complaint) == (
        2,
        "--on adb: attached phones have no names here; leave pixel-8 out",
    )


def test_the_catalogue_as_json_holds_to_its_schema() -> None:
    listed = run("devices", "list", "--format", "json").json
    assert faults(listed, run("schema", "--of", "devices").json) == []
    assert len(listed["devices"]) > 60


def test_one_device_is_shown_with_the_sources_of_its_facts() -> None:
    done = run("devices", "show", "pixel-8")
    said = " ".join(done.text.split())
    assert "NNAPI level 5 to 8, of which its Android promises the first alone [" in said
    assert "[github.com/LineageOS/lineage_wiki, _data/devices/shiba.yml, at " in said
    assert said.endswith("delegates -d litert-gpu:backend=opencl -d gpu -d nnapi:api=36")
    assert run("devices", "show", "pixel-8", "--on", "adb").code == 2
