"""The table: what it says, and that it fits."""

import re

import pytest
from msgspec import structs

from analyzer.report import render
from analyzer.report.document.audit_document import Document
from analyzer.report.view import View
from tests.report import sample_document as sample

ESCAPE = re.compile(r"\x1b\[[\d;]*m")
DOCUMENTS = {
    "one": sample.document(),
    "hostile": sample.hostile(),
    "ran": sample.document(sample.ran()),
    "odd": sample.document(sample.unreadable(), sample.empty()),
    "fleet": sample.document(
        *(sample.model(f"models/vision/{i}/detector.tflite") for i in range(5)), sample.unreadable()
    ),
}


def table(document: Document, width: int = 80, *, verbose: bool = False, color: bool = False) -> str:
    return render(document, "table", View(width=width, verbose=verbose, color=color)).decode()


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int, verbose: bool) -> None:
    lines = table(DOCUMENTS[name], width, verbose=verbose).splitlines()
    assert max(map(len, lines)) <= width


def test_verdicts_come_before_what_blocks() -> None:
    lines = table(DOCUMENTS["one"]).splitlines()
    assert lines[0] == "ssd_mobilenet.tflite   64 operators, 462 M MACs, 4.18 MB, UINT8, FLOAT32"
    assert lines[3].split() == ["GPU", "partial", "63", "of", "64", "100", "%", "1", "1", "refused"]
    assert lines.index("What blocks, most costly first") > 3


def test_a_cause_says_whom_what_fix_and_rule() -> None:
    text = table(DOCUMENTS["one"])
    fix, about, cause = (
        "* Ship the float32 or float16 model on iOS.",
        "  +100 % of MACs on Core ML 3",
        "  2  Core ML 3  every operator: input is UINT8, expected FLOAT32",
    )
    assert f"{fix}\n{about}\n{cause}\n     [ane/every-op/float]\n" in text


def test_every_operator_is_placed_where_asked_for() -> None:
    short, long = table(DOCUMENTS["one"], 120), table(DOCUMENTS["one"], 120, verbose=True)
    assert "#17" not in short
    (line,) = (line for line in long.splitlines() if line.startswith("#17"))
    assert line.split() == ["#17", "DEPTHWISE_CONV_2D", "10.0", "M", "P0", "P0", "P1", "refused", "lost"]


def test_one_cause_more_is_shown_rather_than_counted() -> None:
    for number in range(1, 8):
        audits = [sample.audit(f"npu{i}", f"NPU {i}", sample.operators(), sample.dsp) for i in range(number)]
        model = structs.replace(sample.model(), audits=tuple(audits))
        assert "and 1 more: -v" not in table(sample.document(model))
    assert not any("and 1 more: -v" in table(one) for one in DOCUMENTS.values())


def test_color_changes_nothing_but_color() -> None:
    colored = table(DOCUMENTS["one"], verbose=True, color=True)
    assert ESCAPE.sub("", colored) == table(DOCUMENTS["one"], verbose=True)
    assert colored != table(DOCUMENTS["one"], verbose=True)


def test_names_can_neither_steer_the_terminal_nor_break_lines() -> None:
    text = table(DOCUMENTS["hostile"], verbose=True)
    assert all(char.isprintable() or char == "\n" for char in text)


def test_many_models_take_a_line_a_delegate() -> None:
    lines = table(DOCUMENTS["fleet"]).splitlines()
    assert (
        len([line for line in lines if "Hexagon" in line and "partial" in line and "detector.tflite" in line])
        == 5
    )
    assert "What blocks the most models" in lines
    assert any("not audited: models/broken.tflite" in line for line in lines)


def test_a_policy_that_fails_says_why() -> None:
    assert table(DOCUMENTS["one"]).endswith("policy failed: Hexagon: 6 operators unsupported\n")
