"""Custom operators that the app has kernels for: the file can't tell, the user can."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import Audit
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.building import model, operator, tensor
from tests.packs import saved, tiny

OWN = model(
    [tensor("x", [1, 4]), tensor("y", [1, 4]), tensor("z", [1, 4])],
    [operator("RELU", ["x"], ["y"]), operator("Blur", ["y"], ["z"])],
)


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return Packs([saved(tmp_path, tiny('constant_fp16_dequantize = "never"'))])


def audited(packs: Packs, *registered: str) -> Audit:
    return Auditor(packs, configure(packs, ["tiny"]), registered=registered).audit(read_bytes(OWN, "m"))


@pytest.mark.parametrize("names", [(), ("Flex*",), ("blur",)])
def test_without_a_kernel_nothing_is_delegated(packs: Packs, names: tuple[str, ...]) -> None:
    [audit] = audited(packs, *names).delegates
    assert audit.summary.delegated == 0
    assert [blocker.finding.rule for blocker in audit.blockers] == ["runtime/blur/unlisted-custom"]


@pytest.mark.parametrize("names", [("Blur",), ("Bl*",), ("Flex*", "Blur")])
def test_with_one_the_model_goes_on_and_a_note_says_what_was_taken_for_granted(
    packs: Packs, names: tuple[str, ...]
) -> None:
    [audit] = audited(packs, *names).delegates
    assert [operator.delegated for operator in audit.operators] == [True, False]
    [note] = audit.blockers
    assert (note.finding.rule, note.finding.severity) == ("runtime/graph/registered", "note")
    assert note.finding.message.startswith("Blur is taken to be registered")
