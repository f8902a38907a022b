"""A baseline: all that rules said of models on one day, so that only what is new fails from then on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from analyzer import __version__
from analyzer.errors import UsageError
from analyzer.files import opened
from analyzer.gating.excuses import Known, Site

#: The number of this shape.
_SCHEMA = 1
#: A file of more bytes is none of ours.
_MOST = 256 << 20


class Baseline(Struct, frozen=True, forbid_unknown_fields=True):
    """Model -> delegate -> rule -> operator and tensor, once for each time that the rule speaks there.

    Models are named by their paths from the folder of the file, so that both can move together.
    """

    schema: int
    tool: str
    models: dict[str, dict[str, dict[str, list[tuple[str, str]]]]]
    folder: str = ""

    def known(self, path: str) -> Known:
        """What is known of a model; nothing of one that wasn't there."""
        delegates = self.models.get(_name(path, self.folder), {})
        return Counter(
            Site(delegate, rule, operator, tensor)
            for delegate, rules in delegates.items()
            for rule, places in rules.items()
            for operator, tensor in places
        )


def read_baseline(file: str) -> Baseline:
    """Raises: UsageError."""
    again = f"write it anew with baseline write -o {file}"
    try:
        with opened(file) as stream:
            data = stream.read(_MOST)
        baseline = msgspec.json.decode(data, type=Baseline)
    except OSError as error:
        raise UsageError(f"--baseline {file}: can't be read ({error.strerror}); {again}") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"--baseline {file}: no baseline ({error}); {again}") from None
    if baseline.schema != _SCHEMA:
        raise UsageError(f"--baseline {file}: of schema {baseline.schema}, expected {_SCHEMA}; {again}")
    return msgspec.structs.replace(baseline, folder=_folder(file))


def _folder(file: str) -> str:
    return os.path.dirname(os.path.realpath(file))


def written(file: str, models: Mapping[str, Known]) -> bytes:
    """The baseline that is to stand in a file: the same findings give the same bytes."""
    folder = _folder(file)
    tables: dict[str, dict[str, dict[str, list[tuple[str, str]]]]] = {}
    for path, known in models.items():
        delegates = tables.setdefault(_name(path, folder), {})
        for site in sorted(known.elements(), key=lambda site: msgspec.structs.astuple(site)):
            rules = delegates.setdefault(site.delegate, {})
            rules.setdefault(site.rule, []).append((site.operator, site.tensor))
    document = {"schema": _SCHEMA, "tool": __version__, "models": dict(sorted(tables.items()))}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _name(path: str, folder: str) -> str:
    if path.endswith(":") or path == "-":
        return path
    try:
        return os.path.relpath(os.path.realpath(path), folder).replace(os.sep, "/")
    except ValueError:  # On another drive.
        return os.path.realpath(path).replace(os.sep, "/")
