"""`html`: one self-contained page, closed to the network, that treats all of a model's texts as hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import page_template
from analyzer.report.document.audit_document import Document
from analyzer.report.html import embedded_data, page
from analyzer.report.view import FLEET, View
from analyzer.report.wording import phrases

if TYPE_CHECKING:
    from analyzer.report.compare.model_diff import Comparison


def render(document: Document, view: View) -> bytes:
    """The report as one HTML file."""
    return page_of(document)


def notebook(document: Document) -> str:
    """A card a delegate in HTML that any notebook shows, the whole page folded behind them."""
    whole = page_of(document).decode()
    return page_template.text("notebook.html.jinja", sections=page.sections(document), page=whole)


def page_of(document: Document, comparison: Comparison | None = None) -> bytes:
    """The report; of two models that are compared, what got better and worse comes first."""
    sections = page.sections(document)
    compared = overview = None
    if len(sections) > 1:
        from analyzer.report.wording.overview import overview as overview_of

        overview = overview_of(document)
    if comparison is not None:
        from analyzer.report.html import comparison_section

        compared = comparison_section.compared(comparison)
    return page_template.render(
        page_template.REPORT,
        tool=document.tool,
        policy=document.policy,
        reasons=phrases.reasons(document.policy),
        sections=sections,
        title=sections[0].name if len(sections) == 1 else f"{len(sections)} models",
        data=embedded_data.embed(document).decode(),
        overview=overview,
        fleet=len(sections) >= FLEET,
        common=phrases.COMMON,
        comparison=compared,
    )
