"""Specs -> configurations: delegates as `-d` names them, with their packs and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from analyzer.auditing.types import Configuration
from analyzer.errors import UsageError
from analyzer.rules.parameters import as_written, resolve, split
from analyzer.rules.registry import Packs, judge_of
from analyzer.suggest import nearest

#: What `--for` may say -> the platforms of packs.
PLATFORMS = {
    "android": frozenset({"android"}),
    "ios": frozenset({"ios"}),
    "desktop": frozenset({"linux", "macos", "windows"}),
}
#: The status of a delegate that its maker has given up.
DEPRECATED = "deprecated"


def fallbacks(packs: Packs, configurations: Sequence[Configuration]) -> list[Configuration]:
    """Configurations of what takes the operators that these delegates leave, unless it is among them."""
    packs_asked = [configuration.pack for configuration in configurations]
    asked = {pack.delegate for pack in packs_asked}
    names = dict.fromkeys(pack.fallback for pack in packs_asked if pack.fallback not in asked)
    return configure(packs, [name for name in names if name in packs.names()])


def for_platform(packs: Packs, platform: str) -> tuple[str, ...]:
    """The delegates of a platform, with packs that were given whatever they state; deprecated ones last.

    Raises: UsageError, RuleError.
    """
    if platform not in PLATFORMS:
        raise _no_platform(platform)
    systems = PLATFORMS[platform]
    names = [
        name
        for name in packs.names()
        if name in packs.given or not systems.isdisjoint(packs.get(name).platforms)
    ]
    return tuple(sorted(names, key=lambda name: packs.get(name).status == DEPRECATED))


def _no_platform(name: str) -> UsageError:
    for platform, systems in PLATFORMS.items():
        if name.lower() in systems - {platform}:
            return UsageError(f"--for {name}: is no platform by itself; write --for {platform}")
    hint = nearest(name, list(PLATFORMS))
    return UsageError(f"--for {name}: there is no such platform{hint}; known: {', '.join(PLATFORMS)}")


def by_default(packs: Packs, configurations: Sequence[Configuration]) -> list[Configuration]:
    """Configurations that nobody named: those of deprecated delegates are told apart, and last."""
    marked = [
        replace(each, legacy=each.pack.status == DEPRECATED and each.pack.delegate not in packs.given)
        for each in configurations
    ]
    return sorted(marked, key=lambda configuration: configuration.legacy)


def chosen(packs: Packs, specs: Sequence[str]) -> list[Configuration]:
    """The delegates that are named; without any the usual ones, but for those that their makers gave up.

    Raises: UsageError, RuleError.
    """
    if specs:
        return configure(packs, specs)
    return [each for each in by_default(packs, configure(packs, packs.usual())) if not each.legacy]


def also(configuration: Configuration) -> Configuration | None:
    """The same delegate with the parameters that its pack says an app can't choose, where they differ."""
    pack = configuration.pack
    return None if pack.also is None else varied(configuration, pack.also.parameters)


def varied(configuration: Configuration, written: Mapping[str, str]) -> Configuration | None:
    """The same delegate with some of its parameters as they are written here; None where they are so already.

    Raises: UsageError.
    """
    pack, parameters = configuration.pack, configuration.parameters
    other = resolve(pack, {name: as_written(value) for name, value in parameters.items()} | dict(written))
    return None if other == dict(parameters) else Configuration(pack, other, judge_of(pack, other))


def configure(packs: Packs, specs: Sequence[str]) -> list[Configuration]:
    """`NAME(:PARAM=VALUE)*` texts -> configurations, in the order given and each once; `all`: every pack.

    Raises: UsageError, RuleError.
    """
    found: dict[tuple[object, ...], Configuration] = {}
    for spec in specs:
        for name in packs.names() if spec == "all" else [spec]:
            each = configuration(packs, name)
            found.setdefault((each.pack.delegate, *each.parameters.values()), each)
    return list(found.values())


def configuration(packs: Packs, spec: str) -> Configuration:
    """One `NAME(:PARAM=VALUE)*` -> its configuration. Raises: UsageError, RuleError."""
    name, written = split(spec)
    pack = packs.get(name)
    parameters = resolve(pack, written)
    return Configuration(pack, parameters, judge_of(pack, parameters))
