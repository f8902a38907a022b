"""`rules/deployment/DELEGATE.toml`: how an app comes to a delegate, and what it sets there."""

# Annotations are evaluated with the classes, which most runs decode: as texts they would be compiled then.
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from analyzer.errors import RuleError
from analyzer.files import parse_toml, read_text
from analyzer.resources import data
from analyzer.rules.cache import as_json, kept

if TYPE_CHECKING:
    from pathlib import Path

#: Folder of rules/ and name of the entry that is kept of it.
DEPLOYMENT = "deployment"


class Rates(Struct, frozen=True, forbid_unknown_fields=True):
    """Rough figures, all against the CPU's kernels on one thread; docs/cost-model.md says more of them."""

    #: Times as fast, per multiply-accumulate.
    speed: float = 3.0
    #: Multiply-accumulates on the CPU that one byte across the border costs, and one partition.
    byte: float = 4.0
    switch: int = 500_000


class Way(Struct, frozen=True, forbid_unknown_fields=True):
    """One way to load a model: what it needs, and what is said where that is there and where it isn't."""

    name: str
    works: str
    fails: str
    #: What is said where the delegate takes everything, if not the same.
    whole: str = ""
    needs: Literal["full", "any"] = "any"


class Attempt(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters that an app can set, to be tried where the delegate as it is falls short."""

    parameters: dict[str, str]
    #: `limit`: operators are lost to the limit of partitions; `imprecise`: what comes out may be wrong.
    when: Literal["limit", "imprecise"]
    how: str
    platforms: tuple[str, ...] = ()
    #: From where alone an app can set it, in few words.
    where: str = ""


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of one option: always, by a parameter's value, or only where the rest holds."""

    name: str = ""
    parameter: str = ""
    says: str = ""
    values: dict[str, str] = {}
    #: Only where the parameter isn't what was asked for.
    changed: bool = False
    verdict: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()


class Target(Struct, frozen=True, forbid_unknown_fields=True):
    """What an app of one platform depends on, and the lines of its manifest."""

    libraries: tuple[str, ...] = ()
    manifest: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Code(Struct, frozen=True, forbid_unknown_fields=True):
    """Code to paste: a template of `templates/code/`, and what the project has to depend on."""

    language: str
    template: str
    platforms: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    #: The parameters that it sets; with others it can't be had from this language.
    sets: tuple[str, ...] = ()
    #: Whether it takes models of floats alone.
    floats_only: bool = False


class Deployment(Struct, frozen=True, forbid_unknown_fields=True):
    """All that is known about bringing a delegate into an app; one without a file has its title only."""

    #: What sentences call it, with its article.
    name: str
    source: str = ""
    #: Since when, or that, its maker has given it up.
    deprecated: str = ""
    #: Whether it is for phones with one chip only, so that no platform as a whole can rely on it.
    one_chip: bool = False
    cost: Rates = Rates()
    way: tuple[Way, ...] = ()
    attempt: tuple[Attempt, ...] = ()
    option: tuple[Option, ...] = ()
    platforms: dict[str, Target] = {}
    code: tuple[Code, ...] = ()
    #: By what the model is made of: float32, float16, dynamic, int8.
    quantizing: dict[str, str] = {}


@cache
def deployments() -> Mapping[str, Deployment]:
    """Delegate -> its deployment, of all that ship. Raises: RuleError."""

    def files() -> list["Path"]:
        return sorted((data("rules") / DEPLOYMENT).glob("*.toml"))

    def text() -> bytes:
        # The shape is no part of the stamp that entries have from the code that reads packs.
        with open(__file__, "rb") as own:
            return b"".join([*(file.read_bytes() for file in files()), own.read()])

    return kept(
        DEPLOYMENT, text, as_json(dict[str, Deployment]), lambda: {file.stem: read(file) for file in files()}
    )


def read(file: "Path") -> Deployment:
    """One file, checked. Raises: RuleError."""
    import tomllib

    try:
        return msgspec.convert(parse_toml(read_text(file)), Deployment)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleError([f"{file}:1: {error}"]) from None
