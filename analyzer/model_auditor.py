"""One model after another -> its part of the document, by one task."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import by_default, configure, fallbacks
from analyzer.errors import (
    TRACEBACK,
    AnalyzerError,
    InputError,
    InternalError,
    ModelError,
    UndecidedError,
)
from analyzer.files import is_named
from analyzer.gating.baseline import Baseline
from analyzer.gating.excuses import Excuses, Known, Waiver, sites
from analyzer.gating.policy import read_policies
from analyzer.recommendation.attempts import Attempts
from analyzer.recommendation.recommend import PHONES, recommend
from analyzer.report.document import audit_document, convert
from analyzer.rules.registry import Packs
from analyzer.sources import ModelSource, at_hand, load


class Task(Struct, frozen=True):
    """What every model of a run is audited for; plain texts, so that any process can take it up."""

    #: None: the rule files' own, else those that packs state a default order for.
    delegates: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = {}
    #: Custom operators that the app registers kernels for, as names or patterns.
    registered: tuple[str, ...] = ()
    #: Whether to compute each file's SHA-256.
    hash: bool = False
    #: Whether to tell every operator's operands and where it runs, and every tensor too.
    everything: bool = False
    #: Whether nobody named these delegates: deprecated ones are then told apart.
    usual: bool = False
    #: Policies of which only is told that they don't hold.
    warn_on: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    baseline: Baseline | None = None
    #: The platforms that one of them is recommended for.
    platforms: tuple[str, ...] = PHONES
    #: Phones and tablets whose delegates are asked, after the others.
    devices: tuple[str, ...] = ()
    #: What models of a pattern are audited for instead; the first that fits counts.
    targets: tuple[tuple[str, Task], ...] = ()


class MissingInput(Struct, frozen=True):
    """An input that was to be resized and that a model hasn't, and those that it has."""

    input: str
    known: tuple[str, ...]


class ModelResult(Struct, frozen=True):
    """What became of one model: its part of the document, why policies fail, why it can't be audited."""

    model: audit_document.Model
    reasons: tuple[str, ...] = ()
    error: str | None = None
    lacks: MissingInput | None = None
    warnings: tuple[str, ...] = ()
    #: How many findings were excused, and positions of the waivers that did it.
    excused: int = 0
    waivers: tuple[int, ...] = ()


class ModelAuditor:
    """Audits one model after another for the same task, with `packs` where they are loaded already.

    Raises: UsageError, RuleError.
    """

    def __init__(self, task: Task, packs: Packs | None = None) -> None:
        packs = packs or Packs(task.rules)
        for name in packs.given:
            packs.get(name)
        asked = task.delegates or ([] if task.devices else packs.usual())
        configurations = configure(packs, asked)
        if task.usual or not task.delegates:
            configurations = by_default(packs, configurations)
        if task.devices:
            from analyzer.devices.device_configurations import on_devices

            configurations += on_devices(packs, task.devices)
        rest = fallbacks(packs, configurations) if task.everything else ()
        self.task = task
        self._packs = packs
        self._auditor = Auditor(packs, configurations, rest, task.registered)
        self._attempts = Attempts(self._auditor)
        delegates = [configuration.pack.delegate for configuration in configurations]
        self._policies = read_policies(task.fail_on, delegates)
        self._warning = read_policies(task.warn_on, delegates)
        self._excuses = Excuses(task.waivers)
        self._catalogue = packs.catalogue if task.everything else None
        self._targets = [(models, ModelAuditor(other, packs)) for models, other in task.targets]

    def renewed(self) -> ModelAuditor:
        """An auditor for the same task that has compiled nothing yet."""
        self._packs.forget()
        return ModelAuditor(self.task, self._packs)

    def _of(self, source: ModelSource) -> ModelAuditor:
        """The auditor of what a model is audited for."""
        return next((auditor for models, auditor in self._targets if is_named(source.name, models)), self)

    def audit(self, source: ModelSource) -> ModelResult:
        """Audit one model; an error that is about it, or a mistake of ours, becomes part of the result.

        Raises: UsageError, RuleError.
        """
        try:
            with at_hand(source) as held:
                return self._of(held)._audit(held)
        except ModelError as error:
            # It couldn't even be had: a member of an archive, or what is at an address.
            return ModelResult(convert.unread(source.name, 0, error), error=str(error))

    def _audit(self, held: ModelSource) -> ModelResult:
        try:
            return self._audited(held)
        except ModelError as error:
            return _failed(held, error)
        except UndecidedError as error:
            problems = [f"{held.name}: {problem}" for problem in error.problems]
            return _failed(held, UndecidedError(problems))
        except OSError as error:
            reason = f"can't be read to its end ({error.strerror})"
            return _failed(held, ModelError(held.name, reason, "leave it as it is while it is audited"))
        except AnalyzerError:
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            return _failed(held, InternalError(error, held.name))

    def _audited(self, held: ModelSource) -> ModelResult:
        applied = self._auditor.apply(load(held), self.task.shapes)
        audit = applied.audit
        known = None if self.task.baseline is None else self.task.baseline.known(held.name)
        excused = self._excuses.of(audit, known)
        reasons, warnings = (
            tuple([reason for policy in policies for reason in policy.reasons(audit, excused)])
            for policies in (self._policies, self._warning)
        )
        told = convert.model(audit, held.sha256 if self.task.hash else None, self._catalogue)
        recommended = recommend(
            told,
            self.task.platforms,
            self._attempts.of(applied, told, choosing=True),
            named=not self.task.usual,
        )
        return ModelResult(
            replace(told, recommendation=recommended),
            reasons,
            warnings=warnings,
            excused=len(excused.spots),
            waivers=excused.waivers,
        )

    def sites(self, source: ModelSource) -> Known:
        """What a baseline holds of a model. Raises: ModelError."""
        with at_hand(source) as held:
            return sites(self._of(held)._auditor.audit(load(held), self.task.shapes))


def _failed(source: ModelSource, error: AnalyzerError) -> ModelResult:
    """The result of a model that couldn't be audited."""
    model = convert.unread(source.name, source.size, error)
    return ModelResult(model, error=str(error), lacks=_lacks(error))


def _lacks(error: AnalyzerError) -> MissingInput | None:
    return MissingInput(error.name, tuple(error.known)) if isinstance(error, InputError) else None
