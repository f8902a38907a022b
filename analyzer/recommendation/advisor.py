"""A model -> what to choose, with every audit that takes: of all delegates, and with options to be set."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure, fallbacks, for_platform
from analyzer.auditing.types import Audit, Configuration
from analyzer.errors import ModelError
from analyzer.interpreter import Interpreter
from analyzer.model.graph import Model
from analyzer.recommendation.attempts import Shapes, attempts
from analyzer.recommendation.candidates import Repaired
from analyzer.recommendation.deployment import deployments
from analyzer.recommendation.described_phone import Described
from analyzer.recommendation.recommend import PHONES, recommend
from analyzer.report.document import audit_document, convert
from analyzer.rules.registry import Packs


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

    def advise(self, model: Model, shapes: Shapes | None = None, file: str | None = None) -> Advised:
        """The model audited for all delegates, with the recommendation. Raises: ModelError.

        Where its `file` is at hand, that too is told what `fix` would bring.
        """
        rest = fallbacks(self._packs, self._configurations)
        audit = Auditor(self._packs, self._configurations, rest, self._registered).audit(model, shapes)
        document = convert.model(audit)
        recommended = recommend(
            document,
            self._platforms,
            attempts(self._packs, model, audit, document, shapes, self._registered),
            self._chips,
            self._languages,
            repaired=None if file is None or shapes else self._repaired(model, file, audit),
        )
        return Advised(replace(document, recommendation=recommended), audit)

    def _repaired(self, model: Model, file: str, audit: Audit) -> Repaired | None:
        """The model rewritten for delegates that don't take it whole; None where nothing helps."""
        lacking = [
            audited.configuration
            for audited in audit.delegates
            if self._concerned(audited.configuration) and audited.summary.verdict != "full"
        ]
        if not lacking:
            return None
        from analyzer.rewriting.fix import fix

        auditor = Auditor(self._packs, lacking, (), self._registered)
        try:
            plan = fix(model, file, auditor, Interpreter(self._packs), proven=False).plan
        except ModelError:
            return None
        if not plan.steps:
            return None
        after = convert.model(plan.after).audits
        names = dict.fromkeys(step.rewrite.name for step in plan.steps)
        return Repaired({audit.delegate: audit for audit in after}, tuple(names))

    def _concerned(self, configuration: Configuration) -> bool:
        """Whether a delegate is there to stay, on any phone, and apart from what runs the rest."""
        known = self._known.get(configuration.pack.delegate)
        one_chip = known is not None and known.one_chip
        return bool(configuration.pack.fallback) and configuration.pack.status == "current" and not one_chip
