"""What to change, in ten lines of Markdown for those who make the model: they may never open the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report.document.audit_document import Model, Tool
from analyzer.report.wording import causes, changes, phrases
from analyzer.report.wording.changes import Change
from analyzer.report.wording.hostile_text import escaped, plain

#: With a line for the verdicts, one for what is left out and one for the tool, ten.
_CHANGES = 7
_TO_CHANGE = (phrases.BLOCKS, phrases.BREAKS, phrases.OTHERS)


def handover(model: Model, names: Sequence[str], tool: Tool) -> str:
    """The verdicts of the delegates that were asked for, what is to be changed first and where.

    Empty where there is nothing to change.
    """
    told = changes.headings(model, causes.causes(model))
    wanted = [change for heading in told if heading.title in _TO_CHANGE for change in heading.changes]
    if not wanted:
        return ""
    lines = [_verdicts(model, names), *_changes(wanted[:_CHANGES], model, names)]
    if len(wanted) > _CHANGES:
        lines.append(f"\n{len(wanted) - _CHANGES} less costly causes are in the report.")
    return "\n".join([*lines, f"\nFrom {tool.name} {tool.version}, `audit {_file(model)}`"]) + "\n"


def _file(model: Model) -> str:
    return plain(model.path).rpartition("/")[2].replace("`", "'")


def _verdicts(model: Model, names: Sequence[str]) -> str:
    said = []
    for position in phrases.groups(model)[0]:
        summary = model.audits[position].summary
        share = phrases.macs_share(summary)
        figure = f" ({share} of MACs)" if summary.verdict == "partial" and share != "-" else ""
        said.append(f"{escaped(names[position])} {summary.verdict}{figure}")
    return f"**{escaped(_file(model))}**: {', '.join(said)}\n"


def _changes(wanted: Sequence[Change], model: Model, names: Sequence[str]) -> Iterator[str]:
    """Each fix once, with what it brings, and what is wrong with whom."""
    for number, change in enumerate(wanted, 1):
        told = "; ".join(changes.facts(change, model, names))
        about = f" ({escaped(told)})" if told else ""
        fix = f"**{escaped(change.fix)}**{about} " if change.fix else ""
        who: dict[str, list[str]] = {}
        for cause in change.causes:
            delegates = who.setdefault(phrases.headline(cause, model).rstrip("."), [])
            delegates += (names[position] for position in cause.audits)
        said = "; ".join(f"{escaped(', '.join(on))}: {escaped(what)}" for what, on in who.items())
        yield f"{number}. {fix}{said}."
