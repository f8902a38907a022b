"""Models inside archives: found, and read into memory; nothing is ever written.

Whatever an archive says may be a lie: sizes, names, where a member lies. What is wrong with a member is
said of that member, and the others go on.
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from mmap import ACCESS_READ, mmap
from typing import IO, Protocol

from msgspec import Struct

from analyzer.sources import litertlm
from analyzer.sources.model_source import ENDING, ENDINGS, INSIDE, PERHAPS, is_model, kind_of

#: No flatbuffer is larger.
_LARGEST = (1 << 31) - 1
#: What unpacks to so much, and to so many times what is packed, is made to fill memory.
_SUSPECT, _RATIO = 1 << 26, 200
#: Models of one archive, archives within archives, and bytes of a packed archive that are gone through.
_MOST, _DEEPEST, _SCANNED = 10_000, 2, 1 << 33
_NAMED = 1000
_AGAIN = "fetch the archive again"
_DRIVE = re.compile(r"[A-Za-z]:")
#: What unpacking what lies may come to.
_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, OverflowError, NotImplementedError),
)

Problem = tuple[str, str]


class Readable(Protocol):
    """What can be read bit by bit, and no more."""

    def read(self, size: int = ..., /) -> bytes: ...


class ArchiveError(Exception):
    """An archive, or a member, can't be read; holds what is wrong and what to do."""

    def __init__(self, problem: str, advice: str = _AGAIN) -> None:
        super().__init__(problem)
        self.problem: Problem = problem, advice


class Member(Struct, frozen=True):
    """A model in an archive: its name there, the way to it, what is already known to be wrong with it."""

    name: str
    way: tuple[int, ...]
    problem: Problem | None = None


class _Entry(Struct, frozen=True):
    """A file in an archive. `packed` bytes become `size`, as the archive says."""

    index: int
    name: str
    size: int
    packed: int
    encrypted: bool = False


def members(stream: IO[bytes], depth: int = 0) -> list[Member]:
    """The models of an archive by their names, those of archives within it too; none where it isn't one.

    Raises: ArchiveError.
    """
    try:
        models = list(_members(stream, depth))
    except _DAMAGED as error:
        raise ArchiveError(f"is a damaged archive ({_reason(error)})") from None
    if len(models) > _MOST:
        raise ArchiveError(f"holds more than {_MOST:,} models", "name one of them, as ARCHIVE!MEMBER")
    return sorted(models, key=lambda member: (member.name, member.way))


def names(stream: IO[bytes]) -> list[str]:
    """The files of an archive by their names, as far as it takes to know what it is. Raises: ArchiveError."""
    stream.seek(0)
    try:
        return [entry.name for entry, _ in islice(_entries(stream), _NAMED)]
    except _DAMAGED as error:
        raise ArchiveError(f"is a damaged archive ({_reason(error)})") from None


def contents(stream: IO[bytes], way: tuple[int, ...]) -> bytes | memoryview:
    """The bytes of a member. Raises: ArchiveError."""
    try:
        for index in way[:-1]:
            stream = io.BytesIO(_read(stream, index))
        return _read(stream, way[-1])
    except _DAMAGED as error:
        raise ArchiveError(f"can't be unpacked ({_reason(error)})") from None


def _reason(error: BaseException) -> str:
    if isinstance(error, EOFError):
        return "it ends too early"
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _members(stream: IO[bytes], depth: int) -> Iterator[Member]:
    count = 0
    for entry, opened in _entries(stream):
        name = entry.name.lower()
        if name.endswith(ENDINGS) and depth < _DEEPEST and not name.endswith(ENDING):
            for inner in _inside(entry, opened, depth):
                count += 1
                yield inner
        elif name.endswith(ENDING) or not name or _perhaps(name, entry, opened):
            count += 1
            yield Member(entry.name, (entry.index,), _refused(entry))
        if count > _MOST:
            return


def _perhaps(name: str, entry: _Entry, opened: Readable | None) -> bool:
    """Whether bytes say that a file is a model, whose name doesn't."""
    if not (name.endswith(PERHAPS) or "." not in name.rpartition("/")[2]) or opened is None:
        return False
    try:
        return entry.size > 8 and is_model(opened.read(8))
    except _DAMAGED:
        return False


def _inside(entry: _Entry, opened: Readable | None, depth: int) -> Iterator[Member]:
    """The models of an archive in an archive."""
    if refused := _refused(entry):
        yield Member(entry.name, (entry.index,), refused)
        return
    try:
        inner = io.BytesIO(_all(opened, entry.packed)) if opened is not None else io.BytesIO()
        models = members(inner, depth + 1)
    except ArchiveError as error:
        yield Member(entry.name, (entry.index,), error.problem)
    except _DAMAGED as error:
        yield Member(entry.name, (entry.index,), (f"can't be unpacked ({_reason(error)})", _AGAIN))
    else:
        for member in models:
            name = f"{entry.name}{INSIDE}{member.name}" if member.name else entry.name
            yield Member(name, (entry.index, *member.way), member.problem)


def _refused(entry: _Entry) -> Problem | None:
    parts = re.split(r"[/\\]", entry.name)
    if ".." in parts or (not parts[0] and len(parts) > 1) or _DRIVE.match(entry.name) or "\0" in entry.name:
        return "has a name that leads out of the archive", "leave it alone, or pack the archive anew"
    if entry.encrypted:
        return "is encrypted", "unpack it with its password and name the file"
    if entry.size > _LARGEST:
        return "is said to be larger than any model", "leave it alone"
    if entry.size > max(_SUSPECT, _RATIO * entry.packed):
        return _bomb(entry.packed, entry.size)
    return None


def _bomb(packed: int, size: int) -> Problem:
    return f"unpacks from {packed:,} to {size:,} bytes and more, made to fill memory", "leave it alone"


def _entries(stream: IO[bytes]) -> Iterator[tuple[_Entry, Readable | None]]:
    """All files of an archive, each open for reading from its beginning; None where it can't be opened."""
    head = stream.read(512)
    stream.seek(0)
    kind = kind_of(head)
    if kind == "zip":
        with zipfile.ZipFile(stream) as archive:
            for index, info in enumerate(archive.infolist()):
                encrypted = bool(info.flag_bits & 1)
                entry = _Entry(index, info.filename, info.file_size, info.compress_size, encrypted)
                if not info.filename.endswith("/"):
                    yield entry, _LazyMember(archive, info) if not encrypted else None
    elif kind == "litertlm":
        for index, section in enumerate(_sections(stream)):
            size = section.end - section.begin
            yield _Entry(index, f"{section.name}{ENDING}", size, size), None
    elif kind == "tar":
        yield from _tar(stream)
    elif kind == "gzip":
        yield from _gzip(stream)


def _tar(stream: IO[bytes]) -> Iterator[tuple[_Entry, Readable | None]]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for index, info in enumerate(archive):
            # It would keep all of them.
            archive.members = []  # type: ignore[attr-defined]
            if info.isreg():
                yield _Entry(index, info.name, info.size, info.size), archive.extractfile(info)


def _gzip(stream: IO[bytes]) -> Iterator[tuple[_Entry, Readable | None]]:
    """What is packed alone, under no name, or the files of a tar archive."""
    packed = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    with closing(gzip.GzipFile(fileobj=stream)) as unpacked:
        head = unpacked.read(512)
    stream.seek(0)
    with closing(gzip.GzipFile(fileobj=stream)) as unpacked:
        if kind_of(head) == "tar":
            yield from _tar(_Counted(unpacked, packed))  # type: ignore[arg-type]
        elif is_model(head):
            yield _Entry(0, "", len(head), packed), unpacked


class _LazyMember:
    """A member of a zip archive, opened once it is read."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._archive, self._info = archive, info
        self._file: IO[bytes] | None = None

    def read(self, size: int = -1, /) -> bytes:
        if self._file is None:
            self._file = self._archive.open(self._info)
        return self._file.read(size)


class _Counted:
    """A packed stream that gives no more than anyone would pack so small."""

    def __init__(self, stream: Readable, packed: int) -> None:
        self._stream = stream
        self._left = min(_SCANNED, max(_SUSPECT, _RATIO * packed))
        self._packed = packed

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(*_bomb(self._packed, max(_SUSPECT, _RATIO * self._packed)))
        return data


def _sections(stream: IO[bytes]) -> list[litertlm.Section]:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    try:
        start = stream.read(litertlm.START)
        return litertlm.sections(stream.read(litertlm.header_size(start)), size)
    except litertlm.BadBundle:
        raise ArchiveError("is a LiteRT-LM bundle whose header is damaged") from None


def _read(stream: IO[bytes], index: int) -> bytes | memoryview:
    """One file of an archive."""
    stream.seek(0)
    head = stream.read(512)
    stream.seek(0)
    if kind_of(head) == "litertlm":
        section = _sections(stream)[index]
        return _part(stream, section.begin, section.end)
    if kind_of(head) == "zip":
        with zipfile.ZipFile(stream) as archive:
            info = archive.infolist()[index]
            if info.compress_type == zipfile.ZIP_STORED and (stored := _stored(stream, info)) is not None:
                return stored
    for entry, opened in _entries(stream):
        if entry.index == index and opened is not None:
            return _all(opened, entry.packed)
    raise ArchiveError("isn't in the archive any more")


def _stored(stream: IO[bytes], info: zipfile.ZipInfo) -> bytes | memoryview | None:
    """A member that is stored as it is, as a part of the file; None where the file says otherwise."""
    stream.seek(info.header_offset)
    header = stream.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        return None
    name, extra = struct.unpack_from("<HH", header, 26)
    begin = info.header_offset + 30 + name + extra
    part = _part(stream, begin, begin + info.file_size)
    return part if len(part) == info.file_size and zlib.crc32(part) == info.CRC else None


def _part(stream: IO[bytes], begin: int, end: int) -> bytes | memoryview:
    """A stretch of a file, mapped where it can be."""
    try:
        view = memoryview(mmap(stream.fileno(), 0, access=ACCESS_READ))
    except (OSError, ValueError):
        stream.seek(begin)
        return stream.read(end - begin)
    return view[begin:end]


def _all(opened: Readable, packed: int) -> bytes:
    """Everything in a file of an archive. Raises: ArchiveError for more than anyone would pack so small."""
    most = min(_LARGEST, max(_SUSPECT, _RATIO * packed))
    parts, size = [], 0
    while part := opened.read(1 << 20):
        parts.append(part)
        size += len(part)
        if size > most:
            raise ArchiveError(*_bomb(packed, size))
    return b"".join(parts)
