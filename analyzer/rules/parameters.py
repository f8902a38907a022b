"""`NAME:PARAM=VALUE:...` -> a pack's parameters, all of them resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.errors import UsageError
from analyzer.expressions.nodes import parameters_in
from analyzer.expressions.partial import constant
from analyzer.rules.pack import Parameter, RulePack
from analyzer.rules.versions import Release, place
from analyzer.suggest import nearest

_TRUTH = {"true": True, "false": False}


def split(spec: str) -> tuple[str, dict[str, str]]:
    """A delegate's name and its written parameters. Raises: UsageError."""
    name, *pairs = spec.split(":")
    written: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not (key and sign and value):
            raise UsageError(f"delegate {spec}: {pair!r} is not PARAM=VALUE; write NAME:PARAM=VALUE")
        if key in written:
            raise UsageError(f"delegate {spec}: {key} is given twice; give it once")
        written[key] = value
    return name, written


def as_written(value: object) -> str:
    """A parameter's value as it is written after `PARAM=`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def resolve(pack: RulePack, written: Mapping[str, str]) -> dict[str, Any]:
    """Every parameter of the pack: as written, by default or derived from others.

    Raises: UsageError for an unknown parameter or a value out of range.
    """
    for name in written:
        if name not in pack.parameters:
            known = ", ".join(pack.parameters) or "none"
            hint = nearest(name, list(pack.parameters))
            raise UsageError(f"delegate {pack.delegate}: no parameter {name}{hint}; it has {known}")
    found: dict[str, Any] = {}
    for name in pack.parameters:
        _resolve_one(pack, name, written, found, ())
    return {name: found[name] for name in pack.parameters}


def compared(pack: RulePack, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as expressions compare them: versions by their release, not by their text."""
    return {
        name: Release(value, releases(pack.parameters[name]))
        if pack.parameters[name].type == "version"
        else value
        for name, value in parameters.items()
    }


def releases(parameter: Parameter) -> tuple[str, ...]:
    """The releases that a parameter of type `version` lists, oldest first; none where it goes by numbers."""
    return tuple(map(str, parameter.values))


def _resolve_one(
    pack: RulePack, name: str, written: Mapping[str, str], found: dict[str, Any], pending: tuple[str, ...]
) -> Any:
    if name in found:
        return found[name]
    if name in pending:
        raise UsageError(
            f"delegate {pack.delegate}: parameter {name} is derived from itself; give it a value"
        )
    parameter = pack.parameters[name]
    if name in written:
        value = _read(pack, name, parameter, written[name])
    elif parameter.default_expression is None:
        value = parameter.default
    else:
        for other in parameters_in(parameter.default_expression):
            _resolve_one(pack, other, written, found, (*pending, name))
        value = constant(parameter.default_expression, compared(pack, found))
    _in_range(pack, name, parameter, value)
    found[name] = value
    return value


def _read(pack: RulePack, name: str, parameter: Parameter, text: str) -> Any:
    where = f"delegate {pack.delegate}: {name}={text}"
    if parameter.type == "bool":
        if text.lower() not in _TRUTH:
            raise UsageError(f"{where} is not a truth value; write {name}=true or {name}=false")
        return _TRUTH[text.lower()]
    if parameter.type == "int":
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{where} is not a number; write {name}=N") from None
    if parameter.type == "version" and not parameter.values:
        try:
            place(text, ())
        except ValueError:
            raise UsageError(f"{where} is not a version; write it like {parameter.default}") from None
    return text


def _in_range(pack: RulePack, name: str, parameter: Parameter, value: Any) -> None:
    where = f"delegate {pack.delegate}: {name}={value}"
    if parameter.values and value not in parameter.values:
        known = ", ".join(str(one) for one in parameter.values)
        hint = nearest(str(value), known.split(", "))
        raise UsageError(f"{where} is not known{hint}; use one of {known}")
    if parameter.range is not None and not parameter.range[0] <= value <= parameter.range[1]:
        low, high = parameter.range
        raise UsageError(f"{where} is out of range; use {low} to {high}")
