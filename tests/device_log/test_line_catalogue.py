"""The lines that are known: whole, dated by known releases, about delegates that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.device_log.line_catalogue import line_catalogue, read_lines
from analyzer.errors import RuleError
from analyzer.resources import data
from analyzer.rules.parameters import releases, resolve
from analyzer.rules.registry import Packs

CATALOGUE = line_catalogue()


def test_every_delegate_has_a_pack_and_every_parameter_is_one_of_it() -> None:
    packs = Packs()
    for kind in CATALOGUE.lines.values():
        for delegate in kind.delegates:
            pack = packs.get(delegate)
            literal = {name: value for name, value in kind.parameters.items() if "{" not in value}
            resolve(pack, literal)
            assert set(kind.parameters) <= set(pack.parameters), kind.forms
    for called in CATALOGUE.called.values():
        resolve(packs.get(called.delegate), called.parameters)


def test_releases_are_those_of_the_packs_in_their_order() -> None:
    packs = Packs()
    for name in packs.names():
        runtime = packs.get(name).parameters.get("runtime")
        known = releases(runtime) if runtime is not None else ()
        order = [CATALOGUE.releases.index(release) for release in known]
        assert order == sorted(order), name


def test_every_line_says_what_it_means_and_where_it_comes_from() -> None:
    for name, kind in CATALOGUE.lines.items():
        assert kind.says and kind.source and kind.forms, name


def test_all_that_is_wrong_with_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = (data("rules") / "common" / "log-lines.toml").read_text(encoding="utf-8")
    file = tmp_path / "lines.toml"
    form = '{text = "x {a}", since = "9.9"}'
    wrong = f'\n[lines.odd]\nforms = [{form}]\nsays = "{{b}}"\nsource = "s"\ntells = "lies"\n'
    file.write_text(text + wrong, encoding="utf-8")
    with pytest.raises(RuleError) as raised:
        read_lines(file)
    told = " ".join(raised.value.problems)
    for part in ("too little text", "has no {b}", "tells 'lies'", "release 9.9 is not among"):
        assert part in told
    line = 1 + text.count("\n") + 1
    assert all(f":{line}: lines.odd: " in problem for problem in raised.value.problems)


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lines.toml"
    file.write_text("releases = []\ncalled = {}\nmeans = {}\nreasons = []\nlines = {}\nextra = 1\n")
    with pytest.raises(RuleError, match="extra"):
        read_lines(file)
