"""Delegate Analyzer: which operators of a .tflite model a phone's accelerators will take, and why.

import analyzer

audit = analyzer.audit("model.tflite", ["gpu", "gpu:quantized=false"])
print(analyzer.render(audit))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.api import *  # noqa: F403

__version__ = "0.1.0"

__all__ = [  # noqa: F405
    "AnalyzerError",
    "Audit",
    "Evaluation",
    "Fix",
    "Model",
    "ModelError",
    "RuleError",
    "RulePack",
    "Run",
    "audit",
    "compare",
    "evaluate",
    "fix",
    "load_rules",
    "read",
    "recommend",
    "render",
    "run",
]


def __getattr__(name: str) -> Any:
    """The public API is imported when a name of it is first used: the command line starts without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("analyzer.api"), name)
