"""Sources in an archive -> the same archive with bytecode, for the Python that runs this.

The page's own Python does so as the site is built: compiling would else be most of each start. It imports
nothing of this package, as nothing of it is there.
"""

from __future__ import annotations

import importlib.util
import io
import marshal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_SOURCE = ".py"


def compiled(archive: bytes) -> bytes:
    """The archive with each source in its place compiled; the rest as it is. Raises: SyntaxError."""
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(archive)) as sources, ZipFile(buffer, "w", ZIP_DEFLATED) as packed:
        for name in sources.namelist():
            data = sources.read(name)
            if name.endswith(_SOURCE):
                name, data = f"{name}c", _bytecode(name, data)
            packed.writestr(ZipInfo(name), data, ZIP_DEFLATED)
    return buffer.getvalue()


def _bytecode(name: str, source: bytes) -> bytes:
    code = compile(source, name, "exec", dont_inherit=True)
    # Known by the source's hash, which nobody checks: there is no time in it, nor anything to compare.
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(source)
    return head + marshal.dumps(code)
