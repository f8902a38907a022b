"""What to change, in ten lines of Markdown for those who make the model: they may never open the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report.document.audit_document import Model, Tool
from analyzer.report.wording import causes, phrases
from analyzer.report.wording.causes import Cause
from analyzer.report.wording.hostile_text import escaped, plain
from analyzer.report.wording.layers import layers

#: With a line for the verdicts, one for what is left out and one for the tool, ten.
_CAUSES = 7


def handover(model: Model, names: Sequence[str], tool: Tool) -> str:
    """The verdicts of the delegates that were asked for, what is to be changed first and where.

    Empty where there is nothing to change.
    """
    model_causes = causes.asked(model, causes.causes(model))
    wanted = [cause for cause in model_causes if (cause.blocks or cause.broken) and not cause.knock_on]
    if not wanted:
        return ""
    lines = [_verdicts(model, names), *_changes(wanted[:_CAUSES], model, names)]
    if len(wanted) > _CAUSES:
        lines.append(f"\n{len(wanted) - _CAUSES} less costly causes are in the report.")
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


def _changes(wanted: Sequence[Cause], model: Model, names: Sequence[str]) -> Iterator[str]:
    for number, cause in enumerate(wanted, 1):
        who = ", ".join(names[position] for position in cause.audits)
        where = layers(cause, model)
        place = f", in {escaped(where)}" if where else ""
        fix = f" **Fix**: {escaped(cause.fix)}" if cause.fix else ""
        headline = escaped(phrases.headline(cause, model).rstrip("."))
        yield f"{number}. {escaped(who)}: {headline}{place}.{fix}"
