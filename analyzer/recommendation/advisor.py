"""A model -> what to choose, with every audit that takes: of all delegates, and with options to be set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure, fallbacks, for_platform
from analyzer.auditing.types import Audit, Configuration
from analyzer.errors import ModelError
from analyzer.interpreter import Interpreter
from analyzer.model import read_bytes
from analyzer.model.graph import Model
from analyzer.recommendation.attempts import Attempts
from analyzer.recommendation.candidates import Repaired, Requantized
from analyzer.recommendation.deployment import deployments
from analyzer.recommendation.described_phone import Described
from analyzer.recommendation.recommend import PHONES, recommend
from analyzer.report.document import audit_document, convert
from analyzer.rules.registry import Packs

if TYPE_CHECKING:
    from analyzer.rewriting.fixer import Plan


#: Sizes of inputs by name, as an app may resize them.
Shapes = Mapping[str, tuple[int, ...]]
#: The option of `fix` by which the app gets two models.
_SPLIT = "--split-tail"
#: The share of what a delegate takes that it has to keep there: of a model in two halves, one is no tail.
_KEPT = 0.9


class Advised(Struct, frozen=True):
    """A model's part of the document with its recommendation, and the audit that it is from."""

    model: audit_document.Model
    audit: Audit


class Advisor:
    """Recommends for some platforms, or for one phone; what was loaded serves every model.

    Raises: UsageError, RuleError.
    """

    def __init__(
        self,
        packs: Packs,
        platforms: Collection[str] = (),
        registered: Sequence[str] = (),
        phone: Described | None = None,
        languages: Sequence[str] = (),
    ) -> None:
        self._packs = packs
        self._platforms = tuple(platforms) or (PHONES if phone is None else phone.platforms)
        self._registered = registered
        self._languages = languages
        self._known = deployments()
        names = dict.fromkeys(name for platform in self._platforms for name in for_platform(packs, platform))
        specs = list(names) if phone is None else phone.specs(packs, names)
        self._chips = () if phone is None else phone.chip_delegates(packs)
        self._configurations = configure(packs, specs)

    def advise(
        self,
        model: Model,
        shapes: Shapes | None = None,
        file: str | None = None,
        requantized: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Advised:
        """The model audited for all delegates, with the recommendation. Raises: ModelError.

        Where its `file` is at hand, that too is told what `fix` would bring. `requantized` are files of the
        same model by element type.
        """
        rest = fallbacks(self._packs, self._configurations)
        auditor = Auditor(self._packs, self._configurations, rest, self._registered)
        applied = auditor.apply(model, shapes)
        audit = applied.audit
        document = convert.model(audit)
        recommended = recommend(
            document,
            self._platforms,
            Attempts(auditor).of(applied, document),
            self._chips,
            self._languages,
            repaired=() if file is None or shapes else _mildest(self._repaired(model, file, audit)),
            converted=[self._audited(dtype, data) for dtype, data in requantized.items()],
        )
        return Advised(replace(document, recommendation=recommended), audit)

    def _audited(self, dtype: str, data: bytes) -> Requantized:
        auditor = Auditor(self._packs, self._configurations, (), self._registered)
        audits = convert.model(auditor.audit(read_bytes(data, f"{dtype}.tflite"))).audits
        return Requantized(dtype, len(data), audits)

    def _repaired(self, model: Model, file: str, audit: Audit) -> Iterator[Repaired]:
        """The model rewritten for delegates that don't take it whole, in the ways that `fix` can be asked."""
        lacking = [
            audited.configuration
            for audited in audit.delegates
            if self._concerned(audited.configuration) and audited.summary.verdict != "full"
        ]
        if not lacking:
            return
        from analyzer.rewriting import free_batch
        from analyzer.rewriting.fix import fix

        auditor = Auditor(self._packs, lacking, (), self._registered)
        for batch in (None, 1) if free_batch.is_free(model) else (None,):
            try:
                fixed = fix(
                    model, file, auditor, Interpreter(self._packs), proven=False, tail=True, batch=batch
                )
            except ModelError:
                continue
            options, changes = ((f"--batch {batch}",), (f"a batch of {batch}",)) if batch else ((), ())
            if fixed.plan.steps or batch:
                yield _repair(fixed.plan, fixed.plan.after, options, changes)
            if fixed.tail is not None and fixed.audit is not None:
                tail = "the operators at the end in a second model"
                yield _repair(fixed.plan, fixed.audit, (*options, _SPLIT), (*changes, tail))

    def _concerned(self, configuration: Configuration) -> bool:
        """Whether a delegate is there to stay, on any phone, and apart from what runs the rest."""
        known = self._known.get(configuration.pack.delegate)
        one_chip = known is not None and known.one_chip
        return bool(configuration.pack.fallback) and configuration.pack.status == "current" and not one_chip


def _mildest(repairs: Iterable[Repaired]) -> tuple[Repaired, ...]:
    """What changes least for the app first: a second model changes most."""
    return tuple(sorted(repairs, key=lambda repair: (len(repair.changes), _SPLIT in repair.options)))


def _repair(plan: Plan, after: Audit, options: tuple[str, ...], changes: tuple[str, ...]) -> Repaired:
    """A way to rewrite, for those delegates to which a second model leaves most of what they had."""
    names = dict.fromkeys(step.rewrite.name for step in plan.steps)
    taken = [audited.summary.delegated for audited in plan.after.delegates]
    audits = convert.model(after).audits
    kept = {
        audit.delegate: audit
        for audit, before in zip(audits, taken, strict=True)
        if audit.summary.delegated >= _KEPT * before
    }
    return Repaired(kept, tuple(audit.delegate for audit in audits), tuple(names), options, changes)
