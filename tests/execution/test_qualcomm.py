"""Qualcomm's plug-in, where its libraries are; and what is said where they aren't."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.engines import lookup
from tests.execution import models
from tests.execution.running import Given
from tests.sweeps.borders.seeds import seeds


def test_without_its_libraries_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(package: str) -> object:
        return find_spec(package) if package == "numpy" else None

    monkeypatch.setattr("analyzer.execution.engines.qualcomm.util.find_spec", without)
    with pytest.raises(RuntimeUnavailable, match="pip install ai-edge-litert onnxruntime-qnn"):
        lookup.local("qualcomm-htp").check(Given(tmp_path, models.chain("ABS")).request())


@pytest.mark.skipif(find_spec("onnxruntime_qnn") is None, reason="Qualcomm's libraries are not here")
def test_the_plug_in_says_what_the_npu_takes(tmp_path: Path) -> None:
    result = Given(tmp_path, models.chain("ABS", "SIGN", "Unheard", "NEG")).run("qualcomm-htp")
    assert result.status == "ok", result.message
    assert result.measured is not None and result.measured.delegated is not None
    assert 2 not in result.measured.delegated[0] and 0 in result.measured.delegated[0]
    assert not result.outputs


@pytest.mark.skipif(find_spec("onnxruntime_qnn") is None, reason="Qualcomm's libraries are not here")
def test_operators_of_composites_that_are_written_out_are_told_in_their_own_subgraph(tmp_path: Path) -> None:
    made = {case.base: case.data for case in seeds()}
    for base, delegated in (
        ("seed: attention", {0: (), 1: (0,)}),
        ("seed: rms norm, 8 scales", {0: (0,)}),
        ("seed: layer norm without num_groups", {0: (), 1: (0,)}),
    ):
        result = Given(tmp_path, made[base]).run("qualcomm-htp")
        assert result.measured is not None
        assert result.measured.delegated == delegated, base
