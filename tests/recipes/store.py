"""What trials converted, kept beside the tests: rules are held to it without TensorFlow.

Files are called by what they were made of, so that code that changed isn't found until it is converted again,
and what several fixes have in common is converted once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

from analyzer.rules.loading.format import FixTable, TrialTable

_FILE = Path(__file__).with_name("converted.zip")


def key(fix: FixTable, trial: TrialTable, code: str) -> str:
    """What the model that is converted of a fix's code is called by."""
    # With an app's job, code says nothing of the model.
    own = "" if trial.model and (fix.job == "app" or trial.compiled) else code
    made_of = [own, trial.model, dict(trial.inputs), trial.alone, trial.convert]
    made_of += [trial.compiled] if trial.compiled and code == fix.before else []
    return hashlib.sha256(msgspec.json.encode(made_of)).hexdigest()[:16]


@cache
def kept() -> Mapping[str, bytes]:
    """All models, by their keys."""
    if not _FILE.exists():
        return {}
    with ZipFile(_FILE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def converted(fix: FixTable, trial: TrialTable, code: str) -> bytes:
    """The model as it was converted. Raises: LookupError where that wasn't done since the code changed."""
    try:
        return kept()[key(fix, trial, code)]
    except KeyError:
        raise LookupError("not converted yet: run python -m tests.recipes with the fix's name") from None


def keep(models: Mapping[str, bytes], wanted: Iterable[str]) -> None:
    """Write the archive anew, with these models and those of before that are still wanted."""
    all_models = dict(kept()) | dict(models)
    # Made elsewhere first, so that there is always a whole one.
    draft = _FILE.with_suffix(".new")
    with ZipFile(draft, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(set(wanted) & all_models.keys()):
            entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, all_models[name])
    draft.replace(_FILE)
    kept.cache_clear()
