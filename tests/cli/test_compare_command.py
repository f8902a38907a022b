"""`delegate-analyzer compare`."""

import json
from pathlib import Path

from click.testing import CliRunner

from analyzer.cli.compare import command


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(command, arguments, standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return int(found.return_value), found.output


def test_a_model_beside_itself_is_no_worse() -> None:
    code, text = run("sample:", "sample:", "-d", "gpu", "--fail-on", "worse")
    assert code == 0 and "same" in text


def test_formats(tmp_path: Path) -> None:
    page, data = tmp_path / "c.html", tmp_path / "c.json"
    code, text = run("sample:", "sample:", "-d", "gpu", "-o", str(page), "-o", str(data))
    assert (code, text) == (0, "")
    assert 'id="comparison"' in page.read_text("utf-8")
    assert [side["change"] for side in json.loads(data.read_text("utf-8"))["delegates"]] == ["same"]
