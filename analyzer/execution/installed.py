"""The release of LiteRT that is installed, as packs tell releases apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.execution.engines import tflite
from analyzer.execution.engines.lookup import BUNDLED
from analyzer.rules.parameters import releases, split
from analyzer.rules.registry import Packs

#: The parameter of packs.
_PARAMETER = "runtime"
#: TensorFlow's release -> the one of LiteRT whose XNNPACK takes what TensorFlow's does: as measured, the same
#: for all but 9 of 3,000 generated models.
_TENSORFLOW = {"2.18": "1.0", "2.19": "1.1", "2.20": "1.4", "2.21": "2.1"}


def completed(packs: Packs, specs: Sequence[str]) -> list[str]:
    """Delegates as of the release that is installed, unless another is named. Raises: UsageError."""
    every = [name for spec in specs for name in (packs.names() if spec == "all" else [spec])]
    return [_completed(packs, spec) for spec in every]


def _completed(packs: Packs, spec: str) -> str:
    name, written = split(spec)
    if name not in BUNDLED or _PARAMETER in written:
        return spec
    parameter = packs.get(name).parameters.get(_PARAMETER)
    here = listed(installed(), releases(parameter) if parameter else ())
    return f"{spec}:{_PARAMETER}={here}" if here else spec


def installed() -> str:
    """The release of LiteRT that is installed, or the nearest to TensorFlow's own; empty without either."""
    runtime = tflite.installed()
    if runtime is None:
        return ""
    if runtime.name == "tensorflow":
        return _TENSORFLOW.get(listed(runtime.version, tuple(_TENSORFLOW)), "")
    return runtime.version


def listed(release: str, known: Sequence[str]) -> str:
    """The release, or the last of those known before it; empty without any."""
    return max(
        (version for version in known if _numbers(version) <= _numbers(release)), key=_numbers, default=""
    )


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", release)))
