"""`delegate-analyzer rules format` and `rules test`: for those who write rule files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tomllib import TOMLDecodeError

import click

from analyzer.cli import BAD_INPUT, HOLDS, Command, tell
from analyzer.cli.options import completion
from analyzer.cli.options.output_file import write
from analyzer.errors import AnalyzerError, UsageError
from analyzer.files import read_text, toml_fault
from analyzer.report.wording import figures
from analyzer.resources import data
from analyzer.rules.pack import RulePack
from analyzer.rules.registry import Packs

#: Exit code where `--check` finds files that aren't in shape.
OUT_OF_SHAPE = 1
#: Exit code where a pack says something else than its cases.
MISMATCH = 1


@click.command("format", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=completion.files)
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where a file isn't in shape.")
def format_files(files: tuple[str, ...], check: bool) -> int:
    """Keep rule files in shape: spaces, quotes and empty lines. Words, order and comments stay."""
    from analyzer.rules.authoring.formatter import formatted

    worst = HOLDS
    for file in map(Path, files):
        text = ""
        try:
            text = read_text(file)
            shaped = formatted(text)
            if shaped != text and not check:
                write(os.fspath(file), shaped.encode(), option="")
        except (OSError, UnicodeDecodeError, TOMLDecodeError, UsageError) as error:
            tell(_told(file, error, text), err=True)
            worst = BAD_INPUT
            continue
        if shaped != text:
            tell(f"{file}: {'not in shape' if check else 'put in shape'}")
            worst = max(worst, OUT_OF_SHAPE) if check else worst
    return worst


def _told(file: Path, error: Exception, text: str) -> str:
    if isinstance(error, TOMLDecodeError):
        line, what = toml_fault(error, text)
        return f"{file}:{line}: not TOML: {what}"
    if isinstance(error, OSError):
        return f"{file}: can't be read ({error.strerror})"
    return str(error) if isinstance(error, UsageError) else f"{file}: isn't UTF-8"


@click.command("test", cls=Command)
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=completion.files)
@click.option(
    "--cases", metavar="FILE", shell_complete=completion.files, help="The cases, for one rule FILE."
)
def test_files(files: tuple[str, ...], cases: str | None) -> int:
    """Hold rule files to the cases beside them, cases/NAME.toml; without FILE, all packs that ship.

    Exits with 1 where a pack says something else than a case, with 2 where a file is wrong.
    """
    if cases and len(files) != 1:
        raise UsageError("--cases goes with one rule FILE; name one")
    worst = HOLDS
    for pack, path in _pairs(files, cases):
        worst = max(worst, _tested(pack, path))
    return worst


def _pairs(files: Sequence[str], cases: str | None) -> Iterator[tuple[RulePack, Path]]:
    """Packs, each with the file of its cases."""
    if files:
        for file in map(Path, files):
            packs = Packs([file])
            yield packs.get(packs.usual()[0]), Path(cases) if cases else file.parent / "cases" / file.name
    else:
        packs = Packs()
        for path in sorted((data("rules") / "cases").glob("*.toml")):
            yield packs.get(path.stem), path


def _tested(pack: RulePack, path: Path) -> int:
    from analyzer.rules.authoring.cases import mismatches, read_cases

    try:
        cases = read_cases(path)
        wrong = list(mismatches(pack, cases))
    except AnalyzerError as error:
        tell(str(error), err=True)
        return BAD_INPUT
    for mismatch in wrong:
        case = mismatch.case
        tell(f"{path}:{case.line}: {case.name}: expected {case.expect}, came {mismatch.came}")
    told = f"{len(cases) - len(wrong)} of {figures.count(len(cases), 'case')} as expected"
    tell(f"{pack.delegate}: {told}")
    return MISMATCH if wrong else HOLDS
