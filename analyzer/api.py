"""The steps from Python: read a model, load rules, audit, run for real, render.

`analyzer.__all__` says which names of this module are public.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import by_default, chosen, configure, fallbacks
from analyzer.auditing.types import Audit as Audit
from analyzer.errors import AnalyzerError as AnalyzerError
from analyzer.errors import ModelError as ModelError
from analyzer.errors import RuleError as RuleError
from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.execution.compare.measures import Thresholds
from analyzer.execution.delegate_run import Run as Run
from analyzer.execution.delegate_run import Settings
from analyzer.execution.inputs.generate import Wanted
from analyzer.execution.inputs.signatures import entries
from analyzer.execution.request import UNAVAILABLE, Limits
from analyzer.execution.run_delegates import run_delegates
from analyzer.execution.target import HOST
from analyzer.interpreter import Interpreter
from analyzer.model import Model as Model
from analyzer.model import read as read
from analyzer.report import known
from analyzer.report import render as render_document
from analyzer.report.document import audit_document, convert
from analyzer.report.document.recommendation import Recommendation
from analyzer.report.view import View
from analyzer.rewriting.fix import Fix as Fix
from analyzer.rewriting.fix import fix as rewrite
from analyzer.rules.pack import RulePack as RulePack
from analyzer.rules.registry import Packs

#: A rule file, or the pack that was loaded from one.
Rules = str | Path | RulePack


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
    delegates: str | Sequence[str] = (),
    *,
    rules: Rules | Sequence[Rules] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    registered: Sequence[str] = (),
) -> Audit:
    """Audit a model for delegates named as on the command line (`"gpu:quantized=false"`).

    `rules` are further rule files, or packs from `load_rules`; without `delegates` theirs are asked, or the
    usual five where there are none. `shapes` resizes inputs by name; `registered` names
    custom operators that the app has kernels for (`"Flex*"`).
    Raises: ModelError, RuleError, UsageError.
    """
    packs = _packs(rules)
    asked = [delegates] if isinstance(delegates, str) else list(delegates)
    configurations = configure(packs, asked or packs.usual())
    configurations = configurations if asked else by_default(packs, configurations)
    auditor = Auditor(packs, configurations, fallbacks(packs, configurations), registered)
    return auditor.audit(_model(model), shapes)


def recommend(
    model: Model | str | Path,
    platforms: str | Sequence[str] = (),
    *,
    rules: Rules | Sequence[Rules] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    registered: Sequence[str] = (),
) -> Recommendation:
    """What to choose for a model on each platform (`android`, `ios`, `desktop`), without any on both phones.

    Each of its `choices` says in a `sentence` which delegate and why, and has the options to set, what the
    app has to depend on, hazards, the order in which to fall back, and code. All else is as for `audit`.
    Raises: ModelError, RuleError, UsageError.
    """
    from analyzer.recommendation.advisor import Advisor
    from analyzer.recommendation.snippets import LANGUAGES

    asked = [platforms] if isinstance(platforms, str) else list(platforms)
    advisor = Advisor(_packs(rules), asked, registered, languages=LANGUAGES)
    advised = advisor.advise(_model(model), shapes)
    return advised.recommendation or Recommendation(considered=(), choices=())


def run(
    model: Model | str | Path,
    delegate: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    rules: Rules | Sequence[Rules] = (),
    signature: str | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    samples: int = 2,
    special: Sequence[str] = (),
    seed: int = 0,
    runs: int = 20,
    warmup: int = 3,
    threads: int = 1,
    timeout: float = 120.0,
    memory: int = 4096,
    atol: float | None = None,
    rtol: float | None = None,
    min_snr: float | None = None,
    library: str | None = None,
    options: Mapping[str, str] | None = None,
    vulkan_driver: str | None = None,
    bisect: bool = False,
) -> Run:
    """Run a model on the CPU and through a delegate given as on the command line, as for `audit`.

    `inputs` are arrays by name, or files of arrays or images; floating point numbers are real units. Those
    not named are made up, `samples` times. `signature` may be left out where the model has only one. All
    else is as with `delegate-analyzer run`. What came out is in `values`, in real units, one mapping of names
    to NumPy arrays a sample, as the tensors hold it in `result.outputs` and `reference.outputs`, and both
    beside each other in `outputs`.
    Raises: ModelError, RuleError, UsageError, RuntimeUnavailable.
    """
    model = _model(model)
    given = inputs or {}
    arrays = {name: value for name, value in given.items() if not isinstance(value, str | Path)}
    settings = Settings(
        wanted=Wanted(
            seed, samples, tuple(special), ranges=dict(ranges or {}), shapes=dict(shapes or {}), given=arrays
        ),
        files=tuple(f"{name}={file}" for name, file in given.items() if name not in arrays),
        signature=_signature(model, signature),
        thresholds=Thresholds(atol, rtol, min_snr),
        limits=Limits(timeout, memory),
        runs=runs,
        warmup=warmup,
        threads=threads,
        library=library,
        options=dict(options or {}),
        vulkan_driver=vulkan_driver,
        bisect=bisect,
    )
    return _run(model, delegate, _packs(rules), settings)


def _signature(model: Model, key: str | None) -> str | None:
    """The one signature that is meant. Raises: UsageError where there are several."""
    entry, *others = entries(model, key)
    if others:
        several = ", ".join(str(one.key) for one in (entry, *others))
        raise UsageError(f"{model.path}: has several signatures; name one of {several}")
    return entry.key


def _run(model: Model, delegate: str, packs: Packs, settings: Settings) -> Run:
    asked = [delegate] if settings.library else HOST.specs(packs, [delegate])
    audited = Auditor(packs, configure(packs, asked)).audit(model, settings.wanted.shapes)
    (run,) = run_delegates(audited, model.path, settings)
    if run.result.status == UNAVAILABLE:
        raise RuntimeUnavailable(run.result.message)
    return run


def fix(
    model: Model | str | Path,
    delegates: str | Sequence[str] = (),
    *,
    rules: Rules | Sequence[Rules] = (),
    run: bool = True,
    timeout: float = 120.0,
    memory: int = 4096,
) -> Fix:
    """Rewrite a model so that delegates take it, as `delegate-analyzer fix` does; nothing is written.

    `data` of the result is the new file, the original's bytes where nothing helps; `plan` tells what was
    rewritten, with audits before and after, `proof` what running both came to, None without `run`.
    Raises: ModelError, RuleError, UsageError.
    """
    model = _model(model)
    packs = _packs(rules)
    asked = [delegates] if isinstance(delegates, str) else list(delegates)
    auditor = Auditor(packs, chosen(packs, asked))
    return rewrite(model, model.path, auditor, Interpreter(packs), Limits(timeout, memory), run)


def render(audits: Audit | Sequence[Audit], format: str = "table", *, width: int = 80) -> str:
    """Audits as text in one of the output formats: table, json, jsonl, markdown or html.

    Raises: UsageError where there is no such format.
    """
    several = [audits] if isinstance(audits, Audit) else audits
    catalogue = Packs().catalogue if known(format, "format") == "html" else None
    models = [convert.model(audit, catalogue=catalogue) for audit in several]
    whole = convert.whole(models, audit_document.Policy())
    return render_document(whole, format, View(width=width)).decode()


def _packs(rules: Rules | Sequence[Rules]) -> Packs:
    several = [rules] if isinstance(rules, str | Path | RulePack) else rules
    return Packs(Path(source) if isinstance(source, str) else source for source in several)


def _model(model: Model | str | Path) -> Model:
    return model if isinstance(model, Model) else read(model)
