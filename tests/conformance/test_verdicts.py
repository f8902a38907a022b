"""Holding packs to what delegates said: what is compared, and what is found to differ."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import DelegateAudit
from analyzer.conformance import record, verdicts
from analyzer.conformance import runtime_query as runtimes
from analyzer.conformance.runtime_query import Reply
from analyzer.conformance.verdicts import GENERATED, REAL, Count, Data, Figures, Tally, Truth, compare
from analyzer.errors import UsageError
from analyzer.execution.request import Limits
from analyzer.model import read_bytes
from analyzer.report.rules import rules_verify as report
from analyzer.rules.registry import Packs
from tests.auditing.auditing import audited
from tests.cli.models import chain, save
from tests.packs import saved, tiny

AGREES = {"supported": {"0": "101"}, "delegated": {"0": [0, 2]}, "partitions": {"0": [[0], [2]]}}


def audit() -> DelegateAudit:
    return audited(chain("RELU", "NEG", "ABS"), tiny())


def row(path: str = "m.tflite", **said: Any) -> dict[str, Any]:
    return {"path": path} | AGREES | said


def tally(**said: Any) -> Tally:
    counted = Tally()
    words = row(**said)
    compare(
        audit(), Truth(words["path"], words["supported"], words["delegated"], words["partitions"]), counted
    )
    return counted


def test_everything_that_was_judged_is_compared() -> None:
    counted = tally()
    assert (counted.models, counted.operators, counted.delegated, counted.partitions) == (
        1,
        Count(3, 3),
        Count(1, 1),
        Count(1, 1),
    )
    assert counted.wrong == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"supported": {"0": "111"}}, "the delegate accepts operator 1 of subgraph 0"),
        ({"supported": {"0": "100"}}, "the delegate refuses operator 2 of subgraph 0"),
        ({"delegated": {"0": [0]}}, "the delegate takes {0: [0]}, said was {0: [0, 2]}"),
        (
            {"delegated": {"0": [0, 2], "1": [0]}},
            "the delegate takes {0: [0, 2], 1: [0]}, said was {0: [0, 2]}",
        ),
        ({"partitions": {"0": [[0, 2]]}}, "the delegate makes {'0': [[0, 2]]}, said was {'0': [[0], [2]]}"),
    ],
)
def test_what_differs_is_told(said: dict[str, Any], expected: str) -> None:
    assert tally(**said).wrong == [f"m.tflite: {expected}"]


def test_what_was_not_judged_is_left_aside() -> None:
    counted = tally(supported={"0": "1-1"}, delegated=None, partitions=None)
    assert (counted.operators, counted.delegated, counted.partitions) == (Count(2, 2), Count(), Count())


def folder(at: Path, rows: list[dict[str, Any]], models: Mapping[str, bytes]) -> Path:
    """A folder of conformance data on the delegate called tiny."""
    (at / "targets.json").write_text('{"tiny-1": "tiny"}')
    (at / "truth").mkdir()
    (at / "truth" / "tiny-1.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    with zipfile.ZipFile(at / "synth.zip", "w") as archive:
        for name, data in models.items():
            archive.writestr(name, data)
    return at


def test_a_folder_of_data_is_held_against_its_pack(tmp_path: Path) -> None:
    inside = {"synth/m.tflite": chain("RELU", "NEG", "ABS"), "synth/broken.tflite": b"TFL3", "synth/x": b""}
    rows = [row("synth/m.tflite"), row("synth/broken.tflite"), row("real/a/m.tflite", supported={"0": "000"})]
    save(tmp_path / "models" / "real" / "a" / "m.tflite", chain("RELU", "NEG", "ABS"))
    save(tmp_path / "models" / "real" / "other.tflite", chain("RELU"))
    data = Data(folder(tmp_path, rows, inside), tmp_path / "models")
    [kinds] = verdicts.verify(Packs([saved(tmp_path, tiny())]), data, ["tiny-1"]).values()
    assert (kinds[GENERATED].models, kinds[GENERATED].operators) == (2, Count(3, 6))
    assert kinds[GENERATED].wrong == ["synth/broken.tflite: can't be read"]
    assert (kinds[REAL].models, kinds[REAL].operators) == (1, Count(1, 3))


@pytest.mark.parametrize("models", [None, "nowhere"])
def test_folders_without_data_are_refused(tmp_path: Path, models: str | None) -> None:
    at = tmp_path if models is None else folder(tmp_path, [], {})
    with pytest.raises(UsageError, match=r"holds no conformance data|there is no such folder"):
        Data(at, tmp_path / models if models else None)


@pytest.mark.parametrize(
    "words", [b"[[", b'{"path": "m", "supported": {"main": "1"}}', b"[" * 100_000], ids=len
)
def test_words_that_are_none_are_refused(tmp_path: Path, words: bytes) -> None:
    at = folder(tmp_path, [], {})
    (at / "truth" / "tiny-1.jsonl").write_bytes(words)
    with pytest.raises(UsageError, match=r"tiny-1\.jsonl can't be read"):
        Data(at).truth("tiny-1")


def test_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    at = folder(tmp_path, [], {})
    (at / "synth.zip").write_bytes(b"not packed")
    with pytest.raises(UsageError, match=r"synth\.zip: can't be unpacked"):
        list(Data(at).models())


def test_words_on_operators_that_there_are_not_differ() -> None:
    counted = tally(supported={"0": "1011", "1": "0"}, delegated=None, partitions=None)
    assert counted.operators == Count(3, 5)


REPLIES: dict[str, tuple[dict[int, tuple[int, ...]] | None, Count, int]] = {
    "same": ({0: (0, 2)}, Count(1, 1), 0),
    "none taken elsewhere": ({0: (0, 2), 1: ()}, Count(1, 1), 0),
    "less": ({0: (0,)}, Count(0, 1), 0),
    "more": ({0: (0, 1, 2)}, Count(0, 1), 0),
    "not told": (None, Count(), 1),
}


@pytest.mark.parametrize("case", REPLIES)
def test_a_runtime_is_asked_which_operators_it_takes(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, expected, unjudged = REPLIES[case]
    file = str(save(tmp_path / "m.tflite", chain("RELU", "NEG", "ABS")))
    monkeypatch.setattr(runtimes, "check", lambda name: None)
    monkeypatch.setattr(runtimes, "query", lambda *asked: [Reply(file, told, "runtime 1")])
    packs = Packs([saved(tmp_path, tiny())])
    counted = verdicts.hold_runtime(packs, "tiny", {file: "m"}, Limits())
    assert (counted.sets, counted.unjudged) == (expected, unjudged)
    assert len(counted.wrong) == expected.all - expected.same


@pytest.mark.parametrize("told", [{}, {0: (0, 1)}], ids=["dies or not", "lives"])
def test_a_runtime_is_not_held_to_what_hangs_on_chance(
    told: dict[int, tuple[int, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "m.tflite"
    with zipfile.ZipFile(Path(__file__).with_name("cases.zip")) as cases:
        file.write_bytes(cases.read("synth/DEQUANTIZE/m-a1de46c185.tflite"))
    monkeypatch.setattr(runtimes, "check", lambda name: None)
    monkeypatch.setattr(runtimes, "query", lambda *asked: [Reply(str(file), told, "runtime 1")])
    counted = verdicts.hold_runtime(Packs(), "xnnpack", {str(file): "m"}, Limits())
    assert (counted.sets, counted.unjudged, counted.wrong) == (Count(), 1, [])


def test_figures_are_written_down_to_the_last_difference() -> None:
    target = record.Target("tiny", Figures(2, Count(19_999, 20_000), Count(1, 1)), Figures(1, Count(0, 0)))
    text = report.details(record.Agreement({"tiny-1": target}, {}), 80)
    assert "2 generated models and 1 real ones:" in text
    assert text.splitlines()[-1].split("  ")[0::1][0] == "tiny-1"
    assert "99.99 % of 20,000" in text
    assert "100 % of 1" in text


def test_recorded_figures_are_of_every_pack_with_data() -> None:
    packs = Packs()
    recorded = record.recorded()
    for target in recorded.targets.values():
        [configuration] = configure(packs, [target.spec])
        assert Auditor(packs, [configuration]).audit(read_bytes(chain("RELU"), "m")).delegates
    assert recorded.by_delegate().keys() == set(packs.names())
