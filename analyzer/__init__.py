"""Delegate Analyzer: which operators of a .tflite model a phone's accelerators will take, and why.

import analyzer

audit = analyzer.audit("model.tflite", ["gpu", "gpu:quantized=false"])
print(analyzer.render(audit))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.api import audit, load_rules, render, run
    from analyzer.auditing import Audit
    from analyzer.errors import AnalyzerError, ModelError, RuleError
    from analyzer.model import Model, read
    from analyzer.rules.pack import RulePack
    from analyzer.runs import Run

__version__ = "0.1.0"

_HOMES = {
    "Audit": "analyzer.auditing",
    "AnalyzerError": "analyzer.errors",
    "Model": "analyzer.model",
    "ModelError": "analyzer.errors",
    "RuleError": "analyzer.errors",
    "RulePack": "analyzer.rules.pack",
    "Run": "analyzer.runs",
    "audit": "analyzer.api",
    "load_rules": "analyzer.api",
    "read": "analyzer.model",
    "render": "analyzer.api",
    "run": "analyzer.api",
}

__all__ = [
    "AnalyzerError",
    "Audit",
    "Model",
    "ModelError",
    "RuleError",
    "RulePack",
    "Run",
    "audit",
    "load_rules",
    "read",
    "render",
    "run",
]


def __getattr__(name: str) -> Any:
    """Names of the public API are imported when they are first used: starting up costs what is needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
