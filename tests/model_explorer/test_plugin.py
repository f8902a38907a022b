"""The plug-in, loaded and asked by Model Explorer itself: `pip install delegate-analyzer[model-explorer]`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.building import chain

manager = pytest.importorskip("model_explorer.extension_manager")


@pytest.fixture(scope="module")
def loaded() -> Any:
    extensions = manager.ExtensionManager(["analyzer.model_explorer"])
    extensions.load_extensions()
    return extensions


def ask(loaded: Any, model: Path, delegates: str) -> dict[str, Any]:
    words = {"cmdId": "run", "extensionId": "delegate-analyzer", "modelPath": str(model), "graphId": "main"}
    answer: dict[str, Any] = loaded.run_cmd({**words, "configValues": {"delegates": delegates}})
    return answer


def test_it_is_offered_for_models_of_this_kind(loaded: Any) -> None:
    (mine,) = (one for one in loaded.get_extensions_metadata() if one["id"] == "delegate-analyzer")
    assert mine["type"] == "node_data_provider" and mine["filter"]["modelFileExts"] == ["tflite"]


def test_every_operator_says_where_it_runs_on_each_delegate(loaded: Any, tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(chain("RELU", "SIN"))
    answer = ask(loaded, model, "gpu, coreml")
    assert answer["error"] == "" and [data["name"] for data in answer["result"]] == [
        "TFLite GPU",
        "Core ML 3",
    ]
    for data in answer["result"]:
        assert set(data["results"]) == {"0", "1"}
    assert answer["result"][1]["results"]["1"]["value"].startswith("CPU, refused: ")


def test_what_is_wrong_is_its_error(loaded: Any, tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(b"nothing")
    assert "m.tflite" in ask(loaded, model, "gpu")["error"]
    assert "nowhere" in ask(loaded, model, "nowhere")["error"]
