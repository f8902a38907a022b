"""Checked expressions as typed nodes, kept as JSON: `["cmp", "<=", ["fact", "version"], ["lit", 3]]`."""

# Annotations are evaluated with the classes, which every start decodes: as texts they would be compiled then.
from collections.abc import Callable, Iterator
from operator import is_
from typing import TYPE_CHECKING, Any, NewType, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import astuple

from analyzer.memo import Memo

Result = TypeVar("Result")
#: Nodes that a function remembers.
_MOST = 20_000

if TYPE_CHECKING:
    Node: TypeAlias = "AnyNode"
else:
    # A name that stands for them all: a union that is written out would be gone through wherever it stands.
    Node = NewType("Node", object)


class Part(Struct, frozen=True, array_like=True, gc=False):
    """A node, or a loop of one."""


class Literal(Part, frozen=True, tag="lit"):
    #: Of a parameter in place also a list, a range or a release.
    value: Any


class Parameter(Part, frozen=True, tag="param"):
    """A parameter of the pack, or a value that differs by operator."""

    name: str


class Fact(Part, frozen=True, tag="fact"):
    """A word of the vocabulary: what is known of the operator itself."""

    name: str


class Operand(Part, frozen=True, tag="operand"):
    side: str
    position: int
    name: str


class Rest(Part, frozen=True, tag="rest"):
    """All operands of one side from a position on."""

    side: str
    start: int
    name: str


class Option(Part, frozen=True, tag="option"):
    name: str


class Attribute(Part, frozen=True, tag="attribute"):
    """What a custom operator or a composite says of itself."""

    name: str


class Variable(Part, frozen=True, tag="var"):
    """A loop's variable; no two loops of an expression share a slot."""

    slot: int
    name: str


class Property(Part, frozen=True, tag="attr"):
    """`of.name`, of a tensor or an operator."""

    of: Node
    name: str


class OptionOf(Part, frozen=True, tag="option_of"):
    """An option of another operator."""

    of: Node
    name: str


class Index(Part, frozen=True, tag="index"):
    of: Node
    at: Node


class Comparison(Part, frozen=True, tag="cmp"):
    sign: str
    left: Node
    right: Node


class Arithmetic(Part, frozen=True, tag="arith"):
    sign: str
    left: Node
    right: Node


class And(Part, frozen=True, tag="and"):
    parts: tuple[Node, ...]


class Or(Part, frozen=True, tag="or"):
    parts: tuple[Node, ...]


class Not(Part, frozen=True, tag="not"):
    of: Node


class Negative(Part, frozen=True, tag="neg"):
    of: Node


class Choice(Part, frozen=True, tag="if"):
    condition: Node
    then: Node
    otherwise: Node


class List(Part, frozen=True, tag="list"):
    parts: tuple[Node, ...]


class Call(Part, frozen=True, tag="call"):
    function: str
    arguments: tuple[Node, ...]


class Loop(Part, frozen=True):
    """`for a, b in iterable`."""

    slots: tuple[int, ...]
    iterable: Node


class Each(Part, frozen=True, tag="each"):
    """`body for ... in ... if condition`."""

    body: Node
    loops: tuple[Loop, ...]
    condition: Node | None


class Unread:
    """A node that is kept apart, and read when it is first come to: of most rules little is ever asked."""

    __slots__ = ("__weakref__", "_node", "_read")

    def __init__(self, read: Callable[[], Node]) -> None:
        self._read: Callable[[], Node] | None = read

    @property
    def node(self) -> Node:
        if self._read is not None:
            self._node, self._read = self._read(), None
        return self._node

    def __eq__(self, other: object) -> bool:
        return self.node == (other.node if isinstance(other, Unread) else other)

    def __hash__(self) -> int:
        return hash(self.node)

    def __repr__(self) -> str:
        return repr(self.node)


if TYPE_CHECKING:
    Kept: TypeAlias = Node | Unread
else:
    Kept = Unread


class Named(Part, frozen=True, tag="named"):
    """A definition in place, beside the text that stands for it."""

    text: str
    #: What decodes a node gives what is kept apart; whoever makes one may give it at once.
    kept: Kept

    @property
    def body(self) -> Node:
        """What the text stands for."""
        kept = self.kept
        return kept.node if isinstance(kept, Unread) else kept


AnyNode = (
    Literal
    | Parameter
    | Fact
    | Operand
    | Rest
    | Option
    | Attribute
    | Variable
    | Property
    | OptionOf
    | Index
    | Comparison
    | Arithmetic
    | And
    | Or
    | Not
    | Negative
    | Choice
    | List
    | Call
    | Each
    | Named
)  # fmt: skip
Node.__supertype__ = AnyNode  # type: ignore[attr-defined]
#: Nodes without parts.
LEAVES = frozenset({Literal, Parameter, Fact, Operand, Rest, Option, Attribute, Variable})

TRUE, FALSE = Literal(True), Literal(False)


def children(part: Part) -> Iterator[Any]:
    """The parts that a node is made of, in their order."""
    for value in astuple(part):
        if isinstance(value, Part):
            yield value
        elif value.__class__ is Unread:
            yield value.node
        elif value.__class__ is tuple:
            yield from (element for element in value if isinstance(element, Part))


def walk(part: Part) -> Iterator[Part]:
    """The node and all parts in it, loops included."""
    yield part
    for child in children(part):
        yield from walk(child)


def changed(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each of its parts as `change` makes it; the node itself where it makes them the same."""

    def of(value: Any) -> Any:
        if isinstance(value, Loop):
            iterable = change(value.iterable)
            return value if iterable is value.iterable else Loop(value.slots, iterable)
        if isinstance(value, Part):
            return change(value)  # type: ignore[arg-type]
        if isinstance(value, Unread):
            made = change(value.node)
            return value if made is value.node else made
        return all_of(value) if value.__class__ is tuple else value

    def all_of(parts: tuple[Any, ...]) -> tuple[Any, ...]:
        made = tuple(map(of, parts))
        return parts if all(map(is_, made, parts)) else made

    parts = astuple(node)
    made = all_of(parts)
    return node if made is parts else type(node)(*made)


#: All that is remembered of nodes.
_REMEMBERED: list[dict[int, Any]] = []


def forget() -> None:
    """Let go of what is remembered of nodes, which keeps them: for when their rules are gone."""
    for known in _REMEMBERED:
        known.clear()


def remembered(find: Callable[[Node], Result]) -> Callable[[Node], Result]:
    """The function that finds something out about a node, doing so once for each node."""
    known: Memo[int, tuple[Node, Result]] = Memo(_MOST)
    _REMEMBERED.append(known)

    def recall(node: Node) -> Result:
        entry = known.get(id(node))
        if entry is None:
            # The node is kept beside the result, so that no other can come to have its identity.
            entry = known.keep(id(node), (node, find(node)))
        return entry[1]

    return recall


def unnamed(node: Node) -> Node:
    """The node without the definitions' names around it."""
    while isinstance(node, Named):
        node = node.body
    return node


@remembered
def operand_in(node: Node) -> Operand | Rest | None:
    """The first operand that a node names."""
    return next((part for part in _named_once(node) if isinstance(part, Operand | Rest)), None)


def operand_name(node: Node) -> str | None:
    """What the first operand that a node names is called."""
    operand = operand_in(node)
    return None if operand is None else operand.name


@remembered
def shape_in(node: Node) -> Property | None:
    """The shape that a node takes a dimension of."""
    shapes = (part for part in _named_once(node) if isinstance(part, Property) and part.name == "shape")
    return next(shapes, None)


def _named_once(part: Part) -> Iterator[Part]:
    """The node and all parts in it but the lists of its loops, each of which stands for many."""
    yield part
    for child in children(part):
        if not isinstance(child, Loop):
            yield from _named_once(child)


def facts_in(node: Node | None) -> set[str]:
    """What a node looks at of an operator, by name; operands and options count as such."""
    named = set()
    for part in () if node is None else walk(node):
        if isinstance(part, Fact | Option | Attribute):
            named.add(part.name)
        elif isinstance(part, Operand | Rest):
            named.add(part.side)
    return named


def parameters_in(node: Node | None) -> set[str]:
    """The parameters, and the values that differ by operator, that have a say in a node."""
    return set() if node is None else {part.name for part in walk(node) if isinstance(part, Parameter)}


def operator_names(node: Node) -> set[tuple[str, ...]]:
    """What a node compares the operator's own name with; an empty list where it uses the name otherwise."""
    names: set[tuple[str, ...]] = set()
    used = 0
    for part in walk(node):
        match part:
            case Comparison("==" | "!=" | "in" | "not in", Fact("op"), right):
                used -= 1
                listed = unnamed(right)
                known = listed.parts if isinstance(listed, List) else (listed,)
                texts = [name.value for name in known if isinstance(name, Literal)]
                names.add(tuple(texts) if len(texts) == len(known) else ())
            case Fact("op"):
                used += 1
    return names | {()} if used else names


def strings_in(node: Node) -> list[str]:
    """The string literals that a node may evaluate to."""
    match node:
        case Literal(str() as value):
            return [value]
        case Named(body=body):
            return strings_in(body)
        case List(parts):
            return [name for part in parts for name in strings_in(part)]
        case Choice(_, then, otherwise):
            return [*strings_in(then), *strings_in(otherwise)]
    return []


_OPPOSITES = {"==": "!=", "<": ">=", "<=": ">", "in": "not in"}
#: What a comparison says where it doesn't hold.
NEGATED = _OPPOSITES | {opposite: sign for sign, opposite in _OPPOSITES.items()}


@remembered
def negated(node: Node) -> Node | None:
    """The node that holds where this one doesn't, with `not` moved inwards; None where it can't move."""
    match node:
        case Comparison(sign, left, right):
            return Comparison(NEGATED[sign], left, right)
        case Not(of):
            return of
        case And(parts):
            return Or(tuple(map(Not, parts)))
        case Or(parts):
            return And(tuple(map(Not, parts)))
        case Call("any" | "all" as function, (Each() as each,)):
            other = "all" if function == "any" else "any"
            return Call(other, (Each(Not(each.body), each.loops, each.condition),))
    return None
