"""python -m tests.recipes [--new] [NAME...]: convert fixes' code, put it to the test, say which don't hold.

Needs TensorFlow, and litert-torch for code in PyTorch: each converts its own, and the rest is taken from
what is kept. What was converted is kept for the tests (`converted.zip`); `--new` leaves out what is kept.

python -m tests.recipes --share FOLDER [--texts]: of what findings advise for the models in a folder, how much
was put to the test, and with `--texts` what wasn't. Needs no TensorFlow.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import ModelError
from analyzer.model import read
from analyzer.rules.loading.format import FixTable, TrialTable
from analyzer.rules.registry import Packs
from tests.recipes.store import keep, kept, key
from tests.recipes.trials import amiss, keys, tried

DELEGATES = ["gpu", "litert-gpu", "nnapi", "coreml", "hexagon", "xnnpack"]


def main(arguments: list[str]) -> int:
    """Exit code 1 where a fix doesn't hold."""
    if arguments[:1] == ["--share"]:
        return _share(Path(arguments[1]), "--texts" in arguments)
    names = [name for name in arguments if name != "--new"]
    fixes = {name: fix for name, fix in tried().items() if not names or name in names}
    if "--new" in arguments:
        fixes = {name: fix for name, fix in fixes.items() if not keys(fix) <= kept().keys()}
    failed = 0
    for name, fix in fixes.items():
        began = time.process_time()
        faults = _put_to_the_test(fix)
        failed += bool(faults)
        print(f"{'FAILS' if faults else 'holds'}  {name}  {time.process_time() - began:.1f} s", flush=True)
        for fault in faults:
            print(f"       {fault}")
    print(f"{failed} of {len(fixes)} don't hold")
    return int(failed > 0)


def _put_to_the_test(fix: FixTable) -> list[str]:
    from tests.recipes.conversion import model_of

    made: dict[str, bytes] = {}

    def convert(fix: FixTable, trial: TrialTable, code: str) -> bytes:
        name = key(fix, trial, code)
        converter = "litert_torch" if trial.convert == "torch" else "tensorflow"
        if name in kept() and find_spec(converter) is None:
            return kept()[name]
        if name not in made:
            made[name] = model_of(fix, trial, code)
        return made[name]

    try:
        faults = list(amiss(fix, convert))
    except Exception as error:  # whatever code or converter say against it
        return [f"{type(error).__name__}: {str(error)[:400]}"]
    keep(made, {name for each in tried().values() for name in keys(each)})
    return faults


def _share(folder: Path, texts: bool) -> int:
    """Count every fix once for each model and delegate that it is given for."""
    packs = Packs()
    auditor = Auditor(packs, configure(packs, DELEGATES))
    tested = {fix.text for fix in tried().values()}
    counted: Counter[str] = Counter()
    untested: Counter[str] = Counter()
    for file in sorted(folder.rglob("*.tflite")):
        try:
            audit = auditor.audit(read(file))
        except ModelError:
            continue
        for one in audit.delegates:
            for text in {found.fix for found in one.findings if found.fix}:
                shown = text in packs.recipes.recipes
                kind = "tested" if text in tested else "shown" if shown else packs.recipes.class_of(text)
                counted[kind] += 1
                untested[f"{kind}: {text}"] += kind != "tested"
    for kind, number in counted.most_common():
        print(f"{number:6}  {number / counted.total():.1%}  {kind}")
    for text, number in untested.most_common() if texts else ():
        print(f"{number:6}  {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
