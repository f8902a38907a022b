"""The steps from Python: read a model, load rules, audit, run for real, render."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from analyzer.auditing import Audit, Auditor, configure
from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.model import Model, read
from analyzer.report import convert, document
from analyzer.report import render as render_document
from analyzer.report.view import View
from analyzer.rules.pack import RulePack
from analyzer.rules.packs import Packs

if TYPE_CHECKING:
    from analyzer.runs import Run, Settings


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
    """Audit a model for delegates named as on the command line (`"gpu:quantized=false"`).

    `rules` names further rule files; without `delegates` theirs are asked, or the usual four where there
    are none. `shapes` resizes inputs by name.
    Raises: ModelError, RuleError, UsageError.
    """
    packs = Packs(Path(file) for file in rules)
    configurations = configure(packs, list(delegates) or packs.usual())
    found = model if isinstance(model, Model) else read(model)
    return Auditor(packs, configurations).audit(found, shapes)


def run(
    model: Model | str | Path,
    delegate: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    rules: Sequence[str | Path] = (),
    signature: str | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    settings: Settings | None = None,
) -> Run:
    """Run a model on the CPU and through a delegate given as on the command line (`"litert-gpu"`).

    `inputs` are arrays by name; those not named are made up. `signature` may be left out where the model
    has only one. The arrays that came out are in `result.outputs` and `reference.outputs`, one mapping of
    names to NumPy arrays a sample, and beside each other in `outputs`.
    Raises: ModelError, RuleError, UsageError, RuntimeUnavailable.
    """
    from analyzer.runs import Settings, prove
    from analyzer.runtime.entries import entries

    found = model if isinstance(model, Model) else read(model)
    entry, *others = entries(found, signature)
    if others:
        known = ", ".join(str(one.key) for one in (entry, *others))
        raise UsageError(f"{found.path}: has several signatures; name one of {known}")
    packs = Packs(Path(file) for file in rules)
    asked = settings or Settings()
    wanted = replace(asked.wanted, given=dict(inputs or {}), shapes=dict(shapes or {}))
    audited = Auditor(packs, configure(packs, [delegate])).audit(found, shapes)
    (ran,) = prove(audited, found.path, replace(asked, wanted=wanted, signature=entry.key))
    if ran.result.status == "unavailable":
        raise RuntimeUnavailable(ran.result.message)
    return ran


def render(audits: Audit | Sequence[Audit], format: str = "table", *, width: int = 80) -> str:
    """Audits as text in one of the output formats: table, json, jsonl, markdown or html."""
    several = [audits] if isinstance(audits, Audit) else audits
    catalogue = Packs().catalogue if format == "html" else None
    models = [convert.model(one, catalogue=catalogue) for one in several]
    whole = convert.whole(models, document.Policy())
    return render_document(whole, format, View(width=width)).decode()
