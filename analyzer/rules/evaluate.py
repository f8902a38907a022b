"""Checked tree -> function of a context."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from analyzer.rules import signs
from analyzer.rules.trees import Tree, show
from analyzer.vocabulary import FUNCTIONS, OPERATOR, TENSOR, Absent, Context, attributes

Evaluate = Callable[[Context], Any]


def build(tree: Tree) -> Evaluate:
    """A function of the context that evaluates the tree, or raises `Absent` for an absent thing."""
    return _BUILDERS[tree[0]](tree)


#: Identity of a tree -> the tree and its function. Explaining looks at the same parts again and again.
_built: dict[int, tuple[Tree, Evaluate]] = {}
_MOST_BUILT = 20_000


def look(tree: Tree, context: Context) -> Any:
    """What a part of a tree comes to. Raises: Absent."""
    found = _built.get(id(tree))
    if found is None:
        if len(_built) >= _MOST_BUILT:
            _built.clear()
        # The tree is kept beside its function, so that no other can come to have its identity.
        found = _built[id(tree)] = tree, build(tree)
    return found[1](context)


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
    return lambda c: getattr(c, side)[start:]


def _build_option(tree: Tree) -> Evaluate:
    field = tree[1]

    def evaluate(c: Context) -> Any:
        try:
            return c.operator.options[field]
        except KeyError:
            raise Absent(f"the operator has no option {field}") from None

    return evaluate


def _build_attribute(tree: Tree) -> Evaluate:
    name = tree[1]

    def evaluate(c: Context) -> Any:
        value = attributes(c.operator).get(name)
        if value is None:
            raise Absent(f"the operator has no attribute {name}")
        return value

    return evaluate


def _build_var(tree: Tree) -> Evaluate:
    slot = tree[1]
    return lambda c: c.variables[slot]


def _build_attr(tree: Tree) -> Evaluate:
    of, name = build(tree[1]), tree[2]
    if name == "omitted":
        return lambda c: of(c) is None
    plain = _PLAIN.get(name)
    if plain is not None and tree[1][0] in ("operand", "var"):
        return _build_plain(tree[1], plain)
    tensor_answer = TENSOR[name][2] if name in TENSOR else _no_such_fact
    operator_answer = OPERATOR[name][2] if name in OPERATOR else None

    def evaluate(c: Context) -> Any:
        value = of(c)
        if value is None:
            raise Absent(f"{show(tree[1])} is left out")
        if operator_answer is not None and value.__class__ is Context:
            return operator_answer(value)
        return tensor_answer(c, value)

    return evaluate


#: What is asked most often is a field of the tensor, which needs no call to answer.
_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    name: operator.attrgetter(name) for name in ("dtype", "shape", "constant", "variable", "index")
}


def _build_plain(base: Tree, plain: Callable[[Any], Any]) -> Evaluate:
    """A field of an operand or of a loop variable."""
    if base[0] == "var":
        slot = base[1]

        def of_variable(c: Context) -> Any:
            value = c.variables[slot]
            if value is None:
                raise Absent(f"{base[2]} is left out")
            return plain(value)

        return of_variable
    side, position = base[1], base[2]
    tensors = operator.attrgetter(side)

    def of_operand(c: Context) -> Any:
        try:
            return plain(tensors(c)[position])
        except (AttributeError, IndexError):
            raise Absent(f"{base[3]} is left out") from None

    return of_operand


def _no_such_fact(c: Context, value: Any) -> Any:
    raise Absent("this fact is not one of a tensor")


def _build_index(tree: Tree) -> Evaluate:
    of, at = build(tree[1]), build(tree[2])

    def evaluate(c: Context) -> Any:
        elements, position = of(c), at(c)
        try:
            return elements[position]
        except (IndexError, TypeError):
            raise Absent(f"{show(tree[1])} has no element {position}") from None

    return evaluate


def _build_sign(tree: Tree) -> Evaluate:
    sign, left, right = tree[1], tree[2], tree[3]
    if sign in ("==", "!=") and (_is_list(left) or _is_list(right)):
        return signs.of_lists(sign, build(left), build(right))
    if right[0] == "lit":
        return signs.with_literal(sign, build(left), right[1])
    if sign in ("in", "not in") and right[0] == "list" and all(part[0] == "lit" for part in right[1:]):
        return signs.among(sign, build(left), frozenset(part[1] for part in right[1:]))
    return signs.of_two(sign, build(left), build(right))


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
    parts = tuple(build(part) for part in tree[1:])
    return lambda c: [part(c) for part in parts]


def _build_call(tree: Tree) -> Evaluate:
    name, arguments = tree[1], tree[2:]
    if name in ("all", "any") and arguments[0][0] == "each" and len(arguments[0][2]) == 1:
        return _build_quantifier(name == "all", arguments[0])
    return signs.called(FUNCTIONS[name][3], tuple(build(part) for part in arguments), show(tree))


def _build_quantifier(every: bool, each: Tree) -> Evaluate:
    """`all(... for ...)` or `any(... for ...)` over one loop, ended by the first element that decides."""
    body, ((slots, iterable_tree),) = build(each[1]), each[2]
    iterable = build(iterable_tree)
    condition = None if each[3] is None else build(each[3])
    if len(slots) == 1:
        return _build_one_variable_quantifier(every, slots[0], iterable, condition, body)
    bind = _binder(slots)

    def evaluate(c: Context) -> bool:
        for value in iterable(c):
            bind(c, value)
            if (condition is None or condition(c)) and bool(body(c)) is not every:
                return not every
        return every

    return evaluate


def _build_one_variable_quantifier(
    every: bool, slot: int, iterable: Evaluate, condition: Evaluate | None, body: Evaluate
) -> Evaluate:
    """The common case, without a call for every element."""

    def evaluate(c: Context) -> bool:
        values = iterable(c)
        variables = _room(c, slot)
        for value in values:
            variables[slot] = value
            if (condition is None or condition(c)) and bool(body(c)) is not every:
                return not every
        return every

    return evaluate


def _room(c: Context, top: int) -> list[Any]:
    """The context's slots for loop variables, at least up to `top`."""
    variables = c.variables
    if len(variables) <= top:
        variables.extend([None] * (top + 1 - len(variables)))
    return variables


def _binder(slots: list[int]) -> Callable[[Context, Any], None]:
    """Puts an element into the context's slots."""
    if len(slots) == 1:
        slot = slots[0]

        def bind_one(c: Context, value: Any) -> None:
            _room(c, slot)[slot] = value

        return bind_one
    first, second = slots
    top = max(slots)

    def bind_two(c: Context, value: Any) -> None:
        variables = _room(c, top)
        variables[first], variables[second] = value

    return bind_two


def _build_each(tree: Tree) -> Evaluate:
    """A lazy comprehension; its loop variables live in the context's slots."""
    body = build(tree[1])
    condition = None if tree[3] is None else build(tree[3])
    loops = [(_binder(slots), build(iterable)) for slots, iterable in tree[2]]

    def walk(c: Context, depth: int) -> Any:
        bind, iterable = loops[depth]
        for value in iterable(c):
            bind(c, value)
            if depth + 1 < len(loops):
                yield from walk(c, depth + 1)
            elif condition is None or condition(c):
                yield body(c)

    return lambda c: _Lazy(walk(c, 0))


class _Lazy:
    """A comprehension's elements: consumed once by all, any or sum, listed when somebody asks for more."""

    __slots__ = ("elements",)

    def __init__(self, elements: Any) -> None:
        self.elements = elements

    def __iter__(self) -> Any:
        return iter(self.elements)

    def listed(self) -> list[Any]:
        if not isinstance(self.elements, list):
            self.elements = list(self.elements)
        found: list[Any] = self.elements
        return found

    def __len__(self) -> int:
        return len(self.listed())

    def __getitem__(self, index: int) -> Any:
        return self.listed()[index]


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
