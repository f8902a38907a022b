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
    page, data, note = (tmp_path / f"c.{ending}" for ending in ("html", "json", "md"))
    files = [word for file in (page, data, note) for word in ("-o", str(file))]
    code, text = run("sample:", "sample:", "-d", "gpu", *files)
    assert (code, text) == (0, "")
    assert "| TFLite GPU | **same** | partial |" in note.read_text("utf-8")
    assert 'id="comparison"' in page.read_text("utf-8")
    assert [side["change"] for side in json.loads(data.read_text("utf-8"))["delegates"]] == ["same"]
