"""The options of custom operators, which most of them store as flexbuffers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.model.graph import Operator

#: Bigger options aren't a handful of parameters (a delegate's compiled program, for instance).
_LIMIT = 1 << 16


def decode(operator: Operator) -> Mapping[str, Any] | None:
    """A custom operator's options by name; None where they aren't a flexbuffer map.

    Nothing in the file says whether options are flexbuffers, so any failure only means that they
    aren't.
    """
    data = operator.custom_options
    if data is None or not 3 <= len(data) <= _LIMIT:
        return None
    from flatbuffers import flexbuffers  # pulls in numpy, and few models need it

    try:
        value = flexbuffers.Loads(bytes(data))
    except Exception:  # noqa: BLE001  the package checks nothing and fails in every way there is
        return None
    return value if isinstance(value, dict) else None
