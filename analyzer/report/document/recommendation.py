"""Which delegate to choose on each platform, and what to set there: the shape of it in every output."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from analyzer.report.document.values import Count, Share, one_of

Value = str | int | bool
Platform = Annotated[str, one_of("android", "ios", "desktop")]


class Loading(Struct, frozen=True, kw_only=True):
    """One way for an app to load the model with the delegate, and whether it comes to run there."""

    way: str
    works: bool
    text: str


class Setting(Struct, frozen=True, kw_only=True):
    """An option of the delegate, with its value where there is one to choose."""

    name: str
    value: Value | None = None
    text: str


class Alternative(Struct, frozen=True, kw_only=True):
    """A delegate to fall back to: `parameters` are those that differ from the ones that were asked for."""

    delegate: str
    title: str
    parameters: dict[str, Value] = {}
    delegated: Count
    delegated_macs_share: Share


class Passed(Struct, frozen=True, kw_only=True):
    """A delegate that is not recommended, and why."""

    delegate: str
    title: str
    verdict: str
    reason: str


class Improvement(Struct, frozen=True, kw_only=True):
    """What would help: an `option`, a repair of the model (`fix`), or another element type (`quantize`)."""

    kind: Annotated[str, one_of("option", "fix", "quantize")]
    delegate: str
    text: str
    delegated_macs_share: Share | None = None


class Snippet(Struct, frozen=True, kw_only=True):
    """Code that loads the model with these options, on a fallback where a language has no better."""

    language: str
    delegate: str
    title: str
    #: What the project has to depend on, a line each.
    libraries: tuple[str, ...] = ()
    code: str


class Cost(Struct, frozen=True, kw_only=True):
    """What an inference costs by the cost model, in multiply-accumulates on the CPU: for ranking only."""

    cpu: Count
    delegated: Count


class Choice(Struct, frozen=True, kw_only=True):
    """What to choose on one platform.

    `delegate` is None where nothing runs the model; `accelerated` is false where it is best left to the
    CPU. `sentence` says it all; `parameters` are those that differ from the ones that were asked for, and
    `audit` is the position among the model's of its audit with the latter.
    """

    platform: Platform
    delegate: str | None
    title: str
    accelerated: bool
    audit: Count | None = None
    sentence: str
    parameters: dict[str, Value] = {}
    delegated: Count = 0
    delegated_macs_share: Share = 0.0
    boundary_bytes: Count = 0
    cost: Cost | None = None
    loading: tuple[Loading, ...] = ()
    settings: tuple[Setting, ...] = ()
    libraries: tuple[str, ...] = ()
    manifest: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    #: In the order in which to try them; last comes the CPU, unless it refuses the model.
    fallbacks: tuple[Alternative, ...] = ()
    cpu: bool = True
    passed: tuple[Passed, ...] = ()
    improvements: tuple[Improvement, ...] = ()
    code: tuple[Snippet, ...] = ()

    def __repr__(self) -> str:
        return f"<Choice for {self.platform}: {self.sentence}>"


class Recommendation(Struct, frozen=True, kw_only=True):
    """One choice a platform, out of the delegates that were `considered`.

    `named`: somebody named these, so that there may be a better one among the others.
    """

    considered: tuple[str, ...]
    named: bool = False
    choices: tuple[Choice, ...]
