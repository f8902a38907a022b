"""The HTML page as text: closed, escaped, small, complete."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer import resources
from analyzer.report import render
from analyzer.report.document.audit_document import Document, Policy
from analyzer.report.html import embedded_data, operator_matrix
from tests.report import sample_document as sample

VOID = {"meta", "link", "input", "br", "img", "hr"}


class Page(HTMLParser):
    """Elements with their attributes, and what stands in scripts and styles; tags must pair up."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(render(document, "html").decode())
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style"):
            key = "data" if self.elements[-1][1].get("id") == "data" else self._open[-1]
            self.texts[key] = self.texts.get(key, "") + data

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]


DOCUMENTS = {
    "one": sample.document(),
    "hostile": sample.hostile(),
    "odd": sample.document(sample.unreadable(), sample.empty()),
    "described": sample.document(sample.described()),
    "ran": sample.document(sample.ran()),
}


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> Document:
    return DOCUMENTS[request.param]


def test_names_bring_in_no_element_and_no_attribute(document: Document) -> None:
    page = Page(document)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"img", "iframe", "object", "embed", "a:href", "base"}
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "style" not in {name for _, attributes in page.elements for name in attributes}


def test_nothing_is_loaded_from_anywhere(document: Document) -> None:
    page = Page(document)
    assert not page.attributes("src")
    pages = "https://github.com/"  # Where sources can be read: followed by who wants to, never loaded.
    assert all(target.startswith(("#", pages)) or target == "data:," for target in page.attributes("href"))


def test_only_the_page_s_own_style_and_script_may_run(document: Document) -> None:
    page = Page(document)
    (policy,) = (attributes["content"] for _, attributes in page.elements if "http-equiv" in attributes)
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.texts[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_every_link_inside_leads_somewhere(document: Document) -> None:
    page = Page(document)
    places = page.attributes("id")
    assert len(places) == len(set(places))
    assert {target[1:] for target in page.attributes("href") if target.startswith("#")} <= set(places)


def test_direction_marks_and_controls_never_reach_the_page_unescaped() -> None:
    text = render(sample.hostile(), "html").decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)


def test_the_embedded_data_stores_repeated_texts_once() -> None:
    text = embedded_data.embed(sample.document()).decode()
    assert text.count(sample.NOT_FLOAT.fix) == 1
    assert "<" not in embedded_data.embed(sample.hostile()).decode()


def restore(model: dict[str, Any], names: list[str]) -> None:
    """Put the names of outputs back, out of the names of tensors."""
    operands, tensors = model.pop("operands", ()), model.pop("tensors", ())
    for node, (_, outputs, *_) in zip(model["nodes"], operands, strict=bool(operands)):
        parts = tensors[node[0]][outputs[0]][0]
        node[5] = ";".join(names[part] for part in parts)


def whole(shortened: list[tuple[int, str]]) -> list[str]:
    names = [""]
    for same, rest in shortened:
        names.append(names[-1][:same] + rest)
    return names[1:]


def test_the_embedded_data_holds_the_whole_document(document: Document) -> None:
    """What `scripts/data.js` does on download, in Python."""
    data = json.loads(Page(document).texts["data"])
    for model in data["models"]:
        restore(model, whole(data["names"]))
        nodes = [dict(zip(data["node"], node, strict=True)) for node in model.pop("nodes")]
        assert all(place < len(data["layers"]) for layers in model.pop("layers") for place in layers)
        for audit in model["audits"]:
            placements = [dict(zip(data["placement"], p, strict=False)) for p in audit.pop("placements")]
            audit["operators"] = [
                node | placement | {"findings": [data["findings"][index] for index in placement["findings"]]}
                for node, placement in zip(nodes, placements, strict=True)
            ]
    for name in ("node", "placement", "findings", "kinds", "layers", "names", "options", "shapes"):
        del data[name]
    assert data == json.loads(render(document, "json"))


@pytest.mark.parametrize("number", [4, 64, 2000])
@pytest.mark.parametrize("delegates", [1, 5])
def test_the_page_stays_small(number: int, delegates: int) -> None:
    model = sample.described(number)
    model = replace(model, audits=model.audits[:delegates])
    size = len(render(sample.document(model), "html"))
    assert size < 147_000 + 400 * number * delegates


def test_the_layout_library_is_the_one_it_says_it_is() -> None:
    text = (resources.data("templates") / "vendor" / "dagre.min.js").read_text("utf-8")
    header, body = text.split(" */\n", 1)
    assert "@dagrejs/dagre 3.1.3" in header and "Permission is hereby granted" in header
    assert hashlib.sha256(body.encode()).hexdigest() in header
    assert "sourceMappingURL" not in body and "</script" not in body.lower()


def test_what_is_embedded_of_tensors_is_what_the_model_has() -> None:
    model = sample.described(4)
    data = json.loads(embedded_data.embed(sample.document(model)))
    [found] = data["models"]
    inputs, outputs, kind, options = found["operands"][0]
    assert (inputs, outputs, data["options"][options]) == ([0, 5], [1], {"padding": "SAME"})
    assert data["kinds"][kind] == [["input", "filter"], ["output"]]
    name, shape, quantization = found["tensors"][0][0]
    assert [whole(data["names"])[part] for part in name] == ["input"]
    assert data["shapes"][shape] == ["UINT8", [1, 224, 224, 3], 150528, []]
    assert quantization == [1, 0.0078125, 128]


def test_where_the_rest_runs_is_said() -> None:
    model = sample.model()
    nodes = model.audits[0].operators
    placed = [replace(node, placement="delegate") for node in nodes[:-2]]
    placed.append(replace(nodes[-2], delegated=False, placement="xnnpack"))
    placed.append(replace(nodes[-1], placement="reference"))
    audit = replace(model.audits[0], operators=tuple(placed), to_full=None, fallback_title="Kernels (CPU)")
    text = render(sample.document(replace(model, audits=(audit,))), "html").decode()
    assert "the rest: 1 on Kernels (CPU), 1 on the reference kernels" in text
    assert "refused ref" in text


def test_a_long_list_of_reasons_leaves_room_for_the_models() -> None:
    many = tuple(f"model {number}: gpu: 3 of 5 operators unsupported" for number in range(9))
    document = replace(sample.document(), policy=Policy(fail_on=("unsupported",), failed=True, reasons=many))
    text = render(document, "html").decode()
    assert "<summary>5 more</summary>" in text and all(reason in text for reason in many)


def test_strips_are_told_in_the_words_of_their_legend() -> None:
    page = render(sample.document(), "html").decode()
    legend = dict(re.findall(r'<span class="key (\w)">([^<]+)</span>', page))
    assert legend == dict(operator_matrix.MARKS.values())
    told = re.findall(r'<rect class="(\w)[^>]*><title>[^<]*: ([^<:]+)</title>', page)
    assert {mark for mark, _ in told} >= {"d", "l", "r"}
    for mark, words in told:
        assert words.startswith("partition ") if mark == "d" else words == legend[mark]
