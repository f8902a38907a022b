"""Archives for tests, well-made and otherwise."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping, Sequence


def zipped(files: Mapping[str, bytes], stored: bool = False) -> bytes:
    """A zip archive."""
    data = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(files: Mapping[str, bytes], packed: bool = True) -> bytes:
    """A tar archive, with gzip by default."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz" if packed else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content)


def bundle(models: Sequence[tuple[str, bytes]]) -> bytes:
    """A LiteRT-LM bundle, its header written by hand."""
    block = 1 << 14
    places, body = [], b""
    for _, content in models:
        begin = block + len(body)
        places.append((begin, begin + len(content)))
        body += content + bytes(-len(content) % block)
    sections = [(name, *place) for (name, _), place in zip(models, places, strict=True)]
    header = _header(sections)
    start = b"LITERTLM" + struct.pack("<IIIIQ", 1, 5, 0, 0, 32 + len(header))
    return (start + header).ljust(block, b"\0") + body


def _header(sections: Sequence[tuple[str, int, int]]) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(0)
    written = []
    for name, begin, end in sections:
        text, key = builder.CreateString(name), builder.CreateString("model_type")
        builder.StartObject(1)
        builder.PrependUOffsetTRelativeSlot(0, text, 0)
        value = builder.EndObject()
        builder.StartObject(3)
        builder.PrependUOffsetTRelativeSlot(0, key, 0)
        builder.PrependUint8Slot(1, 9, 0)
        builder.PrependUOffsetTRelativeSlot(2, value, 0)
        item = builder.EndObject()
        builder.StartVector(4, 1, 4)
        builder.PrependUOffsetTRelative(item)
        items = builder.EndVector()
        builder.StartObject(4)
        builder.PrependUOffsetTRelativeSlot(0, items, 0)
        builder.PrependUint64Slot(1, begin, 0)
        builder.PrependUint64Slot(2, end, 0)
        builder.PrependUint8Slot(3, 3, 0)
        written.append(builder.EndObject())
    builder.StartVector(4, len(written), 4)
    for section in reversed(written):
        builder.PrependUOffsetTRelative(section)
    objects = builder.EndVector()
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, objects, 0)
    metadata = builder.EndObject()
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(1, metadata, 0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())
