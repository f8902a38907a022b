"""python -m tests.recipes [NAME...]: put fixes to the test, and say which don't hold. Needs TensorFlow.

python -m tests.recipes --share FOLDER: of what findings advise for the models in a folder, how much was put
to the test. Needs no TensorFlow.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import ModelError
from analyzer.model import read
from analyzer.rules.registry import Packs
from tests.recipes.trials import amiss, tried

DELEGATES = ["gpu", "litert-gpu", "nnapi", "coreml", "hexagon", "xnnpack"]


def main(arguments: list[str]) -> int:
    """Exit code 1 where a fix doesn't hold."""
    if arguments[:1] == ["--share"]:
        return _share(Path(arguments[1]))
    from tests.recipes.conversion import model_of

    fixes = {name: fix for name, fix in tried().items() if not arguments or name in arguments}
    failed = 0
    for name, fix in fixes.items():
        began = time.process_time()
        try:
            faults = list(amiss(fix, model_of))
        except Exception as error:  # whatever code or converter say against it
            faults = [f"{type(error).__name__}: {str(error)[:400]}"]
        failed += bool(faults)
        print(f"{'FAILS' if faults else 'holds'}  {name}  {time.process_time() - began:.1f} s", flush=True)
        for fault in faults:
            print(f"       {fault}")
    print(f"{failed} of {len(fixes)} don't hold")
    return int(failed > 0)


def _share(folder: Path) -> int:
    """Count every fix once for each model and delegate that it is given for."""
    packs = Packs()
    auditor = Auditor(packs, configure(packs, DELEGATES))
    tested = {fix.text for fix in tried().values()}
    counted: Counter[str] = Counter()
    for file in sorted(folder.rglob("*.tflite")):
        try:
            audit = auditor.audit(read(file))
        except ModelError:
            continue
        for one in audit.delegates:
            for text in {found.fix for found in one.findings if found.fix}:
                job = packs.recipes.of(text).job
                counted["tested" if text in tested else "no action" if job == "none" else job] += 1
    for kind, number in counted.most_common():
        print(f"{number:6}  {number / counted.total():.1%}  {kind}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
