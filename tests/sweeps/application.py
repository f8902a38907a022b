"""The models of applications, through each delegate that runs on this machine.

usage: python -m tests.sweeps.application MODELS [OPTION...]

MODELS is a folder with a `manifest.jsonl`, a line a model with its `path` and its `tier`; further options go
to `delegate-analyzer run`.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from tests.sweeps.running import sweep

DELEGATES = ("xnnpack", "litert-gpu")


def main(folder: Path, options: Sequence[str]) -> None:
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    models = [folder / model["path"] for model in map(json.loads, lines) if model["tier"] == "application"]
    for delegate in DELEGATES:
        deque(sweep(models, delegate, options), maxlen=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
