"""What a model takes, predicted and measured: memory, and what each operator costs."""

from __future__ import annotations

from msgspec import Struct

from analyzer.report.document.values import Count, Share


class Memory(Struct, frozen=True, kw_only=True):
    """Bytes on the CPU: constants, and the block in which the interpreter lays what operators compute.

    `peak` is the operator at which most of it is in use. What kernels and delegates take for themselves
    comes on top; `exact` is false where sizes are only known at run time.
    """

    constants: Count
    activations: Count
    persistent: Count
    peak: str
    exact: bool


class Measured(Struct, frozen=True, kw_only=True):
    """One operator, or one partition of a delegate: where it was meant to run, and what it took.

    Shares are of all that was measured; the predicted one goes by multiply-accumulates and bytes.
    """

    operators: tuple[int, ...]
    name: str
    predicted_on: str
    measured_on: str
    predicted_share: Share | None
    measured_share: Share
    milliseconds: float
    macs: Count
    bytes: Count


class Profile(Struct, frozen=True, kw_only=True):
    """A measured profile beside the prediction.

    `agreement` is Spearman's rank correlation of both shares: 1 where the order is the same, 0 where there is
    none; None where less than three can be compared. `unmatched` are rows that fit no operator.
    """

    file: str
    kind: str
    milliseconds: float
    rows: tuple[Measured, ...]
    unmatched: Count
    agreement: float | None
