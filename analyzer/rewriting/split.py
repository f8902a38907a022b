"""A model in two: what delegates take, and a tail of what they don't, for the app to run on the CPU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.types import Audit
from analyzer.model import extract
from analyzer.model.extract import Cut
from analyzer.model.graph import OMITTED, Model, Signature, Subgraph
from analyzer.rewriting.draft import Draft
from analyzer.rewriting.fixer import Plan
from analyzer.rewriting.gain import gained, refused, troubled

#: The share of MACs that a tail may have: more of them are no tail.
_LEAST_PART = 0.05
#: The description of inputs and outputs, which neither part has all of.
_DESCRIPTION = "TFLITE_METADATA"


class Split(Struct, frozen=True):
    """Both parts; tensors keep their indices."""

    head: Draft
    audit: Audit
    cut: Cut
    signatures: tuple[Signature, ...]
    #: Operators of the tail by name.
    moved: Counter[str]

    def tail(self, data: bytes) -> bytes:
        """The second model, out of the bytes of the whole one."""
        return extract.write(data, self.cut, {}, self.signatures)


def split(plan: Plan, auditor: Auditor) -> Split | None:
    """Cut off what delegates leave, with all that hangs on it; None where that is no tail or doesn't help.

    Where all that goes wrong is too much for a tail, what is refused may be one.
    """
    model = plan.draft.model
    if any(signature.subgraph for signature in model.signatures) or len(model.signatures) > 1:
        return None
    subgraph = model.subgraphs[0]
    for left in (troubled, refused):
        # What would take no less without a tail has no say in where it begins.
        tails = (_with_followers(subgraph, left(audit)) for audit in plan.after.delegates)
        behind = set[int]().union(*(tail for tail in tails if _is_tail(plan.after, subgraph, tail)))
        if behind and _is_tail(plan.after, subgraph, behind):
            parts = _parted(plan, auditor, behind)
            if parts is not None:
                return parts
    return None


def _parted(plan: Plan, auditor: Auditor, behind: set[int]) -> Split | None:
    """Both parts, with these operators in the tail."""
    model = plan.draft.model
    subgraph = model.subgraphs[0]
    cut = _cut(subgraph, sorted(behind))
    if _shares_state(subgraph, behind):
        return None
    kept = [operator.index for operator in subgraph.operators if operator.index not in behind]
    outputs = _outputs(subgraph, behind, cut)
    head = _head(plan.draft, kept, outputs)
    audit = auditor.audit(head.model)
    whole = any(each.summary.selected.verdict == "full" for each in audit.delegates)
    if not outputs or not cut.outputs or not whole or not gained(plan.after, audit):
        return None
    moved = Counter(subgraph.operators[index].key for index in behind)
    return Split(head, audit, cut, tuple(_tail_signature(model, cut)), moved)


def _with_followers(subgraph: Subgraph, places: Iterable[tuple[int, int]]) -> set[int]:
    """Operators of the first subgraph, and all that read what they write."""
    waiting = [index for graph, index in places if graph == 0]
    behind = set(waiting)
    while waiting:
        for output in subgraph.operators[waiting.pop()].outputs:
            new = set(subgraph.consumers.get(output, ())) - behind
            behind |= new
            waiting += new
    return behind


def _is_tail(audit: Audit, subgraph: Subgraph, behind: set[int]) -> bool:
    return len(behind) < len(subgraph.operators) and _share(audit, behind) <= _LEAST_PART


def _share(audit: Audit, behind: set[int]) -> float:
    """The share of MACs behind the cut."""
    nodes = audit.delegates[0].operators
    whole = sum(node.macs or 0 for node in nodes)
    part = sum(node.macs or 0 for node in nodes if node.subgraph == 0 and node.index in behind)
    return part / whole if whole else 1.0


def _cut(subgraph: Subgraph, behind: list[int]) -> Cut:
    operators = [subgraph.operators[index] for index in behind]
    written = {index for operator in operators for index in operator.outputs}
    read = dict.fromkeys(index for operator in operators for index in operator.inputs)
    entering = [i for i in read if i not in written and extract.arrives(subgraph, i)]
    leaving = [index for index in subgraph.outputs if index in written]
    calls = any(list(operator.called_subgraphs()) for operator in operators)
    return Cut(0, tuple(behind), tuple(entering), tuple(leaving), calls)


def _shares_state(subgraph: Subgraph, behind: set[int]) -> bool:
    """Whether both parts know what stays from one run to the next: two models would keep two of it."""
    sides: dict[int, set[bool]] = {}
    for operator in subgraph.operators:
        for index in (*operator.inputs, *operator.outputs):
            if index != OMITTED and subgraph.tensors[index].holds_state:
                sides.setdefault(index, set()).add(operator.index in behind)
    return any(len(known) > 1 for known in sides.values())


def _outputs(subgraph: Subgraph, behind: set[int], cut: Cut) -> tuple[int, ...]:
    """What the head gives: the model's outputs that it computes, and what the tail needs of it."""
    own = [index for index in subgraph.outputs if index not in cut.outputs]
    new = [index for index in cut.inputs if index not in subgraph.input_set and index not in own]
    return (*own, *new)


def _head(draft: Draft, kept: list[int], outputs: tuple[int, ...]) -> Draft:
    subgraph = draft.model.subgraphs[0]
    operators = tuple(replace(subgraph.operators[index], index=place) for place, index in enumerate(kept))
    changed = replace(subgraph, operators=operators, outputs=outputs)
    model = draft.with_subgraph(changed)
    entries = tuple(
        replace(each, outputs=_named(model, each, each.outputs, outputs)) for each in model.signatures
    )
    metadata = model.metadata
    if _DESCRIPTION in metadata:
        metadata = {name: data for name, data in metadata.items() if name != _DESCRIPTION}
    origins = (tuple(draft.origins[0][index] for index in kept), *draft.origins[1:])
    return replace(draft, model=replace(model, signatures=entries, metadata=metadata), origins=origins)


def _tail_signature(model: Model, cut: Cut) -> Iterable[Signature]:
    for each in model.signatures:
        inputs = _named(model, each, each.inputs, cut.inputs)
        yield Signature(each.key, 0, inputs, _named(model, each, each.outputs, cut.outputs))


def _named(
    model: Model, signature: Signature, known: Mapping[str, int], wanted: Sequence[int]
) -> dict[str, int]:
    """Tensors by the names that a signature knows them by, the others by names of their own."""
    named = {name: index for name, index in known.items() if index in wanted}
    others = [index for index in wanted if index not in named.values()]
    return named | {_own_name(model.subgraphs[0], signature, index): index for index in others}


def _own_name(subgraph: Subgraph, signature: Signature, index: int) -> str:
    """The same in both parts: the tensor's name; with its index where that is another's as well."""
    name = subgraph.tensors[index].name
    taken = {tensor.index for tensor in subgraph.tensors if tensor.name == name}
    taken |= {named[name] for named in (signature.inputs, signature.outputs) if name in named}
    return name if name and taken == {index} else f"{name}#{index}"
