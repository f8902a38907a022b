"""Checked node -> function of a context."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial, reduce
from math import inf
from operator import attrgetter
from threading import local
from typing import Any

from analyzer.errors import UndecidedError
from analyzer.expressions import loops, operators
from analyzer.expressions.functions import FUNCTIONS
from analyzer.expressions.nodes import (
    And,
    Arithmetic,
    Attribute,
    Call,
    Choice,
    Comparison,
    Each,
    Fact,
    Index,
    List,
    Literal,
    Loop,
    Named,
    Negative,
    Node,
    Not,
    Operand,
    Option,
    OptionOf,
    Or,
    Part,
    Property,
    Rest,
    Variable,
    remembered,
    unnamed,
)
from analyzer.expressions.show import show
from analyzer.expressions.vocabulary import OPERATOR, TENSOR, Context, Undefined, attributes

Evaluate = Callable[[Context], Any]
#: What is summed to count.
_ONE = Literal(1)

#: Steps that an evaluation with loops within loops may take: about two seconds. All of a delegate's rules on
#: one model may take as many and some more for each operator.
MAX_STEPS, STEPS_EACH = 5_000_000, 500


def compiled(node: Node) -> Evaluate:
    """A function of the context that evaluates the node.

    The function raises Undefined where something isn't there, UndecidedError where it takes too many steps.
    """
    compiler = _Compiler()
    evaluate = compiler.of(node)
    return _within_steps(node) if compiler.deepest > 1 or compiler.looks_around else evaluate


#: Explaining looks at the same parts again and again.
_compiled = remembered(compiled)


def evaluate(node: Node, context: Context) -> Any:
    """What a part of an expression comes to. Raises: Undefined, UndecidedError."""
    return _compiled(node)(context)


class _Allowance(local):
    """Steps that are left in all; each thread has its own."""

    left = inf


_allowance = _Allowance()


@contextmanager
def steps_for(operators: int) -> Iterator[None]:
    """Allow so many steps in all as the rules of one delegate on a model of so many operators may take."""
    before, _allowance.left = _allowance.left, MAX_STEPS + STEPS_EACH * operators
    try:
        yield
    finally:
        _allowance.left = before


def _within_steps(node: Node) -> Evaluate:
    # Most are never asked of any operator that is there: what counts is compiled when the first one comes.
    counting: Evaluate | None = None

    def evaluate(c: Context) -> Any:
        nonlocal counting
        counting = counting or _Compiler(counts=True).of(node)
        c.steps = given = int(min(MAX_STEPS, _allowance.left))
        try:
            return counting(c)
        except loops.TooManySteps:
            much = f"more than {given:,} steps on one operator" if given == MAX_STEPS else "too many steps"
            problem = f"takes {much}; loop over shorter lists"
            raise UndecidedError([f"{show(node)}: {problem}"]) from None
        finally:
            _allowance.left -= given - max(c.steps, 0)

    return evaluate


class _Compiler:
    """Compiles nodes; with `counts`, loops count their steps."""

    def __init__(self, counts: bool = False) -> None:
        self._counts = counts
        self._depth = 0
        #: How many loops stand within each other.
        self.deepest = 0
        #: Whether a loop goes through the operators around a tensor, which may be all there are.
        self.looks_around = False

    def of(self, node: Node) -> Evaluate:
        return _METHODS[node.__class__](self, node)

    def all(self, nodes: Iterable[Node]) -> tuple[Evaluate, ...]:
        return tuple(map(self.of, nodes))

    def literal(self, node: Literal) -> Evaluate:
        value = node.value
        return lambda c: value

    def fact(self, node: Fact) -> Evaluate:
        return OPERATOR[node.name][2] if node.name in OPERATOR else attrgetter(node.name)

    def operand(self, node: Operand) -> Evaluate:
        tensors, position = attrgetter(node.side), node.position

        def evaluate(c: Context) -> Any:
            try:
                return tensors(c)[position]
            except IndexError:
                return None

        return evaluate

    def rest(self, node: Rest) -> Evaluate:
        tensors, start = attrgetter(node.side), node.start
        # Most stand for all operands: a copy for each question would add up where there are thousands.
        return tensors if start == 0 else lambda c: tensors(c)[start:]

    def option(self, node: Option) -> Evaluate:
        name = node.name

        def evaluate(c: Context) -> Any:
            try:
                return c.operator.options[name]
            except KeyError:
                raise Undefined(f"the operator has no option {name}") from None

        return evaluate

    def attribute(self, node: Attribute) -> Evaluate:
        name = node.name

        def evaluate(c: Context) -> Any:
            value = attributes(c.operator).get(name)
            if value is None:
                raise Undefined(f"the operator has no attribute {name}")
            return value

        return evaluate

    def variable(self, node: Variable) -> Evaluate:
        slot = node.slot
        return lambda c: c.variables[slot]

    def property(self, node: Property) -> Evaluate:
        of, name = self.of(node.of), node.name
        if name == "omitted":
            return lambda c: of(c) is None
        base = unnamed(node.of)
        if name in _FIELDS and isinstance(base, Operand | Variable):
            return _field(node, base)
        of_tensor = TENSOR[name][2] if name in TENSOR else _no_such_fact
        of_operator = OPERATOR[name][2] if name in OPERATOR else None

        def evaluate(c: Context) -> Any:
            value = of(c)
            if value is None:
                raise Undefined(f"{show(node.of)} is left out")
            if of_operator is not None and value.__class__ is Context:
                return of_operator(value)
            return of_tensor(c, value)

        return evaluate

    def index(self, node: Index) -> Evaluate:
        of, at = self.of(node.of), self.of(node.at)

        def evaluate(c: Context) -> Any:
            elements, position = of(c), at(c)
            try:
                return elements[position]
            except (IndexError, TypeError):
                raise Undefined(f"{show(node.of)} has no element {position}") from None

        if not isinstance(node.at, Literal):
            return evaluate
        known = node.at.value

        def known_element(c: Context) -> Any:
            elements = of(c)
            try:
                return elements[known]
            except (IndexError, TypeError):
                raise Undefined(f"{show(node.of)} has no element {known}") from None

        return known_element

    def comparison(self, node: Comparison) -> Evaluate:
        sign, left, right = node.sign, self.of(node.left), node.right
        if sign in ("==", "!=") and (_is_list(node.left) or _is_list(right)):
            return operators.lists_compared(sign, left, self.of(right))
        if isinstance(right, Literal):
            return operators.compared_with(sign, left, right.value)
        if sign in ("in", "not in") and (members := _literals(unnamed(right))) is not None:
            return operators.among(sign, left, frozenset(members))
        return operators.compared(sign, left, self.of(right))

    def arithmetic(self, node: Arithmetic) -> Evaluate:
        return operators.computed(node.sign, self.of(node.left), self.of(node.right))

    def negative(self, node: Negative) -> Evaluate:
        return operators.computed("-", lambda c: 0, self.of(node.of))

    def conjunction(self, node: And) -> Evaluate:
        return reduce(lambda rest, part: lambda c: part(c) and rest(c), reversed(self.all(node.parts)))

    def disjunction(self, node: Or) -> Evaluate:
        return reduce(lambda rest, part: lambda c: part(c) or rest(c), reversed(self.all(node.parts)))

    def negation(self, node: Not) -> Evaluate:
        of = self.of(node.of)
        return lambda c: not of(c)

    def choice(self, node: Choice) -> Evaluate:
        condition, then, otherwise = self.all((node.condition, node.then, node.otherwise))
        return lambda c: then(c) if condition(c) else otherwise(c)

    def list(self, node: List) -> Evaluate:
        if (values := _literals(node)) is not None:
            return lambda c: values
        parts = self.all(node.parts)
        return lambda c: [part(c) for part in parts]

    def option_of(self, node: OptionOf) -> Evaluate:
        of, name = self.of(node.of), node.name

        def evaluate(c: Context) -> Any:
            try:
                return of(c).operator.options[name]
            except KeyError:
                raise Undefined(f"{show(node.of)} has no option {name}") from None

        return evaluate

    def call(self, node: Call) -> Evaluate:
        name, arguments = node.function, node.arguments
        if name == "holds":
            return _rescued(self.of(arguments[0]))
        if isinstance(each := arguments[0], Each) and len(arguments) == 1:
            evaluate, listed = self._over(node, each), loops.around(each)
            return (
                evaluate if listed is None else loops.once_a_tensor(self.of(listed.of), listed.name, evaluate)
            )
        return operators.called(FUNCTIONS[name][3], self.all(arguments), partial(show, node))

    def _over(self, node: Call, each: Each) -> Evaluate:
        """A function of a comprehension."""
        name = node.function
        if _is_simple(each) and name in ("all", "any"):
            return self._looped(each, partial(loops.quantified, name == "all"))
        if _is_simple(each) and name == "sum" and each.body == _ONE:
            return self._looped(each, loops.number)
        return operators.called(FUNCTIONS[name][3], (self.of(each),), partial(show, node))

    def each(self, node: Each) -> Evaluate:
        return self._looped(node, loops.lazily)

    def _looped(self, node: Each, loop: Callable[..., Evaluate]) -> Evaluate:
        self._depth += len(node.loops)
        self.deepest = max(self.deepest, self._depth)
        nested = [(each.slots, self._iterable(each)) for each in node.loops]
        condition = None if node.condition is None else self.of(node.condition)
        made = loop(nested, condition, self.of(node.body))
        self._depth -= len(node.loops)
        return made

    def _iterable(self, loop: Loop) -> Evaluate:
        iterable = self.of(loop.iterable)
        around = isinstance(loop.iterable, Property) and loop.iterable.name in loops.AROUND
        self.looks_around = self.looks_around or around
        return loops.counted(iterable) if self._counts else iterable

    def named(self, node: Named) -> Evaluate:
        return self.of(node.body)


#: What is asked most often is a field of the tensor, which needs no call to answer.
_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    name: attrgetter(name)
    for name in ("dtype", "shape", "constant", "variable", "index", "dynamic", "persistent")
} | {"rank": lambda tensor: len(tensor.shape)}


def _field(node: Property, base: Operand | Variable) -> Evaluate:
    """A field of an operand or a loop variable, which `node.of` may give a name."""
    field = _FIELDS[node.name]
    side, position = ("variables", base.slot) if isinstance(base, Variable) else (base.side, base.position)
    tensors = attrgetter(side)

    def evaluate(c: Context) -> Any:
        try:
            return field(tensors(c)[position])
        except (AttributeError, IndexError):
            raise Undefined(f"{show(node.of)} is left out") from None

    return evaluate


def _rescued(condition: Evaluate) -> Evaluate:
    """The condition, which doesn't hold where it touches something absent."""

    def evaluate(c: Context) -> bool:
        try:
            return bool(condition(c))
        except Undefined:
            return False

    return evaluate


def _no_such_fact(c: Context, value: Any) -> Any:
    raise Undefined("this fact is not one of a tensor")


def _literals(node: Node) -> list[Any] | None:
    """The values of a list of literals."""
    if not isinstance(node, List):
        return None
    values = [part.value for part in node.parts if isinstance(part, Literal)]
    return values if len(values) == len(node.parts) else None


def _is_simple(each: Each) -> bool:
    return len(each.loops) == 1 and len(each.loops[0].slots) == 1


def _is_list(node: Node) -> bool:
    return isinstance(node, List | Each | Rest) or (isinstance(node, Property) and node.name in _LISTS)


_LISTS = frozenset(name for name, (kind, _, _) in TENSOR.items() if kind.startswith("list["))

_METHODS: Mapping[type[Part], Callable[[_Compiler, Any], Evaluate]] = {
    Literal: _Compiler.literal,
    Fact: _Compiler.fact,
    Operand: _Compiler.operand,
    Rest: _Compiler.rest,
    Option: _Compiler.option,
    Attribute: _Compiler.attribute,
    Variable: _Compiler.variable,
    Property: _Compiler.property,
    OptionOf: _Compiler.option_of,
    Index: _Compiler.index,
    Comparison: _Compiler.comparison,
    Arithmetic: _Compiler.arithmetic,
    And: _Compiler.conjunction,
    Or: _Compiler.disjunction,
    Not: _Compiler.negation,
    Negative: _Compiler.negative,
    Choice: _Compiler.choice,
    List: _Compiler.list,
    Call: _Compiler.call,
    Each: _Compiler.each,
    Named: _Compiler.named,
}
