"""Verdict, figures, findings and gate of a model say one thing, in the document and in every format."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import by_default, configure, fallbacks
from analyzer.auditing.types import Audit as Audited
from analyzer.conformance.verdicts import Data
from analyzer.gating.policy import read_policies
from analyzer.model import graph, read_bytes
from analyzer.recommendation.recommend import recommend
from analyzer.report import render
from analyzer.report.document import audit_document, convert
from analyzer.report.document.audit_document import Audit, Model
from analyzer.report.html import page
from analyzer.report.view import View
from analyzer.report.wording import causes, changes, phrases
from analyzer.report.wording.hostile_text import escaped
from analyzer.report.wording.overview import overview
from analyzer.report.wording.verdict_line import VerdictLine
from analyzer.rules.pack import BROKEN
from analyzer.rules.registry import Packs
from analyzer.sources import SAMPLE, find_one, load
from tests.report import reading

CASES = Path(__file__).parent.parent / "conformance"
MODELS = os.environ.get("DELEGATE_ANALYZER_MODELS")
#: What nobody may say of a model that doesn't work.
PRAISE = re.compile(r"\bfull\b|\b100 %|Full residency|No action")
#: What is said of a choice that takes all.
WHOLE = re.compile(r"[^;.]*, (all [0-9,]+ operators|both operators|its only operator)\.")


@cache
def auditor() -> Auditor:
    packs = Packs()
    configurations = by_default(packs, configure(packs, packs.usual()))
    return Auditor(packs, configurations, fallbacks(packs, configurations))


def chosen() -> Iterator[graph.Model]:
    """The sample, some of the generated models, and all real ones where they are."""
    yield load(find_one(SAMPLE))
    generated = (model for _, _, model in Data(CASES, None).models())
    yield from (model for model in islice(generated, 7, None, 90) if isinstance(model, graph.Model))
    for file in sorted(Path(MODELS).rglob("*.tflite")) if MODELS else ():
        yield read_bytes(file.read_bytes(), str(file))


@pytest.fixture(scope="module")
def audited() -> list[tuple[Audited, Model]]:
    audits = map(auditor().audit, chosen())
    catalogue = Packs().catalogue
    return [(audit, convert.model(audit, catalogue=catalogue)) for audit in audits]


def alone(model: Model, audit: Audit) -> audit_document.Document:
    """One delegate's audit, asked for by name."""
    only = replace(audit, legacy=False)
    return convert.whole([replace(model, audits=(only,))], audit_document.Policy())


def test_figures_follow_the_verdict(audited: list[tuple[Audited, Model]]) -> None:
    for _, model in audited:
        for audit in model.audits:
            summary, where = audit.summary, (model.path, audit.delegate)
            assert (summary.verdict in BROKEN) == (audit.decided is not None), where
            assert 0 <= summary.delegated <= summary.operators, where
            if summary.verdict in ("crash", "fails"):
                ran = summary.delegated, summary.delegated_macs, summary.partitions, summary.boundary_bytes
                assert ran == (0, 0, 0, 0), where
                assert not summary.operators or summary.delegated_macs_share == 0, where
                assert all(node.placement != "delegate" for node in audit.operators), where
            else:
                assert summary.delegated == sum(node.delegated for node in audit.operators), where
                assert summary.partitions == len(audit.partitions), where
            if summary.verdict == "full":
                assert summary.delegated == summary.operators, where
                assert summary.delegated_macs_share == 1, where
            if summary.operators and not summary.macs:
                assert summary.delegated_macs_share == summary.delegated_operators_share, where
            if audit.decided is not None:
                assert audit.decided.severity == summary.verdict, where


def test_gates_see_what_is_said(audited: list[tuple[Audited, Model]]) -> None:
    names = [audit.delegate for audit in audited[0][1].audits]
    for found, model in audited:
        for audit in model.audits:
            name, where = audit.delegate, (model.path, audit.delegate)
            failed = {
                policy: read_policies([f"{name}:{policy}"], names)[0].reasons(found)
                for policy in ("broken", "unsupported", "partial", "hazard", "delegated_operators_share < 1")
            }
            if audit.decided is None:
                assert not failed["broken"], where
                assert bool(failed["partial"]) == (audit.summary.verdict != "full"), where
                continue
            (reason,) = failed["broken"]
            assert "\n" not in reason and f"[{audit.decided.rule}]" in reason, where
            assert audit.decided.message.split("\n")[0].rstrip(".")[:40] in reason, where
            assert all(failed[policy] for policy in ("unsupported", "partial", "hazard")), where
            if audit.summary.verdict != "wrong" and audit.summary.operators:
                assert failed["delegated_operators_share < 1"], where


def test_formats_say_what_breaks_a_model_first_and_nothing_against_it(
    audited: list[tuple[Audited, Model]],
) -> None:
    for _, model in audited:
        for audit in model.audits:
            if audit.decided is None:
                broken = causes.breaking(causes.causes(replace(model, audits=(audit,))))
                assert not broken, (model.path, audit.delegate)
                continue
            document = alone(model, audit)
            where = model.path, audit.delegate
            first, *_ = changes.headings(document.models[0], causes.causes(document.models[0]))
            assert first.title == phrases.BREAKS, where
            (sentence,) = phrases.told(document.models[0].audits[0])
            text = render(document, "table", View(width=20_000)).decode()
            assert sentence in text, where
            head = text.split(phrases.BREAKS)[0].replace(model.path, "").replace(sentence, "")
            assert not PRAISE.search(head), (where, head)
            text = render(document, "markdown").decode()
            assert f"| **{audit.summary.verdict}** |" in text and escaped(sentence) in text, where
            head = text.split(phrases.BREAKS)[0].replace(escaped(model.path), "")
            assert not PRAISE.search(head.replace(escaped(sentence), "")), (where, head)
            line = VerdictLine()
            line.add(document.models[0])
            assert audit.summary.verdict in str(line) and not PRAISE.search(str(line)), where


def test_what_a_fix_brings_a_delegate_is_the_same_whoever_else_is_asked(
    audited: list[tuple[Audited, Model]],
) -> None:
    for _, model in audited:
        together = brought(model)
        for position, audit in enumerate(model.audits):
            (by_itself,) = brought(replace(model, audits=(audit,)))
            assert together[position] == by_itself, (model.path, audit.delegate)


def brought(model: Model) -> list[dict[str, str]]:
    """What each delegate takes more by each fix, in words."""
    names = [f"<{position}>" for position in range(len(model.audits))]
    found: list[dict[str, str]] = [{} for _ in names]
    for change in changes.changes(causes.direct(causes.causes(model)), model):
        for part in filter(None, changes.unblocks(change, model, names).split("; ")):
            worth, _, who = part.rpartition(" on ")
            for position in re.findall(r"<(\d+)>", who):
                found[int(position)][change.fix] = worth
    return found


def test_pages_are_red_where_a_model_is_broken(audited: list[tuple[Audited, Model]]) -> None:
    # A page takes long to make: some of them.
    broken = [model for _, model in audited if any(audit.decided for audit in model.audits)]
    for model in broken[:: max(1, len(broken) // 20)]:
        root = reading.page(render(convert.whole([model], audit_document.Policy()), "html"))
        for audit, card in zip(model.audits, sorted_cards(root, model), strict=True):
            assert (".broken" in classes(card)) == (audit.decided is not None), model.path
            if audit.decided is not None:
                assert f".v-{audit.summary.verdict}" in classes(card), model.path
                assert card.one(".seen") == " ".join(phrases.told(audit)[0].split()), model.path
                told = card.text().replace(card.one(".seen"), "").replace(card.one("h3"), "")
                assert not PRAISE.search(told), (model.path, told)


def test_cards_and_the_table_of_operators_are_of_the_verdict(audited: list[tuple[Audited, Model]]) -> None:
    for _, model in audited:
        (section,) = page.sections(convert.whole([model], audit_document.Policy()))
        asked, legacy = phrases.groups(model)
        cards = dict(zip([*asked, *legacy], [*section.verdict_cards, *section.legacy_cards], strict=True))
        for position, audit in enumerate(model.audits):
            summary, card, where = audit.summary, cards[position], (model.path, audit.delegate)
            states = Counter(row.cells[position].state for row in section.rows)
            drawn = sum(part.length for part in section.strips[position].stretches)
            assert card.verdict == summary.verdict and drawn == summary.operators, where
            assert (card.broken != "") == (audit.decided is not None), where
            if audit.decided is None:
                assert not states["b"], where
                assert states["d"] == summary.delegated, where
                assert ("Full residency" in card.sentence) == (
                    summary.verdict == "full" and summary.operators > 0
                ), where
                continue
            assert (card.share, card.percent) == ("", 0), where
            assert not PRAISE.search(" ".join((card.sentence, card.held_back, *card.told))), where
            if summary.verdict == "wrong":
                assert states["b"] or not audit.decided.operators, where
                assert states["b"] + states["d"] == summary.delegated, where
            else:
                assert not states["d"], where


def test_the_table_of_many_models_is_of_their_verdicts(audited: list[tuple[Audited, Model]]) -> None:
    models = [replace(model, path=f"{number}.tflite") for number, (_, model) in enumerate(audited)]
    table = overview(convert.whole(models, audit_document.Policy()))
    asked, legacy = phrases.groups(models[0])
    for columns, positions in ((table.asked, asked), (table.legacy, legacy)):
        for verdicts, model in zip(columns.verdicts, models, strict=True):
            for said, position in zip(verdicts, positions, strict=True):
                audit = model.audits[position]
                assert said is not None and said.verdict == audit.summary.verdict, audit.delegate
                assert not (said.share and audit.decided), audit.delegate
                assert audit.decided is None or not PRAISE.search(said.held_back), audit.delegate


def test_what_is_chosen_works_and_what_is_said_of_others_is_their_verdict(
    audited: list[tuple[Audited, Model]],
) -> None:
    for _, model in audited:
        for choice in recommend(model).choices:
            verdicts = {audit.delegate: audit.summary.verdict for audit in model.audits}
            where = model.path, choice.sentence
            if choice.accelerated:
                assert verdicts[choice.delegate or ""] not in BROKEN, where
            for other in choice.passed:
                assert other.verdict == verdicts[other.delegate], where
            assert not any(verdicts.get(other.delegate) in BROKEN for other in choice.fallbacks), where
            if WHOLE.match(choice.sentence):
                assert verdicts[choice.delegate or ""] == "full", where


def test_build_servers_get_errors_of_broken_models_alone(audited: list[tuple[Audited, Model]]) -> None:
    # All that is broken, and some of the rest.
    for number, (_, model) in enumerate(audited):
        for audit in model.audits:
            if audit.decided is None and number % 5:
                continue
            document, where = alone(model, audit), (model.path, audit.delegate)
            broken = audit.decided is not None
            github = render(document, "github").decode().splitlines()
            assert any(line.startswith("::error ") for line in github) == broken, where
            assert ('"critical"' in render(document, "gitlab").decode()) == broken, where
            assert ('"level":"error"' in render(document, "sarif").decode().replace(" ", "")) == broken, where
            (row,) = csv.DictReader(io.StringIO(render(document, "csv").decode()))
            assert (row["verdict"], row["delegated"]) == (
                audit.summary.verdict,
                str(audit.summary.delegated),
            ), where
            assert row["decided_by"] == (audit.decided.rule if audit.decided else ""), where
            assert "<failure" in render(document, "junit").decode() or not broken, where


def sorted_cards(root: reading.Element, model: Model) -> list[reading.Element]:
    """The cards in the order of audits: deprecated delegates that nobody asked for stand last."""
    cards = list(root.all(".card"))
    order = [position for group in phrases.groups(model) for position in group]
    return [cards[order.index(position)] for position in range(len(order))]


def classes(element: reading.Element) -> list[str]:
    return [f".{name}" for name in (element.attributes.get("class") or "").split()]
