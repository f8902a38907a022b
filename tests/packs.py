"""Tiny rule packs, so that tests of the engine depend on no real delegate."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
delegate = "{name}"
title = "Tiny delegate"
version = "1"
upstream = {{repository = "example/tiny", revision = "0123456789abcdef"}}
source = "tiny.cc IsSupported"
stages = ["version", "operator"]

[unlisted]
message = "the tiny delegate doesn't know the operator"
fix = "Use another operator."
source = "tiny.cc IsSupported"
"""

#: What the tiny delegate takes, with an operator that crashes it and one that it fails to build.
_OPERATORS = """
[op."RELU|ADD|MUL|CONV_2D|DEQUANTIZE|ABS"]
inputs = ">= 1"
fixes = {inputs = "Give it an input."}

[op.SIN.check.fatal]
require = "false"
severity = "crash"
message = "the tiny delegate dies of SIN"
fix = "Use COS."

[op.COS.check.unbuilt]
stage = "build"
require = "false"
message = "the tiny delegate builds no COS"
fix = "Use RELU."

[op.EXP.check.inexact]
severity = "hazard"
require = "false"
message = "EXP comes out inexact"
fix = "Use RELU."
"""


def tiny(graph: str = "", more: str = "", name: str = "tiny") -> str:
    """A pack that takes RELU, ADD, MUL, CONV_2D, DEQUANTIZE, ABS, COS and EXP, and refuses all others.

    COS doesn't build, EXP is a hazard, SIN is a crash. `graph` is its `[graph]` section, `more` stands
    before all tables.
    """
    head, tables = _HEAD.format(name=name).split("\n[", 1)
    return f"{head}\n{more}\n[{tables}{_OPERATORS}\n[graph]\n{graph}\n"


def saved(folder: Path, text: str, name: str = "tiny.toml") -> Path:
    """A rule file with this text."""
    file = folder / name
    file.write_text(text)
    return file
