"""The schema's option tables in the types of the rule language."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model import schema


def option_types(operator: str) -> dict[str, str] | None:
    """Option field -> its type in the rule language; None for custom operators."""
    if operator.startswith("custom:"):
        return None
    table = schema.options_table(operator)
    if table is None:
        return {}
    types = {}
    for name, field in schema.fields(table).items():
        kind = _KINDS.get(field.type, "any") if field.form == "scalar" else f"enum:{field.type}"
        if field.form in ("table", "union"):
            continue
        if field.form == "string":
            kind = "str"
        types[name] = f"list[{kind}]" if field.vector else kind
    return types


_KINDS = {"bool": "bool", "float32": "float", "float64": "float", "float": "float", "double": "float"} | {
    f"{sign}int{bits}": "int" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def enums(types: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Enum name -> its members, for the enums among `types` and the element types."""
    names = {"TensorType"} | {
        kind.removeprefix("list[").removesuffix("]")[5:] for kind in types if "enum:" in kind
    }
    return {name: tuple(schema.members(name).values()) for name in names}
