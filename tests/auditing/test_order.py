"""Delegates are audited one after the other, and none hears of what another was asked before."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.model.graph import Model
from analyzer.report import render
from analyzer.report.document import audit_document, convert
from analyzer.rules.registry import Packs
from tests.cli.models import chain
from tests.conformance import cases
from tests.packs import saved, tiny

#: Builds no FLOOR that TANH alone reads.
_LOOKS_BEHIND = """
[op.TANH]
inputs = 1
fixes = {inputs = "Give it one."}

[op.FLOOR.check.merged]
stage = "build"
require = "not holds(outputs[0].sole_reader.op == 'TANH')"
message = "it merges FLOOR into TANH, and fails"
fix = "Put something between."
"""
_FLOOR = "\n[op.FLOOR]\ninputs = 1\nfixes = {inputs = 'Give it one.'}\n"


def told(auditor: Auditor, model: Model) -> dict[str, bytes]:
    """By delegate, all that is said of a model."""
    document = convert.model(auditor.audit(model))
    alone = {one.delegate: replace(document, audits=(one,), fixes=()) for one in document.audits}
    return {
        delegate: render(convert.whole([one], audit_document.Policy()), "json")
        for delegate, one in alone.items()
    }


def both_ways(packs: Packs, specs: Sequence[str]) -> tuple[Auditor, Auditor]:
    configurations = configure(packs, specs)
    return Auditor(packs, configurations), Auditor(packs, configurations[::-1])


def test_another_delegates_partitions_are_not_seen(tmp_path: Path) -> None:
    limited = 'build_failure = "rolls-back-model"\nmax_partitions = 1'
    packs = Packs(
        [
            saved(tmp_path, tiny(name="tiny") + _FLOOR, "tiny.toml"),
            saved(tmp_path, tiny(limited, name="other") + _LOOKS_BEHIND, "other.toml"),
        ]
    )
    # What stands in front is lost to the limit, and would have to be built for the whole to be delegated.
    model = read_bytes(chain("FLOOR", "TANH", "NEG", "RELU", "RELU", "RELU"), "m")
    first, last = both_ways(packs, ["tiny", "other"])
    assert told(first, model) == told(last, model)


def test_the_order_of_delegates_changes_nothing() -> None:
    first, last = both_ways(Packs(), ["all"])
    with zipfile.ZipFile(cases.FOLDER / "unjudged" / "cases.zip") as archive:
        graphs = [name for name in archive.namelist() if "/GRAPH/" in name]
        for name in graphs[::8]:
            model = read_bytes(archive.read(name), name)
            assert told(first, model) == told(last, model), name
