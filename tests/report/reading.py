"""Reading reports back: what each format says of verdicts and causes, in its own order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

from analyzer.report import render
from analyzer.report.document.audit_document import Document
from analyzer.report.view import View
from analyzer.report.wording import phrases

#: So wide that nothing is wrapped or cut.
_WIDE = 20_000
#: The headings that causes stand under.
_SECTIONS = (
    phrases.BREAKS,
    phrases.BLOCKS,
    phrases.OTHERS,
    phrases.LOST,
    phrases.REMARKS,
    phrases.UNTOUCHED,
)
#: What is said of a delegate beside its figures.
_TOLD = re.compile(
    r"stands? between this model and full delegation|: The app |: An output comes out wrong|"
    r"won't load;|: Where [^:]* \(\w+="
)


#: What a card says in its sentence already.
_EFFECT = re.compile(r"^(the app dies|the delegate gives up|an output comes out wrong)(, |$)")


class Verdict(Struct, frozen=True):
    delegate: str
    verdict: str
    operators: str
    share: str
    held_back: str


class Cause(Struct, frozen=True):
    section: str
    delegates: str
    headline: str
    fix: str


class Said(Struct, frozen=True):
    """What a report says."""

    verdicts: list[Verdict]
    to_full: list[str]
    causes: list[Cause]


def table(document: Document) -> Said:
    lines = render(document, "table", View(width=_WIDE, verbose=True)).decode().splitlines()
    return Said(list(_table_verdicts(lines)), _between(lines), list(_table_causes(lines)))


def _table_verdicts(lines: list[str]) -> Iterator[Verdict]:
    starts = [i for i, line in enumerate(lines) if line.startswith("delegate ")]
    for line in (line for start in starts for line in takewhile(bool, lines[start + 1 :])):
        cells = re.split(r"\s{2,}", line)
        # Where nothing holds a delegate back, or a column is empty, there are fewer cells.
        yield Verdict(
            cells[0], cells[1], cells[2], cells[3], _EFFECT.sub("", cells[5]) if len(cells) > 5 else ""
        )


def _between(lines: list[str]) -> list[str]:
    return [line for line in lines if _TOLD.search(line)]


def _table_causes(lines: list[str]) -> Iterator[Cause]:
    section = fix = ""
    for line in lines:
        line = line.removeprefix(f"{phrases.LEGACY}: ")
        section = line if line in _SECTIONS else section if line else ""
        if section and line.startswith("* "):
            fix = line.removeprefix("* ")
        found = re.match(r"( *)\d+  (.*?)  (.*)", line) if section else None
        if found:
            headline = re.sub(r"\s{2,}\[[^]]*\]$", "", found[3])
            yield Cause(section, found[2], headline, fix if found[1] else "")


def markdown(document: Document) -> Said:
    tokens = (
        MarkdownIt("commonmark")
        .enable("table")
        .parse(render(document, "markdown", View(verbose=True)).decode())
    )
    rows = list(_rows(tokens))
    starts = [i for i, row in enumerate(rows) if row[:1] == ["delegate"]]
    verdicts = []
    for start in starts:
        for row in takewhile(
            lambda row: len(row) == 6 and row[0] not in ("#", "delegate"), rows[start + 1 :]
        ):
            verdicts.append(Verdict(row[0], row[1], row[2], row[3], _EFFECT.sub("", row[5])))
    items = [_text(token) for token in tokens if token.type == "inline"]
    return Said(verdicts, _between(items), list(_markdown_causes(tokens)))


def _text(inline: Token) -> str:
    breaks = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(breaks.get(child.type, child.content) for child in inline.children or ())


def _rows(tokens: list[Token]) -> Iterator[list[str]]:
    row: list[str] = []
    for before, token in zip([*tokens[:1], *tokens], tokens, strict=False):
        if token.type == "tr_open":
            row = []
        elif token.type == "inline" and before.type in ("th_open", "td_open"):
            row.append(_text(token))
        elif token.type == "tr_close":
            yield row


def _markdown_causes(tokens: list[Token]) -> Iterator[Cause]:
    section = fix = ""
    lists: list[str] = []
    for token in tokens:
        if token.type.endswith("list_open"):
            lists.append(token.type)
        if token.type.endswith("list_close"):
            lists.pop()
        if token.type != "inline":
            continue
        text = _text(token)
        section = text if text in _SECTIONS else section
        if lists == ["bullet_list_open"]:
            fix = text.partition("\n")[0]
        elif lists and lists[-1] == "ordered_list_open":
            who = next(child.content for child in (token.children or ())[1:] if child.type == "text")
            # What follows are the ids of rules.
            said = re.sub(r" [a-z0-9-]+/\S+(, \S+/\S+)*$", "", text).removeprefix(f"{who}: ")
            yield Cause(section, who, said, fix if len(lists) > 1 else "")


class Element:
    """An element of a page: its tag, attributes, texts and elements inside."""

    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.inside: list[Element | str] = []

    def text(self) -> str:
        parts = (one if isinstance(one, str) else one.text() for one in self.inside)
        return " ".join("".join(parts).split())

    def all(self, css: str) -> Iterator[Element]:
        """Elements of a tag, or of a class written with its dot, in the page's order."""
        for one in self.inside:
            if isinstance(one, Element):
                classes = (one.attributes.get("class") or "").split()
                if one.tag == css or css.removeprefix(".") in (classes if css.startswith(".") else ()):
                    yield one
                yield from one.all(css)

    def one(self, css: str) -> str:
        """The first one's text; empty where there is none."""
        return next((found.text() for found in self.all(css)), "")


class _Tree(HTMLParser):
    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, dict(attrs))
        self._open[-1].inside.append(made)
        if tag not in self.VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)


def page(text: bytes) -> Element:
    """A page as a tree."""
    return _Tree(text.decode()).root


def html(document: Document) -> Said:
    root = page(render(document, "html"))
    cards = list(root.all(".card"))
    between = [
        text for card in cards for text in _between([f"{_name(card)}: {p.text()}" for p in card.all("p")])
    ]
    return Said([_verdict(card) for card in cards], between, list(_html_causes(root)))


def _name(card: Element) -> str:
    return card.one("h3").removesuffix(card.one(".tag")).strip()


def _verdict(card: Element) -> Verdict:
    share = card.one(".share")
    number = next(
        (found for p in card.all("p") if (found := re.match(r"([\d,]+) of ([\d,]+) op", p.text()))), None
    )
    whole = next(
        (
            found
            for p in card.all("p")
            if (found := re.match(r"(?:A|Full residency: a)ll ([\d,]+) op", p.text()))
        ),
        None,
    )
    counts = (number[1], number[2]) if number else (whole[1], whole[1]) if whole else ("0", "0")
    return Verdict(
        delegate=_name(card),
        verdict=card.one(".verdict").removesuffix(share).strip(),
        operators=" of ".join(counts).replace(",", ""),
        share=share.removesuffix(" of MACs") if share.endswith("of MACs") else "-",
        held_back=card.one(".held-back"),
    )


def _html_causes(root: Element) -> Iterator[Cause]:
    section = fix = ""
    found: list[tuple[int, Cause]] = []
    for one in _flat(root):
        section = one.text() if one.tag == "h3" else section
        if "change" in (one.attributes.get("class") or "").split():
            fix = one.one(".fix")
        if "cause" in (one.attributes.get("class") or "").split():
            chips = [chip.text() for chip in one.all(".chip")]
            whom = one.one(".whom").removeprefix(" ".join(chips)).strip()
            headline = f"{whom}: {one.one('.message')}"
            if one.one(".cost") and not one.one(".gain") and not fix:
                headline += f"; {one.one('.cost')}"
            cause = Cause(section, ", ".join(chips), headline, fix)
            found.append((int(one.attributes["value"] or 0), cause))
    yield from (cause for _, cause in sorted(found, key=lambda entry: entry[0]))


def _flat(element: Element) -> Iterator[Element]:
    for one in element.inside:
        if isinstance(one, Element):
            yield one
            yield from _flat(one)


class Fleet(Struct, frozen=True):
    """What a report says of many models: the verdicts of each, and what blocks the most."""

    verdicts: dict[str, list[str]]
    common: list[str]


def fleet_table(document: Document) -> Fleet:
    lines = render(document, "table", View(width=_WIDE)).decode().splitlines()
    verdicts: dict[str, list[str]] = {}
    for line in takewhile(bool, lines[1:]):
        model, _, verdict, *_ = re.split(r"\s{2,}", line)
        verdicts.setdefault(model, []).append(verdict)
    return Fleet(verdicts, [" ".join(line.split()) for line in lines if re.match(r"\d+ models?  ", line)])


def fleet_markdown(document: Document) -> Fleet:
    tokens = MarkdownIt("commonmark").enable("table").parse(render(document, "markdown").decode())
    rows = list(_rows(tokens))[1:]
    items = [_text(token) for token in tokens if token.type == "inline"]
    common = [" ".join(text.split()) for text in items if re.match(r"\d+ models?  ", text)]
    folder = next((text.split(" in ")[1] for text in items if re.match(r"\d+ models in ", text)), "")
    verdicts = {f"{folder}{model}": _words(cells) for model, *cells in rows if cells[0] != "not read"}
    return Fleet(verdicts, common)


def fleet_html(document: Document) -> Fleet:
    root = page(render(document, "html"))
    (overview,) = root.all(".overview")
    verdicts = {
        row.one("a"): _words([cell.text() for cell in row.all("td")])
        for row in list(overview.all("tr"))[2:]
        if not list(row.all(".unread"))
    }
    folder = root.one(".in").removeprefix("in ")
    common = [item.text() for found in root.all(".common") for item in found.all("li")]
    return Fleet({f"{folder}{model}": words for model, words in verdicts.items()}, common)


def _words(cells: list[str]) -> list[str]:
    return [cell.split()[0] for cell in cells]
