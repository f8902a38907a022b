"""`explain`: every id that an audit can name."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.report.rules import rule_reference
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import Rulebook
from tests.cli.models import chain, save
from tests.cli.running import Outcome, run
from tests.packs import saved, tiny

_MORE = """
[op.NEG.check.bounded]
when = "version > 1"
require = "near(input) and not input.per_channel"
message = "NEG is bounded"
fix = "Bound it."
formerly = ["tiny/neg/limits"]

[define]
"near(t)" = "t.rank <= 4"
"""


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def explain(folder: Path, rule: str) -> Outcome:
    return run("explain", rule, "--rules", saved(folder, tiny() + _MORE))


def test_a_rule_in_full(tmp_path: Path) -> None:
    done = explain(tmp_path, "tiny/neg/bounded")
    assert (done.code, done.err) == (0, "")
    assert done.text.splitlines() == [
        "tiny/neg/bounded   Tiny delegate",
        "about     NEG",
        "requires  near of input, and input is quantized per tensor",
        "when      operator version is more than 1",
        "where     near of input: rank of input is at most 4",
        "says      NEG is bounded",
        "fix       Bound it.",
        "job       model: for who writes and exports it",
        "severity  blocker: the delegate doesn't take it",
        "stage     operator",
        "source    tiny.cc IsSupported  (example/tiny 012345678)",
        "formerly  tiny/neg/limits",
    ]


def test_the_beginning_of_ids_lists_all_of_them(tmp_path: Path) -> None:
    done = explain(tmp_path, "tiny/ne")
    assert done.code == 0
    assert "tiny/neg/bounded" in done.text
    assert "did you mean tiny/neg/bounded" in explain(tmp_path, "tiny/nag/bounded").complaint


def test_whatever_a_custom_operator_is_called_its_rule_is_found(tmp_path: Path) -> None:
    file = saved(tmp_path, tiny())
    done = run("audit", save(tmp_path / "m.tflite", chain("My.Op v2")), "--rules", file, "--format", "json")
    [operator] = done.json["models"][0]["audits"][0]["operators"]
    assert operator["findings"][0]["rule"] == "tiny/my-op-v2/unlisted"
    assert run("explain", "tiny/my-op-v2/unlisted", "--rules", file).code == 0


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("tiny/neg/limits", ["tiny/neg/bounded", "formerly"]),
        ("tiny/relu/inputs", ["number of inputs is at least 1"]),
        ("tiny/sin/fatal", ["taken     never", "crash: the delegate's own check ends the app"]),
        ("tiny/exp/inexact", ["hazard: "]),
        ("tiny/cos/unbuilt", ["build: found only when the delegate builds its graph"]),
        ("tiny/tanh/unlisted", ["about     TANH", "the tiny delegate doesn't know the operator"]),
        ("tiny/mine/unlisted", ["about     mine"]),
    ],
)
def test_rules_of_a_pack(tmp_path: Path, rule: str, words: list[str]) -> None:
    done = explain(tmp_path, rule)
    assert done.code == 0
    assert [word for word in words if word not in done.text] == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("gpu/graph/tie-at-limit", "note: changes no verdict"),
        ("nnapi/graph/fp16-limit", "keep float16 operands"),
        ("coreml/dequantize/float16-constant", "goes away where operators that the delegate accepts"),
        ("gpu/lstm/form", "kernel_type is FULL; or kernel_type is BASIC"),
        ("hexagon/my-operator/unlisted-custom", "takes no custom operators"),
        ("runtime/build/schema-version", "schema version 3 only"),
        ("runtime/graph/output-without-size", "no size before something is in it"),
        ("runtime/while/condition", "must give one BOOL"),
        ("runtime/reshape/shape.known", "google-ai-edge/LiteRT f67457790"),
        ("gpu/every-op/", "gpu/every-op/rank"),
    ],
)
def test_rules_that_ship(rule: str, words: str) -> None:
    done = run("explain", rule)
    assert (done.code, done.err) == (0, "")
    assert words in " ".join(done.text.split())


def test_the_beginning_of_ids_lists_them() -> None:
    done = run("explain", "hexagon/conv-2d")
    assert done.code == 0
    ids = [line.split()[0] for line in done.text.splitlines() if not line.startswith(" ")]
    assert "hexagon/conv-2d/version" in ids
    assert all(one.startswith("hexagon/conv-2d/") for one in ids)


def test_only_loops_have_rules_on_loops() -> None:
    assert "runtime/while/loop-shape" in run("explain", "runtime/while").text
    assert "loop-shape" not in run("explain", "runtime/if").text
    # No kernel is registered for it, so that there is nothing to call.
    assert run("explain", "runtime/stablehlo-while/condition").code == 2


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("hexagon/conv2d/version", "hexagon has no such rule; did you mean hexagon/conv-2d/version?"),
        ("hexagon/conv-2d/unlisted", "hexagon has no such rule"),
        ("hexagone/conv-2d/version", "no delegate hexagone; did you mean hexagon?"),
        ("", "no delegate"),
        ("/", "no delegate"),
        ("CONV_2D", "rule CONV_2D: is an operator; see rules coverage CONV_2D"),
        ("conv-2d", "see rules coverage CONV_2D"),
    ],
)
def test_unknown_ids(rule: str, words: str) -> None:
    done = run("explain", rule)
    assert (done.code, done.text) == (2, "")
    assert words in done.complaint


def test_whatever_an_audit_names_can_be_explained(tmp_path: Path) -> None:
    small = save(tmp_path / "m.tflite", chain("RELU", "SIN", "EXP", "WHERE", "TANH", "Mine"))
    done = run("audit", "sample:", small, "-d", "all", "--fail-on", "never", "--format", "json")
    audits = [audit for model in done.json["models"] for audit in model["audits"]]
    findings = [finding for audit in audits for node in audit["operators"] for finding in node["findings"]]
    named = {each["rule"] for each in [*findings, *(each for audit in audits for each in audit["blockers"])]}
    # As the command does it, which puts the whole book of a pack into words each time.
    packs = Packs()
    books = {name: Rulebook(packs.get(name)) for name in packs.names()}
    books["runtime"] = Rulebook(packs.cpu_kernels)
    listed = {rule.id: rule for book in books.values() for rule in book.rules()}
    assert named & listed.keys()
    for identity in named:
        delegate, operator, _ = identity.split("/", 2)
        rule = listed.get(identity) or books[delegate].unlisted(operator)
        assert rule and rule.id == identity
        assert rule_reference.rule(rule, books[delegate].pack, 80, packs.recipes).split()[0] == identity
