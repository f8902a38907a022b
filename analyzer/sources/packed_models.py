"""The models in an archive, as sources of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from msgspec.structs import replace

from analyzer.errors import ModelError
from analyzer.model import file_magic
from analyzer.sources.model_source import ENDING, INSIDE, ModelSource

if TYPE_CHECKING:
    from analyzer.sources.archives import Member


def of_archive(archive: ModelSource, stream: IO[bytes], empty: bool = True) -> Sequence[ModelSource]:
    """The models in an archive; one that can't be read is a source that says so, with `empty` also one of
    none.
    """
    from analyzer.sources.archives import ArchiveError, members, names

    try:
        models = inside(archive, members(stream))
        if models or not empty:
            return models
        problem = file_magic.of_archive(names(stream))
    except ArchiveError as error:
        problem = error.problem
    return [replace(archive, problem=problem or (f"no model ({ENDING}) in this archive", "name another one"))]


def inside(archive: ModelSource, models: Sequence[Member]) -> list[ModelSource]:
    """The members of an archive that are models, as sources."""
    return [
        replace(
            archive,
            name=f"{archive.name}{INSIDE}{member.name}" if member.name else archive.name,
            member=member.way,
            problem=member.problem,
        )
        for member in models
    ]


def at_name(wanted: str, sources: Sequence[ModelSource], place: int) -> Sequence[ModelSource]:
    """Those of an archive's models that a name means, in which the member's begins after `place`.

    Raises: ModelError where it isn't in there.
    """
    at = [
        source
        for source in sources
        if source.name == wanted or source.name.startswith((f"{wanted}/", f"{wanted}{INSIDE}"))
    ]
    if not at:
        names = ", ".join(source.name[place + 1 :] for source in sources[:4] if INSIDE in source.name)
        raise ModelError(wanted, "is not in the archive", f"it has {names or 'no model'}")
    return at
