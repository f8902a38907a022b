"""Where the files that ship beside the code live: rules/ and templates/.

In a wheel they sit inside the package, under `_data/`; in a source checkout (an editable install
included) they are the repository's own top-level folders.
"""

from pathlib import Path


def data(name: str) -> Path:
    """The shipped folder called `name`."""
    packaged = Path(__file__).parent / "_data" / name
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / name
