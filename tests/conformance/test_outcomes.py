"""Whole verdicts against what was seen to become of models: `works/` here, all of it where it is present."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from analyzer.conformance import outcomes
from analyzer.conformance.outcomes import UNREAD, WARNED, WORKS, Held, Seen, Tally, WorksData, figures, hold
from analyzer.conformance.verdicts import Data
from analyzer.errors import UsageError
from analyzer.report.rules import outcome_tables
from analyzer.rules.registry import Packs
from tests.cli.models import chain
from tests.cli.running import run
from tests.conformance import cases
from tests.docs.quoted import DOCS, README, accuracy
from tests.docs.test_quotes import AGAIN as QUOTE_AGAIN
from tests.packs import saved, tiny

FOLDER = cases.FOLDER / "works"
PAGE = DOCS / "accuracy.md"
#: The whole data, and the real models that it tells of.
WHOLE, REAL = (os.environ.get(f"DELEGATE_ANALYZER_{name}") for name in ("WORKS", "MODELS"))
AGAIN = f"delegate-analyzer rules verify --works {FOLDER.name} --record"


@pytest.fixture(scope="module")
def held() -> dict[str, list[Held]]:
    packs = Packs()
    works = WorksData(FOLDER, cases.DATA)
    return hold(packs, works, works.specs(packs.names()))


def test_nothing_that_was_right_is_wrong_now(held: dict[str, list[Held]]) -> None:
    """By kind of outcome: as many are caught, with the right word, and no more are doubted."""
    now, recorded = figures(held), outcomes.recorded(FOLDER)
    worse = {
        (spec, kind): (before, now[spec][kind])
        for spec, kinds in recorded.items()
        for kind, before in kinds.items()
        if _worse(before, now[spec][kind])
    }
    assert not worse, f"right before, wrong now; where the data says so, record it: {AGAIN}"


def _worse(before: Tally, now: Tally) -> bool:
    assert (before.works, before.broken, now.unread) == (now.works, now.broken, 0), AGAIN
    return now.caught < before.caught or now.exact < before.exact or now.false > before.false


def row(outcome: str, said: str, path: str = "models/m.tflite", kind: str = "") -> Held:
    return Held(Seen(path, "tiny", outcome, kind), said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "said", "expected"),
    [
        ("works", WORKS, Tally(works=1)),
        ("works", WARNED, Tally(works=1, warned=1)),
        ("works", "wrong", Tally(works=1, false=1)),
        ("works", "crash", Tally(works=1, false=1)),
        ("builds", "wrong", Tally(works=1)),
        ("builds", "fails", Tally(works=1, false=1)),
        ("wrong", WORKS, Tally(broken=1)),
        ("wrong", WARNED, Tally(broken=1)),
        ("wrong", "wrong", Tally(broken=1, caught=1, exact=1)),
        ("crash", "fails", Tally(broken=1, caught=1)),
        ("fails", UNREAD, Tally(unread=1)),
    ],
)
def test_what_counts_as_said(outcome: str, said: str, expected: Tally) -> None:
    assert outcomes.tally([row(outcome, said)]) == expected


@pytest.mark.parametrize(
    ("counted", "good"),
    [
        (Tally(), True),
        (Tally(works=100, false=1, broken=100, caught=95, exact=90), True),
        (Tally(works=100, false=2), False),
        (Tally(broken=100, caught=94, exact=94), False),
        (Tally(broken=100, caught=95, exact=89), False),
    ],
)
def test_what_is_asked_of_a_pack(counted: Tally, good: bool) -> None:
    assert outcomes.good(counted) is good


def folder(at: Path, lines: Sequence[str]) -> Path:
    (at / "truth.jsonl").write_text("\n".join(lines) + "\n")
    with zipfile.ZipFile(at / "models.zip", "w") as archive:
        archive.writestr("models/m.tflite", chain("RELU", "NEG"))
        archive.writestr("models/broken.tflite", b"TFL3")
    return at


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return saved(tmp_path, tiny())


LINES = (
    '{"path": "models/m.tflite", "delegate": "tiny", "outcome": "works", "snr_db": Infinity}',
    '{"path": "models/broken.tflite", "delegate": "tiny", "outcome": "works"}',
    '{"path": "models/elsewhere.tflite", "delegate": "tiny", "outcome": "crash"}',
    '{"path": "models/m.tflite", "delegate": "gpu", "outcome": "builds", "judge": "its code"}',
)


def test_models_that_are_here_are_held(tmp_path: Path) -> None:
    works = WorksData(folder(tmp_path, LINES), Data(None))
    packs = Packs([saved(tmp_path, tiny())])
    [(spec, held)] = hold(packs, works, works.specs(["tiny"])).items()
    assert spec == "tiny"
    assert {row.seen.path: row.said for row in held} == {
        "models/m.tflite": WORKS,
        "models/broken.tflite": UNREAD,
    }


@pytest.mark.parametrize("lines", [None, ["{"], ['{"path": "m", "delegate": "tiny", "outcome": "good"}']])
def test_data_that_is_none_is_refused(tmp_path: Path, lines: list[str] | None) -> None:
    with pytest.raises(UsageError, match=r"truth\.jsonl"):
        WorksData(tmp_path if lines is None else folder(tmp_path, lines), Data(None))


@pytest.mark.parametrize("words", [b"{\xff}", b"[" * 100_000], ids=len)
def test_words_that_are_none_are_refused(tmp_path: Path, words: bytes) -> None:
    (tmp_path / "truth.jsonl").write_bytes(words)
    with pytest.raises(UsageError, match=r"truth\.jsonl"):
        WorksData(tmp_path, Data(None))


def test_the_command_writes_the_page(tmp_path: Path, rules: Path) -> None:
    page = tmp_path / "page.md"
    at = folder(tmp_path, LINES)
    outcome = run("rules", "verify", "--rules", rules, "--works", at, "-o", page, "--record")
    assert outcome.code == 0
    assert "tiny          1      0      0.0       0       0         -        -       1\n" in outcome.text
    assert "| works | 1 |\n" in page.read_text()
    assert outcomes.recorded(at) == {"tiny": {"works": Tally(works=1, unread=1)}}


def test_what_is_missed_is_told_by_kind(tmp_path: Path, rules: Path) -> None:
    broken = '{"path": "models/m.tflite", "delegate": "tiny", "outcome": "wrong", "kind": "a merge"}'
    outcome = run("rules", "verify", "--rules", rules, "--works", folder(tmp_path, [broken]))
    assert outcome.code == 1
    assert "tiny: not said: 1 x wrong: a merge, such as models/m.tflite\n" in outcome.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "page.md"], "-o FILE: there are tables to write with --works DIR only"),
        (["--works", "nowhere"], "nowhere: holds no truth.jsonl; name a folder that does with --works"),
    ],
)
def test_what_cant_be_asked(arguments: list[str], said: str) -> None:
    outcome = run("rules", "verify", *arguments)
    assert (outcome.code, outcome.complaint) == (2, said)


def test_a_page_lists_real_models_of_which_something_else_was_said() -> None:
    real = row("fails", "works", "real/maker/m.tflite", "no | such kernel")
    page = outcome_tables.page({"tiny": [real, row("works", "wrong")]})
    assert "| `maker/m.tflite` | works | fails | no \\| such kernel |\n" in page
    assert "| wrong | 1 |\n" in page


def test_the_page_of_figures_agrees_with_itself() -> None:
    """What a table counts by outcome is what the summary above counts, and the README quotes the figures."""
    text = PAGE.read_text(encoding="utf-8")
    for section in text.split("\n## ")[1:]:
        counted = re.findall(
            r"^\| `([^`|]+)` \| ([\d,]+) \| [^|]+ \| [^|]+ \| ([\d,]+) \|", section, re.MULTILINE
        )
        assert counted
        for spec, works, broken in counted:
            table = section.split(f"### `{spec}`: ", 1)[1].split("\n\n", 2)[1]
            cells = re.findall(r"(?<=\| )[\d,]+(?= \|)", table)
            assert sum(map(_number, cells)) == _number(works) + _number(broken)
    assert accuracy() in " ".join(README.read_text(encoding="utf-8").split()), QUOTE_AGAIN


def _number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.skipif(WHOLE is None, reason="needs what was seen of all models: DELEGATE_ANALYZER_WORKS")
def test_the_page_of_figures_is_what_the_command_writes() -> None:
    packs = Packs()
    works = WorksData(Path(WHOLE or ""), Data(cases.FOLDER, Path(REAL) if REAL else None))
    page = outcome_tables.page(hold(packs, works, works.specs(packs.names())))
    assert PAGE.read_text(encoding="utf-8") == page, "write it anew, as it says"
