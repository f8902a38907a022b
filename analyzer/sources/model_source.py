"""One model: what it is called, and where its bytes are."""

from __future__ import annotations

import os

from msgspec import Struct

SAMPLE = "sample:"
STDIN = "-"
ENDING = ".tflite"
#: What parts the name of an archive from that of a member.
INSIDE = "!"
_BUNDLE = b"LITERTLM"
#: Endings of archives that are looked into wherever they lie.
ENDINGS = (
    *(".apk", ".aab", ".aar", ".ipa", ".zip", ".task", ".litertlm"),
    *(".tar.gz", ".tgz", ".tar", ".tflite.gz", ".lite.gz", ".bin.gz"),
)
#: Endings of files that are models if their bytes say so.
PERHAPS = (".lite", ".tfl", ".bin")


class ModelSource(Struct, frozen=True):
    """A model: what it is called, and its file or its bytes; of standard input that isn't read neither."""

    name: str
    file: str | None
    data: bytes | memoryview | None = None
    #: Where the file, or what is at the address, is an archive: the member, and the member of that one.
    member: tuple[int, ...] = ()
    #: Where to fetch it from, with whatever the name leaves out.
    address: str = ""
    #: What is wrong with it, known before it is read, and what to do.
    problem: tuple[str, str] | None = None

    @property
    def size(self) -> int:
        """Bytes; 0 where that can't be told."""
        try:
            return os.path.getsize(self.file) if self.file is not None else len(self.data or b"")
        except OSError:
            return 0

    @property
    def sha256(self) -> str:
        """SHA-256 of its bytes."""
        import hashlib

        if self.file is None:
            return hashlib.sha256(self.data or b"").hexdigest()
        with open(self.file, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def kind_of(head: bytes) -> str:
    """What kind of archive begins like this: zip, gzip, tar or litertlm; empty for none."""
    if is_model(head):
        return ""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(_BUNDLE):
        return "litertlm"
    return "tar" if head[257:262] == b"ustar" else ""


def is_model(head: bytes) -> bool:
    """Whether bytes begin as a model does."""
    return head[4:8] == b"TFL3"
