"""Text of a rule's condition -> checked node.

Expressions are a small, safe subset of Python's: names of the vocabulary, comparisons, `and or not in`,
arithmetic without powers, indexing, conditional expressions, calls of the vocabulary's functions and
comprehensions as their arguments. Everything is resolved and type-checked here.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from math import inf
from typing import Any

from analyzer.expressions import nodes
from analyzer.expressions.functions import FUNCTIONS
from analyzer.expressions.scope import NUMBERS, Definition, ExpressionError, Scope, article, fits, said
from analyzer.expressions.show import show
from analyzer.expressions.vocabulary import OPERATOR, TENSOR
from analyzer.suggest import nearest

Typed = tuple[nodes.Node, str]

__all__ = ["Definition", "ExpressionError", "Scope", "parse"]

_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_ARITHMETIC: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Div: "/",
    ast.Mod: "%",
}
_MAX_INT = 1 << 63
#: Nesting deeper than this is refused; no rule comes near it.
_MAX_DEPTH = 60
#: Each part of a conjunction or disjunction is a call within the one before it.
_MAX_PARTS = 100
#: Definitions that use definitions can grow fast; no rule comes near this many parts.
_MAX_NODES = 20_000
#: Loops within loops, which multiply.
_MAX_LOOPS = 3


def parse(text: str, scope: Scope, wanted: str | None = "bool") -> nodes.Node:
    """The checked node of `text`, whose type must be `wanted` (None: any).

    Raises: ExpressionError.
    """
    tree, found = _Parser(scope).parse(text)
    if wanted is not None and not fits(found, wanted):
        raise ExpressionError(f"{text!r} is {said(found)}, expected {said(wanted)}")
    return tree


class _Parser:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.bound: dict[str, Typed] = {}
        self.slots = 0
        self.expanding: list[str] = []
        self.depth = 0
        self.loops = 0
        self.nodes = 0

    def parse(self, text: str) -> Typed:
        try:
            # Newlines in a long rule are layout, not syntax; what Python warns of, it would write on stderr.
            with warnings.catch_warnings(action="ignore"):
                body = ast.parse(" ".join(text.split()), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            raise ExpressionError(f"{text!r} is not an expression: {reason}") from None
        return self.visit(body)

    def visit(self, node: ast.expr) -> Typed:
        method = getattr(self, f"visit_{type(node).__name__}", None)
        if method is None:
            raise ExpressionError(f"{type(node).__name__} is not part of the rule language")
        self.depth += 1
        self.nodes += 1
        if self.depth > _MAX_DEPTH or self.nodes > _MAX_NODES:
            raise ExpressionError("the expression is nested too deeply or too long")
        found: Typed = method(node)
        self.depth -= 1
        return found

    def boolean(self, node: ast.expr) -> nodes.Node:
        tree, found = self.visit(node)
        if found != "bool":
            raise ExpressionError(f"{ast.unparse(node)} is {said(found)}, expected bool")
        return tree

    def visit_Constant(self, node: ast.Constant) -> Typed:
        value = node.value
        if isinstance(value, bool):
            return nodes.Literal(value), "bool"
        if isinstance(value, int | float):
            if not abs(value) < (_MAX_INT if isinstance(value, int) else inf):
                raise ExpressionError(f"{_shortened(value)} is larger than any number in a model")
            return nodes.Literal(value), "int" if isinstance(value, int) else "float"
        if isinstance(value, str):
            return nodes.Literal(value), "str"
        raise ExpressionError(f"{value!r} is not part of the rule language")

    def visit_Name(self, node: ast.Name) -> Typed:
        name, scope = node.id, self.scope
        if name in self.bound:
            return self.bound[name]
        if name in ("true", "false"):
            return nodes.Literal(name == "true"), "bool"
        for facts in (scope.extra, scope.facts):
            if facts is not None and name in facts:
                return nodes.Fact(name), facts[name]
        if name in scope.operands:
            side, position, rest = scope.operands[name]
            if rest:
                return nodes.Rest(side, position, name), "list[tensor]"
            return nodes.Operand(side, position, name), "tensor"
        # The operator's own words win: a parameter that is called like one is `parameters.NAME`.
        if scope.facts is None and name in OPERATOR:
            return nodes.Fact(name), OPERATOR[name][0]
        if name in scope.parameters:
            return nodes.Parameter(name), scope.parameters[name]
        if name in scope.definitions:
            return self.expand(scope.definitions[name], [])
        raise ExpressionError(f"nothing is called {name}{nearest(name, self.known())}")

    def known(self) -> list[str]:
        scope = self.scope
        own = scope.facts if scope.facts is not None else OPERATOR
        return [
            *self.bound,
            *scope.operands,
            *scope.parameters,
            *scope.definitions,
            *scope.extra,
            *own,
            *FUNCTIONS,
        ]

    def expand(self, definition: Definition, arguments: list[Typed]) -> Typed:
        name = definition.name
        if name in self.expanding:
            raise ExpressionError(f"{name} is defined by itself")
        if len(arguments) != len(definition.arguments):
            raise ExpressionError(
                f"{name} takes {len(definition.arguments)} arguments, found {len(arguments)}"
            )
        outer, self.bound = self.bound, dict(zip(definition.arguments, arguments, strict=True))
        self.expanding.append(name)
        try:
            tree, found = self.parse(definition.text)
        except ExpressionError as error:
            raise ExpressionError(f"in {name}: {error}") from None
        finally:
            self.expanding.pop()
            self.bound = outer
        shown = name if not arguments else f"{name}({', '.join(show(tree) for tree, _ in arguments)})"
        return nodes.Named(shown, tree), found

    def visit_Attribute(self, node: ast.Attribute) -> Typed:
        if isinstance(node.value, ast.Name) and node.value.id not in self.bound:
            if node.value.id == "options":
                return self.option(node.attr)
            if node.value.id == "parameters":
                return self.parameter(node.attr)
            if node.value.id == "attributes":
                return nodes.Attribute(node.attr), "any"
        if isinstance(node.value, ast.Attribute) and node.value.attr == "options":
            operator, found = self.visit(node.value.value)
            if found == "operator":
                return nodes.OptionOf(operator, node.attr), "any"
        tree, found = self.visit(node.value)
        known: Mapping[str, tuple[Any, ...]]
        if found == "tensor":
            known = TENSOR
            if node.attr == "omitted":
                return nodes.Property(tree, "omitted"), "bool"
        elif found == "operator":
            known = OPERATOR
        else:
            raise ExpressionError(f"{ast.unparse(node.value)} is {said(found)} and has no {node.attr}")
        if node.attr not in known:
            names = [*known, "omitted"]
            hint = nearest(node.attr, names)
            raise ExpressionError(f"{article(found)} has no {node.attr}{hint}")
        return nodes.Property(tree, node.attr), known[node.attr][0]

    def parameter(self, name: str) -> Typed:
        known = self.scope.parameters
        if name not in known:
            raise ExpressionError(f"there is no parameter {name}{nearest(name, list(known))}")
        return nodes.Parameter(name), known[name]

    def option(self, field: str) -> Typed:
        options = self.scope.options
        if options is None:
            return nodes.Option(field), "any"
        if field not in options:
            raise ExpressionError(f"this operator has no option {field}{nearest(field, list(options))}")
        return nodes.Option(field), options[field]

    def visit_Subscript(self, node: ast.Subscript) -> Typed:
        of, found = self.visit(node.value)
        at, position = self.visit(node.slice)
        if not found.startswith("list["):
            raise ExpressionError(f"{ast.unparse(node.value)} is {said(found)}, expected a list")
        if not fits(position, "int"):
            raise ExpressionError(f"{ast.unparse(node.slice)} is {said(position)}, expected int")
        return nodes.Index(of, at), found[5:-1]

    def visit_BoolOp(self, node: ast.BoolOp) -> Typed:
        if len(node.values) > _MAX_PARTS:
            raise ExpressionError(f"more than {_MAX_PARTS} parts stand side by side")
        logic = nodes.And if isinstance(node.op, ast.And) else nodes.Or
        return logic(tuple(map(self.boolean, node.values))), "bool"

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Typed:
        if isinstance(node.op, ast.Not):
            return nodes.Not(self.boolean(node.operand)), "bool"
        if not isinstance(node.op, ast.USub):
            raise ExpressionError(f"{ast.unparse(node)} is not part of the rule language")
        tree, found = self.number(node.operand)
        if isinstance(tree, nodes.Literal):
            return nodes.Literal(-tree.value), found
        return nodes.Negative(tree), found

    def number(self, node: ast.expr) -> Typed:
        tree, found = self.visit(node)
        if found not in NUMBERS and found != "any":
            raise ExpressionError(f"{ast.unparse(node)} is {said(found)}, expected a number")
        return tree, found

    def visit_BinOp(self, node: ast.BinOp) -> Typed:
        sign = _ARITHMETIC.get(type(node.op))
        if sign is None:
            raise ExpressionError(f"{type(node.op).__name__} is not part of the rule language")
        left, a = self.number(node.left)
        right, b = self.number(node.right)
        found = "float" if sign == "/" or "float" in (a, b) else "int" if a == b == "int" else "number"
        return nodes.Arithmetic(sign, left, right), found

    def visit_Compare(self, node: ast.Compare) -> Typed:
        parts: list[nodes.Node] = []
        left = node.left
        for operation, right in zip(node.ops, node.comparators, strict=True):
            sign = _COMPARISONS.get(type(operation))
            if sign is None:
                raise ExpressionError(f"{type(operation).__name__} is not part of the rule language")
            parts.append(self.compare(sign, left, right))
            left = right
        return _all_of(parts), "bool"

    def compare(self, sign: str, left: ast.expr, right: ast.expr) -> nodes.Node:
        a, first = self.visit(left)
        b, second = self.visit(right)
        shown = f"{ast.unparse(left)} {sign} {ast.unparse(right)}"
        if sign in ("in", "not in"):
            if not second.startswith("list["):
                raise ExpressionError(f"{ast.unparse(right)} is {said(second)}, expected a list")
            inner = second[5:-1]
            if inner not in ("T", "nothing"):
                self.comparable(a, first, b, inner, shown)
            return nodes.Comparison(sign, a, b)
        self.comparable(a, first, b, second, shown)
        if sign not in ("==", "!=") and not (first in (*NUMBERS, "any") and second in (*NUMBERS, "any")):
            raise ExpressionError(f"{shown}: only numbers have an order")
        return nodes.Comparison(sign, a, b)

    def comparable(self, a: nodes.Node, first: str, b: nodes.Node, second: str, shown: str) -> None:
        if "any" in (first, second):
            return
        for closed, literal_type, literal in ((first, second, b), (second, first, a)):
            if (closed == "dtype" or closed.startswith("enum:")) and literal_type == "str":
                self.member(closed, literal, shown)
                return
        if not (fits(first, second) or fits(second, first)):
            raise ExpressionError(f"{shown} compares {said(first)} with {said(second)}")
        if first.startswith("list[") and first[5:-1] not in NUMBERS and second == "list[str]":
            raise ExpressionError(f"{shown} compares {said(first)} with {said(second)}")

    def member(self, closed: str, literal: nodes.Node, shown: str) -> None:
        known = self.scope.enums.get("TensorType" if closed == "dtype" else closed[5:])
        if known is None:
            return
        for name in nodes.strings_in(literal):
            if name not in known:
                hint = nearest(name, list(known))
                raise ExpressionError(f"{shown}: {name} is not {article(said(closed))}{hint}")

    def visit_IfExp(self, node: ast.IfExp) -> Typed:
        condition = self.boolean(node.test)
        a, first = self.visit(node.body)
        b, second = self.visit(node.orelse)
        if not (fits(first, second) or fits(second, first)):
            raise ExpressionError(f"{ast.unparse(node)} is either {said(first)} or {said(second)}")
        return nodes.Choice(condition, a, b), second if first == "list[nothing]" else first

    def visit_List(self, node: ast.List) -> Typed:
        if not node.elts:
            return nodes.List(()), "list[nothing]"
        parts = [self.visit(element) for element in node.elts]
        kind = parts[0][1]
        for _, found in parts:
            if found in NUMBERS and kind in NUMBERS:
                kind = kind if kind == found else "number"
            elif found != kind:
                raise ExpressionError(f"{ast.unparse(node)} mixes {said(kind)} and {said(found)}")
        return nodes.List(tuple(tree for tree, _ in parts)), f"list[{kind}]"

    visit_Tuple = visit_List

    def visit_Call(self, node: ast.Call) -> Typed:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ExpressionError(f"{ast.unparse(node.func)} can't be called")
        name = node.func.id
        if name in self.scope.definitions:
            return self.expand(self.scope.definitions[name], [self.visit(argument) for argument in node.args])
        if name not in FUNCTIONS:
            raise ExpressionError(
                f"there is no function {name}{nearest(name, [*FUNCTIONS, *self.scope.definitions])}"
            )
        wanted, result, _, _ = FUNCTIONS[name]
        parts = [self.visit(argument) for argument in node.args]
        if name in ("min", "max") and len(parts) > 1:
            parts = [self.visit_List(ast.List(elts=node.args))]
        self.arguments(name, wanted, parts)
        kinds = [found for _, found in parts]
        if name == "zip":
            result = f"list[pair:{kinds[0][5:-1]}:{kinds[1][5:-1]}]"
        elif result == "number" and kinds and kinds[0] in ("list[int]", "int"):
            result = "int"
        return nodes.Call(name, tuple(tree for tree, _ in parts)), result

    def arguments(self, name: str, wanted: tuple[str, ...], parts: list[Typed]) -> None:
        repeated = wanted[-1].endswith("...")
        least, most = len(wanted) - repeated, len(wanted) + (1 if repeated else 0)
        if not least <= len(parts) <= most:
            raise ExpressionError(f"{name} takes {least} arguments, found {len(parts)}")
        for position, (tree, found) in enumerate(parts):
            expected = wanted[min(position, len(wanted) - 1)].removesuffix("...")
            if not fits(found, expected) and found != "any":
                raise ExpressionError(f"{name}({show(tree)}): found {said(found)}, expected {said(expected)}")

    def visit_GeneratorExp(self, node: ast.GeneratorExp | ast.ListComp) -> Typed:
        if len(node.generators) > 2:
            raise ExpressionError("at most two loops in one comprehension")
        self.loops += len(node.generators)
        if self.loops > _MAX_LOOPS:
            raise ExpressionError(f"at most {_MAX_LOOPS} loops within each other")
        outer = dict(self.bound)
        loops: list[nodes.Loop] = []
        conditions: list[nodes.Node] = []
        for loop in node.generators:
            tree, found = self.visit(loop.iter)
            if not found.startswith("list["):
                raise ExpressionError(f"{ast.unparse(loop.iter)} is {said(found)}, expected a list")
            loops.append(nodes.Loop(self.targets(loop.target, found[5:-1]), tree))
            conditions.extend(self.boolean(condition) for condition in loop.ifs)
        body, found = self.visit(node.elt)
        self.bound = outer
        self.loops -= len(node.generators)
        condition = _all_of(conditions) if conditions else None
        return nodes.Each(body, tuple(loops), condition), f"list[{found}]"

    visit_ListComp = visit_GeneratorExp

    def targets(self, target: ast.expr, found: str) -> tuple[int, ...]:
        names = [target] if isinstance(target, ast.Name) else list(getattr(target, "elts", []))
        kinds = found.split(":")[1:] if found.startswith("pair:") else [found]
        if len(names) != len(kinds) or not all(isinstance(name, ast.Name) for name in names):
            raise ExpressionError(f"for {ast.unparse(target)}: expected {len(kinds)} names")
        slots = []
        for name, kind in zip(names, kinds, strict=True):
            assert isinstance(name, ast.Name)
            self.bound[name.id] = nodes.Variable(self.slots, name.id), kind
            slots.append(self.slots)
            self.slots += 1
        return tuple(slots)


def _shortened(number: float) -> str:
    """A number in few words: Python refuses to write out the longest."""
    return str(number) if number.__class__ is float or abs(number) < _MAX_INT << 64 else "a literal"


def _all_of(parts: list[nodes.Node]) -> nodes.Node:
    return parts[0] if len(parts) == 1 else nodes.And(tuple(parts))
