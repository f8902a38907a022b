"""Profiles from phones beside the prediction."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.recommendation.measured import read_profile
from tests.cli.running import run
from tests.recommendation.models import layers

HEADER = "\t[node type]\t[first]\t[avg ms]\t[%]\t[cdf%]\t[mem KB]\t[times called]\t[Name]"
TEXT = f"""INFO: Profiling Info for Benchmark Initialization:
============================== Run Order ==============================
{HEADER}
\t ModifyGraphWithDelegate\t0.400\t0.400\t50.0%\t50.0%\t0.000\t1\tModifyGraphWithDelegate/0:0

Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
{HEADER}
\t                 CONV_2D\t2.100\t2.000\t40.0%\t40.0%\t0.000\t1\t[t1]:0
\t                    CEIL\t0.010\t0.500\t10.0%\t50.0%\t0.000\t1\t[t2]:1
\t                 CONV_2D\t2.300\t2.500\t50.0%\t100.0%\t0.000\t1\t[t3, other]:2

============================== Top by Computation Time ==============================
{HEADER}
\t                 CONV_2D\t2.300\t2.500\t50.0%\t50.0%\t0.000\t1\t[t3, other]:2
"""
CSV = """Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
node type, first, avg_ms, %, cdf%, mem KB, times called, name
CONV_2D, 2.100, 2.000, 40%, 40%, 0, 1, [t1]:0
LITERT_CL, 0.2, 1.0, 20%, 60%, 0, 1, [t3]:3
"""
#: As releases of 2019 wrote it: with a start, and names without numbers.
OLD = TEXT[TEXT.index("=", TEXT.index("Regular")) :]
OLD = (
    OLD.replace("\t[first]", "\t  [start]\t[first]")
    .replace("\t2.100", "\t0.000\t2.100")
    .replace("\t0.010", "\t2.100\t0.010")
)
OLD = OLD.replace("\t2.300", "\t2.110\t2.300").replace("]:0", "]").replace("]:1", "]").replace("]:2", "]")
#: What a delegate runs inside, by its own names and numbers: two kernels of XNNPACK around an operator.
INSIDE = f"""{{told}}
Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
{HEADER}
\tConvolution (NHWC, F32) IGEMM\t1.5\t1.500\t30%\t30%\t0.000\t1\tDelegate/Convolution (NHWC, F32) IGEMM:0
\tUnary (NC, F32)\t0.5\t0.500\t10%\t40%\t0.000\t1\tDelegate/Unary (NC, F32):1
\tMyOp\t0.010\t0.500\t10%\t50%\t0.000\t1\t[t2]:1
\tConvolution (NHWC, F32) IGEMM\t2.3\t2.500\t50%\t100%\t0.000\t1\tDelegate/Convolution (NHWC, F32) IGEMM:0

============================== Top by Computation Time ==============================
"""
HUB = {
    "execution_summary": {"estimated_inference_time": 3000},
    "execution_detail": [
        {
            "name": "t1",
            "type": "Conv2D",
            "compute_unit": "NPU",
            "execution_time": 2000,
            "execution_cycles": 9,
        },
        {"name": "t2", "type": "Ceil", "compute_unit": "CPU", "execution_time": 500},
        {"name": "t3;x", "type": "Conv2D", "compute_unit": "NPU", "execution_time": 2500},
        {"name": "elsewhere", "type": "Cast", "compute_unit": "CPU", "execution_time": 0},
    ],
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    layers(tmp_path, ["CONV_2D", "CEIL", "CONV_2D"])
    return tmp_path / "layers.tflite"


def written(folder: Path, text: str) -> str:
    file = folder / "profile"
    file.write_text(text, encoding="utf-8")
    return str(file)


def measured(model: Path, text: str) -> dict[str, object]:
    file = written(model.parent, text)
    done = run("recommend", model, "--for", "ios", "--measured", file, "--format", "json")
    assert (done.code, done.err) == (0, "")
    told: dict[str, object] = done.json["measured"]
    return told


def test_the_regular_runs_in_their_order_count(tmp_path: Path) -> None:
    kind, rows, _ = read_profile(written(tmp_path, TEXT))
    assert kind == "benchmark_model"
    assert [(row.kind, row.names, row.milliseconds, row.node) for row in rows] == [
        ("CONV_2D", ("t1",), 2.0, 0),
        ("CEIL", ("t2",), 0.5, 1),
        ("CONV_2D", ("t3", "other"), 2.5, 2),
    ]


def test_rows_lie_beside_their_operators(model: Path) -> None:
    told = measured(model, TEXT)
    rows = told["rows"]
    assert isinstance(rows, list) and told["unmatched"] == 0
    assert [row["operators"] for row in rows] == [[0], [1], [2]]
    assert rows[0]["predicted_share"] == pytest.approx(rows[2]["predicted_share"])
    assert rows[0]["macs"] == 37748736 and rows[1]["macs"] == 0
    assert told["milliseconds"] == 5.0
    agreement = told["agreement"]
    assert isinstance(agreement, float) and agreement > 0.8


def test_csv_and_kernels_of_delegates(model: Path) -> None:
    rows = measured(model, CSV)["rows"]
    assert isinstance(rows, list)
    # The third node stands for a partition; whoever has one takes these operators.
    assert rows[1]["measured_on"] == "LITERT_CL" and rows[1]["operators"] == [0, 1, 2]


def as_logcat(text: str) -> str:
    return "".join(f"11-30 10:00:00.000  7651  7651 I tflite  : {line}\n" for line in text.splitlines())


@pytest.mark.parametrize("text", [OLD, as_logcat(OLD), as_logcat(TEXT)], ids=["old", "old log", "log"])
def test_columns_are_found_by_their_titles(tmp_path: Path, text: str) -> None:
    _, rows, _ = read_profile(written(tmp_path, text))
    assert [row.milliseconds for row in rows] == [2.0, 0.5, 2.5]
    assert rows[0].kind == "CONV_2D" and rows[0].names == ("t1",)


def test_kinds_with_commas_in_csv(tmp_path: Path) -> None:
    text = CSV.replace("CONV_2D,", "Convolution (NHWC, F32) IGEMM,").replace(
        "[t1]:0", "Delegate/X (NC, F32):0"
    )
    _, rows, _ = read_profile(written(tmp_path, text))
    assert [(row.milliseconds, row.inside) for row in rows] == [(2.0, True), (1.0, False)]


def test_names_without_numbers_are_found_by_the_output(model: Path) -> None:
    rows = measured(model, OLD)["rows"]
    assert isinstance(rows, list) and [row["operators"] for row in rows] == [[0], [1], [2]]


def test_a_file_of_a_shell_that_writes_two_bytes_a_letter(tmp_path: Path) -> None:
    file = tmp_path / "profile"
    file.write_text(TEXT, encoding="utf-16")
    assert len(read_profile(str(file))[1]) == 3


def test_subgraphs_after_the_main_one_are_not_taken_for_it(tmp_path: Path) -> None:
    table = TEXT[TEXT.index("=", TEXT.index("Regular")) :]
    other = table.replace("2.000", "9.000")
    start = TEXT[: TEXT.index(table)]
    text = (
        f"{start}Primary graph (name: main) profile:\n{table}\nSubgraph (index: 1, name: x) profile:\n{other}"
    )
    assert [row.milliseconds for row in read_profile(written(tmp_path, text))[1]] == [2.0, 0.5, 2.5]


def test_what_a_delegate_runs_inside_is_its_partition(tmp_path: Path) -> None:
    """Numbers after such names count within the delegate's kernel, not in the model."""
    layers(tmp_path, ["CONV_2D", "MyOp", "CONV_2D"])
    told = INSIDE.format(told="INFO: Created TensorFlow Lite XNNPACK delegate for CPU.")
    file = written(tmp_path, told)
    done = run("recommend", tmp_path / "layers.tflite", "--for", "desktop", "--registered", "MyOp",
               "--measured", file, "--format", "json")  # fmt: skip
    measured = done.json["measured"]
    assert [(row["operators"], row["milliseconds"]) for row in measured["rows"]] == [
        ([0], 2.0),
        ([1], 0.5),
        ([2], 2.5),
    ]
    assert [row["predicted_on"] for row in measured["rows"]] == ["xnnpack", "", "xnnpack"]
    assert [row["measured_on"] for row in measured["rows"]] == [
        "a delegate, 2 steps",
        "",
        "a delegate, 1 step",
    ]


def test_kernels_of_another_delegate_are_not_laid_beside(tmp_path: Path) -> None:
    """What Core ML ran stands beside Core ML's partitions, however many of them another delegate has."""
    layers(tmp_path, ["CONV_2D", "CEIL", "CONV_2D"])
    told = measured(tmp_path / "layers.tflite", CSV.replace("LITERT_CL", "TfLiteCoreMlDelegate"))
    rows = told["rows"]
    assert isinstance(rows, list) and rows[1]["predicted_on"] in ("", "coreml")


def test_ai_hub_by_names(model: Path) -> None:
    told = measured(model, json.dumps(HUB))
    rows = told["rows"]
    assert isinstance(rows, list) and told["kind"] == "AI Hub" and told["unmatched"] == 1
    assert [(row["operators"], row["measured_on"], row["milliseconds"]) for row in rows] == [
        ([0], "NPU", 2.0),
        ([1], "CPU", 0.5),
        ([2], "NPU", 2.5),
        ([], "CPU", 0.0),
    ]


def test_one_table_for_people(model: Path) -> None:
    file = written(model.parent, TEXT)
    text = run("recommend", model, "--measured", file).text
    assert "Measured by benchmark_model (profile): 5.000 ms in all" in text
    assert "Order by cost against order by time: " in text
    assert "Memory on the CPU: " in text
    markdown = run("recommend", model, "--measured", file, "--format", "markdown").text
    assert "| operator | predicted on | measured on | predicted | measured | ms |" in markdown


def layer_taking(time: str) -> str:
    return json.dumps(HUB).replace('"execution_time": 2000', f'"execution_time": {time}')


@pytest.mark.parametrize(
    "text",
    [
        *("", "nothing", "{", "{}", '{"execution_detail": [1]}', "[1]"),
        *map(layer_taking, ("1e999", "-1", "9" * 400, '"nan"', "[" * 9999)),
        TEXT.replace("]:", "]:" + "9" * 5000),
        " " * ((1 << 24) + 1),
    ],
    ids=range(13),
)
def test_what_is_no_profile_is_a_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="--measured"):
        read_profile(written(tmp_path, text))


def test_a_file_that_isn_t_there() -> None:
    done = run("recommend", "sample:", "--measured", "nowhere.csv")
    assert done.code == 2 and "--measured nowhere.csv: " in done.complaint


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have names")
def test_a_pipe_is_no_profile(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "profile")
    with pytest.raises(UsageError, match="is a pipe, not a file"):
        read_profile(str(tmp_path / "profile"))
