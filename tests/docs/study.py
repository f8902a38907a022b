"""docs/zoo-study.md: what becomes of a folder of models, written by `python -m tests.docs.study MODELS`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from analyzer.fleet import read_tables
from analyzer.fleet import survey as surveys
from analyzer.report.fleet import survey_text
from tests.cli.running import run

FILE = Path(__file__).parents[2] / "docs" / "zoo-study.md"

_HEAD = """# A study: {count} models from public repositories

What an audit of a whole zoo tells: {count} `.tflite` files that people publish, for the delegates
that are asked where none is named. Two commands make it, and `python -m tests.docs.study` writes
this page from them:

    delegate-analyzer audit models/ -j 2 -o zoo.sqlite
    delegate-analyzer fleet show zoo.sqlite

"""

_TAIL = """
## How to read it

A model is `full` where a delegate takes all of it, `partial` where it takes a part, `none` where it
takes nothing; it `fails`, is `wrong` or ends in a `crash` where it doesn't work with the delegate
at all ([what an audit says](report.md)). Models that wait for one fix alone are those that a team
gets for one change of its converter's settings or of the model; where few are freed of the many
that wait, each needs several changes, and [fix](fix.md) tells how far a rewrite brings it. Operators that
split nothing, at the start or the end of a model, take no action and aren't counted.
Figures are of whole models, whatever their size, and the zoo is what people publish, not what they
ship: compiled models for other chips (`edgetpu-custom-op`, `ethos-u`) are among them.
"""


def page(models: str) -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/zoo.sqlite"
        run("audit", models, "-j", "2", "-q", "-o", file)
        with read_tables.database_of(file) as database:
            survey = surveys.survey(database)
    return _HEAD.format(count=survey.files) + survey_text.markdown(survey) + _TAIL


if __name__ == "__main__":
    FILE.write_text(page(sys.argv[1]), encoding="utf-8")
