"""The cases that wait to be judged: they are what their lines make, and show what their lines say."""

from __future__ import annotations

import zipfile

from analyzer.conformance.verdicts import Data
from analyzer.errors import ModelError
from analyzer.model.graph import Model
from tests.conformance import cases
from tests.sweeps.borders import unjudged
from tests.sweeps.borders.searching import Searcher
from tests.sweeps.mutants.corpus import Case

LINES = unjudged.described()
AGAIN = "make them anew: python -m tests.sweeps.borders.unjudged (--search where a check is gone)"


def test_they_are_conformance_data() -> None:
    data = Data(unjudged.FOLDER)
    models = {path: model for _, path, model in data.models()}
    assert set(models) == {line["path"] for line in LINES}
    assert not [path for path, model in models.items() if isinstance(model, ModelError)]
    assert set(data.targets) < set(cases.DATA.targets)
    networks = [model for path, model in models.items() if path.startswith("synth/GRAPH/")]
    sizes = [len(model.subgraphs[0].operators) for model in networks if isinstance(model, Model)]
    assert len(sizes) >= 80
    assert 80 <= max(sizes) <= 90


def test_the_same_lines_make_the_same_models() -> None:
    with zipfile.ZipFile(unjudged.FOLDER / "cases.zip") as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if name.endswith(".tflite")}
    assert dict(unjudged.models(LINES)) == kept, AGAIN


def test_checks_refuse_and_accept_what_is_said() -> None:
    searchers = {spec: Searcher([spec]) for spec in unjudged.SPECS}
    for line, (_, data) in zip(LINES, unjudged.models(LINES), strict=True):
        left = {(check, holds) for check, holds in line["shows"]}
        for spec, searcher in searchers.items():
            asked = {one for one in left if one[0].startswith(f"{spec.partition(':')[0]}/")}
            seen = searcher.see(Case("", line["op"], data)) if asked else None
            assert seen is None or seen.loads == line["valid"], line["path"]
            left -= {one for one in asked if seen and one[1] in seen.answers.get(one[0], ())}
        assert not left, f"{line['path']}: {left}; {AGAIN}"
