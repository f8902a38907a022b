"""The terminal that text is written for."""

import shutil


def width() -> int:
    """Its columns; 80 where there is no terminal."""
    return shutil.get_terminal_size((80, 24)).columns
