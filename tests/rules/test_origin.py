"""Where rules are known from: files of the pinned sources, as links that lead there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.rules.origin import path_in, permalink
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import GRAPH, Rulebook
from tests.packs import saved, tiny

#: A checkout of the upstream repository at the revision that the packs state, or of parts of it.
_SOURCES = os.environ.get("DELEGATE_ANALYZER_SOURCES", "")
_PACKS = Packs()
_NAMES = [*_PACKS.names(), "runtime"]
_REVISION = "f67457790c9c2ab67347d6fe53270e8d3df20868"


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("gpu/common/model_builder.cc IsSupported", "gpu/common/model_builder.cc"),
        ("kernels/add.cc, sub.cc", "kernels/add.cc"),
        ("other/Repository src/convolution.c", ""),
        ("seen with version 2.3.0", ""),
        ("kernels", ""),
        ("", ""),
    ],
)
def test_a_source_begins_with_its_file(source: str, path: str) -> None:
    assert path_in(source) == path


@pytest.mark.parametrize(
    ("repository", "revision", "link"),
    [
        ("a/b", _REVISION, f"https://github.com/a/b/blob/{_REVISION}/c/d.cc"),
        ("a/b", "v1.0", ""),
        ("a/b/../c", _REVISION, ""),
        ("https://elsewhere/a", _REVISION, ""),
    ],
)
def test_only_a_pinned_file_of_a_repository_is_linked(repository: str, revision: str, link: str) -> None:
    assert permalink("c/d.cc Function", repository, revision) == link


def test_sources_are_told_from_the_root_of_the_repository(tmp_path: Path) -> None:
    text = tiny().replace('source = "', 'source_root = "delegates/"\nsource = "npu/', 1)
    file = saved(tmp_path, text)
    rules = [rule for rule in Rulebook(Packs([file]).get("tiny")).rules() if rule.subject != GRAPH]
    assert {rule.source for rule in rules if "npu" in rule.source} == {"delegates/npu/tiny.cc IsSupported"}


@pytest.mark.parametrize("name", _NAMES)
def test_packs_name_files_from_the_root_of_the_repository(name: str) -> None:
    for path in _files(name):
        assert path.startswith(("tflite/", "litert/", "ml_drift_delegate/")), path


@pytest.mark.skipif(not _SOURCES, reason="DELEGATE_ANALYZER_SOURCES names no checkout of the sources")
@pytest.mark.parametrize("name", _NAMES)
def test_every_file_that_a_pack_names_is_there(name: str) -> None:
    root = Path(_SOURCES)
    parts = {path: root.joinpath(*Path(path).parts[:2]) for path in _files(name)}
    assert [path for path, part in parts.items() if part.is_dir() and not (root / path).is_file()] == []


def _files(name: str) -> set[str]:
    pack = _PACKS.cpu_kernels if name == "runtime" else _PACKS.get(name)
    book = Rulebook(pack)
    return {path for rule in (*book.rules(), *book.others()) if (path := path_in(rule.source))}
