"""The HTML page in a real browser."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from analyzer.report import render
from analyzer.report.compare.model_diff import compare
from analyzer.report.document.audit_document import Document
from analyzer.report.html.render import page_of
from tests.report import sample_document as sample
from tests.report.browsing import Opened, chromium

pytestmark = chromium


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Opened]:
    page = Opened(browser, tmp_path, sample.document())
    yield page
    page.close()


def test_filters_narrow_the_matrix(opened: Opened) -> None:
    page = opened.page
    assert opened.rows() == 64
    page.get_by_label("Search").fill("block_17")
    assert opened.rows() == 1
    page.get_by_label("Search").fill("conv_2d block_1")
    assert opened.rows() == 8
    page.get_by_label("Search").fill("")
    page.locator("select[name=kind]").select_option("ADD")
    assert opened.rows() == 15
    page.locator("select[name=kind]").select_option("")
    page.locator("select[name=state]").select_option("not on GPU")
    assert opened.rows() == 1
    assert page.locator("form[data-for] output").inner_text() == "1 of 64 operators"


def test_causes_can_be_narrowed_to_one_delegate(opened: Opened) -> None:
    opened.page.locator("select[name=delegate]").select_option("GPU")
    shown = opened.page.locator(".cause:visible")
    assert [chip.inner_text() for chip in shown.locator(".chip").all()] == ["GPU", "GPU"]


def test_the_execution_order_names_what_is_pointed_at_and_leads_to_its_cause(opened: Opened) -> None:
    page = opened.page
    box = page.locator(".strip").nth(2).bounding_box()
    position = {"x": box["width"] * 8.5 / 64, "y": box["height"] - 1}
    page.locator(".strip").nth(2).hover(position=position)
    assert page.locator(".pointed").inner_text().startswith("#8 CONV_2D")
    assert page.locator(".pointed").inner_text().endswith("refused")
    page.locator(".strip").nth(2).click(position=position)
    cause = page.locator(".cause:target")
    assert "Hexagon 5 CONV_2D (#8" in cause.inner_text()
    # What nothing keeps off opens by itself.
    page.locator(".strip").nth(2).click(position={"x": box["width"] * 0.5 / 64, "y": box["height"] - 1})
    assert page.get_by_role("dialog").get_by_role("heading", level=2).inner_text().startswith("#0 ")


def test_what_to_change_can_be_copied_for_others(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, sample.document(), permissions=["clipboard-read", "clipboard-write"])
    page = opened.page
    page.get_by_role("button", name="Copy for the model's team").click()
    page.get_by_role("button", name="Copied").wait_for()
    text = page.evaluate("navigator.clipboard.readText()")
    opened.close()
    tokens = MarkdownIt("commonmark").parse(text)
    assert [token.type for token in tokens if token.type == "ordered_list_open"]
    assert text.count("\n") <= 12 and "`#8`" in text and "Use strides of at most 3" in text


def test_an_operator_opens_with_every_delegate_s_findings(opened: Opened) -> None:
    page = opened.page
    page.get_by_role("link", name="#8", exact=True).last.click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("heading", level=2).inner_text() == "#8 CONV_2D"
    assert "Hexagon: refused" in dialog.inner_text()
    assert "Use strides of at most 3" in dialog.inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_a_link_to_an_operator_opens_it(opened: Opened) -> None:
    opened.page.goto(f"{opened.file.as_uri()}#op-0-62")
    assert (
        opened.page.get_by_role("dialog").get_by_role("heading", level=2).inner_text()
        == "#62 RESIZE_BILINEAR"
    )


def test_the_download_is_the_json(opened: Opened) -> None:
    with opened.page.expect_download() as download:
        opened.page.get_by_role("button", name="Download JSON").click()
    text = Path(download.value.path()).read_text("utf-8")
    assert json.loads(text) == json.loads(render(sample.document(), "json"))


TWO = sample.document(sample.described(24), replace(sample.described(20), path="smaller.tflite"))
#: Kinds of pages, made when they are asked for.
PAGES: dict[str, Callable[[], Document | bytes]] = {
    "hostile": lambda: sample.hostile(24),
    "ran": lambda: sample.document(sample.ran(24)),
    "several": lambda: sample.document(*(sample.model(f"models/{n}.tflite", 24) for n in range(5))),
    "compared": lambda: page_of(TWO, compare(TWO)),
}


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_hangs_over_the_edge(browser: Any, tmp_path: Path, kind: str) -> None:
    opened = Opened(browser, tmp_path, PAGES[kind](), viewport={"width": 360, "height": 800})
    for width in (360, 768, 1440, 3840):
        opened.page.set_viewport_size({"width": width, "height": 800})
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    opened.close()


def test_hostile_names_run_nothing(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, sample.hostile())
    page = opened.page
    page.get_by_role("link", name="#0", exact=True).first.click()
    assert page.evaluate("typeof window.broken") == "undefined"
    assert page.locator("main script, main img, dialog script, dialog img").count() == 0
    assert sample.HOSTILE[0] in page.get_by_role("dialog").inner_text()
    opened.close()


def test_dark_and_light_differ(browser: Any, tmp_path: Path) -> None:
    colors = set()
    for scheme in ("dark", "light"):
        opened = Opened(browser, tmp_path, sample.document(), color_scheme=scheme)
        colors.add(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        opened.close()
    assert len(colors) == 2


def test_it_reads_without_javascript(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, sample.document(), java_script_enabled=False)
    text = opened.page.locator("main").inner_text()
    assert "Full residency: all 64 operators in 1 partition." in text
    assert "Ship the float32 or float16 model on iOS." in text
    assert opened.rows() == 64
    assert not opened.page.locator("form[data-for]").is_visible()
    opened.close()


def test_it_prints(opened: Opened) -> None:
    assert opened.page.pdf().startswith(b"%PDF-")


def test_one_of_several_models_can_be_shown_alone(browser: Any, tmp_path: Path) -> None:
    document = sample.document(sample.model(), sample.model("other.tflite"))
    opened = Opened(browser, tmp_path, document)
    page = opened.page
    page.locator("#switch").select_option("other.tflite")
    page.locator("#m0").wait_for(state="hidden")
    page.locator("#m1").wait_for()
    page.goto(f"{opened.file.as_uri()}#op-0-3")
    page.get_by_role("dialog").wait_for()
    page.locator("#m0").wait_for()
    opened.close()


def test_many_models_are_filtered_and_one_is_opened(browser: Any, tmp_path: Path) -> None:
    full = replace(sample.model("models/whole.tflite"), audits=sample.model().audits[1:2] * 5)
    document = sample.document(*(sample.model(f"models/{n}.tflite") for n in range(4)), full)
    opened = Opened(browser, tmp_path, document)
    page = opened.page
    lines = page.locator(".overview tbody tr:visible")
    assert page.locator("section.model:visible").count() == 0
    page.get_by_label("Search").first.fill("2.tfl")
    assert lines.count() == 1
    page.get_by_label("Search").first.fill("")
    page.locator("select[name=verdict]").select_option("partial")
    assert lines.count() == 4
    page.locator("form[data-overview] select[name=delegate]").select_option("Core ML 3")
    assert lines.count() == 0
    page.locator("select[name=verdict]").select_option("")
    page.get_by_role("link", name="models/whole.tflite").or_(page.locator("a[href='#m4']")).first.click()
    page.locator("#m4").wait_for()
    assert page.locator("section.model:visible").count() == 1
    opened.close()


def test_the_operators_of_two_models_can_be_narrowed_to_what_changed(browser: Any, tmp_path: Path) -> None:
    nodes = sample.operators()
    after = replace(sample.model("after.tflite"), audits=(
        *sample.model().audits[:2],
        sample.audit("dsp", "Hexagon", nodes, sample.gpu),
        *sample.model().audits[3:],
    ))  # fmt: skip
    document = sample.document(sample.model(), after)
    opened = Opened(browser, tmp_path, page_of(document, compare(document)))
    page = opened.page
    rows = page.locator(".pairs tbody tr:visible")
    assert rows.count() == 64
    page.locator("form[data-pairs] select[name=change]").select_option("better")
    assert rows.count() == 44
    page.locator("form[data-pairs] select[name=delegate]").select_option("GPU")
    assert rows.count() == 0
    page.locator("form[data-pairs] select[name=delegate]").select_option("")
    page.locator(".pairs a[href='#m1-op-0-8']").click()
    assert page.get_by_role("dialog").get_by_role("heading", level=2).inner_text() == "#8 CONV_2D"
    page.locator("#m1").wait_for()
    opened.close()


TORCH = (
    "__main__.Block/torch.nn.modules.transformer.TransformerEncoderLayer_1/torch.nn.modules.linear.Linear_out"
)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param(
            "MobilenetV2/expanded_conv_9/depthwise/Relu6", "MobilenetV2/expanded_conv_9/depthwise", id="TOCO"
        ),
        pytest.param("functional_1/conv_1/convolution1", "conv_1", id="Keras 3"),
        pytest.param(
            "model/relu_1/Relu6;model/bn_1/batchnorm/mul_1;model/conv_1/depthwise;1",
            "relu_1, bn_1, conv_1",
            id="fused",
        ),
        pytest.param(
            "model/block_1/dense/BiasAdd;model/block_3/dense/MatMul",
            "block_1/dense",
            id="a constant shared with another layer",
        ),
        pytest.param(
            "while;StatefulPartitionedCall/model_1/lstm_1/PartitionedCall/while7", "lstm_1", id="a loop"
        ),
        pytest.param(
            f"{TORCH};;{TORCH.replace('_1', '_0')};82", "TransformerEncoderLayer 1/Linear out", id="PyTorch"
        ),
        pytest.param("jit(main)/QEinsum/q_einsum/BTD,NDH->BTNH/dot_general1", "QEinsum/q_einsum", id="JAX"),
        pytest.param("__main__.Net;3", "Net", id="a PyTorch model itself"),
        pytest.param("StatefulPartitionedCall:0", "dense_7", id="told by its weights"),
    ],
)
def test_an_operator_names_the_layer_it_comes_from(
    browser: Any, tmp_path: Path, output: str, expected: str
) -> None:
    model = sample.described(4)
    (graph,) = model.graphs or ()
    named = {1: output, 5: "model/dense_7/MatMul"}
    tensors = tuple(replace(one, name=named.get(one.index, one.name)) for one in graph.tensors)
    model = replace(model, graphs=(replace(graph, tensors=tensors),))
    opened = Opened(browser, tmp_path, sample.document(model))
    opened.page.goto(f"{opened.file.as_uri()}#op-0-0")
    shown = (
        opened.page.get_by_role("dialog")
        .locator("dt", has_text="source layer")
        .locator("xpath=following-sibling::dd[1]")
    )
    assert shown.inner_text() == expected
    opened.close()
