"""What the packs say of mutants, and which checks that no case exercises they come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import Configuration, DelegateAudit
from analyzer.conformance.verdicts import UNDEFINED, undefined
from analyzer.errors import ModelError
from analyzer.execution import installed
from analyzer.expressions.vocabulary import size_bytes
from analyzer.model import Model
from analyzer.model.graph import Prepared, PrepareIssue
from analyzer.rules.registry import Packs
from tests.conformance.unexercised import Counting
from tests.sweeps.mutants.corpus import Case

#: Subgraph and index of an operator.
Place = tuple[int, int]


#: Bytes of a tensor for which a runtime may lack memory, which is no question of the model.
_VAST = 1 << 32


class Placed(Struct, frozen=True):
    """Operators that a pack says are taken, and the rule against each other one."""

    taken: frozenset[Place]
    refused: Mapping[Place, str]
    verdict: str
    #: The verdict on who gets what it leaves: a runtime that builds nothing leaves it everything.
    rest: str = ""


class Prediction(Struct, frozen=True):
    """All that is said of one mutant."""

    #: The rule by which the CPU refuses it; empty where it loads.
    cpu: str
    delegates: Mapping[str, Placed]
    #: Checks that nothing exercised so before, as `unexercised.txt` has them.
    exercises: tuple[str, ...]


class Predictor:
    """Asks the packs, in the releases of the runtimes that are installed."""

    def __init__(self, names: Sequence[str], left: set[str]) -> None:
        packs = Packs()
        self.names = tuple(names)
        self.left = left
        #: What went wrong in the program itself -> models of which it did.
        self.broken: dict[str, list[Case]] = defaultdict(list)
        self._seen: dict[str, set[bool]] = defaultdict(set)
        configurations = [
            Configuration(c.pack, c.parameters, Counting(c.pack, c.parameters, self._seen))
            for c in configure(packs, installed.completed(packs, names))
        ]
        self._auditor = Auditor(packs, configurations)

    def __call__(self, case: Case, model: Model) -> Prediction | None:
        """None for a file that no runtime takes for a model, or that the program itself breaks on.

        Nor is anything said where the runtime lacks memory, or what the CPU does is undefined; nothing of a
        delegate where what that does is.
        """
        try:
            audit = self._auditor.audit(model)
        except ModelError:
            return None
        except Exception as error:
            self.broken[f"{type(error).__name__}: {error}"].append(case)
            return None
        stop = _stop(audit.prepared)
        if _vast(audit.prepared) or (stop is not None and UNDEFINED in stop.message):
            return None
        verdicts = dict(zip(self.names, (d.summary.verdict for d in audit.delegates), strict=True))
        placed = {
            name: _placed(delegate, verdicts.get(delegate.configuration.pack.fallback, ""))
            for name, delegate in zip(self.names, audit.delegates, strict=True)
            if not undefined(delegate)
        }
        return Prediction(stop.rule if stop is not None else "", placed, self._exercised())

    def _exercised(self) -> tuple[str, ...]:
        """Checks that are off the list from now on."""
        done = tuple(sorted(line for line in self.left if self._answers(line)))
        self.left.difference_update(done)
        return done

    def _answers(self, line: str) -> bool:
        word, identity = line.rsplit(" ", 1)
        answers = self._seen.get(identity, ())
        wanted = {"no case refuses": False, "no case accepts": True}
        return wanted[word] in answers if word in wanted else bool(answers)


def _vast(prepared: Prepared) -> bool:
    return any((size_bytes(tensor) or 0) > _VAST for graph in prepared.subgraphs for tensor in graph.tensors)


def _stop(prepared: Prepared) -> PrepareIssue | None:
    """Why the CPU doesn't load it."""
    stops = [prepared.refused, prepared.stops.get(0)]
    return next((stop for stop in stops if stop is not None and stop.kind == "failure"), None)


def _placed(audit: DelegateAudit, rest: str) -> Placed:
    taken = frozenset((o.subgraph, o.index) for o in audit.operators if o.delegated)
    whole = next((blocker.finding.rule for blocker in audit.blockers if blocker.kind is not None), "")
    refused = {
        (o.subgraph, o.index): next((finding.rule for finding in o.findings), whole)
        for o in audit.operators
        if not o.delegated
    }
    return Placed(taken, refused, audit.summary.verdict, rest)
