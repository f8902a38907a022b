"""What is known of bringing delegates into apps fits the packs."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.auditing.configurations import PLATFORMS
from analyzer.errors import RuleError
from analyzer.recommendation.deployment import deployments, read
from analyzer.rules.parameters import as_written, resolve
from analyzer.rules.registry import Packs

PACKS = Packs()
COUNTS = dict.fromkeys(("operators", "delegated", "partitions", "fallback"), "7")


def test_every_delegate_has_one() -> None:
    assert sorted(deployments()) == sorted(PACKS.names())


@pytest.mark.parametrize("name", PACKS.names())
def test_it_speaks_of_what_the_pack_has(name: str) -> None:
    pack, known = PACKS.get(name), deployments()[name]
    assert known.platforms.keys() <= PLATFORMS.keys()
    for platform in known.platforms:
        assert not PLATFORMS[platform].isdisjoint(pack.platforms)
    assert bool(known.deprecated) == (pack.status == "deprecated")
    for attempt in known.attempt:
        resolve(pack, attempt.parameters)
    for option in known.option:
        assert option.says or option.values
        if option.parameter:
            default = as_written(resolve(pack, {})[option.parameter])
            assert option.says or default in option.values
    for way in known.way:
        assert "{" not in "".join(text.format_map(COUNTS) for text in (way.works, way.fails, way.whole))


@pytest.mark.parametrize("text", ["name = 1", "nothing = 2", "name = 'x'\n[[way]]\nname = 'a'", "name"])
def test_what_is_wrong_with_a_file_is_a_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RuleError) as raised:
        read(file)
    [problem] = raised.value.problems
    assert problem.startswith(f"{file}:1: ")
