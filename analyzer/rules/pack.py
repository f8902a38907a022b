"""The shape of a loaded rule pack: what every rule file becomes, and what the cache keeps."""

# Annotations are evaluated with the classes, which every start decodes: as texts they would be compiled then.
import re
from functools import cached_property
from itertools import accumulate, islice, pairwise
from typing import Any

import msgspec
from msgspec import Raw, Struct, field
from msgspec.structs import replace

from analyzer.expressions.bodies import Bodies, Encoded
from analyzer.expressions.nodes import Node
from analyzer.memo import Memo

#: The severities of a finding; `blocker`, `aborts` and `crash` of what is asked before delegating make an
#: operator unsupported. `crash`, `fails` and `wrong` are certain from source or measured, a `hazard` isn't.
SEVERITIES = ("blocker", "aborts", "crash", "fails", "wrong", "hazard", "note")
#: Those that refuse an operator, and those that keep the whole model from the delegate.
REFUSING = SEVERITIES[:3]
FATAL = REFUSING[1:]
#: The runtime loads the model; once the delegate has chosen, its graph is built, and runs. Clauses of the
#: later stages are asked of delegated operators alone.
LOAD, BUILD, RUN = "load", "build", "run"
LATER = (BUILD, RUN)
#: Verdicts of a model that doesn't work with a delegate, the worst first.
BROKEN = ("crash", "fails", "wrong")
#: Whose job a fix is: that of who writes and exports the model, of who calls the converter, of who writes the
#: app; or nobody's, where no action is needed.
JOBS = ("model", "converter", "app", "none")
#: What `[graph] build_failure` may say; the runtime keeps no partition where another can't be built.
BUILD_FAILURES = ("reported-only", "rolls-back-model", "fails-load")
#: What `[graph] constant_fp16_dequantize` may say.
FP16_DEQUANTIZE = ("never", "if-fully-delegated", "as-any-operator")


def slug(name: str) -> str:
    """A name as it stands in rule ids: `stride_w` -> `stride-w`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Advice(Struct, frozen=True, omit_defaults=True):
    """A fix and when it is the one to give: always, where there is no `when`."""

    #: A text, or the name of a list of the pack.
    fix: str
    when: Node | None = None
    #: Whether `when` counts the steps that its loops take.
    counts: bool = False


class Recipe(Struct, frozen=True, omit_defaults=True):
    """A fix in full: whose job it is, and code as it is and as it is to be, where there is some to show."""

    text: str
    job: str = JOBS[0]
    #: What the code is written in, as fenced code in Markdown calls it.
    language: str = "python"
    before: str = ""
    after: str = ""
    #: The same in PyTorch, where that is shown.
    torch_before: str = ""
    torch_after: str = ""
    #: Where there is no code: why.
    why: str = ""
    #: Whether operators of the audited file are delegated by it that weren't.
    brings: bool = True


class Untold(Struct, frozen=True):
    """A class of fixes that are told without code."""

    job: str
    #: Why there is none.
    why: str
    #: As in `Recipe`.
    brings: bool = True


#: Some of the fixes without a recipe name sizes, of which there is no end.
_MOST_UNTOLD = 1000


class Recipes(Struct, frozen=True, omit_defaults=True, dict=True):
    """Fixes of all packs in full."""

    #: By their texts.
    recipes: dict[str, Recipe] = {}
    #: Classes of fixes without a recipe, by their names.
    classes: dict[str, Untold] = {}
    #: How such fixes begin -> the name of their class.
    beginnings: dict[str, str] = {}

    def of(self, text: str) -> Recipe:
        """The fix with this text."""
        known = self.recipes.get(text)
        if known is not None:
            return known
        made = self._untold.get(text)
        if made is None:
            told = self.classes.get(self.class_of(text))
            made = Recipe(text) if told is None else Recipe(text, told.job, why=told.why, brings=told.brings)
            self._untold.keep(text, made)
        return made

    @cached_property
    def _untold(self) -> Memo[str, Recipe]:
        """What is made for fixes without a recipe: the same few are given again and again."""
        return Memo(_MOST_UNTOLD)

    def class_of(self, text: str) -> str:
        """The name of the class that a fix without a recipe belongs to; empty where none fits."""
        fitting = [beginning for beginning in self.beginnings if text.startswith(beginning)]
        return self.beginnings[max(fitting, key=len)] if fitting else ""


class Reason(Struct, frozen=True, omit_defaults=True):
    """Something that raises an operator's version, and how to tell that an operator has it."""

    says: str
    when: Node
    #: As in `Advice`.
    counts: bool = False


class Fixes(Struct, frozen=True, omit_defaults=True):
    """What is given under which condition; apart from the rest, because only findings ask for it."""

    #: Lists by the name that clauses call them by; the last entry of each has no condition.
    lists: dict[str, tuple[Advice, ...]] = {}
    #: What comes before any clause's own fix, where it holds.
    first: tuple[Advice, ...] = ()
    reasons: dict[str, Reason] = {}


class Clause(Struct, frozen=True, omit_defaults=True):
    """One requirement with its words. `id` is the rule's whole name, `gpu/conv-2d/bias.dtype`."""

    id: str
    require: Node
    when: Node | None = None
    severity: str = "blocker"
    stage: str = ""
    #: What the clause asks about: version, count, dtype, constant, option or check.
    kind: str = "check"
    message: str = ""
    #: A text, or the name of a list of the pack.
    fix: str = ""
    #: Of a clause on versions: the operator's versions and what each is for.
    raised: tuple[tuple[int, str], ...] = ()
    source: str = ""
    operand: str | None = None
    formerly: tuple[str, ...] = ()
    #: The parameters, and values that differ by operator, that have a say in it.
    reads: tuple[str, ...] = ()
    #: What it compares the operator's name with; an empty list where it uses the name otherwise.
    names: tuple[tuple[str, ...], ...] = ()
    #: Whether `require` and `when` count the steps that their loops take.
    counts: bool = False
    when_counts: bool = False


class Form(Struct, frozen=True, omit_defaults=True):
    """One way to call an operator; an operator with a single form has one without `when`."""

    clauses: tuple[Clause, ...] = ()
    when: Node | None = None
    id: str = ""


class OperatorRules(Struct, frozen=True, omit_defaults=True):
    """All that a pack says of one operator, the clauses of `every_op` left aside."""

    forms: tuple[Form, ...] = ()
    #: Conditions under which the operator is taken before anything else is looked at.
    accept_when: tuple[Node, ...] = ()
    #: Why the operator is never taken, where that is so.
    refused: Clause | None = None
    #: The pack's per-operator values, where they differ from the pack's defaults.
    values: dict[str, Any] = {}


class Parameter(Struct, frozen=True, omit_defaults=True):
    type: str
    default: Any = None
    #: The default as an expression over other parameters.
    default_expression: Node | None = None
    default_text: str = ""
    range: tuple[int, int] | None = None
    values: tuple[str | int, ...] = ()
    meaning: str = ""
    #: Whether its value is part of what the delegate is called.
    in_title: bool = False


class Graph(Struct, frozen=True, omit_defaults=True):
    """What the delegate does with the operators it accepts. Limits are trees over the parameters."""

    max_partitions: Node | None = None
    min_operators: Node | None = None
    #: The library whose std::sort decides between equal partitions at the limit.
    sort: str = "libstdc++"
    #: `not-asked`: a dynamic tensor keeps its subgraph and later ones from the delegate;
    #: `fails-load`: the same, and the app gets an error;
    #: `refuses-model`: all of them; `accepted`: the delegate takes dynamic tensors.
    dynamic_tensors: str = "not-asked"
    constant_fp16_dequantize: str = "as-any-operator"
    #: Whether a subgraph whose every operator is accepted is taken whole, whatever the limits.
    full_delegation_ignores_limits: bool = False
    #: Whether a subgraph of nothing but such DEQUANTIZEs counts as accepted whole.
    takes_dequantize_alone: bool = False
    build_failure: str = "reported-only"
    #: Custom operators that the runtime has stand-ins for where this delegate may run.
    stand_ins: tuple[str, ...] = ()
    #: Whether float16 constants are read through before the limit on partitions is applied: it meets the
    #: partitions of that graph, and operators that it drops keep float16 operands.
    reads_through_before_limit: Node | None = None
    #: Whether building happens while the delegate chooses, so that a failure refuses folded DEQUANTIZEs too.
    builds_while_choosing: Node | None = None
    #: Whether a composite that it takes is a kernel of its own: nothing runs the subgraph it stands for.
    replaces_composites: bool = False

    @property
    def asked_early(self) -> bool:
        """Whether the delegate is asked before anything is prepared."""
        return self.dynamic_tensors == "accepted" or self.compiled_ahead

    @property
    def compiled_ahead(self) -> bool:
        """Whether the interpreter is only given what the delegate left."""
        return self.dynamic_tensors == "compiled-ahead"


class Flag(Struct, frozen=True, omit_defaults=True):
    """One flag of a command line; parameters stand in it as `{name}`."""

    text: str
    when: Node | None = None


class Android(Struct, frozen=True, omit_defaults=True):
    """How a phone's `benchmark_model` applies the delegate."""

    #: What the runtime calls the nodes that the delegate puts in.
    kernel: str
    flags: tuple[Flag, ...]
    #: Parameter -> the system property of a phone that says it.
    properties: dict[str, str] = {}


class Also(Struct, frozen=True):
    """Parameters that an app can't choose: what becomes of a model with them is told beside the rest."""

    #: When they hold, as a clause: `where OpenCL can't be opened`.
    when: str
    parameters: dict[str, str]


class RulePack(Struct, frozen=True, omit_defaults=True, dict=True):
    """A delegate's behaviour, checked and ready to judge with."""

    delegate: str
    title: str
    version: str
    sha256: str
    repository: str
    revision: str
    status: str
    platforms: tuple[str, ...]
    fallback: str
    default_order: int | None
    parameters: dict[str, Parameter]
    graph: Graph
    stages: tuple[str, ...]
    #: The clause that refuses an operator that the pack doesn't list.
    unlisted: Clause
    #: The same for custom operators.
    unlisted_custom: Clause
    #: What the next two name.
    bodies: Bodies = field(default_factory=Bodies)
    #: Operator name, or `custom:CODE` -> encoded OperatorRules, decoded on first use.
    operators: dict[str, Encoded] = {}
    #: Encoded `Fixes`, decoded on the first finding.
    fixes: Encoded = Raw(b"{}")
    #: Operators whose rules ask whether their readers are accepted.
    awaiting_readers: tuple[str, ...] = ()
    every_op: tuple[Clause, ...] = ()
    #: Defaults of the per-operator values that `every_op` clauses use.
    values: dict[str, Any] = {}
    partition_checks: tuple[Clause, ...] = ()
    #: What the runtime that the delegate belongs to asks of a whole model before it loads it.
    load_checks: tuple[Clause, ...] = ()
    #: None where nothing applies the delegate to a model on a phone from outside an app.
    android: Android | None = None
    #: None where the delegate has no such parameters.
    also: Also | None = None
    #: What a part of a model means to the app; `{delegated}` and `{operators}` are counts.
    partial: str = ""
    notes: str = ""
    #: Those of its fixes that it tells in full itself, by their texts.
    recipes: dict[str, Recipe] = {}

    @cached_property
    def compiled(self) -> dict[Any, Any]:
        """What was compiled of it, by whoever judges with it: most of it hangs on few of the parameters."""
        return {}

    def __repr__(self) -> str:
        return f"<RulePack {self.delegate}: {self.title}>"

    def rules(self, operator: str) -> OperatorRules:
        """What is said of an operator that is listed, decoded once."""
        if operator not in self.compiled:
            self.compiled[operator] = self.bodies.decode(self.operators[operator], OperatorRules)
        known: OperatorRules = self.compiled[operator]
        return known

    @cached_property
    def advice(self) -> Fixes:
        """The fixes, decoded once."""
        return self.bodies.decode(self.fixes, Fixes)


#: What is decoded only when it is asked for.
_APART = ("bodies", "operators", "fixes")


class _Lengths(Struct, array_like=True):
    """How many bytes each part of an entry has, in their order."""

    bodies: list[int]
    operators: dict[str, int]
    fixes: int
    rest: int


def packed(pack: RulePack) -> bytes:
    """A pack as an entry: the length of what says where each part lies, that, and the parts."""
    fields = {name: getattr(pack, name) for name in pack.__struct_fields__ if name not in _APART}
    rest = pack.bodies.encode(fields)
    bodies, operators, fixes = pack.bodies.encoded, pack.operators, bytes(pack.fixes)
    lengths = _Lengths(
        [len(bytes(body)) for body in bodies],
        {name: len(bytes(rules)) for name, rules in operators.items()},
        len(fixes),
        len(rest),
    )
    head = msgspec.json.encode(lengths)
    return b"".join(
        [
            len(head).to_bytes(8, "little"),
            head,
            *map(bytes, bodies),
            *map(bytes, operators.values()),
            fixes,
            rest,
        ]
    )


def unpacked(entry: bytes) -> RulePack:
    """The pack of an entry. Raises: msgspec.DecodeError."""
    content = memoryview(entry)
    at = 8 + int.from_bytes(content[:8], "little")
    lengths = msgspec.json.decode(content[8:at], type=_Lengths)
    every = (*lengths.bodies, *lengths.operators.values(), lengths.fixes, lengths.rest)
    parts = (content[start:end] for start, end in pairwise(accumulate(every, initial=at)))
    bodies = Bodies(islice(parts, len(lengths.bodies)))
    # What is named first is what comes first: the dictionary's keys run out before another part is taken.
    operators = dict(zip(lengths.operators, parts, strict=False))
    fixes, encoded = parts
    rest = bodies.decode(encoded, RulePack)
    return replace(rest, bodies=bodies, operators=operators, fixes=fixes)
