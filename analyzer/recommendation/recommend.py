"""A model's audits -> one choice a platform."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from analyzer.recommendation import details, improvements, sentences
from analyzer.recommendation.candidates import (
    Attempted,
    Candidate,
    Repaired,
    Requantized,
    available,
    candidates,
    cost,
)
from analyzer.recommendation.deployment import Deployment, Target, deployments
from analyzer.report.document.audit_document import Model
from analyzer.report.document.recommendation import Choice, Improvement, Recommendation, Snippet

#: The platforms that are meant where none is named.
PHONES = ("android", "ios")


class _Case(Struct, frozen=True):
    """What there is to choose from on platforms that have the same delegates, and what runs the rest."""

    model: Model
    #: One of these platforms.
    platform: str
    ranked: Sequence[Candidate]
    attempts: Sequence[Attempted]
    #: What runs what delegates leave.
    rest: _Rest
    known: Mapping[str, Deployment]
    repaired: Sequence[Repaired]
    #: The model converted with other element types; without any, these are told of by rule.
    converted: Sequence[Requantized] = ()

    def quantizing(self, chosen: Candidate | None) -> Iterator[Improvement]:
        """What other element types would bring."""
        for each in self.converted:
            yield improvements.converted(each, self.known, self.platform, self.rest.delegate, self.rest.named)
        if chosen is not None and not self.converted:
            yield from improvements.quantizing(chosen, self.model)


class _Rest(Struct, frozen=True):
    """What runs what delegates leave: its name, what sentences call it, and as if it were one to choose."""

    delegate: str
    named: str
    candidate: Candidate | None


class _Chosen(Struct, frozen=True):
    """A choice but for what is the platform's own: that hangs on these."""

    choice: Choice
    #: What options are told of.
    candidate: Candidate | None = None
    deployment: Deployment = Deployment(name="")
    #: What there may be code for, the best first; None where nothing runs the model.
    loadable: Sequence[Candidate] | None = None


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
    known = deployments()
    there = [name for name in chips if name in known]
    if there:
        known = {**known, **{name: replace(known[name], one_chip=False) for name in there}}
    rest = _rest(model, known)
    accelerators = [audit for audit in model.audits if audit.fallback]
    #: Platforms that have the same delegates, and where the same can be set, differ in little.
    chosen: dict[object, _Chosen] = {}
    choices = []
    for platform in platforms:
        audits = available(accelerators, known, platform)
        if not audits:
            continue
        tried = [attempt for attempt in attempts if attempt.is_for(platform)]
        alike = (platform if converted else "", *map(id, audits), None, *map(id, tried))
        if alike not in chosen:
            ranked = candidates(audits, tried, known)
            chosen[alike] = _choose(_Case(model, platform, ranked, tried, rest, known, repaired, converted))
        choices.append(_placed(chosen[alike], model, platform, rest, languages))
    return Recommendation(
        considered=tuple(dict.fromkeys(audit.delegate for audit in model.audits)),
        named=named,
        choices=tuple(choices),
    )


def _rest(model: Model, known: Mapping[str, Deployment]) -> _Rest:
    delegate = next(filter(None, [audit.fallback for audit in model.audits]), "")
    deployment = known.get(delegate)
    named = deployment.name if deployment else delegate or "the CPU"
    audit = next((audit for audit in model.audits if audit.delegate == delegate), None)
    if audit is None:
        return _Rest(delegate, named, None)
    deployment = deployment or Deployment(name=named)
    return _Rest(delegate, named, Candidate(audit, deployment, cost(audit.summary, deployment.cost)))


def _placed(chosen: _Chosen, model: Model, platform: str, rest: _Rest, languages: Sequence[str]) -> Choice:
    """A choice with what the platform brings to it."""
    target = chosen.deployment.platforms.get(platform, Target())
    candidate = chosen.candidate
    return replace(
        chosen.choice,
        platform=platform,
        settings=tuple(details.settings(candidate, model, platform)) if candidate else (),
        libraries=target.libraries,
        manifest=target.manifest,
        notes=target.notes,
        code=_code(chosen, model, platform, rest, languages),
    )


def _code(
    chosen: _Chosen, model: Model, platform: str, rest: _Rest, languages: Sequence[str]
) -> tuple[Snippet, ...]:
    """Code for the first that a language can have, the CPU last."""
    if not languages or chosen.loadable is None:
        return ()
    # An audit shows no code: it starts without what writes it.
    from analyzer.recommendation.snippets import snippets

    last = () if rest.candidate is None else (rest.candidate,)
    return tuple(snippets((*chosen.loadable, *last), model, platform, languages))


def _choose(case: _Case) -> _Chosen:
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


def _accelerated(case: _Case, best: Candidate, others: Sequence[Candidate]) -> _Chosen:
    summary = best.audit.summary
    asked = (best.instead_of or best).audit
    choice = Choice(
        platform=case.platform,
        delegate=best.audit.delegate,
        title=best.name,
        accelerated=True,
        audit=next((at for at, audit in enumerate(case.model.audits) if audit is asked), None),
        sentence=sentences.chosen(best, others, case.rest.named, details.doubts(best.audit)),
        parameters=dict(best.parameters),
        delegated=summary.delegated,
        delegated_macs_share=summary.delegated_macs_share,
        boundary_bytes=summary.boundary_bytes,
        cost=best.cost,
        loading=tuple(details.loading(best, case.rest.named)),
        hazards=tuple(details.hazards(best.audit)),
        fallbacks=tuple(details.alternative(other) for other in others if other.worth),
        cpu=not any(each.refused for each in case.ranked),
        passed=tuple(details.passed(other) for other in others if not other.worth),
        improvements=(
            *improvements.repairs(case.ranked, case.repaired),
            *improvements.options(case.ranked, case.attempts),
            *case.quantizing(best),
        ),
    )
    return _Chosen(choice, best, best.deployment, _loadable([best, *others]))


def _loadable(ranked: Sequence[Candidate]) -> list[Candidate]:
    """What is worth loading, the best first, with other parameters and with those that were asked for."""
    several = [*ranked, *(each.instead_of for each in ranked if each.instead_of is not None)]
    return sorted((each for each in several if each.worth), key=lambda each: each.cost.delegated)


def _none(case: _Case) -> _Chosen:
    choice = Choice(
        platform=case.platform,
        delegate=None,
        title="",
        accelerated=False,
        sentence=sentences.nothing(case.ranked),
        cpu=False,
        passed=tuple(map(details.passed, case.ranked)),
        improvements=tuple(improvements.repairs(case.ranked, case.repaired)),
    )
    return _Chosen(choice)


def _on_the_cpu(case: _Case) -> _Chosen:
    rest, told = case.rest, case.rest.candidate
    known = case.known.get(rest.delegate) or Deployment(name=rest.named)
    choice = Choice(
        platform=case.platform,
        delegate=rest.delegate,
        title=known.name,
        accelerated=False,
        sentence=sentences.on_the_cpu(case.ranked, rest.named),
        loading=tuple(details.loading(told, rest.named)) if told else (),
        hazards=tuple(details.hazards(told.audit)) if told else (),
        passed=tuple(map(details.passed, case.ranked)),
        improvements=(
            *improvements.repairs(case.ranked, case.repaired),
            *improvements.options(case.ranked, case.attempts),
            *case.quantizing(told),
        ),
    )
    return _Chosen(choice, told, known, ())
