"""Rules that no clause of a pack states: what the policies of `[graph]` and the runtime bring about."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class GraphRule(Struct, frozen=True):
    """A rule of every pack whose policies can bring it about. `id` follows the delegate's name."""

    id: str
    meaning: str
    fix: str
    source: str
    severity: str = "blocker"
    stage: str = "check"


class CallRule(GraphRule, frozen=True):
    """What the runtime asks of operators that call subgraphs. `id` follows the operator's name."""

    #: The constructs it concerns, in the words of the value `calls` in `rules/cpu-kernels.toml`; none: all.
    of: tuple[str, ...] = ()
    #: `failure`, or `dynamic` where the operator's results only lose their size.
    kind: str = "failure"
    #: What happened, with braces where a case has words of its own.
    says: str = ""


TIE = GraphRule(
    "graph/tie-at-limit",
    "More than 16 partitions compete for the delegate's limit and several are equally large. Which of them "
    "are kept is up to the C++ library that the delegate was built with, so a phone may choose others.",
    "Don't rely on which of them is delegated.",
    "tflite/delegates/utils.cc GetFirstNLargestPartitions",
    severity="note",
)
FLOAT16_LIMIT = GraphRule(
    "graph/fp16-limit",
    "The delegate lets operators read float16 weights directly before it applies its limit on partitions. "
    "Operators that the limit then leaves to the CPU keep float16 operands, which the CPU refuses: "
    "nothing is delegated.",
    "Ship float32 weights, remove what splits the graph, or raise the limit on partitions.",
    "tflite/delegates/utils.cc FP16GraphPartitionHelper",
    severity="fails",
    stage="build",
)
FLOAT16_MISREAD = GraphRule(
    "graph/fp16-misread",
    "The delegate lets operators read float16 weights directly before it applies its limit on partitions. An "
    "operator that the limit then leaves to the CPU keeps them, and its kernel, which doesn't look at their "
    "type, takes them for float32: its outputs are nonsense.",
    "Ship float32 weights, remove what splits the graph, or raise the limit on partitions.",
    "tflite/delegates/utils.cc FP16GraphPartitionHelper; tflite/kernels/conv.cc Prepare",
    severity="wrong",
    stage="run",
)
FLOAT16_CONSTANT = GraphRule(
    "dequantize/float16-constant",
    "The DEQUANTIZE of a float16 constant only goes away where operators that the delegate accepts read the "
    "constant in its place; here none does.",
    "See what keeps the operators behind it from the delegate.",
    "tflite/delegates/utils.cc FP16GraphPartitionHelper",
)

_BUILDER = "tflite/core/interpreter_builder.cc"
_CALLS = "tflite/kernels/if.cc, while.cc, stablehlo_case.cc, stablehlo_composite.cc"


def _by_id(*rules: GraphRule) -> Mapping[str, GraphRule]:
    return {rule.id: rule for rule in rules}


#: What the interpreter asks of a model before it prepares anything; ids follow `runtime/`.
BUILDING = _by_id(
    GraphRule(
        "build/schema-version",
        "The runtime reads files of schema version 3 only.",
        "Convert the model again with a current converter.",
        _BUILDER,
    ),
    GraphRule("build/no-subgraph", "A model needs a graph.", "Convert the model again.", _BUILDER),
    GraphRule(
        "build/zero-points",
        "A quantized tensor needs as many zero points as scales.",
        "Give every scale its zero point.",
        _BUILDER,
    ),
    GraphRule(
        "build/quantized-dimension",
        "The dimension along which a tensor is quantized must be one that it has.",
        "Set quantized_dimension to a dimension of the tensor.",
        _BUILDER,
    ),
    GraphRule(
        "build/scales",
        "A tensor that is quantized per channel needs a scale for each channel.",
        "Give the tensor one scale, or one for each channel.",
        _BUILDER,
    ),
    GraphRule(
        "build/variable",
        "A variable needs elements of a fixed size.",
        "Keep strings and resources out of variables.",
        _BUILDER,
    ),
    GraphRule(
        "build/constant-variable",
        "A variable can't hold constant data.",
        "Store the tensor either as a variable or as a constant.",
        _BUILDER,
    ),
    GraphRule(
        "build/overlap",
        "A builtin operator can't write a tensor that it reads.",
        "Give the operator an output of its own.",
        "tflite/core/subgraph.cc CheckInputAndOutputForOverlap",
    ),
    GraphRule(
        "build/unknown-type",
        "Every tensor needs an element type that the runtime knows.",
        "Update the runtime, or convert with a converter that is no newer than it.",
        "tflite/core/api/flatbuffer_conversions.cc ConvertTensorType",
    ),
    GraphRule(
        "build/negative-dimension",
        "Dimensions in shape can't be negative.",
        "Store 1 for an open dimension in shape, and -1 in shape_signature only.",
        _BUILDER,
    ),
    GraphRule(
        "build/vast-size",
        "A tensor can't have more bytes than 64 bits count, whatever memory there is.",
        "Convert with the shapes that the model runs with.",
        "util.cc BytesRequired",
    ),
    GraphRule(
        "build/data",
        "A constant's buffer must hold all the elements that its shape and type ask for.",
        "Store all of the constant's data.",
        _BUILDER,
    ),
)
#: The whole name of the one about the file as such.
SCHEMA_VERSION = "runtime/build/schema-version"
CONSTANT_OUTPUT = GraphRule(
    "graph/constant-output",
    "An operator writes a constant and would give it another shape.",
    "Remove the data of the operator's output.",
    "tflite/core/subgraph.cc ResizeTensorImpl",
)
NEGATIVE_SIZE = GraphRule(
    "graph/negative-size",
    "The sizes of operands and options lead to an output of a negative size.",
    "Convert with the shapes that the model runs with.",
    "tflite/core/subgraph.cc ResizeTensorImpl",
)
VAST_OUTPUT = GraphRule(
    "graph/vast-size",
    "The output would have more elements, or more in one dimension, than the runtime counts.",
    "Convert with the shapes that the model runs with.",
    "util.cc BytesRequired and the kernels",
)
SIZELESS_OUTPUT = GraphRule(
    "graph/output-without-size",
    "An output of the graph has a type that has no size before something is in it, which makes the graph one "
    "with dynamic tensors.",
    "Keep tensors of this type out of the graph that is to be delegated.",
    "tflite/core/subgraph.cc PrepareOpsStartingAt",
)
REGISTERED = GraphRule(
    "graph/registered",
    "Whether the app registers a kernel for a custom operator is not in the file; here it was said to. The "
    "operator is taken to give outputs of the shapes that the file has.",
    "Check what is said here by running the model in the app.",
    "tflite/core/subgraph.cc OpPrepare",
    severity="note",
)
#: What the runtime asks of operators that call subgraphs.
CALLS = {
    rule.id: rule
    for rule in (
        CallRule(
            "branch-shapes",
            "Branches whose results differ in shape make the results' size unknown until the model runs.",
            "Make all branches give results of one shape.",
            _CALLS,
            of=("if", "case", "composite"),
            kind="dynamic",
            says="its branches give results of different shapes",
        ),
        CallRule(
            "loop-shape",
            "A loop whose body changes the shape of a variable makes its size unknown until the model runs.",
            "Give every loop variable one shape, for example by writing into a tensor of full size.",
            _CALLS,
            of=("while",),
            kind="dynamic",
            says="its body changes the shape of {variable} from {expected} to {actual}",
        ),
        CallRule(
            "loop-type",
            "A loop's body must keep the types of the loop variables.",
            "Give every loop variable one type.",
            _CALLS,
            of=("while",),
            says="its body changes the type of {variable} from {expected} to {actual}",
        ),
        CallRule(
            "condition",
            "A loop's condition must give one BOOL.",
            "Make the condition's subgraph give a single BOOL.",
            _CALLS,
            of=("while",),
            says="its condition gives {actual} instead of {expected}",
        ),
        CallRule(
            "subgraph",
            "A subgraph that is called must exist.",
            "Convert the model again.",
            _CALLS,
            says="it calls subgraph {actual}, the model has {count}",
        ),
        CallRule(
            "recursion",
            "A subgraph can't call itself.",
            "Write the recursion as a loop.",
            _CALLS,
            says="it calls subgraph {called}, which is being prepared already",
        ),
        CallRule(
            "arguments",
            "A subgraph must take as many arguments and give as many results as its caller has for it.",
            "Convert the model again.",
            _CALLS,
            says="subgraph {called} has {expected}, it is called for {actual}",
        ),
        CallRule(
            "argument",
            "Whoever calls a subgraph must give it every argument that it reads: the runtime looks at what "
            "is left out.",
            "Convert the model again.",
            "tflite/kernels/control_flow_common.h CopyTensorsShapeAndType",
            severity="crash",
            of=("if", "case", "while", "composite"),
            says="it leaves out {wanted}, which the subgraph reads: the app dies",
        ),
    )
}
