"""Rules as JSON in which each definition in place stands once, however often it is named."""

from collections.abc import Iterable
from functools import cached_property, partial
from typing import Any, TypeAlias, TypeVar
from weakref import WeakValueDictionary

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder
from msgspec.structs import astuple

from analyzer.expressions.nodes import Named, Node, Unread

T = TypeVar("T")
#: JSON that is read later: as it was written, or as it lies in an entry.
Encoded: TypeAlias = Raw | memoryview


class _Kept(Struct, array_like=True, frozen=True):
    """A struct, because what decoding needs to know of a union is gathered anew each time."""

    body: Node


class Bodies:
    """Bodies of definitions, each written once, and read when it is first come to."""

    def __init__(self, encoded: Iterable[Encoded] = ()) -> None:
        self.encoded = list(encoded)
        #: What was come to. Nodes keep it, and it keeps this: in a circle with nodes, which Python doesn't
        #: look for garbage among, nothing would ever go.
        self._found: WeakValueDictionary[int, Unread] = WeakValueDictionary()
        #: Identity of a body that was written -> its place, and the body, so that no other comes to have it.
        self._written: dict[int, tuple[int, Node]] = {}

    def encode(self, value: Any) -> Raw:
        """A value that may hold nodes as JSON."""
        # Partial evaluation makes ranges, which read as lists.
        return Raw(msgspec.json.encode(self._apart(value), enc_hook=list))

    def decode(self, content: Encoded, shape: type[T]) -> T:
        """What was encoded; equal bodies are the same node."""
        return msgspec.json.decode(content, type=shape, dec_hook=self._body)

    def _apart(self, value: Any) -> Any:
        """The value with places instead of bodies."""
        if isinstance(value, Named):
            return Named(value.text, self._place(value.body))  # type: ignore[arg-type]
        if isinstance(value, Struct):
            return type(value)(*map(self._apart, astuple(value)))
        if isinstance(value, tuple):
            return tuple(map(self._apart, value))
        if isinstance(value, dict):
            return {name: self._apart(part) for name, part in value.items()}
        return value

    def _place(self, body: Node) -> int:
        if id(body) in self._written:
            return self._written[id(body)][0]
        encoded = self.encode(_Kept(body))
        place = self._places.setdefault(bytes(encoded), len(self.encoded))
        if place == len(self.encoded):
            self.encoded.append(encoded)
        self._written[id(body)] = place, body
        return place

    @cached_property
    def _places(self) -> dict[bytes, int]:
        return {bytes(encoded): place for place, encoded in enumerate(self.encoded)}

    def _body(self, _: type, place: int) -> Unread:
        found = self._found.get(place)
        if found is None:
            found = self._found[place] = Unread(partial(self._read, place))
        return found

    def _read(self, place: int) -> Node:
        return self._reader.decode(self.encoded[place]).body

    @cached_property
    def _reader(self) -> Decoder[_Kept]:
        """Made once: there are hundreds of bodies."""
        return Decoder(_Kept, dec_hook=self._body)
