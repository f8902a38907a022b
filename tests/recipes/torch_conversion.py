"""The code of a fix in PyTorch as a .tflite file. Needs litert-torch."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analyzer.rules.loading.format import TrialTable


def torch_model_of(trial: TrialTable, code: str) -> bytes:
    """A model of the code: one that it makes itself, or one around what it makes of its inputs."""
    import litert_torch
    import torch

    torch.manual_seed(1)
    names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "litert_torch": litert_torch}
    samples = tuple(_sample(torch, shaped) for shaped in trial.inputs.values())
    if trial.alone:
        exec(code, names, found := dict[str, Any]())
        model = found["model"]
    else:
        model = _amid(torch, compile(code, "code", "exec"), names, list(trial.inputs))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.tflite"
        litert_torch.convert(model.eval(), samples).export(str(file))
        return file.read_bytes()


def _amid(torch: Any, code: Any, names: dict[str, Any], inputs: list[str]) -> Any:
    """With operators in front and behind that every delegate takes, so that they aren't the model's own."""

    def forward(_: Any, *given: Any) -> Any:
        found = {name: torch.relu(tensor) for name, tensor in zip(inputs, given, strict=True)}
        exec(code, names, found)
        return torch.tanh(found["x"])

    return type("Model", (torch.nn.Module,), {"forward": forward})()


def _sample(torch: Any, shaped: str) -> Any:
    found = re.fullmatch(r"FLOAT32\[([\d, ]*)\]", shaped)
    assert found, shaped
    return torch.rand([int(size) for size in found[1].split(",")])
