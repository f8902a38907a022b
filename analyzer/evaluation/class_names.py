"""Names of classes, by a data set and by models, by which their numbers are brought together."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence

from analyzer.errors import UsageError
from analyzer.files import opened

#: Bytes of a list of names: what is beyond them is left.
_MOST = 1 << 22


def read(file: str) -> tuple[str, ...]:
    """A line for each of a model's outputs. Raises: UsageError."""
    try:
        with opened(file) as labels:
            names = _lines(labels.read(_MOST))
    except OSError as error:
        raise UsageError(f"--labels {file}: can't be read ({error.strerror}); check the path") from None
    if not names:
        raise UsageError(f"--labels {file}: it is empty; write a line for each output of the model")
    return names


def embedded(model: str, name: str | None) -> tuple[str, ...]:
    """Those in the archive behind a model; none where it has none."""
    if name is None:
        return ()
    try:
        with zipfile.ZipFile(model) as archive, archive.open(name) as labels:
            return _lines(labels.read(_MOST))
    except (OSError, EOFError, LookupError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return ()


def _lines(text: bytes) -> tuple[str, ...]:
    # A name may hold what else may end a line, such as U+2028.
    lines = text.decode("utf-8-sig", "replace").strip().split("\n")
    return tuple(line.strip() for line in lines) if lines != [""] else ()


class ClassNumbers:
    """The numbers of classes by name: the data set's own, then those that only models know."""

    def __init__(self, classes: Mapping[str, int]) -> None:
        self._classes = classes
        self._numbers = {_key(name): number for name, number in classes.items()}
        self._free = max(classes.values(), default=-1) + 1

    def of(self, model: str, labels: Sequence[str]) -> tuple[int, ...]:
        """A number for each label; none where classes have no names, or are numbers that aren't labels.

        Raises: UsageError where the model doesn't know a class.
        """
        known = {key for label in labels for key in _keys(label)}
        missing = [name for name in self._classes if _key(name) not in known]
        if not labels or not self._classes or (missing and all(map(str.isdecimal, self._classes))):
            return ()
        if missing:
            raise UsageError(
                f"{model}: none of its labels is {missing[0]}; call the data set's classes as it does, "
                "or name a file with a line for each output with --labels"
            )
        return tuple(self._number(_keys(label)) for label in labels)

    def _number(self, keys: Sequence[str]) -> int:
        number = next((self._numbers[key] for key in keys if key in self._numbers), None)
        if number is None:
            number, self._free = self._free, self._free + 1
            self._numbers[keys[-1]] = number
        return number


def _keys(label: str) -> list[str]:
    """A label, and each of the names that stand in it, the first one last."""
    return [_key(label), *map(_key, reversed(label.split(",")))]


def _key(name: str) -> str:
    return name.strip().casefold().replace("_", " ")
