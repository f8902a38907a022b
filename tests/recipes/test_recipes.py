"""Fixes that are told in full: given by rules, and converted and audited where TensorFlow is."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from analyzer.rules.pack import JOBS
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import Rulebook
from tests.recipes.trials import amiss, in_full, tried

_FIXES = in_full()


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore")  # converters and Keras warn of much that isn't about a fix
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")
@pytest.mark.parametrize("name", tried())
def test_the_finding_is_there_before_and_gone_after(name: str) -> None:
    from tests.recipes.conversion import model_of

    assert list(amiss(_FIXES[name], model_of)) == []


@pytest.mark.parametrize("name", _FIXES)
def test_code_is_code(name: str) -> None:
    fix = _FIXES[name]
    for code in (fix.before, fix.after, *(trial.model for trial in fix.trials)):
        if fix.language == "python":
            compile(code, name, "exec")
    assert fix.language == "python" or fix.job in ("app", "converter")


def test_some_rule_gives_every_fix_that_is_told_in_full() -> None:
    packs = Packs()
    books = [Rulebook(pack) for pack in (packs.cpu_kernels, *map(packs.get, packs.names()))]
    given = {text for book in books for rule in (*book.rules(), *book.others()) for text in rule.texts}
    given |= {advice.fix for book in books for advice in book.pack.advice().first}
    assert [name for name, fix in _FIXES.items() if fix.text not in given] == []


def test_whoever_reads_recipes_finds_a_job_for_each() -> None:
    assert {recipe.job for recipe in Packs().recipes.recipes.values()} <= set(JOBS)
