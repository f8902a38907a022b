"""Models that a delegate is known to take and to compute wrong, and as many that it is known to get right.

usage: python -m tests.sweeps.accepted_but_wrong FACTS RIGHT FOLDER... [-- OPTION...]

FACTS is a JSON file whose `wrong` and `right` name models by paths in any of the folders; RIGHT is how many
of the right ones are drawn, always the same; further options go to `delegate-analyzer run`.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.sweeps.running import sweep

DELEGATE = "litert-gpu"
_SEED = 0


def main(facts: Path, right: int, folders: Sequence[Path], options: Sequence[str]) -> None:
    known = json.loads(facts.read_text(encoding="utf-8"))
    for kind, paths in (("wrong", known["wrong"]), ("right", _drawn(known["right"], right))):
        models = [folder / path for path in paths for folder in folders if (folder / path).is_file()]
        ended = [ended for _, ended in sweep(models, DELEGATE, options)]
        print(f"{kind}: {ended.count('outputs differ')} of {len(models)} flagged, {len(paths)} known")


def _drawn(paths: Iterable[str], count: int) -> list[str]:
    return random.Random(_SEED).sample(sorted(paths), count)


if __name__ == "__main__":
    options = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    named = sys.argv[3 : len(sys.argv) - len(options) - bool(options)]
    main(Path(sys.argv[1]), int(sys.argv[2]), [Path(name) for name in named], options)
