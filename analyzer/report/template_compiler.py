"""Templates as plain Python: jinja2 reads them, and a wheel brings what comes of that: no page needs it.

Of jinja2's language this is what templates/ makes use of; whatever else stands in one is an error of the
build. A template becomes a module with a function for each of its macros and `render` for all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType

from jinja2 import Environment, nodes

from analyzer import resources

_HEAD = """\
from analyzer.report.page_template import Written, compiled, escape, member
"""
#: Filters and tests as code; `{0}` is what they are applied to.
_WORDS = {
    "boolean": "({0}.__class__ is bool)",
    "join": "{1}.join(map(str, {0}))",
    "length": "len({0})",
    "list": "list({0})",
    "lower": "str({0}).lower()",
    "none": "({0} is None)",
    "replace": "str({0}).replace({1}, {2})",
    "safe": "Written({0})",
    "string": "str({0})",
}
_OPERATORS = {
    "eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in", "notin": "not in",
}  # fmt: skip
#: What a loop says of itself, by the names of its items and of the place in them.
_LOOPS = {
    "index0": "{at}",
    "index": "({at} + 1)",
    "first": "({at} == 0)",
    "last": "({at} == len({items}) - 1)",
}


def sources() -> Iterator[tuple[str, str]]:
    """Every template that ships, and its module's source. Raises: ValueError."""
    folder = resources.data("templates")
    for file in sorted(folder.rglob("*.jinja")):
        name = file.relative_to(folder).as_posix()
        yield name, _source(name)


def module_of(template: str) -> ModuleType:
    """The module of a template. Raises: ValueError."""
    module = ModuleType(template)
    exec(compile(_source(template), template, "exec"), module.__dict__)
    return module


def _source(template: str) -> str:
    text = (resources.data("templates") / template).read_text("utf-8")
    environment = Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return _Compiler().module(environment.parse(text))


class _Compiler:
    """Writes one module."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        #: Names of the template -> those of the code, the innermost last; other names are the page's values.
        self._scopes: list[dict[str, str]] = [{}]
        #: What the loops around are called, the innermost last.
        self._loops: list[dict[str, str]] = []
        self._number = 0

    def module(self, template: nodes.Template) -> str:
        """What stands by itself comes first: imports, macros and what is set to constants."""
        alone = [part for part in template.body if _stands_alone(part)]
        self._scopes[0] |= {part.name: part.name for part in alone if isinstance(part, nodes.Macro)}
        for part in alone:
            if isinstance(part, nodes.Macro):
                self._macro(part)
            else:
                self._statement(part)
        with self._block("def render(values):", {}):
            self._text(part for part in template.body if part not in alone)
        return _HEAD + "\n".join(self._lines) + "\n"

    def _write(self, line: str) -> None:
        self._lines.append("    " * self._depth + line)

    @contextmanager
    def _block(self, head: str, scope: Mapping[str, str] | None = None) -> Iterator[None]:
        """Lines below a head; with a scope, what they set is theirs alone."""
        self._write(head)
        self._depth += 1
        if scope is not None:
            self._scopes.append(dict(scope))
        yield
        if scope is not None:
            self._scopes.pop()
        self._depth -= 1

    def _text(self, body: Iterable[nodes.Node]) -> None:
        """The body of a function that returns what its statements write."""
        self._write("parts = []")
        self._write("add = parts.append")
        self._body(body)
        self._write('return Written("".join(parts))')

    def _body(self, body: Iterable[nodes.Node]) -> None:
        for part in body:
            self._statement(part)

    def _own(self, name: str) -> str:
        """A name that stands for this one from here on."""
        self._number += 1
        own = self._scopes[-1][name] = f"{name}_{self._number}"
        return own

    def _statement(self, node: nodes.Node) -> None:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    own = isinstance(part, nodes.TemplateData)
                    self._write(f"add({self._value(part)})" if own else f"add(escape({self._value(part)}))")
            case nodes.Import():
                self._write(f"{self._own(node.target)} = compiled({self._value(node.template)})")
            case nodes.Assign():
                value = self._value(node.node)
                self._write(f"{self._target(node.target)} = {value}")
            case nodes.If():
                self._if(node)
            case nodes.For(recursive=False):
                self._for(node)
            case _:
                raise _unknown(node)

    def _macro(self, macro: nodes.Macro) -> None:
        scope = {argument.name: f"{argument.name}_" for argument in macro.args}
        required = len(macro.args) - len(macro.defaults)
        arguments = [*scope.values()][:required]
        for name, default in zip([*scope.values()][required:], macro.defaults, strict=True):
            arguments.append(f"{name}={self._value(default)}")
        with self._block(f"def {macro.name}({', '.join(arguments)}):", scope):
            self._text(macro.body)

    def _if(self, node: nodes.If) -> None:
        for word, branch in (("if", node), *(("elif", other) for other in node.elif_)):
            with self._block(f"{word} {self._value(branch.test)}:"):
                self._body(branch.body)
        if node.else_:
            with self._block("else:"):
                self._body(node.else_)

    def _for(self, node: nodes.For) -> None:
        self._number += 1
        items, at = f"items_{self._number}", f"at_{self._number}"
        every = self._value(node.iter)
        self._scopes.append({})
        target = self._target(node.target)
        if node.test:
            self._write(f"{items} = [{target} for {target} in {every} if {self._value(node.test)}]")
        else:
            self._write(f"{items} = list({every})")
        with self._block(f"for {at}, {target} in enumerate({items}):"):
            self._loops.append({"items": items, "at": at})
            self._body(node.body)
            self._loops.pop()
        self._scopes.pop()
        if node.else_:
            with self._block(f"if not {items}:"):
                self._body(node.else_)

    def _target(self, node: nodes.Node) -> str:
        match node:
            case nodes.Name():
                return self._own(node.name)
            case nodes.Tuple():
                return f"({', '.join(map(self._target, node.items))},)"
        raise _unknown(node)

    def _value(self, node: nodes.Node | None) -> str:
        """An expression's code."""
        match node:
            case None:
                return ""
            case nodes.Const(value=constant) | nodes.TemplateData(data=constant):
                return repr(constant)
            case nodes.Name():
                known = (scope[node.name] for scope in reversed(self._scopes) if node.name in scope)
                return next(known, f"values[{node.name!r}]")
            case nodes.Getattr(node=nodes.Name(name="loop")):
                return _LOOPS[node.attr].format(**self._loops[-1])
            case nodes.Getattr():
                return f"member({self._value(node.node)}, {node.attr!r})"
            case nodes.Getitem():
                return f"{self._value(node.node)}[{self._value(node.arg)}]"
            case nodes.Slice(step=None):
                return f"{self._value(node.start)}:{self._value(node.stop)}"
            case nodes.Call(kwargs=[], dyn_args=None, dyn_kwargs=None):
                return f"{self._value(node.node)}({self._listed(node.args)})"
            case nodes.Filter(kwargs=[]) | nodes.Test(kwargs=[]) if node.name in _WORDS:
                return _WORDS[node.name].format(self._value(node.node), *map(self._value, node.args))
            case nodes.CondExpr():
                otherwise = self._value(node.expr2) or "''"
                return f"({self._value(node.expr1)} if {self._value(node.test)} else {otherwise})"
            case nodes.Not():
                return f"(not {self._value(node.node)})"
            case nodes.And() | nodes.Or() | nodes.Add() | nodes.Sub():
                return f"({self._value(node.left)} {node.operator} {self._value(node.right)})"
            case nodes.Compare():
                rest = (f" {_OPERATORS[each.op]} {self._value(each.expr)}" for each in node.ops)
                return f"({self._value(node.expr)}{''.join(rest)})"
            case nodes.Tuple():
                return f"({self._listed(node.items)},)"
            case nodes.List():
                return f"[{self._listed(node.items)}]"
            case nodes.Dict():
                pairs = (f"{self._value(pair.key)}: {self._value(pair.value)}" for pair in node.items)
                return f"{{{', '.join(pairs)}}}"
        raise _unknown(node)

    def _listed(self, items: Iterable[nodes.Node]) -> str:
        return ", ".join(map(self._value, items))


def _stands_alone(part: nodes.Node) -> bool:
    """Whether a part of a template needs none of the page's values."""
    constant = isinstance(part, nodes.Assign) and part.node.find(nodes.Name) is None
    return isinstance(part, nodes.Import | nodes.Macro) or constant


def _unknown(node: nodes.Node) -> ValueError:
    return ValueError(
        f"{type(node).__name__} in line {node.lineno} is nothing that templates are compiled from"
    )
