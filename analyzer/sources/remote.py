"""Models at addresses (https, s3, gs, hf and whatever else fsspec knows), read into memory."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from analyzer.errors import ModelError, UsageError
from analyzer.sources.model_source import ENDING, ENDINGS, INSIDE, ModelSource, kind_of
from analyzer.sources.packed_models import at_name, of_archive

#: No more is fetched.
_LARGEST = (1 << 31) - 1
#: From here on HTTP's answers are that something went wrong; this one that nothing is there.
_FAULTS, _MISSING = 400, 404
_SECRETS = re.compile(r"(?<=://)[^/@]*@|[?#].*", re.DOTALL)


def at_address(address: str) -> Iterable[ModelSource]:
    """The models at an address: one, those of an archive or, behind `!`, some of those, or with a slash
    at the end those of a folder.

    Raises: ModelError, UsageError where what it takes isn't installed.
    """
    name = public(address)
    if address.endswith("/"):
        return _in_folder(address, name)
    for place in (match.start() for match in re.finditer(re.escape(INSIDE), name)):
        if name[:place].lower().endswith(ENDINGS):
            return at_name(name, _at(address.replace(name[place:], "", 1), name[:place]), place)
    sources = _at(address, name)
    if not sources:
        raise ModelError(name, f"no model ({ENDING}) in this archive", "name another one")
    return sources


def _at(address: str, name: str) -> Sequence[ModelSource]:
    """One model, or those of an archive; one that can't be read is a source that says so."""
    source = ModelSource(name, None, address=address)
    if not name.lower().endswith(ENDINGS):
        return [source]
    data = fetch(address, name)
    if not kind_of(data[:512]):
        return [source]
    return of_archive(ModelSource(name, None, data), io.BytesIO(data), empty=False)


def public(address: str) -> str:
    """An address without what may be secret: passwords, and what signs it."""
    return _SECRETS.sub("", address)


def fetch(address: str, name: str) -> bytes:
    """All that is at an address. Raises: ModelError, UsageError."""
    files, path = _opened(address, name)
    try:
        with files.open(path, "rb") as file:
            data: bytes = file.read(_LARGEST + 1)
    except Exception as error:
        raise _failed(name, error) from None
    if len(data) > _LARGEST:
        raise ModelError(name, "is larger than any model", "name the model itself")
    return data


def _in_folder(address: str, name: str) -> Iterator[ModelSource]:
    """Archives are fetched when it is their turn: a store may hold more than there is memory."""
    files, path = _opened(address, name)
    try:
        listed = sorted(files.find(path))
    except Exception as error:
        raise _failed(name, error) from None
    empty = True
    for each in listed:
        if each.lower().endswith((ENDING, *ENDINGS)):
            for source in _candidate(files.unstrip_protocol(each)):
                empty = False
                yield source
    if empty:
        raise ModelError(name, f"no model ({ENDING}) at this address", "name the model itself")


def _candidate(address: str) -> Sequence[ModelSource]:
    """The models of a file in a folder; one that can't be fetched is a source that says so."""
    name = public(address)
    try:
        return _at(address, name)
    except ModelError as error:
        return [ModelSource(name, None, problem=(error.problem, error.advice))]


def _opened(address: str, name: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it. Raises: ModelError, UsageError."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError(f"{name}: addresses need pip install 'delegate-analyzer[remote]'") from None
    try:
        files, path = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"{name}: {_line(error)}; install what it names, or fetch the file yourself"
        ) from None
    except Exception as error:
        # Some kinds connect at once, and others stumble over what they weren't given.
        raise _failed(name, error) from None
    return files, str(path)


def _failed(name: str, error: Exception) -> ModelError:
    refused = _refusal(error)
    missing = isinstance(error, FileNotFoundError) and not refused
    what = "is not there, or nobody answers" if missing else f"can't be fetched ({refused or _line(error)})"
    return ModelError(name, what, "check the address, and what it takes to be let in")


def _refusal(error: BaseException | None) -> str:
    """What a server answered that refuses: fsspec tells it as if nothing were there. Empty for none."""
    while error is not None:
        status = getattr(error, "status", None)
        if isinstance(status, int) and status >= _FAULTS and status != _MISSING:
            return f"the server answers {status} {getattr(error, 'message', '')}".rstrip()
        error = error.__cause__ or error.__context__
    return ""


def _line(error: Exception) -> str:
    return public(" ".join(str(error).split()))[:200].rstrip(". ") or type(error).__name__
