"""Release numbers of runtimes, in the order of their releases."""


def version_number(text: str) -> int:
    """`2.3` -> 2003. Raises: ValueError."""
    major, _, minor = text.partition(".")
    return int(major) * 1000 + int(minor or 0)
