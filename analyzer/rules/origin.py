"""Where rules are known from: the sources that they name, and where those can be read."""

from __future__ import annotations

import re

_PATH = re.compile(r"[\w.+-]+(?:/[\w.+-]+)*/[\w+-]+\.\w+")
_REPOSITORY = re.compile(r"[\w-]+/[\w.-]+")
_REVISION = re.compile(r"[0-9a-f]{7,40}")


def path_in(source: str) -> str:
    """The file that a source begins with: of `gpu/common/model_builder.cc IsSupported` the first word."""
    match = _PATH.match(source)
    return match[0] if match else ""


def permalink(source: str, repository: str, revision: str) -> str:
    """The page of GitHub that shows a source's file as it was; empty where it names none."""
    path = path_in(source)
    if not (path and _REPOSITORY.fullmatch(repository) and _REVISION.fullmatch(revision)):
        return ""
    return f"https://github.com/{repository}/blob/{revision}/{path}"
