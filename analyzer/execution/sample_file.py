"""Samples to a file and back: names may be anything, so that they are kept apart from the arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: Names of the arrays of every sample, in order.
_NAMES = "names"


def save(file: Path, samples: Sequence[Mapping[str, Any]]) -> None:
    """Write samples as one .npz file."""
    import numpy as np

    arrays = {
        f"{number}.{position}": _plain(values)
        for number, sample in enumerate(samples)
        for position, values in enumerate(sample.values())
    }
    arrays[_NAMES] = np.array(json.dumps([list(sample) for sample in samples]))
    np.savez(file, **arrays)


def load(file: Path) -> list[dict[str, Any]]:
    """Read them back."""
    import numpy as np

    with np.load(file, allow_pickle=False) as arrays:
        names = json.loads(str(arrays[_NAMES]))
        return [
            {name: arrays[f"{number}.{position}"] for position, name in enumerate(of)}
            for number, of in enumerate(names)
        ]


def _plain(values: Any) -> Any:
    """Texts as bytes of fixed length: objects would need pickling."""
    import numpy as np

    array = np.asarray(values)
    return array.astype(np.bytes_) if array.dtype.kind in "OU" else array
