"""`rules list`, `rules show` and `rules check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.resources import data
from analyzer.rules.registry import Packs
from tests.cli.running import run
from tests.packs import saved, tiny

_SHIPPED = sorted({*data("rules").glob("*.toml"), *data("rules").glob("common/*.toml")})
_NAMES = [*Packs().names(), "runtime"]


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def fits(text: str) -> bool:
    return all(len(line) <= 80 for line in text.splitlines())


def test_list_names_every_pack() -> None:
    done = run("rules", "list")
    assert (done.code, done.err) == (0, "")
    firsts = [line.split()[0] for line in done.text.splitlines()]
    assert {name for name in _NAMES if name != "runtime"} <= set(firsts)
    assert all(word in done.text for word in ("feature_level=min(api, 31) - 26", "(deprecated)", "f67457790"))
    assert fits(done.text)


def test_list_names_a_pack_that_is_given(rules: Path) -> None:
    done = run("rules", "list", "--rules", rules)
    row = next(line for line in done.text.splitlines() if line.startswith("tiny"))
    assert row.split() == ["tiny", "012345678"]


@pytest.mark.parametrize("name", _NAMES)
def test_show_tells_a_whole_pack_in_eighty_columns(name: str) -> None:
    done = run("rules", "show", name)
    assert (done.code, done.err) == (0, "")
    assert all(word in done.text for word in ("What becomes of accepted operators", "Any other operator"))
    assert fits(done.text)


def test_show_says_what_a_pack_does(tmp_path: Path) -> None:
    graph = 'max_partitions = 2\nmin_operators = 3\nbuild_failure = "rolls-back-model"'
    file = saved(
        tmp_path,
        tiny(
            graph,
            more='[parameters]\nspeed = {type = "int", range = [1, 5], default = 2, meaning = "how fast"}',
        ),
    )
    text = " ".join(run("rules", "show", "tiny", "--rules", file).text.split())
    for words in (
        "speed=2 (1 to 5) how fast",
        "Partitions of a subgraph are limited to 2",
        "fewer than 3 operators stays on the CPU",
        "takes the whole model back to the CPU",
        "RELU inputs number of inputs is at least 1",
        "SIN fatal the tiny delegate dies of SIN (crash)",
        "COS unbuilt the tiny delegate builds no COS (build)",
        "Any other operator unlisted the tiny delegate doesn't know the operator",
    ):
        assert words in text


@pytest.mark.parametrize("operator", ["CONV_2D", "conv_2d", "conv-2d"])
def test_show_one_operator(rules: Path, operator: str) -> None:
    done = run("rules", "show", "tiny", operator, "--rules", rules)
    assert done.text.splitlines()[0] == "CONV_2D"
    assert "fix: Give it an input." in done.text
    assert "RELU" not in done.text


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("show", "hexagone"), "there is no such rule pack; did you mean hexagon?"),
        (("show", "hexagon", "CONV2D"), "hexagon lists no operator CONV2D; did you mean CONV_2D?"),
        (("chek",), "No such command 'chek'"),
    ],
)
def test_unknown_names(arguments: tuple[str, ...], complaint: str) -> None:
    done = run("rules", *arguments)
    assert done.code == 2
    assert complaint in done.complaint


@pytest.mark.parametrize("file", _SHIPPED, ids=lambda file: file.stem)
def test_shipped_files_are_right(file: Path) -> None:
    done = run("rules", "check", file)
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith(f"{file}: ok, ")


def test_check_tells_all_problems_of_all_files(tmp_path: Path, rules: Path) -> None:
    wrong = saved(
        tmp_path, tiny().replace('inputs = ">= 1"', 'inputs = ">= one"\nversion = "x"\ncolour = 1'), "a.toml"
    )
    broken = saved(tmp_path, "delegate = tiny", "b.toml")
    done = run("rules", "check", wrong, rules, broken, tmp_path / "none.toml")
    assert done.code == 2
    assert done.text == f"{rules}: ok, 9 operators, 9 rules\n"
    lines = done.err.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        f"{wrong}:17",
        f"{broken}:1",
        f"{tmp_path}/none.toml",
    ]
    assert "unknown field `colour`" in lines[0]


def test_check_names_each_line(tmp_path: Path) -> None:
    text = tiny().replace('inputs = ">= 1"', 'inputs = ">= one"\nversion = "<= x"')
    done = run("rules", "check", saved(tmp_path, text))
    places = {line.split(": ")[0].rpartition(":")[2] for line in done.err.splitlines()}
    assert places == {"15", "16"}
