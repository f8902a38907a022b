"""The recommendation in words: what is chosen, what isn't, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.recommendation.candidates import LEAST_SHARE, Candidate
from analyzer.report.document.audit_document import Summary
from analyzer.report.wording import figures, outcome
from analyzer.report.wording.hostile_text import plain

#: What a delegate takes that takes nothing.
NOTHING = "nothing"


def chosen(best: Candidate, others: Sequence[Candidate], rest: str, doubts: Sequence[str] = ()) -> str:
    """`A, all 115 operators. It may go wrong: it drifts. Not B (28 % of MACs). C is deprecated.`

    `doubts`: what may go wrong with what is chosen, the first of which is told.
    """
    part = takes(best.audit.summary)
    if best.audit.summary.verdict != "full":
        part += f", the rest on {rest}"
    if best.instead_of is not None:
        part += f" ({_without(best.instead_of)} without)"
    weaker = [f"{other.name} ({why_not_alone(other)})" for other in others if _weaker(other, best)]
    refused = f"Not {_joined(weaker, 'or')}." if weaker else ""
    name = f"{best.name} ({best.where})" if best.where else best.name
    return _sentences(f"{name}, {part}.", _doubted(doubts), refused, *_given_up(others))


def _doubted(doubts: Sequence[str]) -> str:
    """What may go wrong in brief; the rest stands among the hazards."""
    if not doubts:
        return ""
    more = f", and {len(doubts) - 1} more" if len(doubts) > 1 else ""
    return f"It may go wrong: {doubts[0].partition(':')[0].rstrip('.')}{more}."


def on_the_cpu(others: Sequence[Candidate], rest: str) -> str:
    """`stay on the CPU: A takes 12 % of MACs; with B the app dies. C is deprecated.`"""
    groups: dict[tuple[str, bool], list[str]] = {}
    for other in others:
        if other.current:
            groups.setdefault((why_not(other), other.broken), []).append(other.name)
    reasons = [_why_not_several(names, said, broken) for (said, broken), names in groups.items()]
    because = f"stay on {rest}: {'; '.join(reasons)}." if reasons else f"stay on {rest}."
    return _sentences(because, *_given_up(others))


def _why_not_several(names: Sequence[str], said: str, broken: bool) -> str:
    """`A and B take nothing`, `with C the app dies`."""
    if broken:
        return f"with {_joined(names, 'and')} {said}"
    return f"{_joined(names, 'and')} {'take' if len(names) > 1 else 'takes'} {said}"


def nothing(candidates: Sequence[Candidate]) -> str:
    """Where the interpreter itself refuses the model."""
    told = next((outcome.sentence(each.audit) for each in candidates if each.refused), "")
    return f"nothing runs this model. {told}".strip()


def takes(summary: Summary) -> str:
    """`all 115 operators`, `64 % of MACs`, `12 of 40 operators with all MACs`."""
    if summary.verdict == "full" or summary.delegated == summary.operators > 0:
        number = summary.operators
        return {1: "its only operator", 2: "both operators"}.get(number, f"all {number:,} operators")
    if summary.macs and summary.delegated_macs < summary.macs:
        return f"{figures.percent(summary.delegated_macs_share)} of MACs"
    if summary.macs:
        return f"{summary.delegated:,} of {summary.operators:,} operators with all MACs"
    return f"{summary.delegated:,} of {figures.count(summary.operators, 'operator')}"


def why_not(candidate: Candidate) -> str:
    """Why a delegate isn't chosen, in a few words."""
    summary = candidate.audit.summary
    if candidate.broken:
        return outcome.brief(candidate.audit)
    if candidate.deprecated:
        given_up = candidate.deployment.deprecated or "deprecated"
        return f"{plain(given_up)}; takes {takes(summary)}" if summary.delegated else plain(given_up)
    if candidate.deployment.one_chip:
        return f"for phones with one chip only; takes {takes(summary)}"
    if not summary.delegated:
        return NOTHING
    if candidate.share >= LEAST_SHARE and not candidate.saves:
        return f"{takes(summary)}, but {_eaten(candidate)}"
    return takes(summary)


def why_not_alone(candidate: Candidate) -> str:
    """The same where it stands alone."""
    said = why_not(candidate)
    return f"takes {said}" if said == NOTHING else said


def _eaten(candidate: Candidate) -> str:
    """Why little is gained by delegating, though much is taken."""
    summary = candidate.audit.summary
    rates = candidate.deployment.cost
    if not summary.macs:
        return "there is nothing to multiply"
    if summary.boundary_bytes * rates.byte > summary.partitions * rates.switch:
        return f"moving {figures.size(summary.boundary_bytes)} there and back costs more than it saves"
    if summary.partitions > 1:
        return f"going there and back {summary.partitions} times costs more than it saves"
    return f"{figures.macs(summary.macs)} MACs are too few to gain by it"


def _weaker(other: Candidate, best: Candidate) -> bool:
    """Whether a current delegate is worth saying no to: it doesn't work, or takes clearly less."""
    if not other.current:
        return False
    return other.broken or not other.worth or other.share < best.share - 0.01


def _without(candidate: Candidate) -> str:
    if candidate.broken:
        return outcome.brief(candidate.audit)
    return takes(candidate.audit.summary).removesuffix(" of MACs")


def _given_up(others: Sequence[Candidate]) -> Iterator[str]:
    tempting = [other for other in others if other.deprecated and other.audit.summary.delegated]
    names = sorted({other.deployment.name for other in tempting if not other.broken})
    if names:
        yield f"{_capital(_joined(names, 'and'))} {'is' if len(names) == 1 else 'are'} deprecated."


def _joined(parts: Sequence[str], word: str) -> str:
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
