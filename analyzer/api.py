"""The four steps from Python: read a model, load rules, audit, render."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analyzer.auditing import Audit, Auditor, configure
from analyzer.model import Model, read
from analyzer.report import convert, document
from analyzer.report import render as render_document
from analyzer.report.view import View
from analyzer.rules.pack import RulePack
from analyzer.rules.packs import Packs


def load_rules(source: str | Path) -> RulePack:
    """A shipped pack by its delegate's name, or the pack in a rule file.

    Raises: RuleError, UsageError.
    """
    text = str(source)
    if not text.endswith(".toml"):
        return Packs().get(text)
    packs = Packs([Path(text)])
    return packs.get(packs.given[0])


def audit(
    model: Model | str | Path,
    delegates: Sequence[str] = (),
    *,
    rules: Sequence[str | Path] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Audit:
    """Audit a model for delegates given as on the command line (`"nnapi:api=29"`); by default the four usual ones.

    `rules` names further rule files, `shapes` resizes inputs by name.
    Raises: ModelError, RuleError, UsageError.
    """
    packs = Packs(Path(file) for file in rules)
    configurations = configure(packs, list(delegates) or packs.default())
    found = model if isinstance(model, Model) else read(model)
    return Auditor(packs, configurations).audit(found, shapes)


def render(audits: Audit | Sequence[Audit], format: str = "table", *, width: int = 80) -> str:
    """Audits as text in one of the output formats: table, json, jsonl, markdown or html."""
    several = [audits] if isinstance(audits, Audit) else audits
    catalogue = Packs().catalogue if format == "html" else None
    models = [convert.model(one, catalogue=catalogue) for one in several]
    whole = convert.whole(models, document.Policy())
    return render_document(whole, format, View(width=width)).decode()
