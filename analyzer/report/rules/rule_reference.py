"""Rule packs and rules as text for a terminal: what `rules list`, `rules show` and `explain` print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from textwrap import indent

from analyzer.report.rules import rule_sentences
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import columns, fill
from analyzer.rules.origin import permalink
from analyzer.rules.pack import Parameter, Recipes, RulePack
from analyzer.rules.parameters import as_written
from analyzer.rules.rulebook import GRAPH, OperatorPage, Rule, Rulebook
from analyzer.rules.wording.naming import render

_SEVERITIES = {
    "blocker": "blocker: the delegate doesn't take it",
    "aborts": "aborts: the delegate gives up on the whole model",
    "crash": "crash: the delegate's own check ends the app",
    "fails": "fails: the model doesn't load, or the delegate's graph can't be built",
    "wrong": "wrong: taken, and an output comes out wrong",
    "hazard": "hazard: taken; data, precision or driver decide whether it goes well",
    "note": "note: changes no verdict",
}
#: Entries that are code, whose lines stay as they are.
_CODE = ("before", "after")
#: What is said before code in PyTorch.
_TORCH = "# in PyTorch\n"
_JOBS = {
    "model": "model: for who writes and exports it",
    "converter": "converter: for who calls it",
    "app": "app: for who writes it",
    "none": "none: nothing needs doing",
}
_LATER = {
    "build": "build: found only when the delegate builds its graph",
    "run": "run: found only when the delegate computes",
    "load": "load: found when the runtime loads the model",
}


def packs(rule_packs: Sequence[RulePack], width: int) -> str:
    """A table of packs."""
    rows = [["pack", "platforms", "parameters", "upstream"], *(_row(pack) for pack in rule_packs)]
    widths = [20, 9, max(16, width - 44), None]
    return columns(rows, widths=widths)


def _row(pack: RulePack) -> list[str]:
    status = [] if pack.status == "current" else [f"({pack.status})"]
    parameters = [f"{name}={default(parameter)}" for name, parameter in pack.parameters.items()]
    return [
        "\n".join([pack.delegate, pack.title, *status]),
        ", ".join(pack.platforms),
        "\n".join(parameters),
        upstream(pack, short=True),
    ]


def default(parameter: Parameter) -> str:
    """A parameter's default as its author wrote it."""
    return parameter.default_text or as_written(parameter.default)


def upstream(pack: RulePack, short: bool = False) -> str:
    """Which sources the pack states."""
    revision = pack.revision[:9]
    return revision if short else f"{pack.repository} {revision}"


def pack(rule_pack: RulePack, width: int) -> str:
    """A whole pack."""
    book = Rulebook(rule_pack)
    pages = [book.operator(name) for name in book.operators()]
    everywhere = _common_terms(pages, book.everywhere())
    blocks = [_head(rule_pack, book, width), _parameters(rule_pack, width), _policies(rule_pack, width)]
    blocks += [fill(rule_pack.notes.strip(), width)] if rule_pack.notes else []
    blocks += [_named("Names used below", everywhere, width)]
    blocks += [_listed("Every operator", book.everywhere(), width)]
    blocks += [_page(page, width, everywhere) for page in pages]
    blocks += [
        _listed("A partition", book.partitions(), width),
        _listed("The model", book.models(), width),
        _listed("The graph", book.graph(), width),
    ]
    blocks.append(_listed("Any other operator", book.others(), width))
    return "\n\n".join(block for block in blocks if block)


def _common_terms(pages: Sequence[OperatorPage], everywhere: Sequence[Rule]) -> dict[str, str]:
    """The terms that mean the same on several pages."""
    counts = Counter(term for page in pages for term in page.terms.items())
    terms = {name: meaning for rule in everywhere for name, meaning in rule.terms.items()}
    return terms | {name: meaning for (name, meaning), times in counts.items() if times > 1}


def operator(rule_pack: RulePack, name: str, width: int) -> str:
    """A pack's rules for one operator. Raises: UsageError."""
    return _page(Rulebook(rule_pack).operator(name), width, {}, verbose=True)


def rule(rule: Rule, pack: RulePack, width: int, recipes: Recipes) -> str:
    """One rule, in full."""
    entries = [
        ("about", rule.subject),
        ("taken", "" if rule.requires or rule.subject == GRAPH else "never"),
        ("requires", rule.requires),
        *(("when", condition) for condition in rule.when),
        *(("where", f"{name}: {meaning}") for name, meaning in rule.terms.items()),
        ("says", rule.meaning),
        *_fixes(rule, recipes),
        ("severity", _SEVERITIES[rule.severity]),
        ("stage", _LATER.get(rule.stage, rule.stage)),
        ("source", f"{rule.source}  ({upstream(pack)})"),
        ("", "" if rule.subject == GRAPH else permalink(rule.source, pack.repository, pack.revision)),
        ("formerly", ", ".join(rule.formerly)),
    ]
    lines = [f"{rule.id}   {pack.title}"]
    lines += [_entry(word, text, width) for word, text in entries if text]
    return "\n".join(lines)


def _fixes(rule: Rule, recipes: Recipes) -> Iterator[tuple[str, str]]:
    """Every fix with whose job it is, and code where there is some."""
    last = f"otherwise: {rule.fix}" if rule.fixes else rule.fix
    for said, text in zip((*rule.fixes, last), rule.texts, strict=True):
        recipe = recipes.of(text)
        yield "fix", said
        yield "job", _JOBS[recipe.job]
        yield "before", recipe.before
        yield "after", recipe.after
        if recipe.torch_after:
            yield "before", _TORCH + recipe.torch_before.strip("\n")
            yield "after", _TORCH + recipe.torch_after.strip("\n")
        yield "no code", recipe.why


def rules(rules: Sequence[Rule], width: int) -> str:
    """Many rules, a line or two each."""
    return "\n".join(_brief(rule, rule.id, width) for rule in rules)


def _head(pack: RulePack, book: Rulebook, width: int) -> str:
    about = ", ".join(word for word in (pack.status, *pack.platforms) if word)
    operators = figures.count(len(pack.operators), "operator")
    rules = figures.count(sum(1 for _ in book.rules()), "rule")
    title = fill(f"{pack.delegate}   {pack.title}   {about}", width, subsequent_indent="  ")
    return f"{title}\n{operators}, {rules}   version {pack.version}   {upstream(pack)}"


def _parameters(pack: RulePack, width: int) -> str:
    lines = []
    for name, parameter in pack.parameters.items():
        bounds = ""
        if parameter.range is not None:
            bounds = " ({} to {})".format(*parameter.range)
        elif parameter.values:
            bounds = f" ({', '.join(map(str, parameter.values))})"
        text = f"{name}={default(parameter)}{bounds}   {parameter.meaning}"
        lines.append(fill(text, width, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(["Parameters", *lines]) if lines else ""


def _policies(pack: RulePack, width: int) -> str:
    said = rule_sentences.sentences(pack.graph)
    return "\n".join(["What becomes of accepted operators", *(_item(sentence, width) for sentence in said)])


def _item(text: str, width: int) -> str:
    return fill(text, width, initial_indent="  ", subsequent_indent="    ")


def _listed(title: str, rules: Sequence[Rule], width: int) -> str:
    return (
        "\n".join([title, *(_brief(rule, _own_name(rule), width, "  ") for rule in rules)]) if rules else ""
    )


def _named(title: str, terms: Mapping[str, str], width: int) -> str:
    lines = [_item(f"{name}: {meaning}", width) for name, meaning in terms.items()]
    return "\n".join([title, *lines]) if lines else ""


def _page(page: OperatorPage, width: int, known: Mapping[str, str], verbose: bool = False) -> str:
    lines = [page.name]
    if page.refused is not None:
        lines.append(_brief(page.refused, _own_name(page.refused), width, "  "))
    lines += [_item(f"taken at once if {condition}", width) for condition in page.accepted]
    for rule in page.rules:
        lines.append(_brief(rule, _own_name(rule), width, "  "))
        if verbose:
            lines += [
                fill(text, width, initial_indent="      ", subsequent_indent="      ") for text in _more(rule)
            ]
    if page.values:
        values = ", ".join(f"{name} = {render(value)}" for name, value in page.values.items())
        lines.append(_item(f"with {values}", width))
    if not (page.rules or page.accepted or page.refused):
        lines.append("  taken always")
    named = {name: meaning for name, meaning in page.terms.items() if known.get(name) != meaning}
    lines += [_item(f"where {name}: {meaning}", width) for name, meaning in named.items()]
    return "\n".join(lines)


def _more(rule: Rule) -> Iterator[str]:
    if rule.meaning and rule.requires:
        yield f"else: {rule.meaning}"
    yield from (f"fix: {fix}" for fix in (*rule.fixes, rule.fix))


def _own_name(rule: Rule) -> str:
    """The id without the delegate and, where that is plain, without the operator."""
    _, _, rest = rule.id.partition("/")
    prefix, _, name = rest.rpartition("/")
    form = prefix.partition(".")[2]
    return rest if rule.subject == GRAPH else f"{form}/{name}" if form else name


def _brief(rule: Rule, name: str, width: int, indent: str = "") -> str:
    """`name  what it requires, if ...`."""
    text = rule.requires or rule.meaning
    if rule.when:
        text += f"   [if {'; and '.join(rule.when)}]"
    marks = [rule.severity] if rule.severity != "blocker" else []
    marks += [rule.stage] if rule.stage in _LATER else []
    text += f"   ({', '.join(marks)})" if marks else ""
    gap = " " * max(2, 26 - len(name))
    return fill(
        f"{indent}{name}{gap}{text}",
        width,
        subsequent_indent=indent + "    ",
        break_long_words=False,
    )


def _entry(word: str, text: str, width: int) -> str:
    if word in _CODE:
        return indent(text.strip("\n"), " " * 10).replace(" " * 10, f"{word:<10}", 1)
    return fill(f"{word:<10}{text}", width, subsequent_indent=" " * 10, break_long_words=False)
