"""Comparing two models: what got better, what worse."""

import json

from msgspec.structs import replace

from analyzer.report import comparison_text, html
from analyzer.report.comparison import Comparison, compare
from analyzer.report.document import Model
from tests.report import sample_document as sample


def better() -> Model:
    """The sample once its convolutions have smaller strides: its third delegate takes all but one."""
    known = sample.model()
    nodes = sample.operators()
    dsp = sample.audit("dsp", "Hexagon", nodes, sample.gpu, status="deprecated")
    return replace(known, path="after.tflite", audits=(*known.audits[:2], dsp, *known.audits[3:]))


def compared(before: Model, after: Model) -> Comparison:
    return compare(sample.document(before, after))


def test_a_model_is_the_same_as_itself() -> None:
    found = compared(sample.model(), replace(sample.model(), path="other.tflite"))
    assert {side.change for side in found.delegates} == {"same"}
    assert {one.change for side in found.delegates for one in side.obstacles} == {"same"}
    assert found.kinds == () and found.worse == []


def test_what_is_gone_is_better_and_what_is_new_is_worse() -> None:
    there = compared(sample.model(), better())
    back = compared(better(), sample.model())
    assert [side.change for side in there.delegates] == ["same", "same", "better", "same", "same"]
    assert back.worse == ["Hexagon"]
    changes = {one.rules[:1]: one.change for one in there.delegates[2].obstacles}
    assert changes[("dsp/conv-2d/option.stride-w",)] == "better"
    assert changes[("dsp/graph/max-partitions",)] == "better"
    assert changes[("gpu/custom/unlisted",)] == "same"


def test_kinds_of_operators_are_counted() -> None:
    smaller = replace(sample.model(number=60), path="smaller.tflite")
    kinds = {kind.op: (kind.before, kind.after) for kind in compared(sample.model(), smaller).kinds}
    assert kinds == {"ADD": (15, 14), "CONV_2D": (31, 29), "DEPTHWISE_CONV_2D": (16, 15)}


def test_the_table_and_the_json_say_it() -> None:
    found = compared(sample.model(), better())
    text = comparison_text.table(found, 80)
    assert "partial -> " not in text and "better" in text
    assert "+ 5 -> 0 operators: stride_w is 4, expected <= 3" in text
    data = json.loads(comparison_text.json(found))
    assert data["before"]["path"] == "ssd_mobilenet.tflite"
    assert [side["change"] for side in data["delegates"]][2] == "better"


def test_the_page_shows_it_before_both_models() -> None:
    document = sample.document(sample.model(), better())
    text = html.page_of(document, compare(document)).decode()
    assert text.index("▲ Better") < text.index('id="m0"') < text.index('id="m1"')
