"""`fix`, as a user meets it."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from unittest import mock

import pytest

from analyzer.execution.engines import tflite
from tests.building import model, operator, tensor
from tests.cli.models import chain, save
from tests.cli.running import run
from tests.schemas import faults


@pytest.fixture
def squeezing(tmp_path: Path) -> Path:
    data = model(
        [tensor("x", [1, 1, 4]), tensor("a", [1, 4]), tensor("y", [1, 4])],
        [operator("SQUEEZE", ["x"], ["a"], {"squeeze_dims": [1]}), operator("ABS", ["a"], ["y"])],
    )
    return save(tmp_path / "m.tflite", data)


def verdicts(file: Path, delegate: str) -> str:
    [audit] = run("audit", file, "-d", delegate, "--format", "json").json["models"][0]["audits"]
    return str(audit["summary"]["verdict"])


def test_a_model_is_rewritten_and_proven(squeezing: Path, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    original, out = squeezing.read_bytes(), tmp_path / "out.tflite"
    done = run("fix", squeezing, "-o", out, "-d", "gpu")
    assert (done.code, done.err) == (0, "")
    assert "SQUEEZE and EXPAND_DIMS become RESHAPE: 1 place" in done.text
    assert "Proven: run before and after on the CPU, 1 output bit for bit the same." in done.text
    assert (verdicts(squeezing, "gpu"), verdicts(out, "gpu")) == ("partial", "full")
    assert squeezing.read_bytes() == original


def test_a_batch_that_was_fixed_is_told(tmp_path: Path) -> None:
    tensors = [tensor(name, [1, 4], shape_signature=[-1, 4]) for name in "xy"]
    data = model(tensors, [operator("ABS", ["x"], ["y"])])
    file, out = save(tmp_path / "m.tflite", data), tmp_path / "out.tflite"
    done = run("fix", file, "-o", out, "-d", "gpu", "--batch", "3", "--no-run")
    assert done.code == 0 and out.read_bytes() != data
    assert "The free batch is fixed: 3 [batch]" in done.text
    assert done.text.endswith("Not proven: nothing was run.\n")
    told = run("fix", file, "-o", out, "-d", "gpu", "--batch", "3", "--no-run", "--format", "json").json
    assert (told["batch"], told["rewrites"]) == (3, [])


def test_dry_run_writes_nothing(squeezing: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("fix", squeezing, "--dry-run", "-d", "gpu,litert-gpu", "-o", page)
    assert (done.code, done.err) == (0, "")
    assert "What would be rewritten" in done.text
    assert "Nothing was run or written." in done.text
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.tflite", "page.html"]
    assert 'id="comparison"' in page.read_text("utf-8")


@pytest.mark.parametrize(("kind", "hinted"), [("COS", True), ("ABS", False)])
def test_a_batch_that_stays_free_is_told_where_more_might_be_taken(
    tmp_path: Path, kind: str, hinted: bool
) -> None:
    hint = "--batch 1 fixes it"
    tensors = [tensor(name, [1, 4], shape_signature=[-1, 4]) for name in "xy"]
    file = save(tmp_path / "m.tflite", model(tensors, [operator(kind, ["x"], ["y"])]))
    words = ("fix", file, "--dry-run", "-d", "hexagon" if hinted else "gpu")
    assert (hint in run(*words).text) is hinted
    assert hint not in run(*words, "--batch", "1").text
    fixed = save(tmp_path / "f.tflite", chain("ABS"))
    assert hint not in run("fix", fixed, "--dry-run", "-d", "hexagon").text


def test_json_holds_to_its_schema(squeezing: Path, tmp_path: Path) -> None:
    out, compared = tmp_path / "out.tflite", tmp_path / "c.json"
    done = run("fix", squeezing, "-o", out, "-o", compared, "-d", "gpu", "--format", "json", "--no-run")
    assert faults(done.json, run("schema", "--of", "fix").json) == []
    [applied] = done.json["rewrites"]
    assert (applied["name"], applied["places"], applied["promise"]) == ("views-as-reshape", 1, None)
    assert applied["operators"] == {"RESHAPE": 1, "SQUEEZE": -1}
    assert done.json["proof"] is None
    assert done.json["bytes_after"] == out.stat().st_size
    assert [side["change"] for side in json.loads(compared.read_text("utf-8"))["delegates"]] == ["better"]


def test_what_helps_nobody_is_a_copy(tmp_path: Path) -> None:
    file = save(tmp_path / "m.tflite", chain("ABS"))
    done = run("fix", file, "-o", tmp_path / "out.tflite", "-d", "gpu")
    assert done.code == 0
    assert "Nothing to rewrite: no rewrite brings these delegates further" in done.text
    assert (tmp_path / "out.tflite").read_bytes() == file.read_bytes()


def test_without_a_runtime_nothing_is_proven_and_that_is_said(squeezing: Path, tmp_path: Path) -> None:
    with mock.patch.object(tflite, "_SOURCES", ()):
        done = run("fix", squeezing, "-o", tmp_path / "out.tflite", "-d", "gpu")
    assert done.code == 0
    assert "Not proven: cpu: no TFLite interpreter is installed" in " ".join(done.text.split())
    assert verdicts(tmp_path / "out.tflite", "gpu") == "full"


def test_never_in_place(squeezing: Path) -> None:
    original = squeezing.read_bytes()
    done = run("fix", squeezing, "-o", squeezing, "-d", "gpu")
    assert done.code == 2
    assert done.complaint == f"-o {squeezing}: is the model itself; name another file"
    assert squeezing.read_bytes() == original


def test_a_tail_never_takes_the_models_place(squeezing: Path) -> None:
    file = squeezing.rename(squeezing.with_name("m-tail.tflite"))
    original, out = file.read_bytes(), file.with_name("m.tflite")
    done = run("fix", file, "-o", out, "-d", "gpu", "--split-tail")
    assert done.code == 2
    assert done.complaint == f"-o {out}: is followed by {file}, the model itself; name another file"
    assert (file.read_bytes(), out.exists()) == (original, False)


def test_both_parts_are_written_or_none(tmp_path: Path) -> None:
    weights, axis = tensor("w", [4, 4], data=bytes(64)), tensor("axis", [1], "INT32", data=b"\1\0\0\0")
    data = model(
        [tensor("x", [1, 4]), weights, tensor("y", [1, 4]), axis, tensor("best", [1], "INT64")],
        [
            operator("FULLY_CONNECTED", ["x", "w", -1], ["y"]),
            operator("ARG_MAX", ["y", "axis"], ["best"], {"output_type": "INT64"}),
        ],
    )
    file, out, tail = (tmp_path / f"{name}.tflite" for name in ("m", "out", "out-tail"))
    save(file, data)
    tail.mkdir()
    done = run("fix", file, "-o", out, "-d", "gpu", "--split-tail", "--no-run")
    assert (done.code, out.exists()) == (2, False)
    assert done.complaint.startswith(f"-o {tail}: can't be written")
    tail.rmdir()
    assert run("fix", file, "-o", out, "-d", "gpu", "--split-tail", "--no-run").code == 0
    assert out.is_file() and tail.is_file()


@pytest.mark.parametrize("version", [0, 2, 4])
def test_a_schema_that_no_runtime_reads(tmp_path: Path, version: int) -> None:
    data = model([tensor("x", [1, 4]), tensor("y", [1, 4])], [operator("ABS", ["x"], ["y"])], version=version)
    file = save(tmp_path / "m.tflite", data)
    done = run("fix", file, "-o", tmp_path / "out.tflite")
    assert done.code == 2
    assert done.complaint == (
        f"{file}: it has schema version {version}; the runtime reads only 3; "
        "convert it again with a current converter"
    )
    assert not (tmp_path / "out.tflite").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "fix: takes one file for the result; write -o OUT.tflite, or --dry-run"),
        (("-o", "a.tflite", "-o", "b.tflite"), "fix: takes one file for the result"),
        (("-o", "html=a.tflite"), "fix: takes one file for the result"),
        (("-o", "a.tflite", "--dry-run"), "-o a.tflite: --dry-run writes no model"),
        (("-o", "nowhere/a.tflite"), "-o nowhere/a.tflite: there is no folder nowhere"),
        (("-o", "a.tflite", "-o", "a.csv"), "-o a.csv: no format for the ending .csv"),
    ],
)
def test_bad_usage_is_one_line(squeezing: Path, arguments: tuple[str, ...], complaint: str) -> None:
    done = run("fix", squeezing, *arguments)
    assert done.code == 2
    assert done.complaint.startswith(complaint)


#: A model whose buffers have fields that overlap, where no audit looks.
OVERLAPPING = (
    "eNp1j80JwkAQhV9+kEWC7CEHDx4sIVqFB0sQPInkkgSMYAViCVZhObYT38xOcAm68GX3zbx5YUrIWWCJHA4FPEoqYE8eCXAj"
    "ju+cd8q7IgWkplX7AnPSny593ZyPbSf9XJPH/pMcbF70fRiGlfUdwpF6e+238ubvkJHXf98m9r1/+Gakbjp1jj7Z1WuC0z1k"
    "17XNFJadxLNV0KmxIyXxmhIyoDr4fJSR4TvrLd1F/tg75mOis0n9A3SPHNs="
)


def test_damage_where_no_audit_looks(tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(zlib.decompress(base64.b64decode(OVERLAPPING)))
    assert run("inspect", file).code == 0
    done = run("fix", file, "--no-run", "-o", tmp_path / "out.tflite")
    assert (done.code, done.complaint.startswith(f"{file}: ")) == (2, True)
    assert "overlap" in done.complaint and not (tmp_path / "out.tflite").exists()
