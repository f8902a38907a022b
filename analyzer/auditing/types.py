"""An audit: every operator's verdict under each delegate, where it ends up, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, SupportsIndex, overload

from msgspec import Struct

from analyzer.model.graph import Model, Prepared
from analyzer.rules.judging.judge import Finding, Judge
from analyzer.rules.pack import BROKEN, Recipes, RulePack
from analyzer.rules.parameters import as_written, resolve


class Configuration(Struct, frozen=True):
    """One delegate with its parameters: what `-d` or `--device` asks for."""

    pack: RulePack
    parameters: Mapping[str, Any]
    judge: Judge
    device: str | None = None
    #: That device's platform.
    platform: str | None = None
    #: Whether it is deprecated by its maker and nobody asked for it by name: told last, and ranked nowhere.
    legacy: bool = False


class OperatorAudit(Struct, frozen=True, gc=False):
    """One operator under one delegate."""

    subgraph: int
    index: int
    supported: bool
    folded: bool
    delegated: bool
    partition: int | None
    macs: int | None
    findings: tuple[Finding, ...]
    #: Why an accepted operator is not delegated (the words of `graph_findings`).
    lost: str | None = None


class PartitionAudit(Struct, frozen=True):
    """One partition with the tensors that cross its border, constants left aside."""

    subgraph: int
    index: int
    operators: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    #: Bytes of those tensors; tensors whose elements have no fixed size count nothing.
    boundary_bytes: int


class Blocker(Struct, frozen=True):
    """A finding on a whole graph: a dynamic tensor, an operator that the CPU refuses, a roll-back."""

    finding: Finding
    subgraph: int | None = None
    operator: int | None = None
    tensor: int | None = None
    #: One of the words of `graph_findings`; None where nothing is lost by it.
    kind: str | None = None
    #: Whether it would hold if every operator were accepted.
    remains: bool = False


class Selection(Struct, frozen=True):
    """What the delegate's selection came to by itself, whatever becomes of the model afterwards."""

    delegated: int
    partitions: int
    delegated_macs: int
    delegated_operators_share: float
    delegated_macs_share: float
    boundary_bytes: int
    #: `full`, `partial` or `none`.
    verdict: str


class Summary(Struct, frozen=True):
    """What really runs on the delegate: nothing where it fails or crashes."""

    operators: int
    supported: int
    unsupported: int
    folded: int
    delegated: int
    partitions: int
    macs: int
    delegated_macs: int
    delegated_operators_share: float
    delegated_macs_share: float
    boundary_bytes: int
    #: Operators that the delegate takes and then fails to build.
    build_failures: int
    #: `crash`, `fails`, `wrong`, else the selection's.
    verdict: str
    selected: Selection

    @property
    def broken(self) -> bool:
        """True where the model doesn't work with the delegate."""
        return self.verdict in BROKEN


class ToFull(Struct, frozen=True):
    """The operators and blockers that stand between a model and full delegation."""

    #: Subgraph and index of the fewest operators that would have to be accepted.
    operators: tuple[tuple[int, int], ...]
    macs: int
    #: Positions of the blockers that would have to go as well.
    blockers: tuple[int, ...]


class Gain(Struct, frozen=True):
    """The delegated part if operators that are refused for one reason were accepted."""

    #: Subgraph and index of those operators.
    operators: tuple[tuple[int, int], ...]
    delegated: int
    delegated_macs: int


class Located(Struct, frozen=True):
    """A finding and its place: indices of a subgraph, an operator, a tensor; none for the whole model."""

    finding: Finding
    subgraph: int | None = None
    operator: int | None = None
    tensor: int | None = None

    def __repr__(self) -> str:
        place = "" if self.operator is None else f"#{self.operator}: "
        return f"<{self.severity} {self.rule}: {place}{self.message}>"

    @property
    def rule(self) -> str:
        """The rule's id, for `explain`."""
        return self.finding.rule

    @property
    def severity(self) -> str:
        """blocker, crash, fails, wrong, hazard or note."""
        return self.finding.severity

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        return self.finding.message

    @property
    def fix(self) -> str:
        """What to do about it; empty where there is nothing."""
        return self.finding.fix


class DelegateAudit(Struct, frozen=True):
    configuration: Configuration
    operators: tuple[OperatorAudit, ...]
    partitions: tuple[PartitionAudit, ...]
    blockers: tuple[Blocker, ...]
    summary: Summary
    #: None where no acceptance of operators brings full delegation.
    to_full: ToFull | None
    #: One for each reason, where operators are lost because others are refused.
    gains: tuple[Gain, ...] = ()
    #: The same with the pack's other parameters (`Also`), where the model is taken whole without them.
    also: DelegateAudit | None = None

    def __repr__(self) -> str:
        told = f"{self.summary.delegated} of {self.summary.operators} operators"
        return f"<DelegateAudit of {self.spec}: {self.verdict}, {told}>"

    @property
    def delegate(self) -> str:
        """The delegate's name, as its pack has it."""
        return self.configuration.pack.delegate

    @property
    def spec(self) -> str:
        """The delegate with those of its parameters that aren't as usual: `gpu:quantized=false`."""
        pack = self.configuration.pack
        given: dict[str, str] = {}
        for name, value in self.configuration.parameters.items():
            if resolve(pack, given)[name] != value:
                given[name] = as_written(value)
        written = (f"{name}={value}" for name, value in given.items())
        return ":".join([self.delegate, *written])

    @property
    def verdict(self) -> str:
        """What becomes of the model: crash, fails, wrong, full, partial or none."""
        return self.summary.verdict

    @property
    def findings(self) -> tuple[Located, ...]:
        """All findings, those on the whole graph first, each with its place."""
        graph = [
            Located(blocker.finding, blocker.subgraph, blocker.operator, blocker.tensor)
            for blocker in self.blockers
        ]
        operators = (
            Located(finding, operator.subgraph, operator.index)
            for operator in self.operators
            for finding in operator.findings
        )
        return (*graph, *operators)


class DelegateAudits(tuple[DelegateAudit, ...]):
    """The audits of one model, in the order in which delegates were asked; also by a delegate's name."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> DelegateAudit: ...

    @overload
    def __getitem__(self, key: slice) -> tuple[DelegateAudit, ...]: ...

    def __getitem__(self, key: Any) -> Any:
        """By position, or by a name that is asked once. Raises: KeyError, which says what there is."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        exactly = [audit for audit in self if audit.spec == key]
        named = exactly or [audit for audit in self if audit.delegate == key]
        if len(named) == 1:
            return named[0]
        specs = ", ".join(audit.spec for audit in self)
        raise KeyError(f"{key}: {'several' if named else 'no'} audits of it; there are {specs}")


class Audit(Struct, frozen=True):
    """Everything that is said of one model."""

    model: Model
    prepared: Prepared
    delegates: DelegateAudits
    #: By name, what runs the operators that delegates leave out: as if it were asked alone.
    fallbacks: Mapping[str, DelegateAudit] = {}
    #: The fixes that findings give by their texts, in full.
    recipes: Recipes = Recipes()

    def __repr__(self) -> str:
        told = ", ".join(f"{audit.spec} {audit.verdict}" for audit in self.delegates)
        return f"<Audit of {self.model.path!r}: {told}>"
