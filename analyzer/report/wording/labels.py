"""Names of delegate configurations, operators and tensors in front of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from analyzer.report.document.audit_document import Audit, Document, Model, Operator
from analyzer.report.document.contents import Signature, Tensor
from analyzer.report.document.run_results import Run
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.parameters import as_written

Value = str | int | bool


def named(document: Document) -> list[tuple[Model, list[str]]]:
    """Each model with the names of its audits, the same configuration called the same everywhere.

    Not by paths: two files may have one, where names aren't text or folders are left out.
    """
    audits = [audit for model in document.models for audit in model.audits]
    telling = {
        name: _telling([audit for audit in audits if audit.delegate == name]) for name in _names(audits)
    }
    return [
        (model, [_label(audit, telling[audit.delegate]) for audit in model.audits])
        for model in document.models
    ]


def _names(audits: Sequence[Audit]) -> list[str]:
    return list(dict.fromkeys(audit.delegate for audit in audits))


def _telling(audits: Sequence[Audit]) -> list[str]:
    """The parameters that tell a delegate's configurations apart, and no more than needed for that."""
    configurations = {tuple(audit.parameters.items()) for audit in audits}
    names = list(audits[0].parameters)
    chosen = list(audits[0].in_title)
    known = len({_values(configuration, chosen) for configuration in configurations})
    for name in names:
        told_apart = len({_values(configuration, [*chosen, name]) for configuration in configurations})
        if told_apart > known:
            chosen, known = [*chosen, name], told_apart
    return chosen


def _values(configuration: tuple[tuple[str, Value], ...], names: Sequence[str]) -> tuple[Value | None, ...]:
    parameters = dict(configuration)
    return tuple(parameters.get(name) for name in names)


def title(audit: Audit) -> str:
    """A delegate's title, without the word for what it is."""
    return audit.title.removesuffix(" delegate").removesuffix(" accelerator")


def _label(audit: Audit, telling: Sequence[str]) -> str:
    words = [title(audit)]
    for name in telling:
        value = audit.parameters.get(name)
        shown = as_written(value)
        words.append(shown if name in audit.in_title else f"{name}={shown}")
    return " ".join([*words, f"({audit.device})"] if audit.device else words)


def operator(node: Operator) -> str:
    """`CONV_2D`, or a custom operator's own name."""
    return plain(node.custom) if node.custom else node.op


def place(node: Operator) -> str:
    """`#41`, in subgraphs after the first `#1/41`."""
    return spot(node.subgraph, node.index)


def spot(subgraph: int, index: int) -> str:
    """The same of an operator that is only known by its place."""
    return f"#{subgraph}/{index}" if subgraph else f"#{index}"


def graphs(model: Model) -> dict[int, str]:
    """Subgraph -> what Model Explorer calls its graph; of several that it calls alike, the first."""
    ids: dict[str, int] = {}
    for each in model.subgraphs:
        usual = f"subgraph_{each.index}" if each.index else "main"
        ids.setdefault(each.name or usual, each.index)
    return {index: name for name, index in ids.items()}


def nodes(operators: Sequence[Operator]) -> dict[int, str]:
    """Operator of a subgraph -> what Model Explorer knows it by: its number, which an output that is called
    like one takes from it; so where there is such an output, operators go by their outputs."""
    outputs = Counter(node.output for node in operators)
    named = any(name is not None and name.isdigit() for name in outputs)
    return {
        node.index: node.output if named and node.output and outputs[node.output] == 1 else str(node.index)
        for node in operators
    }


def by_subgraph(audit: Audit) -> dict[int, list[Operator]]:
    """An audit's operators by their subgraph, of those that have any."""
    grouped: dict[int, list[Operator]] = {}
    for node in audit.operators:
        grouped.setdefault(node.subgraph, []).append(node)
    return grouped


def model(model: Model) -> str:
    """The model's path in one line."""
    return plain(model.path)


def run(run: Run) -> str:
    """A run's delegate, with the signature where there is one that tells, and float32 where it was asked."""
    named = " ".join([run.delegate, *(["fp32"] if run.parameters.get("precision") == "fp32" else [])])
    return f"{named} ({plain(run.signature)})" if run.signature else named


def kind(tensor: Tensor) -> str:
    """Type and sizes: `UINT8 1 by 320 by 320 by 3`; `?` stands for a size that is open."""
    shape = "\N{MULTIPLICATION SIGN}".join("?" if size is None else str(size) for size in tensor.shape)
    return f"{tensor.dtype} {shape or 'scalar'}"


def signature(signature: Signature) -> str:
    """A model's entry point, as a heading."""
    return f"Signature {plain(signature.key)}" if signature.key else "Inputs and outputs"


def tensor(name: str) -> str:
    """A tensor's name; of the many names that a converter joins where it fuses, the first."""
    first, *others = plain(name).split(";")
    return f"{first} (and {len(others)} more)" if first and others else plain(name)
