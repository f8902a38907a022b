"""Shapes of lines: where they match, what they take for a number, and that they never take long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.device_log.line_template import LineTemplate, filled


def values(template: str, line: str) -> object:
    match = LineTemplate(template).match(line)
    return None if match is None else match.values


def test_text_is_found_anywhere_and_names_hold_what_varies() -> None:
    template = "Node number {node} ({kernel}) failed to prepare."
    assert values(template, "E/tflite: Node number 7 (ADD) failed to prepare. Restored") == {
        "node": 7,
        "kernel": "ADD",
    }


def test_a_number_is_a_number() -> None:
    for number in ("", "x", "-1", "9" * 12, "٣"):
        assert (
            values("Created {partitions} GPU delegate kernels.", f"Created {number} GPU delegate kernels.")
            is None
        )


def test_a_number_may_stand_in_front() -> None:
    template = "{nodes} operations will run on the GPU, and the remaining {rest} operations"
    line = "tflite: 28 operations will run on the GPU, and the remaining 22 operations will run on the CPU."
    assert values(template, line) == {"nodes": 28, "rest": 22}
    assert values(template, line.replace("28", "No")) is None


def test_the_last_name_reaches_to_the_last_full_stop() -> None:
    template = "Encountered unresolved custom op: {custom}."
    assert values(template, "Encountered unresolved custom op: my.own.Op.") == {"custom": "my.own.Op"}


def test_values_go_into_sentences_and_unknown_names_stay() -> None:
    assert filled("{nodes} of {total}", {"nodes": 3}) == "3 of {total}"
    assert filled("says {kernel}", {"kernel": "{nodes}", "nodes": 3}) == "says {nodes}"


@given(st.text(alphabet="ab{}0 ", max_size=60), st.text(alphabet="ab0 ", max_size=200))
def test_anything_may_be_matched_against_anything(template: str, line: str) -> None:
    if template and not template.startswith("{"):
        LineTemplate(template.replace("{", "(").replace("}", ")") + "{name} end").match(line)


def test_a_long_line_of_beginnings_takes_no_time() -> None:
    line = "Replacing 1 out of " * 200_000
    assert values("Replacing {nodes} out of {total} node(s) with delegate ({kernel}) node", line) is None
