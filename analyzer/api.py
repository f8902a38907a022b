"""The steps from Python: read a model, load rules, audit, run for real, render.

`analyzer.__all__` says which names of this module are public.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from analyzer.auditing import types
from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import by_default, chosen, configure, fallbacks
from analyzer.errors import AnalyzerError as AnalyzerError
from analyzer.errors import ModelError as ModelError
from analyzer.errors import RuleError as RuleError
from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.evaluation import evaluator
from analyzer.evaluation.datasets import Source as DataSource
from analyzer.evaluation.evaluator import Evaluation as Evaluation
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
from analyzer.report import known
from analyzer.report import render as render_document
from analyzer.report.document import audit_document, convert
from analyzer.report.document.recommendation import Recommendation
from analyzer.report.view import View
from analyzer.rewriting.fix import Fix as Fix
from analyzer.rewriting.fix import fix as rewrite
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.pack import RulePack as RulePack
from analyzer.rules.registry import Packs
from analyzer.sources import at_hand, find_one, given, load, on_disk

if TYPE_CHECKING:
    from analyzer.report.compare.model_diff import Comparison

#: A model's file, its bytes, or a file that is open for reading bytes.
Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]
#: A rule file, or the pack that was loaded from one.
Rules = str | Path | RulePack


class Audit(types.Audit, frozen=True):
    """All that is said of one model; in a notebook, a card a delegate with the whole page behind them."""

    def _repr_html_(self) -> str:
        from analyzer.report.html.render import notebook

        return notebook(_document([self], explained=True))


def load_rules(source: str | Path) -> RulePack:
    """A shipped pack by its delegate's name, or the pack in a rule file.

    Raises: RuleError, UsageError.
    """
    text = str(source)
    if not text.endswith(".toml"):
        return Packs().get(text)
    packs = Packs([Path(text)])
    return packs.get(packs.given[0])


def read(source: Source, name: str | None = None) -> Model:
    """Read a model: the path of its file, its bytes, or a file that is open for reading bytes.

    `name` is what it is called in messages and reports. Bytes aren't copied, and have to stay as they are.
    Raises: ModelError, UsageError.
    """
    if isinstance(source, str | os.PathLike):
        with at_hand(find_one(os.fspath(source))) as held:
            return load(held, name)
    with at_hand(given(source, name)) as held:
        return load(held)


def audit(
    model: Model | Source,
    delegates: str | Sequence[str] = (),
    *,
    rules: Rules | Sequence[Rules] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    registered: Sequence[str] = (),
) -> Audit:
    """Audit a model for delegates named as on the command line (`"gpu:quantized=false"`).

    The model is one that was read, the path of a file, bytes, or a file that is open, as for `read`.
    `rules` are further rule files, or packs from `load_rules`; without `delegates` theirs are asked, or the
    usual five where there are none. `shapes` resizes inputs by name; `registered` names
    custom operators that the app has kernels for (`"Flex*"`).
    Raises: ModelError, RuleError, UsageError.
    """
    packs = _packs(rules)
    asked = _asked(delegates)
    configurations = configure(packs, asked or packs.usual())
    configurations = configurations if asked else by_default(packs, configurations)
    auditor = Auditor(packs, configurations, fallbacks(packs, configurations), registered)
    audited = auditor.audit(_model(model), shapes)
    return Audit(audited.model, audited.prepared, audited.delegates, audited.fallbacks, audited.recipes)


def compare(
    before: Audit | Model | Source,
    after: Audit | Model | Source,
    delegates: str | Sequence[str] = (),
    *,
    rules: Rules | Sequence[Rules] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Comparison:
    """What got better and what worse from one model, or its audit, to another, as `compare` has it.

    `worse` are the delegates on which the second fares worse; `delegates` has them all, each with its
    `change`, its `changes` and its `risks`. Audits have to be of the same delegates.
    Raises: ModelError, RuleError, UsageError.
    """
    from analyzer.report.compare.model_diff import compare as differences

    audits = [
        each if isinstance(each, Audit) else audit(each, delegates, rules=rules, shapes=shapes)
        for each in (before, after)
    ]
    first, second = ([each.spec for each in audited.delegates] for audited in audits)
    if first != second:
        raise UsageError(
            f"compare: audits of {', '.join(first) or 'nothing'} and of {', '.join(second) or 'nothing'}; "
            "audit both models for the same delegates"
        )
    return differences(_document(audits, explained=True))


def recommend(
    model: Model | Source,
    platforms: str | Sequence[str] = (),
    *,
    rules: Rules | Sequence[Rules] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    registered: Sequence[str] = (),
) -> Recommendation:
    """What to choose for a model on each platform (`android`, `ios`, `desktop`), without any on both phones.

    Each of its `choices` says in a `sentence` which delegate and why, and has the options to set, what the
    app has to depend on, hazards, the order in which to fall back, code, and what would help: where a file
    holds the model, also what rewriting it would bring. All else is as for `audit`.
    Raises: ModelError, RuleError, UsageError.
    """
    from analyzer.recommendation.advisor import Advisor
    from analyzer.recommendation.snippets import LANGUAGES

    asked = [platforms] if isinstance(platforms, str) else list(platforms)
    advisor = Advisor(_packs(rules), asked, registered, languages=LANGUAGES)
    loaded = _model(model)
    file = loaded.path if os.path.isfile(loaded.path) else None
    advised = advisor.advise(loaded, shapes, file)
    return advised.model.recommendation or Recommendation(considered=(), choices=())


def run(
    model: Model | Source,
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
    given = dict(inputs or {})
    arrays = {name: value for name, value in given.items() if not isinstance(value, str | Path)}
    settings = Settings(
        wanted=Wanted(
            seed, samples, tuple(special), ranges=dict(ranges or {}), shapes=dict(shapes or {}), given=arrays
        ),
        files=tuple(f"{name}={file}" for name, file in given.items() if name not in arrays),
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
    with _in_a_file(model) as (read_model, file):
        settings = replace(settings, signature=_signature(read_model, signature))
        return _run(read_model, file, delegate, _packs(rules), settings)


def _signature(model: Model, key: str | None) -> str | None:
    """The one signature that is meant. Raises: UsageError where there are several."""
    entry, *others = entries(model, key)
    if others:
        several = ", ".join(str(one.key) for one in (entry, *others))
        raise UsageError(f"{model.path}: has several signatures; name one of {several}")
    return entry.key


def _run(model: Model, file: str, delegate: str, packs: Packs, settings: Settings) -> Run:
    asked = [delegate] if settings.library else HOST.specs(packs, [delegate])
    audited = Auditor(packs, configure(packs, asked)).audit(model, settings.wanted.shapes)
    (run,) = run_delegates(audited, file, settings)
    if run.result.status == UNAVAILABLE:
        raise RuntimeUnavailable(run.result.message)
    return run


def evaluate(
    models: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    data: str | os.PathLike[str],
    delegates: str | Sequence[str] = (),
    *,
    rules: Rules | Sequence[Rules] = (),
    task: str | None = None,
    labels: str | os.PathLike[str] | None = None,
    offset: int = 0,
    range: tuple[float, float] | None = None,
    crop: bool = False,
    signature: str | None = None,
    batch: int = 1,
    threads: int = 1,
    warmup: int = 3,
    timeout: float = 120.0,
    memory: int = 4096,
    vulkan_driver: str | None = None,
) -> Evaluation:
    """Accuracy, inference time and size of models side by side on a labelled data set, as `evaluate` has it.

    `models` are files, Keras's too; `data` is a `.npz` file, or a folder of images by class; `delegates` run
    the .tflite models, `"cpu"` its built-in kernels alone, without any whatever the interpreter does by
    itself. Each of its `results` has its `candidate`, its `size`, its `times`, and for each output its
    `answers`.
    Raises: ModelError, RuleError, UsageError, RuntimeUnavailable.
    """
    paths = [os.fspath(path) for path in ([models] if isinstance(models, str | os.PathLike) else models)]
    asked = _asked(delegates)
    settings = evaluator.Settings(
        DataSource(os.fspath(data), range, crop),
        task,
        None if labels is None else os.fspath(labels),
        offset,
        signature,
        batch,
        threads,
        warmup,
        Limits(timeout, memory),
        vulkan_driver,
    )
    backends = [*evaluator.backends(_packs(rules), asked)]
    with evaluator.held(paths) as files:
        chosen_models = [*evaluator.candidates(paths, backends, files)]
        return evaluator.evaluate(chosen_models, settings, lambda *_: nullcontext(lambda done: None))


def fix(
    model: Model | Source,
    delegates: str | Sequence[str] = (),
    *,
    rules: Rules | Sequence[Rules] = (),
    split_tail: bool = False,
    batch: int | None = None,
    run: bool = True,
    timeout: float = 120.0,
    memory: int = 4096,
) -> Fix:
    """Rewrite a model so that delegates take it, as `delegate-analyzer fix` does; nothing is written.

    `data` of the result is the new file, the original's bytes where nothing helps; `plan` tells what was
    rewritten, with audits before and after, `proof` what running both came to, None without `run`. With
    `split_tail` what delegates leave at the end may be in `tail`, a model of its own; `batch` fixes a free
    batch.
    Raises: ModelError, RuleError, UsageError.
    """
    packs = _packs(rules)
    asked = _asked(delegates)
    auditor = Auditor(packs, chosen(packs, asked))
    with _in_a_file(model) as (read_model, file):
        return rewrite(
            read_model, file, auditor, Interpreter(packs), Limits(timeout, memory), run, split_tail, batch
        )


def render(audits: Audit | Sequence[Audit], format: str = "table", *, width: int = 80) -> str:
    """Audits as text in one of the output formats: table, json, jsonl, markdown or html.

    Raises: UsageError where there is no such format.
    """
    several = [audits] if isinstance(audits, Audit) else audits
    whole = _document(several, explained=known(format, "format") == "html")
    return render_document(whole, format, View(width=width)).decode()


def _told(audit: types.Audit, catalogue: Catalogue | None) -> audit_document.Model:
    """An audit's part of the document, with what is to be chosen."""
    from analyzer.recommendation.recommend import recommend as choose

    model = convert.model(audit, catalogue=catalogue)
    named = not any(each.configuration.legacy for each in audit.delegates)
    return replace(model, recommendation=choose(model, named=named))


def _asked(delegates: str | Sequence[str]) -> list[str]:
    """Each delegate by itself; commas join them, as on the command line. Raises: UsageError."""
    several = [delegates] if isinstance(delegates, str) else delegates
    if not isinstance(several, Sequence) or not all(isinstance(each, str) for each in several):
        raise UsageError(
            f"delegates {delegates!r}: aren't text; name them as in 'gpu' or ['gpu', 'gpu:precision=fp32']"
        )
    return [spec.strip() for each in several for spec in each.split(",")]


def _packs(rules: Rules | Sequence[Rules]) -> Packs:
    several = [rules] if isinstance(rules, str | Path | RulePack) else rules
    return Packs(Path(source) if isinstance(source, str) else source for source in several)


def _model(model: Model | Source) -> Model:
    return model if isinstance(model, Model) else read(model)


@contextmanager
def _in_a_file(source: Model | Source) -> Iterator[tuple[Model, str]]:
    """A model and a file that holds it for as long as it is needed. Raises: ModelError, UsageError."""
    if isinstance(source, Model):
        if not os.path.isfile(source.path):
            raise UsageError(f"{source.path}: no file holds this model; give its bytes or a path itself")
        yield source, source.path
        return
    named = find_one(os.fspath(source)) if isinstance(source, str | os.PathLike) else given(source)
    with on_disk(named) as held:
        yield load(held), str(held.file)


def _document(audits: Sequence[types.Audit], explained: bool) -> audit_document.Document:
    """Audits as the public document; `explained`: with every operator's operands, as pages want them."""
    catalogue = Packs().catalogue if explained else None
    models = [_told(audit, catalogue) for audit in audits]
    return convert.whole(models, audit_document.Policy())
