"""Checked tree -> function of a context."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from analyzer.expressions import loops, operators
from analyzer.expressions.functions import FUNCTIONS
from analyzer.expressions.nodes import Tree, remembered, show, unnamed
from analyzer.expressions.vocabulary import OPERATOR, TENSOR, Context, Undefined, attributes

Evaluate = Callable[[Context], Any]


def build(tree: Tree) -> Evaluate:
    """A function of the context that evaluates the tree, or raises `Undefined` for an absent thing."""
    return _BUILDERS[tree[0]](tree)


#: Explaining looks at the same parts again and again.
_built = remembered(build)


def look(tree: Tree, context: Context) -> Any:
    """What a part of a tree comes to. Raises: Undefined."""
    return _built(tree)(context)


def _build_literal(tree: Tree) -> Evaluate:
    value = tree[1]
    return lambda c: value


def _build_fact(tree: Tree) -> Evaluate:
    answer = OPERATOR[tree[1]][2] if tree[1] in OPERATOR else None
    if answer is not None:
        return answer
    name = tree[1]
    return lambda c: getattr(c, name)


def _build_operand(tree: Tree) -> Evaluate:
    side, position, name = tree[1], tree[2], tree[3]
    if side == "inputs":

        def evaluate(c: Context) -> Any:
            return c.inputs[position] if position < len(c.inputs) else None

    elif side == "outputs":

        def evaluate(c: Context) -> Any:
            return c.outputs[position] if position < len(c.outputs) else None

    else:

        def evaluate(c: Context) -> Any:
            return c.intermediates[position] if position < len(c.intermediates) else None

    evaluate.__name__ = name
    return evaluate


def _build_rest(tree: Tree) -> Evaluate:
    side, start = tree[1], tree[2]
    # Most stand for all operands: a copy for each question would add up where there are thousands.
    return operator.attrgetter(side) if start == 0 else lambda c: getattr(c, side)[start:]


def _build_option(tree: Tree) -> Evaluate:
    field = tree[1]

    def evaluate(c: Context) -> Any:
        try:
            return c.operator.options[field]
        except KeyError:
            raise Undefined(f"the operator has no option {field}") from None

    return evaluate


def _build_attribute(tree: Tree) -> Evaluate:
    name = tree[1]

    def evaluate(c: Context) -> Any:
        value = attributes(c.operator).get(name)
        if value is None:
            raise Undefined(f"the operator has no attribute {name}")
        return value

    return evaluate


def _build_var(tree: Tree) -> Evaluate:
    slot = tree[1]
    return lambda c: c.variables[slot]


def _build_attr(tree: Tree) -> Evaluate:
    of, name = build(tree[1]), tree[2]
    base = unnamed(tree[1])
    if name == "omitted":
        return _build_omitted(base)
    plain = _PLAIN.get(name)
    if plain is not None and base[0] in ("operand", "var"):
        return _build_plain(tree[1], base, plain)
    tensor_answer = TENSOR[name][2] if name in TENSOR else _no_such_fact
    operator_answer = OPERATOR[name][2] if name in OPERATOR else None

    def evaluate(c: Context) -> Any:
        value = of(c)
        if value is None:
            raise Undefined(f"{show(tree[1])} is left out")
        if operator_answer is not None and value.__class__ is Context:
            return operator_answer(value)
        return tensor_answer(c, value)

    return evaluate


def _build_omitted(base: Tree) -> Evaluate:
    if base[0] == "var":
        slot = base[1]
        return lambda c: c.variables[slot] is None
    of = build(base)
    return lambda c: of(c) is None


#: What is asked most often is a field of the tensor, which needs no call to answer.
_FIELDS = ("dtype", "shape", "constant", "variable", "index", "dynamic", "persistent")
_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    **{name: operator.attrgetter(name) for name in _FIELDS},
    "rank": lambda tensor: len(tensor.shape),
}


def _build_plain(of: Tree, base: Tree, plain: Callable[[Any], Any]) -> Evaluate:
    """A fact of the operand or loop variable `base`, which `of` may give a name."""
    if base[0] == "var":
        slot = base[1]

        def of_variable(c: Context) -> Any:
            value = c.variables[slot]
            if value is None:
                raise Undefined(f"{show(of)} is left out")
            return plain(value)

        return of_variable
    side, position = base[1], base[2]
    tensors = operator.attrgetter(side)

    def of_operand(c: Context) -> Any:
        try:
            return plain(tensors(c)[position])
        except (AttributeError, IndexError):
            raise Undefined(f"{show(of)} is left out") from None

    return of_operand


def _no_such_fact(c: Context, value: Any) -> Any:
    raise Undefined("this fact is not one of a tensor")


def _build_index(tree: Tree) -> Evaluate:
    of, at = build(tree[1]), build(tree[2])
    if tree[2][0] == "lit":
        return _build_literal_index(tree, of)

    def evaluate(c: Context) -> Any:
        elements, position = of(c), at(c)
        try:
            return elements[position]
        except (IndexError, TypeError):
            raise Undefined(f"{show(tree[1])} has no element {position}") from None

    return evaluate


def _build_literal_index(tree: Tree, of: Evaluate) -> Evaluate:
    position = tree[2][1]

    def evaluate(c: Context) -> Any:
        elements = of(c)
        try:
            return elements[position]
        except (IndexError, TypeError):
            raise Undefined(f"{show(tree[1])} has no element {position}") from None

    return evaluate


def _build_sign(tree: Tree) -> Evaluate:
    sign, left, right = tree[1], tree[2], tree[3]
    if sign in ("==", "!=") and (_is_list(left) or _is_list(right)):
        return operators.of_lists(sign, build(left), build(right))
    if right[0] == "lit":
        return operators.with_literal(sign, build(left), right[1])
    if sign in ("in", "not in") and _is_literal_list(members := unnamed(right)):
        return operators.among(sign, build(left), frozenset(part[1] for part in members[1:]))
    return operators.of_two(sign, build(left), build(right))


def _is_literal_list(tree: Tree) -> bool:
    return tree[0] == "list" and all(part[0] == "lit" for part in tree[1:])


def _is_list(tree: Tree) -> bool:
    return tree[0] in ("list", "each", "rest") or (tree[0] == "attr" and tree[2] in _LISTS)


_LISTS = frozenset(name for name, (kind, _, _) in TENSOR.items() if kind.startswith("list["))


def _build_and(tree: Tree) -> Evaluate:
    parts = tuple(build(part) for part in tree[1:])
    if len(parts) == 2:
        first, second = parts
        return lambda c: bool(first(c)) and bool(second(c))

    def evaluate(c: Context) -> Any:
        for part in parts:
            if not part(c):
                return False
        return True

    return evaluate


def _build_or(tree: Tree) -> Evaluate:
    parts = tuple(build(part) for part in tree[1:])
    if len(parts) == 2:
        first, second = parts
        return lambda c: bool(first(c)) or bool(second(c))

    def evaluate(c: Context) -> Any:
        for part in parts:
            if part(c):
                return True
        return False

    return evaluate


def _build_not(tree: Tree) -> Evaluate:
    inner = build(tree[1])
    return lambda c: not inner(c)


def _build_negative(tree: Tree) -> Evaluate:
    inner = build(tree[1])
    return lambda c: -inner(c)


def _build_if(tree: Tree) -> Evaluate:
    condition, a, b = build(tree[1]), build(tree[2]), build(tree[3])
    return lambda c: a(c) if condition(c) else b(c)


def _build_list(tree: Tree) -> Evaluate:
    if _is_literal_list(tree):
        values = [part[1] for part in tree[1:]]
        return lambda c: values
    parts = tuple(build(part) for part in tree[1:])
    return lambda c: [part(c) for part in parts]


def _build_call(tree: Tree) -> Evaluate:
    name, arguments = tree[1], tree[2:]
    if name in ("all", "any") and arguments[0][0] == "each" and len(arguments[0][2]) == 1:
        return _build_quantifier(name == "all", arguments[0])
    if name == "sum" and _counts(arguments[0]):
        return _build_count(arguments[0])
    return operators.called(FUNCTIONS[name][3], tuple(build(part) for part in arguments), show(tree))


def _build_quantifier(every: bool, each: Tree) -> Evaluate:
    """`all(... for ...)` or `any(... for ...)` over one loop, ended by the first element that decides."""
    body, ((slots, iterable),) = build(each[1]), each[2]
    quantifier = loops.over_elements if len(slots) == 1 else loops.over_pairs
    return quantifier(every, slots, build(iterable), _build_condition(each), body)


def _build_condition(each: Tree) -> Evaluate | None:
    return None if each[3] is None else build(each[3])


def _counts(tree: Tree) -> bool:
    """Whether a tree lists one whole number again and again, over one loop with one variable."""
    if tree[0] != "each" or len(tree[2]) != 1 or len(tree[2][0][0]) != 1:
        return False
    return tree[1][0] == "lit" and isinstance(tree[1][1], int)


def _build_count(each: Tree) -> Evaluate:
    (_, worth), ((slots, iterable),) = each[1], each[2]
    return loops.count(worth, slots, build(iterable), _build_condition(each))


def _build_each(tree: Tree) -> Evaluate:
    nested = [(slots, build(iterable)) for slots, iterable in tree[2]]
    return loops.lazily(nested, _build_condition(tree), build(tree[1]))


def _build_named(tree: Tree) -> Evaluate:
    return build(tree[2])


_BUILDERS: Mapping[str, Callable[[Tree], Evaluate]] = {
    "lit": _build_literal,
    "fact": _build_fact,
    "operand": _build_operand,
    "rest": _build_rest,
    "option": _build_option,
    "attribute": _build_attribute,
    "var": _build_var,
    "attr": _build_attr,
    "index": _build_index,
    "cmp": _build_sign,
    "arith": _build_sign,
    "and": _build_and,
    "or": _build_or,
    "not": _build_not,
    "neg": _build_negative,
    "if": _build_if,
    "list": _build_list,
    "call": _build_call,
    "each": _build_each,
    "named": _build_named,
}
