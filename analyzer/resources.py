"""Where the files that ship beside the code live: rules/ and templates/, and what a wheel holds made of them.

In a wheel they sit inside the package, under `_data/`; in a source checkout (an editable install
included) they are the repository's own top-level folders, and nothing is made of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: What is made of shipped files when a wheel is built: checked packs, compiled templates.
PACKS, COMPILED = "packs", "compiled"
_PACKAGE = os.path.dirname(__file__)


def located(name: str) -> str:
    """The path of the shipped folder called `name`: what a start is content with, which loads no pathlib."""
    packaged = made(name)
    return packaged if os.path.isdir(packaged) else os.path.join(os.path.dirname(_PACKAGE), name)


def data(name: str) -> Path:
    """The shipped folder called `name`."""
    from pathlib import Path

    return Path(located(name))


def made(name: str) -> str:
    """The path of the folder of what was made when the wheel was built; in a checkout there is none."""
    return os.path.join(_PACKAGE, "_data", name)
