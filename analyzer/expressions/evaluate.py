"""Checked node -> function of a context."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from analyzer.expressions import loops, operators, steps
from analyzer.expressions.context import OF_FINDINGS, OF_GRAPHS, OF_OPERATORS, is_trait
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
    Parameter,
    Part,
    Property,
    Rest,
    Variable,
    remembered,
    unnamed,
)
from analyzer.expressions.operators import Known, later
from analyzer.expressions.show import show
from analyzer.expressions.vocabulary import (
    NUMBERS,
    OPERATOR,
    TENSOR,
    Context,
    Undefined,
)

Evaluate = Callable[[Context], Any]
#: `t.elements > 0`.
_NOT_EMPTY = ("elements", ">", Literal(0))
#: What is summed to count.
_ONE = Literal(1)
#: Where no operator is looked at; loops keep their variables in what is handed to them.
_NOWHERE: Any = SimpleNamespace(variables=[], steps=0)


def compiled(
    node: Node,
    parameters: Mapping[str, Any] = {},
    counts: bool | None = None,
    operator: str | None = None,
) -> Evaluate:
    """A function of the context that evaluates the node; Known where it follows from the parameters alone.

    Most of a rule is never asked of any operator that is there: what stands behind a part that decides is
    compiled when it is first come to. `counts` is what `takes_steps` says of the node, where that is known,
    and `operator` the name of the only one that the function is asked about.
    The function raises Undefined where something isn't there, UndecidedError where it takes too many steps.
    """
    counts = steps.takes_steps(node) if counts is None else counts
    evaluate = _Compiler(parameters, counts, operator).of(node)
    return steps.within(node, evaluate) if counts and not isinstance(evaluate, Known) else evaluate


#: Explaining looks at the same parts again and again.
_compiled = remembered(compiled)


def evaluate(node: Node, context: Context) -> Any:
    """What a part of an expression comes to. Raises: Undefined, UndecidedError."""
    return _compiled(node)(context)


class _Compiler:
    """Compiles nodes under known parameters; with `counts`, loops count their steps."""

    def __init__(self, parameters: Mapping[str, Any], counts: bool, operator: str | None) -> None:
        self._parameters = parameters
        self._counts = counts
        self._operator = operator

    def of(self, node: Node) -> Evaluate:
        return _METHODS[node.__class__](self, node)

    def all(self, nodes: Iterable[Node]) -> tuple[Evaluate, ...]:
        return tuple(map(self.of, nodes))

    def literal(self, node: Literal) -> Evaluate:
        return Known(node.value)

    def parameter(self, node: Parameter) -> Evaluate:
        return Known(self._parameters[node.name])

    def fact(self, node: Fact) -> Evaluate:
        if node.name == "op" and self._operator is not None:
            return Known(self._operator)
        evaluate = OPERATOR[node.name][2] if node.name in OPERATOR else attrgetter(node.name)
        if node.name in OF_OPERATORS or node.name in OF_FINDINGS:
            return evaluate
        return operators.looking_far(evaluate, "graphwide" if node.name in OF_GRAPHS else "beyond")

    def operand(self, node: Operand) -> Evaluate:
        tensors, position = attrgetter(node.side), node.position

        def evaluate(c: Context) -> Any:
            try:
                return tensors(c)[position]
            except IndexError:
                return None

        return evaluate if node.side in OF_OPERATORS else operators.looking_far(evaluate)

    def rest(self, node: Rest) -> Evaluate:
        tensors, start = attrgetter(node.side), node.start
        # Most stand for all operands: a copy for each question would add up where there are thousands.
        every: Evaluate = tensors if start == 0 else lambda c: tensors(c)[start:]
        return every if node.side in OF_OPERATORS else operators.looking_far(every)

    def option(self, node: Option) -> Evaluate:
        return operators.option(node.name)

    def attribute(self, node: Attribute) -> Evaluate:
        return operators.attribute(node.name)

    def variable(self, node: Variable) -> Evaluate:
        slot = node.slot
        return lambda c: c.variables[slot]

    def property(self, node: Property) -> Evaluate:
        name, base = node.name, unnamed(node.of)
        if name in operators.FIELDS and isinstance(base, Operand | Variable):
            return operators.field(node, base)
        if name == "omitted":
            return self._omitted(node, True)
        if name in OPERATOR:
            fact = OPERATOR[name][2]
            return self._of_operator(node, fact, name in OF_OPERATORS)
        return self._of_tensor(node, TENSOR[name][2])

    def _of_tensor(self, node: Property, fact: operators.Look, word: str = "") -> Evaluate:
        """A fact of a tensor, which looks as far as the word does."""
        base = unnamed(node.of)
        slot = base.slot if isinstance(base, Variable) else None
        return operators.of_tensor(node, self.of(node.of), slot, fact, word or node.name)

    def _omitted(self, node: Property, wanted: bool) -> Evaluate:
        """Whether an operand is left out, or not."""
        base = unnamed(node.of)
        if isinstance(base, Variable):
            slot = base.slot
            return lambda c: (c.variables[slot] is None) is wanted
        of = self.of(node.of)
        return lambda c: (of(c) is None) is wanted

    def _of_operator(self, node: Property, fact: Callable[[Any], Any], trait: bool) -> Evaluate:
        base = unnamed(node.of)
        of = None if isinstance(base, Variable) else self.of(base)
        evaluate = operators.of_operator(of, base.slot if isinstance(base, Variable) else 0, fact)
        return evaluate if trait else operators.looking_far(evaluate)

    def index(self, node: Index) -> Evaluate:
        of, at = loops.listed(node.of, self.of), self.of(node.at)

        def evaluate(c: Context) -> Any:
            elements, position = of(c), at(c)
            try:
                return elements[position]
            except (IndexError, TypeError):
                raise Undefined(f"{show(node.of)} has no element {position}") from None

        if not isinstance(at, Known):
            return evaluate
        known = at.value
        if (
            known == 0
            and known.__class__ is int
            and isinstance(node.of, Property)
            and node.of.name == "shape"
        ):
            return self._of_tensor(node.of, operators.batch(node), "rank")

        def known_element(c: Context) -> Any:
            elements = of(c)
            try:
                return elements[known]
            except (IndexError, TypeError):
                raise Undefined(f"{show(node.of)} has no element {known}") from None

        return known_element

    def comparison(self, node: Comparison) -> Evaluate:
        if isinstance(node.left, Property) and (node.left.name, node.sign, node.right) == _NOT_EMPTY:
            return self._of_tensor(node.left, operators.is_not_empty, "rank")
        if node.sign in ("==", "!=") and (indices := self._indices(node.left, node.right)) is not None:
            return operators.compared(node.sign, *indices)
        left, right = self.of(node.left), self.of(node.right)
        return _settled(self._compared(node, left, right), left, right)

    def _indices(self, *nodes: Node) -> list[Evaluate] | None:
        """Tensors' indices that are compared, which tells no more than which operands are one tensor."""
        indices = []
        for node in map(unnamed, nodes):
            if isinstance(node, Property) and node.name == "index":
                indices.append(self._of_tensor(node, operators.index, "shape"))
            elif isinstance(node, Choice) and (either := self._indices(node.then, node.otherwise)):
                indices.append(operators.chosen(self.of(node.condition), *either))
            else:
                return None
        return indices

    def _compared(self, node: Comparison, left: Evaluate, right: Evaluate) -> Evaluate:
        sign = node.sign
        if sign in ("==", "!=") and (_is_list(node.left) or _is_list(node.right)):
            return operators.lists_compared(sign, left, right)
        if not isinstance(right, Known):
            return operators.compared(sign, left, right)
        if sign in ("in", "not in") and isinstance(unnamed(node.right), List):
            return operators.among(sign, left, frozenset(right.value))
        return operators.compared_with(sign, left, right.value)

    def arithmetic(self, node: Arithmetic) -> Evaluate:
        left, right = self.of(node.left), self.of(node.right)
        return _settled(operators.computed(node.sign, left, right), left, right)

    def negative(self, node: Negative) -> Evaluate:
        of = self.of(node.of)
        return _settled(operators.computed("-", lambda c: 0, of), of)

    def conjunction(self, node: And) -> Evaluate:
        return self._logic(node.parts, False, operators.both)

    def disjunction(self, node: Or) -> Evaluate:
        return self._logic(node.parts, True, operators.either)

    def _logic(self, parts: Sequence[Node], decides: bool, joined: Callable[..., Evaluate]) -> Evaluate:
        """The parts up to the one that decides: what stands before it may touch an absent thing, and fail."""
        for position, part in enumerate(parts, 1):
            first = self.of(part)
            if not isinstance(first, Known):
                rest = parts[position:]
                return joined(first, partial(self._logic, rest, decides, joined)) if rest else first
            if first.value is decides:
                return first
        return Known(not decides)

    def negation(self, node: Not) -> Evaluate:
        if isinstance(negated := unnamed(node.of), Property) and negated.name == "omitted":
            return self._omitted(negated, False)
        of = self.of(node.of)
        return Known(not of.value) if isinstance(of, Known) else lambda c: not of(c)

    def choice(self, node: Choice) -> Evaluate:
        condition = self.of(node.condition)
        if isinstance(condition, Known):
            return self.of(node.then if condition.value else node.otherwise)
        then, otherwise = (later(partial(self.of, part)) for part in (node.then, node.otherwise))
        return operators.chosen(condition, then, otherwise)

    def list(self, node: List) -> Evaluate:
        parts = self.all(node.parts)
        known = [part.value for part in parts if isinstance(part, Known)]
        return Known(known) if len(known) == len(parts) else lambda c: [part(c) for part in parts]

    def option_of(self, node: OptionOf) -> Evaluate:
        of, name = self.of(node.of), node.name

        def evaluate(c: Context) -> Any:
            try:
                value = of(c).operator.options[name]
            except KeyError:
                raise Undefined(f"{show(node.of)} has no option {name}") from None
            if not is_trait(value):
                c.beyond = True
            return value

        return evaluate

    def call(self, node: Call) -> Evaluate:
        name, arguments = node.function, node.arguments
        if name == "holds":
            of = self.of(arguments[0])
            return _settled(_rescued(of), of)
        first = arguments[0]
        if name == "len" and isinstance(first, Property) and first.name in NUMBERS:
            # These say by themselves how far they look.
            word = "leaves_partition" if first.name == "readers" else ""
            return self._of_tensor(first, NUMBERS[first.name], word)
        if isinstance(first, Each) and len(arguments) == 1 and not self._is_over_nothing(first):
            return loops.once_for_all(first, self.of, self._over(node, first))
        parts = self.all(arguments)
        return _settled(operators.called(FUNCTIONS[name][3], parts, partial(show, node)), *parts)

    def _over(self, node: Call, each: Each) -> Evaluate:
        """A function of a comprehension."""
        name, single = node.function, all(len(loop.slots) == 1 for loop in each.loops)
        if single and name in ("all", "any"):
            counted = loops.counted(name == "all", each, self.of, self._iterable)
            return counted or self._looped(each, partial(loops.quantified, name == "all"))
        if single and name == "sum" and each.body == _ONE and len(each.loops) == 1:
            return self._looped(each, loops.number)
        return operators.called(FUNCTIONS[name][3], (self.of(each),), partial(show, node))

    def each(self, node: Each) -> Evaluate:
        return Known([]) if self._is_over_nothing(node) else self._looped(node, loops.lazily)

    def _is_over_nothing(self, each: Each) -> bool:
        iterable = each.loops[0].iterable
        if not isinstance(unnamed(iterable), List | Literal | Parameter | Choice):
            return False
        listed = self.of(iterable)
        return isinstance(listed, Known) and listed.value == []

    def _looped(self, node: Each, loop: Callable[..., Evaluate]) -> Evaluate:
        nested = [(each.slots, self._iterable(each)) for each in node.loops]
        condition = None if node.condition is None else self.of(node.condition)
        if isinstance(condition, Known) and condition.value is True:
            condition = None
        return loop(nested, condition, self.of(node.body))

    def _iterable(self, loop: Loop) -> Evaluate:
        iterable = self.of(loop.iterable)
        return steps.counted(iterable) if self._counts else iterable

    def named(self, node: Named) -> Evaluate:
        return self.of(node.body)


def _rescued(condition: Evaluate) -> Evaluate:
    """The condition, which doesn't hold where it touches something absent."""

    def evaluate(c: Context) -> bool:
        try:
            return bool(condition(c))
        except Undefined:
            return False

    return evaluate


def _settled(evaluate: Evaluate, *parts: Evaluate) -> Evaluate:
    """What all that is known comes to, unless that is undefined."""
    if all(part.__class__ is Known for part in parts):
        try:
            return Known(evaluate(_NOWHERE))
        except Undefined:
            pass
    return evaluate


def _is_list(node: Node) -> bool:
    if isinstance(node, Choice):
        return _is_list(node.then)
    return isinstance(node, List | Each | Rest) or (isinstance(node, Property) and node.name in _LISTS)


_LISTS = frozenset(name for name, (kind, _, _) in TENSOR.items() if kind.startswith("list["))

_METHODS: Mapping[type[Part], Callable[[_Compiler, Any], Evaluate]] = {
    Literal: _Compiler.literal,
    Parameter: _Compiler.parameter,
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
