"""Small models for tests of the command line."""

from __future__ import annotations

from pathlib import Path

from tests.building import Description, model, operator, tensor


def chain(*names: str, shape: tuple[int, ...] = (1, 8)) -> bytes:
    """Operators with one float32 input each, one after the other."""
    tensors = [tensor(f"t{i}", shape) for i in range(len(names) + 1)]
    operators = [_single(name, f"t{i}", f"t{i + 1}") for i, name in enumerate(names)]
    return model(tensors, operators, inputs=["t0"], outputs=[f"t{len(names)}"])


def _single(name: str, before: str, after: str) -> Description:
    return operator(name, [before], [after])


def save(path: Path, data: bytes) -> Path:
    """Write a file, with the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
