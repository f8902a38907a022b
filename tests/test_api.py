"""The package from Python: what `import analyzer` offers."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy
import pytest

import analyzer
from analyzer.auditing.types import Audit
from analyzer.execution.delegate_run import Settings
from analyzer.model.graph import Model
from tests.building import model as build_model
from tests.building import operator, tensor
from tests.cli.models import save

SAMPLE = Path(analyzer.__file__).parent / "model" / "sample.tflite"


def asked(audit: Audit) -> list[str]:
    return [one.configuration.pack.delegate for one in audit.delegates]


def test_every_public_name_is_there() -> None:
    assert len(analyzer.__all__) <= 16
    offered: dict[str, object] = {}
    exec("from analyzer import *", offered)
    assert offered.keys() - {"__builtins__"} == set(analyzer.__all__)


def test_four_steps() -> None:
    model = analyzer.read(SAMPLE)
    assert isinstance(model, Model)
    rules = analyzer.load_rules("gpu")
    audit = analyzer.audit(model, ["gpu", "nnapi:api=29"])
    document = json.loads(analyzer.render(audit, "json"))
    assert rules.delegate == "gpu"
    assert [one["delegate"] for one in document["models"][0]["audits"]] == ["gpu", "nnapi"]
    assert document["models"][0]["audits"][0]["rules"]["sha256"] == rules.sha256


def test_by_default_the_usual_delegates_are_asked() -> None:
    audit = analyzer.audit(SAMPLE)
    assert asked(audit) == ["litert-gpu", "gpu", "coreml", "nnapi", "hexagon"]
    assert "Hexagon" in analyzer.render([audit, audit])


def test_a_rule_file_is_a_pack(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('delegate = "mine"\ntitle = "Mine"\nextends = "hexagon"\n', encoding="utf-8")
    assert analyzer.load_rules(file).title == "Mine"
    [audit] = analyzer.audit(SAMPLE, rules=[file]).delegates
    assert audit.configuration.pack.delegate == "mine"
    assert audit.summary.delegated > 0


def test_what_load_rules_returns_can_be_asked(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('delegate = "mine"\ntitle = "Mine"\nextends = "hexagon"\n', encoding="utf-8")
    mine, shipped = analyzer.load_rules(file), analyzer.load_rules("gpu")
    assert asked(analyzer.audit(SAMPLE, rules=mine)) == ["mine"]
    assert asked(analyzer.audit(SAMPLE, rules=[mine, shipped])) == ["mine", "gpu"]
    named = analyzer.audit(SAMPLE, ["gpu", "mine:max_partitions=1"], rules=[mine])
    assert asked(named) == ["gpu", "mine"]
    assert named.delegates[1].configuration.pack is mine


def test_one_delegate_needs_no_list() -> None:
    assert asked(analyzer.audit(SAMPLE, "gpu:quantized=false")) == ["gpu"]


def test_a_format_that_there_is_none_of_names_those_that_are() -> None:
    audit = analyzer.audit(SAMPLE, "gpu")
    with pytest.raises(
        analyzer.AnalyzerError, match=r"format pdf: .* use table, json, jsonl, markdown, html"
    ):
        analyzer.render(audit, "pdf")


def test_a_report_says_where_every_operator_runs() -> None:
    audit = analyzer.audit(SAMPLE, "gpu")
    [one] = json.loads(analyzer.render(audit, "json"))["models"][0]["audits"]
    assert {operator["placement"] for operator in one["operators"]} == {"delegate", "xnnpack", "reference"}
    assert "XNNPACK" in analyzer.render(audit, "html")


@pytest.fixture
def resizable(tmp_path: Path) -> Path:
    tensors = [tensor(name, [1, 4]) for name in "abc"]
    return save(tmp_path / "m.tflite", build_model(tensors, [operator("ADD", ["a", "b"], ["c"])]))


def test_a_run_is_what_it_is_asked_for(resizable: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    given = {"a": numpy.full((3, 4), 2, numpy.float32)}
    shapes = {"a": (3, 4), "b": (3, 4)}
    found = analyzer.run(resizable, "xnnpack", given, shapes=shapes, ranges={"b": (5, 5)}, samples=1, runs=0)
    assert isinstance(found, analyzer.Run)
    assert found.agrees
    assert [sample["c"].tolist() for sample in found.result.outputs] == [[[7] * 4] * 3]


def test_what_goes_in_and_comes_out_is_in_real_units(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    tensors = [tensor(name, [1, 4], "INT8", scale=[0.5], zero_point=[10]) for name in "ab"]
    file = save(tmp_path / "m.tflite", build_model(tensors, [operator("RELU", ["a"], ["b"])]))
    numpy.save(tmp_path / "a.npy", numpy.array([-1.5, 0, 2, 4.5]))
    for given in (numpy.array([-1.5, 0, 2, 4.5]), tmp_path / "a.npy"):
        found = analyzer.run(file, "xnnpack", {"a": given}, runs=0)
        assert [sample["a"].tolist() for sample in found.samples] == [[[7, 10, 14, 19]]]
        assert [sample["b"].tolist() for sample in found.result.outputs] == [[[10, 10, 14, 19]]]
        assert [sample["b"].tolist() for sample in found.values] == [[[0, 0, 2, 4.5]]]
    assert repr(found) == f"<Run of {file} on xnnpack: agrees>"


def test_runs_are_those_of_the_command_line_unless_asked_otherwise() -> None:
    own = {name: one.default for name, one in inspect.signature(analyzer.run).parameters.items()}
    settings = Settings()
    assert (own["samples"], own["seed"]) == (settings.wanted.samples, settings.wanted.seed)
    assert (own["timeout"], own["memory"]) == (settings.limits.seconds, settings.limits.megabytes)
    for name in ("runs", "warmup", "threads", "library", "vulkan_driver", "bisect"):
        assert own[name] == getattr(settings, name)


def test_a_model_is_fixed(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    tensors = [tensor("a", [1, 1, 4]), tensor("b", [1, 4]), tensor("c", [1, 4])]
    operators = [operator("SQUEEZE", ["a"], ["b"], {"squeeze_dims": [1]}), operator("ABS", ["b"], ["c"])]
    file = save(tmp_path / "m.tflite", build_model(tensors, operators))
    fixed = analyzer.fix(file, "gpu", run=False)
    assert isinstance(fixed, analyzer.Fix)
    assert [step.rewrite.name for step in fixed.plan.steps] == ["views-as-reshape"]
    [before], [after] = fixed.plan.before.delegates, fixed.plan.after.delegates
    assert (before.summary.verdict, after.summary.verdict) == ("partial", "full")
    (tmp_path / "fixed.tflite").write_bytes(fixed.data)
    [again] = analyzer.audit(tmp_path / "fixed.tflite", "gpu").delegates
    assert again.summary == after.summary


def test_errors_are_ours(tmp_path: Path) -> None:
    with pytest.raises(analyzer.ModelError, match=r"nothing\.tflite"):
        analyzer.read(tmp_path / "nothing.tflite")
    with pytest.raises(analyzer.AnalyzerError, match="did you mean nnapi"):
        analyzer.audit(SAMPLE, ["nnap"])


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = analyzer.nothing
