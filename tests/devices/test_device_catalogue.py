"""The catalogue of devices: every fact has a source, and names, patterns and groups find what they mean."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from analyzer.browser_app.static_site import entries
from analyzer.devices import device_catalogue
from analyzer.devices.device_catalogue import NONE, UNKNOWN, Catalogue, DeviceFile, catalogue, of_file, read
from analyzer.devices.device_configurations import asked_of, on_devices
from analyzer.errors import RuleError, UsageError
from analyzer.resources import data
from analyzer.rules import cache
from analyzer.rules.registry import Packs

FILE = data("rules") / "devices.toml"
#: What an entry says that isn't a fact.
_TITLES = {"name", "kind", "maker", "source"}


@pytest.fixture(scope="module")
def packs() -> Packs:
    return Packs()


def keys(text: str) -> list[str]:
    return [device.key for device in catalogue().find(text)]


def test_every_fact_has_a_source_that_is_listed() -> None:
    file = read(FILE)
    for table in (file.android, file.ios, file.gpu, file.chip, file.device):
        for key, entry in table.items():
            facts = entry.keys() - _TITLES
            assert facts <= file.fact.keys(), key
            source = entry["source"]
            named = [source.get(fact, "") for fact in facts] if isinstance(source, dict) else [str(source)]
            for each in (part for name in named for part in name.split(" and ")):
                assert each.split(" ")[0] in file.sources, f"{key}: {each!r}"


def test_what_no_source_tells_is_unknown_and_what_is_known_says_where_from() -> None:
    for device in catalogue().devices.values():
        for name, fact in device.facts.items():
            if fact.value in (UNKNOWN, NONE):
                continue
            assert fact.source, f"{device.key}: {name}"


def test_phones_and_tablets_that_apps_ship_to() -> None:
    devices = [device for device in catalogue().devices.values() if device.kind != "level"]
    assert len(devices) >= 60
    assert {device.platform for device in devices} == {"android", "ios"}
    assert {device.kind for device in devices} == {"phone", "tablet"}
    assert all(device.says("chip") != UNKNOWN for device in devices)


def test_levels_have_their_nnapi_and_core_ml() -> None:
    levels = catalogue().levels
    told = {
        key: levels[key].says("nnapi") for key in ("android-27", "android-30", "android-31", "android-36")
    }
    assert told == {"android-27": "1", "android-30": "4", "android-31": "5 to 8", "android-36": "5 to 8"}
    assert [levels[f"ios-{version}"].says("coreml") for version in (12, 13, 17)] == ["2", "3", "7"]


def test_names_patterns_groups_and_chips() -> None:
    assert keys("pixel-8") == ["pixel-8"]
    assert keys("PIXEL-8") == ["pixel-8"]
    assert keys("pixel-[78]") == ["pixel-7", "pixel-8"]
    assert set(keys("pixels")) == set(keys("pixel-*"))
    assert "galaxy-s24" in keys("snapdragon-8-gen-3") and "galaxy-s23" not in keys("snapdragon-8-gen-3")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pixl-8", "device pixl-8: there is no such one; did you mean pixel-8?"),
        ("nokia*", "device nokia*: there is no such one; see devices list"),
        ("pixel-8:api=99", "device pixel-8:api=99: write pixel-8:api=N, of 27 to 36"),
        ("iphone-12:api=34", "device iphone-12:api=34: write iphone-12:ios=N, of 12 to 18"),
    ],
)
def test_what_is_wrong_is_said(text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as raised:
        catalogue().find(text)
    assert str(raised.value) == complaint


def test_a_device_sets_delegates_and_their_parameters(packs: Packs) -> None:
    def asked(text: str) -> list[str]:
        [device] = catalogue().find(text)
        return asked_of(packs, device)

    gpus = ["litert-gpu:backend=opencl", "gpu"]
    assert asked("pixel-3") == [*gpus, "nnapi:api=29", "hexagon"]
    assert asked("pixel-3:api=31") == [*gpus, "nnapi:api=31", "hexagon"]
    assert asked("pixel-8") == [*gpus, "nnapi:api=36"]
    assert asked("galaxy-s24") == [*gpus, "qualcomm-htp:soc=SM8650", "nnapi:api=34"]
    assert asked("android-30") == [*gpus, "nnapi:api=30"]
    assert asked("iphone-12") == ["litert-gpu:backend=metal", "gpu", "coreml"]
    # Its Neural Engine isn't Core ML's, and the delegate isn't made where there is none.
    assert asked("iphone-x") == ["litert-gpu:backend=metal", "gpu"]
    assert asked("ios-12")[-1] == "coreml:version=2"
    assert asked("ios-18")[-1] == "coreml:version=3"


def test_devices_of_one_setting_share_what_judges_them(packs: Packs) -> None:
    configurations = on_devices(packs, ["pixel-6", "pixel-7"])
    assert [each.device for each in configurations] == ["pixel-6"] * 3 + ["pixel-7"] * 3
    assert len({id(each.judge) for each in configurations}) == 3


@pytest.mark.slow
def test_every_device_can_be_asked(packs: Packs) -> None:
    assert {each.device for each in on_devices(packs, ["*"])} == set(catalogue().devices)


def test_a_wrong_file_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "devices.toml").write_text(FILE.read_text("utf-8").replace("[gpu]", "[gpi]", 1), "utf-8")
    with pytest.raises(RuleError, match="gpi"):
        read(tmp_path / "devices.toml")
    wrong = FILE.read_text("utf-8").replace('chip = "tensor-g3"', 'chip = "tensor-g9"', 1)
    (tmp_path / "devices.toml").write_text(wrong, "utf-8")
    with pytest.raises(RuleError, match="it names 'tensor-g9', and has no such entry"):
        of_file(tmp_path / "devices.toml")


def test_what_a_wheel_brings_of_devices_is_taken_without_a_look_at_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read(FILE)
    (tmp_path / f"{device_catalogue.FILE}{cache.ENDING}").write_bytes(entries()[device_catalogue.FILE])
    monkeypatch.setattr(cache, "made", lambda name: tmp_path)
    monkeypatch.delattr(device_catalogue, "read")
    assert device_catalogue.shipped() == expected


def test_a_file_of_its_own_makes_a_catalogue() -> None:
    file = msgspec.structs.replace(read(FILE), device={})
    assert isinstance(file, DeviceFile)
    assert set(Catalogue(file).devices) == set(catalogue().levels)
