"""The table of verdicts is what tabulate would make of it."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.text.terminal import verdict_table
from analyzer.report.wording.hostile_text import columns

SIDES = ("left", "left", "right", "left")
WIDTHS = (12, None, None, 16)
#: Words, figures with units that stay beside their numbers, hyphens, words longer than their column.
TEXTS = st.lists(
    st.sampled_from(["refused", "a", "65 %", "12 kB", "in-between", "lost,", "x" * 30, "#4", "αβγ"]),
    max_size=8,
).map(" ".join)
PAINTED = st.sampled_from(["full", "\x1b[33mpartial\x1b[0m", "\x1b[1;31mcrash\x1b[0m", "none"])
ROWS = st.lists(
    st.tuples(TEXTS, PAINTED, st.sampled_from(["1", "100 %", "-"]), TEXTS), min_size=1, max_size=5
)


@given(ROWS)
def test_the_same_as_tabulate(rows: list[tuple[str, ...]]) -> None:
    assert verdict_table(rows, SIDES, WIDTHS) == columns(rows, SIDES, WIDTHS)


def test_the_default_output_does_not_load_tabulate() -> None:
    code = (
        "import sys; from analyzer.cli import main; main(['audit', 'sample:']);"
        "sys.exit('tabulate' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0
