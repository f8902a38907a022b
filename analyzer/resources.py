"""Where the files that ship beside the code live: rules/ and templates/, and what a wheel holds made of them.

In a wheel they sit inside the package, under `_data/`; in a source checkout (an editable install
included) they are the repository's own top-level folders, and nothing is made of them.
"""

from pathlib import Path

#: What is made of shipped files when a wheel is built: checked packs, compiled templates.
PACKS, COMPILED = "packs", "compiled"
_PACKAGED = Path(__file__).parent / "_data"


def data(name: str) -> Path:
    """The shipped folder called `name`."""
    packaged = _PACKAGED / name
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / name


def made(name: str) -> Path:
    """The folder of what was made when the wheel was built; in a checkout there is none."""
    return _PACKAGED / name
