"""The package from Python: what `import analyzer` offers."""

from __future__ import annotations

import array
import asyncio
import gc
import inspect
import io
import json
import mmap
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

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
    assert len(analyzer.__all__) <= 18
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
    assert repr(fixed) == f"<Fix of {str(file)!r}: views-as-reshape; gpu partial -> full>"
    (tmp_path / "fixed.tflite").write_bytes(fixed.data)
    [again] = analyzer.audit(tmp_path / "fixed.tflite", "gpu").delegates
    assert again.summary == after.summary


def test_delegates_may_be_joined_by_commas() -> None:
    assert asked(analyzer.audit(SAMPLE, "gpu, nnapi:api=30")) == ["gpu", "nnapi"]


def test_what_is_no_model_and_no_delegate_is_said() -> None:
    for nothing in (None, 3, [SAMPLE]):
        with pytest.raises(analyzer.AnalyzerError, match="is no model; give a path"):
            analyzer.read(nothing)  # type: ignore[arg-type]
    for none in (None, 3, [3]):
        with pytest.raises(analyzer.AnalyzerError, match="aren't text; name them"):
            analyzer.audit(SAMPLE, none)  # type: ignore[arg-type]


def test_errors_are_ours(tmp_path: Path) -> None:
    with pytest.raises(analyzer.ModelError, match=r"nothing\.tflite"):
        analyzer.read(tmp_path / "nothing.tflite")
    with pytest.raises(analyzer.AnalyzerError, match="did you mean nnapi"):
        analyzer.audit(SAMPLE, ["nnap"])


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = analyzer.nothing


def test_a_model_comes_as_a_path_as_bytes_or_as_a_file() -> None:
    data = SAMPLE.read_bytes()
    with SAMPLE.open("rb") as file:
        models = [
            analyzer.read(source)
            for source in (SAMPLE, str(SAMPLE), data, bytearray(data), memoryview(data), file)
        ]
    texts = [analyzer.render(analyzer.audit(model, "coreml"), "json") for model in models]
    assert len({text.partition('"bytes"')[2] for text in texts}) == 1
    assert [model.path for model in models] == [str(SAMPLE)] * 2 + ["<bytes>"] * 3 + [str(SAMPLE)]
    assert analyzer.read(data, "m.tflite").path == "m.tflite"
    assert analyzer.audit(io.BytesIO(data), "coreml").model.path == "<file>"
    with SAMPLE.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        file.seek(len(data))
        others: list[Any] = [mapped, array.array("B", data), numpy.frombuffer(data, numpy.uint8)]
        assert [analyzer.read(bytes_of).size for bytes_of in others] == [len(data)] * 3
        del others
        gc.collect()


def test_what_is_no_model_is_said_of_bytes_too() -> None:
    with pytest.raises(analyzer.ModelError, match=r"<bytes>: is empty"):
        analyzer.read(b"")
    with pytest.raises(analyzer.AnalyzerError, match="mode 'rb'"):
        analyzer.read(io.StringIO("text"))  # type: ignore[arg-type]
    with SAMPLE.open(encoding="utf-8") as text, pytest.raises(analyzer.AnalyzerError, match="mode 'rb'"):
        analyzer.read(text)  # type: ignore[arg-type]
    with pytest.raises(analyzer.AnalyzerError, match=r"can't be read .*closed file"):
        analyzer.read(text)  # type: ignore[arg-type]
    with pytest.raises(analyzer.AnalyzerError, match=r"don't lie in one row; give bytes\(view\)"):
        analyzer.read(memoryview(SAMPLE.read_bytes())[::2])


def test_delegates_go_by_position_and_by_name() -> None:
    delegates = analyzer.audit(SAMPLE, ["gpu", "gpu:quantized=false", "nnapi:api=29"]).delegates
    assert delegates["gpu"] is delegates[0]
    assert delegates["gpu:quantized=false"] is delegates[1]
    assert delegates["nnapi"] is delegates["nnapi:api=29"] is delegates[-1]
    assert delegates[1:] == tuple(delegates)[1:]
    with pytest.raises(KeyError, match="no audits of it; there are gpu, gpu:quantized=false, nnapi:api=29"):
        delegates["coreml"]
    twice = analyzer.audit(SAMPLE, ["gpu:opencl=false", "gpu:quantized=false"]).delegates
    with pytest.raises(KeyError, match="several"):
        twice["gpu"]


def test_findings_are_easy_to_walk() -> None:
    gpu = analyzer.audit(SAMPLE, "gpu").delegates["gpu"]
    assert gpu.verdict == "partial"
    by_rule = {finding.rule: finding for finding in gpu.findings}
    finding = by_rule["gpu/space-to-batch-nd/never"]
    assert (finding.severity, finding.subgraph, finding.operator) == ("blocker", 0, 24)
    assert finding.message and finding.fix


def test_models_or_audits_are_compared(resizable: Path) -> None:
    comparison = analyzer.compare(SAMPLE, SAMPLE.read_bytes(), "gpu")
    assert repr(comparison) == f"<Comparison of {str(SAMPLE)!r} with '<bytes>': TFLite GPU same>"
    assert [(side.delegate, side.change) for side in comparison.delegates] == [("TFLite GPU", "same")]
    before, after = (analyzer.audit(model, ["gpu", "nnapi"]) for model in (SAMPLE, resizable))
    assert [side.change for side in analyzer.compare(before, after).delegates] == ["better", "better"]
    with pytest.raises(analyzer.AnalyzerError, match="audit both models for the same delegates"):
        analyzer.compare(before, analyzer.audit(SAMPLE, "gpu"))


def test_a_model_in_memory_is_run_and_fixed(resizable: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    data = resizable.read_bytes()
    assert analyzer.run(data, "xnnpack", samples=1, runs=0).agrees
    assert analyzer.fix(data, "gpu", run=False).data == data
    with pytest.raises(analyzer.AnalyzerError, match="no file holds this model"):
        analyzer.run(analyzer.read(data), "xnnpack")


def rendered(path: str) -> str:
    """What a process of its own makes of a model."""
    return analyzer.render(analyzer.audit(path, "coreml"), "json")


def test_threads_share_a_model() -> None:
    model = analyzer.read(SAMPLE)
    alone = rendered(str(SAMPLE))
    with ThreadPoolExecutor(4) as pool:
        audits = list(pool.map(analyzer.audit, [model] * 4, ["coreml"] * 4))
        pages = list(pool.map(lambda audit: analyzer.render(audit, "html"), audits))
    assert {analyzer.render(audit, "json") for audit in audits} == {alone}
    assert len(set(pages)) == 1


def test_a_loop_waits_for_threads() -> None:
    async def both() -> list[analyzer.Audit]:
        return await asyncio.gather(*(asyncio.to_thread(analyzer.audit, SAMPLE, "coreml") for _ in range(4)))

    # In a thread of its own: a browser that other tests have open keeps a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        audits = pool.submit(lambda: asyncio.run(both())).result()
    assert {audit.delegates["coreml"].verdict for audit in audits} == {"partial"}


@pytest.mark.slow
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_however_they_start(method: str) -> None:
    if method == "fork" and sys.version_info >= (3, 12):
        pytest.skip("forking a process with threads is warned of")
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert set(pool.map(rendered, [str(SAMPLE)] * 2)) == {rendered(str(SAMPLE))}


def test_nothing_is_kept_between_calls(tmp_path: Path) -> None:
    """A rule file that changes is read again, and a model's bytes are never held on to by the package."""
    file = tmp_path / "mine.toml"
    for title in ("One", "Two"):
        file.write_text(f'delegate = "mine"\ntitle = "{title}"\nextends = "hexagon"\n', encoding="utf-8")
        audit = analyzer.audit(SAMPLE, rules=file)
        assert audit.delegates["mine"].configuration.pack.title == title
    data = bytearray(SAMPLE.read_bytes())
    analyzer.audit(data, "gpu")
    gc.collect()
    data.append(0)  # refused as long as anything views it
