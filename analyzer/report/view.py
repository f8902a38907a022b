"""Width, colour and detail of a report; formats for programs take no notice of it."""

from msgspec import Struct

#: From this many models on, each gets a line a delegate and no more, unless everything is asked for.
FLEET = 4


class View(Struct, frozen=True):
    """`width` in columns; `color`: whether the terminal takes colour; `verbose`: every operator too.

    `policy`: whether a text for a terminal tells why a policy failed, where nothing else does.
    """

    width: int = 80
    color: bool = False
    verbose: bool = False
    policy: bool = True
