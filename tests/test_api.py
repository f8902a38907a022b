"""The package from Python: what `import analyzer` offers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import analyzer
import analyzer.auditing
from analyzer.model.graph import Model

SAMPLE = Path(analyzer.auditing.__file__).parent / "model" / "sample.tflite"


def test_every_public_name_is_there() -> None:
    assert len(analyzer.__all__) <= 12
    for name in analyzer.__all__:
        assert getattr(analyzer, name) is not None


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
    asked = [one.configuration.pack.delegate for one in audit.delegates]
    assert asked == ["gpu", "nnapi", "hexagon", "coreml"]
    assert "Hexagon" in analyzer.render([audit, audit])


def test_a_rule_file_is_a_pack(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('delegate = "mine"\ntitle = "Mine"\nextends = "hexagon"\n', encoding="utf-8")
    assert analyzer.load_rules(file).title == "Mine"
    [audit] = analyzer.audit(SAMPLE, rules=[file]).delegates
    assert audit.configuration.pack.delegate == "mine"
    assert audit.summary.delegated > 0


def test_errors_are_ours(tmp_path: Path) -> None:
    with pytest.raises(analyzer.ModelError, match=r"nothing\.tflite"):
        analyzer.read(tmp_path / "nothing.tflite")
    with pytest.raises(analyzer.AnalyzerError, match="did you mean nnapi"):
        analyzer.audit(SAMPLE, ["nnap"])


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = analyzer.nothing
