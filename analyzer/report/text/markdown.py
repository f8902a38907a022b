"""`markdown`: for a pull request or a wiki page; GitHub's flavour, no HTML but folded sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report.document.audit_document import Document, Model
from analyzer.report.view import FLEET, View
from analyzer.report.wording import causes, changes, figures, labels, phrases, recommended, run_sentences
from analyzer.report.wording.causes import Cause
from analyzer.report.wording.changes import Heading
from analyzer.report.wording.hostile_text import escaped
from analyzer.report.wording.layers import layers
from analyzer.report.wording.overview import Columns, Overview, overview


def render(document: Document, view: View) -> bytes:
    """The document as Markdown."""
    lines: list[str] = []
    for reason in document.policy.reasons if document.policy.failed else ():
        lines += [f"- **policy failed**: {escaped(reason)}"]
    compact = len(document.models) >= FLEET and not view.verbose
    lines += ["", *_fleet(overview(document))] if compact else []
    for model, names in () if compact else labels.named(document):
        lines += ["", *_model(model, names, view)]
    return ("\n".join(lines).strip() + "\n").encode()


def _fleet(table: Overview) -> Iterator[str]:
    """A row a model, as the page has it."""
    yield f"## {len(table.lines)} models" + (f" in {escaped(table.folder)}" if table.folder else "")
    yield ""
    yield from _columns(table, table.asked)
    for line in table.lines:
        yield from ["", f"Not read: {escaped(line.error)}"] if line.error else []
    yield from ["", f"### {phrases.COMMON}", ""] if table.common else []
    yield from (f"- {escaped(verdict)}" for verdict in table.common)
    if table.legacy.delegates:
        named = ", ".join(map(escaped, table.legacy.delegates))
        yield from ("", f"<details><summary>{table.heading}: {named}</summary>", "")
        yield from _columns(table, table.legacy)
        yield from ("", "</details>")


def _columns(table: Overview, columns: Columns) -> Iterator[str]:
    yield from _row("model", *map(escaped, columns.delegates))
    yield f"|---|{'---|' * len(columns.delegates)}"
    for line, verdicts in zip(table.lines, columns.verdicts, strict=True):
        said = [f"{verdict.verdict} {verdict.share}".strip() if verdict else "-" for verdict in verdicts]
        yield from _row(escaped(line.path + line.file), *(["not read", *said[1:]] if line.error else said))


def _model(model: Model, names: Sequence[str], view: View) -> Iterator[str]:
    yield f"## {escaped(model.path)}"
    yield ""
    if model.error is not None:
        yield f"Not audited: {escaped(model.error.message)}"
        return
    yield phrases.card(model)
    model_causes = causes.causes(model)
    told = changes.headings(model, model_causes)
    top = [*recommended.sentences(model.recommendation)]
    top += changes.to_change_first(told, model, names) if top else []
    for about, words in top:
        yield from ("", f"**{escaped(about)}**: {escaped(words)}")
    if model.audits:
        yield ""
        yield from _verdicts(model, names, phrases.groups(model)[0])
        yield from ["", escaped(said)] if (said := phrases.deprecated(model, names)) else []
    for block in run_sentences.blocks(model):
        yield from _run(block)
    if not model.audits:
        return
    yield from _told(model, names, phrases.groups(model)[0])
    yield from _reasons(model, told, names)
    yield from _legacy(model, model_causes, names)
    if view.verbose:
        yield from _placement(model, names)


def _verdicts(model: Model, names: Sequence[str], positions: Sequence[int]) -> Iterator[str]:
    yield from _row("delegate", "verdict", "operators", "MACs", "partitions", "what holds it back")
    yield "|---|---|--:|--:|--:|---|"
    for position in positions:
        audit = model.audits[position]
        summary = audit.summary
        operators = f"{summary.delegated} of {summary.operators}"
        figured = operators, phrases.macs_share(summary), str(summary.partitions or "-")
        name, verdict = escaped(names[position]), f"**{summary.verdict}**"
        yield from _row(name, verdict, *figured, escaped(phrases.held_back(audit)))


def _told(model: Model, names: Sequence[str], positions: Sequence[int]) -> Iterator[str]:
    lines = [
        f"- **{escaped(names[position])}**: {escaped(text)}"
        for position in positions
        for text in phrases.told(model.audits[position])
    ]
    yield from ["", *lines] if lines else []


def _legacy(model: Model, model_causes: Sequence[Cause], names: Sequence[str]) -> Iterator[str]:
    """Deprecated delegates that nobody asked for, folded."""
    positions = phrases.groups(model)[1]
    if not positions:
        return
    named = ", ".join(escaped(names[position]) for position in positions)
    yield from ("", f"<details><summary>{phrases.LEGACY}: {named}</summary>", "")
    yield from _verdicts(model, names, positions)
    yield from _told(model, names, positions)
    for heading in changes.headings(model, model_causes, legacy=True):
        yield from _section(heading, model, names, 1)
    yield from ("", "</details>")


def _run(block: run_sentences.Block) -> Iterator[str]:
    verdict = escaped(block.verdict)
    yield from ("", f"### {escaped(block.title)}, run for real: {verdict}", "")
    yield from (f"- {escaped(fact)}" for fact in (*block.facts, *block.reasons))
    for table in block.tables:
        yield ""
        yield from _row(*table.names)
        yield f"|---|{'--:|' * (len(table.names) - 1)}"
        for row in table.rows:
            yield from _row(*map(escaped, row))


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def _reasons(model: Model, told: Sequence[Heading], names: Sequence[str]) -> Iterator[str]:
    number = 1
    for heading in told:
        yield from _section(heading, model, names, number)
        number += sum(len(change.causes) for change in heading.changes)


def _section(heading: Heading, model: Model, names: Sequence[str], number: int) -> Iterator[str]:
    """Each fix once, with what it mends numbered on."""
    yield from ("", f"### {heading.title}")
    for change in heading.changes:
        yield ""
        if change.fix:
            told = "; ".join(changes.facts(change, model, names))
            yield f"- **{escaped(change.fix)}**" + (f"\\\n  {escaped(told)}" if told else "")
            # Without a line between, a list that doesn't begin with 1 is none.
            yield ""
        for cause in change.causes:
            yield _cause(number, cause, model, names)
            number += 1


def _cause(number: int, cause: Cause, model: Model, names: Sequence[str]) -> str:
    who = ", ".join(escaped(names[position]) for position in cause.audits)
    words = f"{number}. **{who}**: {escaped(phrases.headline(cause, model))}"
    told = "" if cause.fix else layers(cause, model)
    words += f", in {escaped(told)}" if told else ""
    rules = ", ".join(f"`{rule}`" for rule in cause.rules)
    return ("  " if cause.fix else "") + words + (f" {rules}" if rules else "")


def _placement(model: Model, names: Sequence[str]) -> Iterator[str]:
    yield from ("", "<details><summary>Where every operator is placed</summary>", "")
    yield phrases.LEGEND
    yield ""
    yield from _row("#", "operator", "MACs", *map(escaped, names))
    yield f"|---|---|--:|{'---|' * len(names)}"
    for nodes in zip(*(audit.operators for audit in model.audits), strict=True):
        node = nodes[0]
        place = escaped(labels.place(node))
        yield from _row(
            place,
            escaped(labels.operator(node)),
            figures.macs(node.macs),
            *map(phrases.where, nodes, model.audits),
        )
    yield from ("", "</details>")
