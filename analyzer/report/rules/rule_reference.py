"""Rule packs and rules as text for a terminal: what `rules list`, `rules show` and `explain` print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from analyzer.report.rules import rule_sentences
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import columns, fill
from analyzer.rules.origin import permalink
from analyzer.rules.pack import Parameter, RulePack
from analyzer.rules.rulebook import GRAPH, OperatorPage, Rule, Rulebook
from analyzer.rules.wording.naming import render

_SEVERITIES = {
    "blocker": "blocker: the delegate doesn't take it",
    "aborts": "aborts: the delegate gives up on the whole model",
    "crash": "crash: the delegate's own check ends the app",
    "hazard": "hazard: taken, but it may fail or compute wrong numbers",
    "note": "note: changes no verdict",
}
_BUILDING = "build: found only when the delegate builds its graph"


def packs(found: Sequence[RulePack], width: int) -> str:
    """A table of packs."""
    rows = [["pack", "platforms", "parameters", "upstream"], *(_row(one) for one in found)]
    widths = [20, 9, max(16, width - 44), None]
    return columns(rows, widths=widths)


def _row(found: RulePack) -> list[str]:
    status = [] if found.status == "current" else [f"({found.status})"]
    parameters = [f"{name}={default(one)}" for name, one in found.parameters.items()]
    return [
        "\n".join([found.delegate, found.title, *status]),
        ", ".join(found.platforms),
        "\n".join(parameters),
        upstream(found, short=True),
    ]


def default(parameter: Parameter) -> str:
    """A parameter's default as its author wrote it."""
    value = parameter.default
    return parameter.default_text or (str(value).lower() if isinstance(value, bool) else str(value))


def upstream(pack: RulePack, short: bool = False) -> str:
    """Which sources the pack states."""
    revision = pack.revision[:9]
    return revision if short else f"{pack.repository} {revision}"


def pack(found: RulePack, width: int) -> str:
    """A whole pack."""
    book = Rulebook(found)
    pages = [book.operator(name) for name in book.operators()]
    everywhere = _common_terms(pages, book.everywhere())
    blocks = [_head(found, book, width), _parameters(found, width), _policies(found, width)]
    blocks += [fill(found.notes.strip(), width)] if found.notes else []
    blocks += [_named("Names used below", everywhere, width)]
    blocks += [_listed("Every operator", book.everywhere(), width)]
    blocks += [_page(page, width, everywhere) for page in pages]
    blocks += [_listed("A partition", book.partitions(), width), _listed("The graph", book.graph(), width)]
    blocks.append(_listed("Any other operator", book.others(), width))
    return "\n\n".join(block for block in blocks if block)


def _common_terms(pages: Sequence[OperatorPage], everywhere: Sequence[Rule]) -> dict[str, str]:
    """The terms that mean the same on several pages."""
    counts = Counter(term for page in pages for term in page.terms.items())
    found = {name: meaning for rule in everywhere for name, meaning in rule.terms.items()}
    return found | {name: meaning for (name, meaning), times in counts.items() if times > 1}


def operator(found: RulePack, name: str, width: int) -> str:
    """What a pack says of one operator. Raises: UsageError."""
    return _page(Rulebook(found).operator(name), width, {}, verbose=True)


def rule(found: Rule, of: RulePack, width: int) -> str:
    """One rule, in full."""
    entries = [
        ("about", found.subject),
        ("taken", "" if found.requires or found.subject == GRAPH else "never"),
        ("requires", found.requires),
        *(("when", condition) for condition in found.when),
        *(("where", f"{name}: {meaning}") for name, meaning in found.terms.items()),
        ("says", found.meaning),
        *(("fix", fix) for fix in found.fixes),
        ("fix", f"otherwise: {found.fix}" if found.fixes else found.fix),
        ("severity", _SEVERITIES[found.severity]),
        ("stage", _BUILDING if found.stage == "build" else found.stage),
        ("source", f"{found.source}  ({upstream(of)})"),
        ("", "" if found.subject == GRAPH else permalink(found.source, of.repository, of.revision)),
        ("formerly", ", ".join(found.formerly)),
    ]
    lines = [f"{found.id}   {of.title}"]
    lines += [_entry(word, text, width) for word, text in entries if text]
    return "\n".join(lines)


def rules(found: Sequence[Rule], width: int) -> str:
    """Many rules, a line or two each."""
    return "\n".join(_brief(one, one.id, width) for one in found)


def _head(found: RulePack, book: Rulebook, width: int) -> str:
    about = ", ".join(word for word in (found.status, *found.platforms) if word)
    operators = figures.count(len(found.operators), "operator")
    rules = figures.count(sum(1 for _ in book.rules()), "rule")
    title = fill(f"{found.delegate}   {found.title}   {about}", width, subsequent_indent="  ")
    return f"{title}\n{operators}, {rules}   version {found.version}   {upstream(found)}"


def _parameters(found: RulePack, width: int) -> str:
    lines = []
    for name, parameter in found.parameters.items():
        bounds = ""
        if parameter.range is not None:
            bounds = " ({} to {})".format(*parameter.range)
        elif parameter.values:
            bounds = f" ({', '.join(map(str, parameter.values))})"
        text = f"{name}={default(parameter)}{bounds}   {parameter.meaning}"
        lines.append(fill(text, width, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(["Parameters", *lines]) if lines else ""


def _policies(found: RulePack, width: int) -> str:
    said = rule_sentences.sentences(found.graph)
    return "\n".join(["What becomes of accepted operators", *(_item(one, width) for one in said)])


def _item(text: str, width: int) -> str:
    return fill(text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _listed(title: str, found: Sequence[Rule], width: int) -> str:
    return "\n".join([title, *(_brief(one, _own_name(one), width, "  ") for one in found)]) if found else ""


def _named(title: str, found: Mapping[str, str], width: int) -> str:
    lines = [_item(f"{name}: {meaning}", width) for name, meaning in found.items()]
    return "\n".join([title, *lines]) if lines else ""


def _page(page: OperatorPage, width: int, known: Mapping[str, str], verbose: bool = False) -> str:
    lines = [page.name]
    if page.refused is not None:
        lines.append(_brief(page.refused, _own_name(page.refused), width, "  "))
    lines += [_item(f"taken at once if {condition}", width) for condition in page.accepted]
    for one in page.rules:
        lines.append(_brief(one, _own_name(one), width, "  "))
        if verbose:
            lines += [
                fill(text, width, initial_indent="      ", subsequent_indent="      ") for text in _more(one)
            ]
    if page.values:
        values = ", ".join(f"{name} = {render(value)}" for name, value in page.values.items())
        lines.append(_item(f"with {values}", width))
    if not (page.rules or page.accepted or page.refused):
        lines.append("  taken always")
    named = {name: meaning for name, meaning in page.terms.items() if known.get(name) != meaning}
    lines += [_item(f"where {name}: {meaning}", width) for name, meaning in named.items()]
    return "\n".join(lines)


def _more(found: Rule) -> Iterator[str]:
    if found.meaning and found.requires:
        yield f"else: {found.meaning}"
    yield from (f"fix: {fix}" for fix in (*found.fixes, found.fix))


def _own_name(found: Rule) -> str:
    """The id without the delegate and, where that is plain, without the operator."""
    _, _, rest = found.id.partition("/")
    prefix, _, name = rest.rpartition("/")
    form = prefix.partition(".")[2]
    return rest if found.subject == GRAPH else f"{form}/{name}" if form else name


def _brief(found: Rule, name: str, width: int, indent: str = "") -> str:
    """`name  what it requires, if ...`."""
    text = found.requires or found.meaning
    if found.when:
        text += f"   [if {'; and '.join(found.when)}]"
    marks = [found.severity] if found.severity != "blocker" else []
    marks += ["build"] if found.stage == "build" else []
    text += f"   ({', '.join(marks)})" if marks else ""
    gap = " " * max(2, 26 - len(name))
    return fill(
        f"{indent}{name}{gap}{text}",
        width,
        subsequent_indent=indent + "    ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _entry(word: str, text: str, width: int) -> str:
    return fill(
        f"{word:<10}{text}", width, subsequent_indent=" " * 10, break_on_hyphens=False, break_long_words=False
    )
