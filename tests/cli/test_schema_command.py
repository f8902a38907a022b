"""`schema`: the JSON Schema that outputs hold to."""

from __future__ import annotations

import pytest

from tests.cli.running import run
from tests.schemas import faults


def test_it_is_a_json_schema() -> None:
    done = run("schema")
    assert (done.code, done.err) == (0, "")
    assert faults({}, done.json)


@pytest.mark.parametrize("arguments", [(), ("-d", "all"), ("-d", "nnapi:api=29", "--hash")])
def test_an_audit_holds_to_it(arguments: tuple[str, ...]) -> None:
    audited = run("audit", "sample:", *arguments, "--format", "json", "--fail-on", "never").json
    assert faults(audited, run("schema").json) == []


def test_what_is_missing_is_noticed() -> None:
    audited = run("audit", "sample:", "--format", "json").json
    del audited["models"][0]["audits"][0]["summary"]
    assert any("'summary' is a required property" in fault for fault in faults(audited, run("schema").json))
