"""Completion in a shell: what is offered for a word that is begun."""

from __future__ import annotations

import pytest

from tests.cli.running import run_apart


def offered(*words: str) -> list[tuple[str, str]]:
    """Type and text of what bash is offered for the last word."""
    environment = {
        "_DELEGATE_ANALYZER_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["delegate-analyzer", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = run_apart(environment=environment)
    assert (done.code, done.err) == (0, "")
    found = (line.partition(",") for line in done.text.splitlines() if line)
    return [(kind, word) for kind, _, word in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("aud",), ["audit"]),
        (("audit", "-d", "nn"), ["nnapi"]),
        (("audit", "-d", "gpu,nn"), ["gpu,nnapi"]),
        (("audit", "-d", "nnapi:ap"), ["nnapi:api="]),
        (("audit", "--format", "ma"), ["markdown"]),
        (("audit", "--fail-on", "p"), ["partial"]),
        (("rules", "show", "hex"), ["hexagon"]),
        (("rules", "show", "hexagon", "CONV"), ["CONV_2D"]),
        (("rules", "coverage", "DEPTHWISE"), ["DEPTHWISE_CONV_2D"]),
        (("explain", "core"), ["coreml/"]),
        (("explain", "hexagon/conv-2"), ["hexagon/conv-2d/"]),
        (("explain", "hexagon/conv-2d/ver"), ["hexagon/conv-2d/version"]),
    ],
)
def test_names_are_offered(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == [("plain", one) for one in expected]


@pytest.mark.parametrize("words", [("audit", "mod"), ("audit", "--rules", "mod"), ("run", "mod")])
def test_files_are_the_shells_to_find(words: tuple[str, ...]) -> None:
    assert offered(*words) == [("file", "mod")]


def test_an_unknown_command_offers_nothing() -> None:
    assert offered("audti", "x") == []
