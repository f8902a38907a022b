"""A model's audits -> one choice a platform."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from analyzer.recommendation import details, sentences
from analyzer.recommendation.candidates import Attempted, Candidate, Repaired, Requantized, candidates, cost
from analyzer.recommendation.deployment import Deployment, Target, deployments
from analyzer.report.document.audit_document import Audit, Model
from analyzer.report.document.recommendation import Choice, Improvement, Recommendation, Snippet

#: The platforms that are meant where none is named.
PHONES = ("android", "ios")


class _Case(Struct, frozen=True):
    """One platform: what there is to choose from, and what runs the rest."""

    model: Model
    platform: str
    ranked: Sequence[Candidate]
    attempts: Sequence[Attempted]
    #: What runs what delegates leave: its name, what sentences call it, and its audit where there is one.
    rest: str
    rest_named: str
    rest_audit: Audit | None
    known: Mapping[str, Deployment]
    languages: Sequence[str]
    repaired: Sequence[Repaired]
    #: The model converted with other element types; without any, these are told of by rule.
    converted: Sequence[Requantized] = ()

    def quantizing(self, chosen: Candidate | None) -> Iterator[Improvement]:
        """What other element types would bring."""
        for each in self.converted:
            yield details.converted(each, self.known, self.platform, self.rest, self.rest_named)
        if chosen is not None and not self.converted:
            yield from details.quantizing(chosen, self.model)

    def code(self, *several: Candidate) -> tuple[Snippet, ...]:
        """Code for the first that a language can have, the CPU last."""
        if not self.languages:
            return ()
        # An audit shows no code: it starts without what writes it.
        from analyzer.recommendation.snippets import snippets

        last = _rest(self)
        order = several if last is None else (*several, last)
        return tuple(snippets(order, self.model, self.platform, self.languages))


def recommend(
    model: Model,
    platforms: Collection[str] = PHONES,
    attempts: Sequence[Attempted] = (),
    chips: Collection[str] = (),
    languages: Sequence[str] = (),
    named: bool = False,
    repaired: Sequence[Repaired] = (),
    converted: Sequence[Requantized] = (),
) -> Recommendation:
    """What to choose on each platform that any of the model's audits is about, with code in `languages`.

    `named`: whether somebody named the delegates, so that there may be better ones. `chips` are delegates
    for one chip that the phone in question has. Raises: RuleError.
    """
    shipped = deployments()
    known = {**shipped, **{name: replace(shipped[name], one_chip=False) for name in chips if name in shipped}}
    cases = [
        replace(_case(model, platform, attempts, known, languages, repaired), converted=converted)
        for platform in platforms
    ]
    return Recommendation(
        considered=tuple(dict.fromkeys(audit.delegate for audit in model.audits)),
        named=named,
        choices=tuple(_choice(case) for case in cases if case.ranked),
    )


def _case(
    model: Model,
    platform: str,
    attempts: Sequence[Attempted],
    known: Mapping[str, Deployment],
    languages: Sequence[str],
    repaired: Sequence[Repaired],
) -> _Case:
    rest = next((audit.fallback for audit in model.audits if audit.fallback), "")
    accelerators = [audit for audit in model.audits if audit.fallback]
    ranked = candidates(accelerators, attempts, known, platform)
    named = known[rest].name if rest in known else rest or "the CPU"
    audited = next((audit for audit in model.audits if audit.delegate == rest), None)
    return _Case(model, platform, ranked, attempts, rest, named, audited, known, languages, repaired)


def _choice(case: _Case) -> Choice:
    best, *others = case.ranked
    if best.worth:
        return _accelerated(case, best, others)
    if not any(each.refused for each in case.ranked):
        return _on_the_cpu(case)
    # What the CPU refuses may still run where the delegate's runtime stands in for it, little as that saves.
    working = [each for each in case.ranked if each.current and not each.broken and each.share]
    if not working:
        return _none(case)
    return _accelerated(case, working[0], [each for each in case.ranked if each is not working[0]])


def _accelerated(case: _Case, best: Candidate, others: Sequence[Candidate]) -> Choice:
    summary = best.audit.summary
    target = best.deployment.platforms.get(case.platform, Target())
    asked = (best.instead_of or best).audit
    return Choice(
        platform=case.platform,
        delegate=best.audit.delegate,
        title=best.name,
        accelerated=True,
        audit=next((at for at, audit in enumerate(case.model.audits) if audit is asked), None),
        sentence=sentences.chosen(best, others, case.rest_named, details.doubts(best.audit)),
        parameters=dict(best.parameters),
        delegated=summary.delegated,
        delegated_macs_share=summary.delegated_macs_share,
        boundary_bytes=summary.boundary_bytes,
        cost=best.cost,
        loading=tuple(details.loading(best, case.rest_named)),
        settings=tuple(details.settings(best, case.model, case.platform)),
        libraries=target.libraries,
        manifest=target.manifest,
        notes=target.notes,
        hazards=tuple(details.hazards(best.audit)),
        fallbacks=tuple(details.alternative(other) for other in others if other.worth),
        cpu=not any(each.refused for each in case.ranked),
        passed=tuple(details.passed(other) for other in others if not other.worth),
        improvements=(
            *details.repairs(case.ranked, case.repaired),
            *details.options(case.ranked, case.attempts, case.platform),
            *case.quantizing(best),
        ),
        code=case.code(*_loadable([best, *others])),
    )


def _loadable(ranked: Sequence[Candidate]) -> list[Candidate]:
    """What is worth loading, the best first, with other parameters and with those that were asked for."""
    several = [*ranked, *(each.instead_of for each in ranked if each.instead_of is not None)]
    return sorted((each for each in several if each.worth), key=lambda each: each.cost.delegated)


def _none(case: _Case) -> Choice:
    return Choice(
        platform=case.platform,
        delegate=None,
        title="",
        accelerated=False,
        sentence=sentences.nothing(case.ranked),
        cpu=False,
        passed=tuple(map(details.passed, case.ranked)),
        improvements=tuple(details.repairs(case.ranked, case.repaired)),
    )


def _on_the_cpu(case: _Case) -> Choice:
    known = case.known.get(case.rest) or Deployment(name=case.rest_named)
    target = known.platforms.get(case.platform, Target())
    told = _rest(case)
    loading = details.loading(told, case.rest_named) if told else ()
    settings = details.settings(told, case.model, case.platform) if told else ()
    return Choice(
        platform=case.platform,
        delegate=case.rest,
        title=known.name,
        accelerated=False,
        sentence=sentences.on_the_cpu(case.ranked, case.rest_named),
        loading=tuple(loading),
        settings=tuple(settings),
        libraries=target.libraries,
        manifest=target.manifest,
        notes=target.notes,
        hazards=tuple(details.hazards(told.audit)) if told else (),
        passed=tuple(map(details.passed, case.ranked)),
        improvements=tuple(_for_the_cpu(case, told)),
        code=case.code(),
    )


def _rest(case: _Case) -> Candidate | None:
    """What runs the rest, as if it were a delegate to choose."""
    audit = case.rest_audit
    if audit is None:
        return None
    known = case.known.get(case.rest) or Deployment(name=case.rest_named)
    return Candidate(audit, known, cost(audit.summary, known.cost))


def _for_the_cpu(case: _Case, told: Candidate | None) -> Iterator[Improvement]:
    yield from details.repairs(case.ranked, case.repaired)
    yield from details.options(case.ranked, case.attempts, case.platform)
    yield from case.quantizing(told)
