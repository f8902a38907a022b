"""Fixes that are told in full: given by rules, and converted and audited where TensorFlow is."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.interpreter import Interpreter
from analyzer.model import read
from analyzer.rewriting.fix import fix as rewrite
from analyzer.rules.loading.format import FixTable, TrialTable
from analyzer.rules.pack import JOBS
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import Rulebook
from tests.recipes.store import converted, kept
from tests.recipes.trials import amiss, in_full, keys, tried

_FIXES = in_full()


@pytest.mark.parametrize("name", tried())
def test_the_finding_is_there_before_and_gone_after(name: str) -> None:
    """On what was converted when the code was written: rules may not part from it."""
    assert list(amiss(_FIXES[name], converted)) == []


def _of_tensorflow(fix: FixTable) -> list[TrialTable]:
    """Nobody has PyTorch's converter beside TensorFlow: `python -m tests.recipes` is run with either."""
    return [trial for trial in fix.trials if trial.convert != "torch"]


def _each_way_once() -> list[str]:
    """The first trial of every file and of every way to convert: all others only by command."""
    ways: dict[object, str] = {}
    for name, fix in tried().items():
        for trial in _of_tensorflow(fix):
            ways.setdefault((fix.job, trial.convert, bool(trial.model), bool(trial.inputs)), name)
    return sorted(set(ways.values()))


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore")  # converters and Keras warn of much that isn't about a fix
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")
@pytest.mark.parametrize("name", _each_way_once())
def test_converters_still_write_it_so(name: str) -> None:
    from tests.recipes.conversion import model_of

    fix = _FIXES[name]
    assert list(amiss(replace(fix, trial=_of_tensorflow(fix)), model_of)) == []


def test_nothing_is_kept_that_no_trial_needs() -> None:
    assert kept().keys() == {name for fix in tried().values() for name in keys(fix)}


@pytest.mark.parametrize("name", _FIXES)
def test_code_is_code(name: str) -> None:
    fix = _FIXES[name]
    for code in (fix.before, fix.after, *(trial.model for trial in fix.trials)):
        if fix.language == "python":
            compile(code, name, "exec")
    for code in (fix.torch.before, fix.torch.after) if fix.torch else ():
        compile(code, name, "exec")
    assert fix.language == "python" or fix.job in ("app", "converter")


def _given() -> set[str]:
    """All that rules of any pack, or of the runtime, advise."""
    packs = Packs()
    books = [Rulebook(pack) for pack in (packs.cpu_kernels, *map(packs.get, packs.names()))]
    given = {text for book in books for rule in (*book.rules(), *book.others()) for text in rule.texts}
    return given | {advice.fix for book in books for advice in book.pack.advice.first}


def test_some_rule_gives_every_fix_that_is_told_in_full() -> None:
    assert {fix.text for fix in _FIXES.values()} - _given() == set()


def test_every_fix_is_shown_or_says_why_not() -> None:
    recipes, names = Packs().recipes, {advice for advice in _given() if " " not in advice}
    told = _given() - recipes.recipes.keys() - names
    # What is missing is to be told in full, in `rules/common/fixes/`, or belongs to a class.
    assert {text for text in told if not recipes.class_of(text)} == set()
    classes = {recipes.class_of(text) for text in told}
    assert classes == recipes.classes.keys(), "classes that nothing is in"
    idle = {begins for begins in recipes.beginnings if not any(text.startswith(begins) for text in told)}
    assert idle == set(), "beginnings that no fix has"


def test_fixes_with_code_and_no_trial_are_commands_and_options() -> None:
    """What an app or a command line sets changes no model that could be converted."""
    assert {fix.job for name, fix in _FIXES.items() if not fix.trials} <= {"app", "converter"}
    assert all(fix.language != "python" for fix in _FIXES.values() if not fix.trials)


def test_code_in_pytorch_is_put_to_the_test_too() -> None:
    for name, fix in _FIXES.items():
        assert bool(fix.torch) == any(trial.convert == "torch" for trial in fix.trials), name


def test_whoever_reads_recipes_finds_a_job_for_each() -> None:
    assert {recipe.job for recipe in Packs().recipes.recipes.values()} <= set(JOBS)


def test_an_unrolled_layer_is_rewritten_for_the_gpu(tmp_path: Path) -> None:
    """What the fix says of `delegate-analyzer fix`, which no converter shows."""
    fix = _FIXES["recurrent-elsewhere"]
    [trial] = fix.trials
    file, packs = tmp_path / "unrolled.tflite", Packs()
    file.write_bytes(converted(fix, trial, fix.after))
    auditor = Auditor(packs, configure(packs, trial.delegates))
    plan = rewrite(read(file), str(file), auditor, Interpreter(packs), proven=False).plan
    [before], [after] = plan.before.delegates, plan.after.delegates
    assert (before.summary.verdict, after.summary.verdict) == ("fails", "full")
