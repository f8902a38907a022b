"""What templates call that jinja2 compiled when the wheel was built: as much of its runtime as ours use.

jinja2's own comes with its lexer, parser and compiler, which takes longer to load than all of a page to make.
`page_template.compile_all` refuses a template that needs more than there is here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    SOURCE_SUFFIXES,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup, escape, soft_str

#: What a name stands for that nothing was given for.
missing: Any = object()
#: How names are called by the modules that jinja2 makes.
TemplateRuntimeError = RuntimeError


class UndefinedError(Exception):
    """A template asks for what isn't there."""


def Undefined(message: str) -> str:
    """What an `if` in an expression comes to that doesn't hold and has no `else`."""
    return ""


def internalcode(function: Any) -> Any:
    return function


class LoopContext:
    """`loop`, where a template asks for it."""

    def __init__(self, iterable: Iterable[Any], undefined: object) -> None:
        self._elements = list(iterable)
        self.length = len(self._elements)
        self.index0 = 0

    def __iter__(self) -> Iterator[tuple[Any, LoopContext]]:
        for place, element in enumerate(self._elements):
            self.index0 = place
            yield element, self

    @property
    def index(self) -> int:
        return self.index0 + 1

    @property
    def first(self) -> bool:
        return self.index0 == 0

    @property
    def last(self) -> bool:
        return self.index == self.length


class Macro:
    """A macro, which gives a part of a page."""

    def __init__(
        self,
        environment: Pages,
        function: Callable[..., str],
        name: str,
        arguments: tuple[str, ...],
        *_: bool,
    ) -> None:
        self._function = function
        self._arguments = arguments

    def __call__(self, *given: Any, **named: Any) -> Markup:
        rest = (named.pop(name, missing) for name in self._arguments[len(given) :])
        return Markup(self._function(*given, *rest, **named))


class Context:
    """The names of one template: those that it was given, and those that it makes."""

    eval_ctx = SimpleNamespace(autoescape=True)

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.vars = dict(given)
        self.exported_vars: set[str] = set()

    def resolve_or_missing(self, name: str) -> Any:
        return self.vars.get(name, missing)

    def call(self, function: Callable[..., Any], *given: Any, _loop_vars: object = None, **named: Any) -> Any:
        return function(*given, **named)


class Page:
    """A compiled template."""

    def __init__(self, root: Callable[[Context], Iterator[str]]) -> None:
        self._root = root

    def render(self, **given: Any) -> str:
        return "".join(self._root(Context(given)))

    @cache  # noqa: B019
    def _module(self) -> SimpleNamespace:
        context = Context({})
        for _ in self._root(context):
            pass
        return SimpleNamespace(**{name: context.vars[name] for name in context.exported_vars})

    def _get_default_module(self, _: Context) -> SimpleNamespace:
        """What another template imports of this one."""
        return self._module()


def _join(_: object, parts: Iterable[Any], between: str) -> str:
    parts = list(parts)
    marked = any(hasattr(part, "__html__") for part in parts)
    return escape(between).join(parts) if marked else between.join(map(str, parts))


class Pages:
    """The templates that were compiled into a folder; what they call their environment."""

    filters: Mapping[str, Callable[..., Any]] = {
        "join": _join,
        "length": len,
        "list": lambda _, elements: list(elements),
        "lower": lambda text: soft_str(text).lower(),
        "replace": lambda _, text, old, new: soft_str(text).replace(old, new),
        "safe": Markup,
        "string": soft_str,
    }
    tests: Mapping[str, Callable[[Any], bool]] = {
        "boolean": lambda value: value is True or value is False,
        "none": lambda value: value is None,
    }
    concat = staticmethod("".join)

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        # Python keeps what it compiles of them, as of any module; a page in the browser brings nothing else.
        loaders = (SourceFileLoader, SOURCE_SUFFIXES), (SourcelessFileLoader, BYTECODE_SUFFIXES)
        self._modules = FileFinder(os.fspath(folder), *loaders)
        self._pages: dict[str, Page] = {}

    def get_template(self, name: str, parent: str | None = None) -> Page:
        if name not in self._pages:
            spec = self._modules.find_spec(module_name(name))
            code = spec.loader.get_code(spec.name)  # type: ignore[union-attr]
            module: dict[str, Any] = {"environment": self}
            exec(code, module)
            self._pages[name] = Page(module["root"])
        return self._pages[name]

    def getattr(self, value: Any, name: str) -> Any:
        try:
            return getattr(value, name)
        except AttributeError:
            return self._element(value, name)

    def getitem(self, value: Any, key: Any) -> Any:
        return self._element(value, key)

    def _element(self, value: Any, key: Any) -> Any:
        try:
            return value[key]
        except (AttributeError, TypeError, LookupError):
            raise UndefinedError(f"{type(value).__name__} has no {key}") from None

    def undefined(self, message: str | None = None, *, name: str) -> Any:
        raise UndefinedError(message or f"{name} isn't given")


def module_name(template: str) -> str:
    """The module that a template is compiled to."""
    return template.replace("/", "_").replace(".", "_").replace("-", "_")
