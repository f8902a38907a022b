"""What output is wanted: stdout in one format, or files, each in its own."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from analyzer.config.find_file import NAMES
from analyzer.errors import UsageError
from analyzer.files import opened
from analyzer.model.read import IDENTIFIER
from analyzer.report import ENDINGS, FORMATS, known

#: What stands for stdout in place of a file.
STDOUT = "-"


class Target(Struct, frozen=True):
    """One output: its format and its file (None: stdout)."""

    format: str
    file: str | None


def targets(
    stdout_format: str,
    files: Sequence[str],
    formats: Collection[str] = FORMATS,
    files_only: Collection[str] = (),
) -> list[Target]:
    """What `--format` and `-o [FORMAT=]FILE` ask for, each once, out of `formats` and those of files alone.

    Raises: UsageError.
    """
    on_stdout = Target(known(stdout_format, "--format", formats), None)
    if not files:
        return [on_stdout]
    wanted = [on_stdout if text == STDOUT else _target(text, [*formats, *files_only]) for text in files]
    if sum(target.file is None for target in wanted) > 1:
        raise UsageError("-o -: stdout takes one output; write the others to files")
    places: dict[str, str] = {}
    for target in wanted:
        if target.file is None:
            continue
        check_place(target.file)
        place = os.path.realpath(target.file)
        if places.setdefault(place, target.format) != target.format and not is_device(place):
            raise UsageError(
                f"-o {target.file}: {places[place]} and {target.format} can't both be it; give each a file"
            )
    return list(dict.fromkeys(wanted))


def check_place(file: str) -> None:
    """Raises: UsageError where a file can't be written, or had better not be."""
    folder = os.path.dirname(file.rstrip(os.sep)) or os.curdir
    if not os.path.isdir(folder):
        raise UsageError(f"-o {file}: there is no folder {folder}; make it first")
    if os.path.isdir(file):
        raise UsageError(f"-o {file}: is a folder; name a file in it")
    if _is_model(file):
        raise UsageError(f"-o {file}: is a model, which would be lost; choose another place")
    if os.path.basename(file) in NAMES and os.path.isfile(file):
        raise UsageError(f"-o {file}: is a project's file, which would be lost; choose another place")


def spare(inputs: Iterable[str], outputs: Iterable[str]) -> None:
    """Raises: UsageError where an output would take the place of what is read; models have `check_place`."""
    read = {os.path.realpath(file) for text in inputs for file in _files(text)}
    for text in outputs:
        for file in _files(text):
            if os.path.realpath(file) in read and not _is_model(file):
                raise UsageError(f"-o {file}: is read here, and would be lost; choose another place")


def _files(text: str) -> Iterator[str]:
    """Files that are there among what words of the command line may mean: FILE, NAME=FILE, FILE!MEMBER."""
    for file in (text, text.partition("=")[2], text.partition("!")[0]):
        if os.path.isfile(file):
            yield file


def is_device(file: str) -> bool:
    """Whether there is something that no file can take the place of, as a pipe."""
    return os.path.exists(file) and not os.path.isfile(file)


def _is_model(file: str) -> bool:
    try:
        with opened(file) as there:
            return there.read(8)[4:] == IDENTIFIER
    except OSError:
        return False


def _target(text: str, formats: Collection[str]) -> Target:
    if not text:
        raise UsageError("-o names no file; write -o FILE")
    before, sign, after = text.partition("=")
    if sign and before in formats:
        if not after:
            raise UsageError(f"-o {text}: names no file; write -o {text}FILE")
        return Target(before, None if after == STDOUT else after)
    ending = os.path.splitext(text)[1].lower()
    endings = {ending: format for ending, format in ENDINGS.items() if format in formats}
    if ending not in endings:
        known = ", ".join(endings)
        raise UsageError(
            f"-o {text}: no format for the ending {ending or '(none)'}; "
            f"use one of {known}, or write -o FORMAT=FILE"
        )
    return Target(endings[ending], text)
