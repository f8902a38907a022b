"""Which operators read which in real models."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from analyzer.errors import ModelError
from analyzer.model import Model, read

#: Operator -> of a hundred that read what it makes, how many are of which kind. Counted in 358 models.
NEIGHBOURS: Mapping[str, Mapping[str, int]] = {
    "CONV_2D": {
        "DEPTHWISE_CONV_2D": 29,
        "ADD": 26,
        "CONV_2D": 13,
        "RELU": 7,
        "TRANSPOSE": 5,
        "CONCATENATION": 4,
        "RESHAPE": 3,
        "MUL": 2,
        "LOGISTIC": 2,
    },
    "ADD": {
        "ADD": 29,
        "CONV_2D": 22,
        "SLICE": 12,
        "MUL": 7,
        "DEPTHWISE_CONV_2D": 7,
        "SUB": 4,
        "MEAN": 3,
        "SQUARED_DIFFERENCE": 2,
        "FULLY_CONNECTED": 2,
        "MAX_POOL_2D": 2,
    },
    "DEPTHWISE_CONV_2D": {"CONV_2D": 90, "TRANSPOSE": 4, "HARD_SWISH": 2, "RELU": 2},
    "MUL": {
        "ADD": 40,
        "MUL": 11,
        "TRANSPOSE": 9,
        "CONCATENATION": 8,
        "FULLY_CONNECTED": 7,
        "PACK": 7,
        "SUB": 4,
        "PAD": 4,
        "RESHAPE": 4,
        "CONV_2D": 3,
    },
    "RESHAPE": {
        "CONCATENATION": 16,
        "MUL": 15,
        "TRANSPOSE": 12,
        "FULLY_CONNECTED": 10,
        "ADD": 10,
        "SUB": 10,
        "SLICE": 9,
        "BATCH_MATMUL": 7,
        "SOFTMAX": 4,
        "SQUARED_DIFFERENCE": 3,
    },
    "TRANSPOSE": {
        "MUL": 24,
        "LOGISTIC": 24,
        "CONV_2D": 21,
        "RESHAPE": 8,
        "DEPTHWISE_CONV_2D": 7,
        "BATCH_MATMUL": 6,
        "SLICE": 5,
        "CONCATENATION": 3,
    },
    "LOGISTIC": {"MUL": 94, "FULLY_CONNECTED": 3},
    "FULLY_CONNECTED": {
        "ADD": 30,
        "RESHAPE": 21,
        "FULLY_CONNECTED": 17,
        "LOGISTIC": 12,
        "SOFTMAX": 9,
        "RELU": 5,
        "STRIDED_SLICE": 2,
        "GELU": 2,
    },
    "SUB": {"ADD": 39, "SUB": 33, "SQUARED_DIFFERENCE": 17, "RESHAPE": 5, "MUL": 3},
    "STRIDED_SLICE": {
        "MUL": 45,
        "GATHER": 22,
        "PACK": 16,
        "CONCATENATION": 3,
        "STRIDED_SLICE": 3,
        "RESHAPE": 3,
    },
    "RELU": {
        "DEPTHWISE_CONV_2D": 51,
        "CONV_2D": 15,
        "ADD": 12,
        "FULLY_CONNECTED": 5,
        "PAD": 4,
        "NEG": 4,
        "MUL": 3,
        "CONCATENATION": 3,
    },
    "SLICE": {"LOGISTIC": 57, "ADD": 19, "MUL": 9, "CONCATENATION": 9, "RESHAPE": 5},
    "CONCATENATION": {
        "CONV_2D": 24,
        "STRIDED_SLICE": 20,
        "RESHAPE": 14,
        "SLICE": 11,
        "TRANSPOSE": 9,
        "DEPTHWISE_CONV_2D": 8,
        "FULLY_CONNECTED": 5,
        "AVERAGE_POOL_2D": 4,
    },
    "MEAN": {
        "ADD": 31,
        "MUL": 18,
        "FULLY_CONNECTED": 12,
        "SQUARED_DIFFERENCE": 11,
        "RESHAPE": 11,
        "NEG": 8,
        "CONV_2D": 3,
        "CONCATENATION": 3,
        "SUB": 2,
    },
    "GATHER": {"RESHAPE": 35, "MUL": 33, "FULLY_CONNECTED": 9, "MEAN": 8, "CONCATENATION": 7, "CONV_2D": 6},
    "SPLIT": {"LOGISTIC": 90, "ADD": 10},
    "SQUARED_DIFFERENCE": {"SUM": 61, "MEAN": 39},
    "MAX_POOL_2D": {
        "CONV_2D": 45,
        "ADD": 13,
        "DEPTHWISE_CONV_2D": 13,
        "PAD": 11,
        "RESHAPE": 11,
        "TRANSPOSE": 5,
        "CONCATENATION": 3,
    },
    "HARD_SWISH": {
        "MUL": 32,
        "DEPTHWISE_CONV_2D": 26,
        "AVERAGE_POOL_2D": 26,
        "CONV_2D": 5,
        "ADD": 5,
        "CONCATENATION": 3,
        "MAX_POOL_2D": 3,
    },
    "PAD": {"TRANSPOSE": 38, "ADD": 22, "CONV_2D": 19, "DEPTHWISE_CONV_2D": 18},
    "AVERAGE_POOL_2D": {"CONV_2D": 69, "FULLY_CONNECTED": 20, "RESHAPE": 8},
    "PACK": {"RESHAPE": 74, "PACK": 10, "STRIDED_SLICE": 7, "TRANSPOSE_CONV": 7, "ADD": 2},
    "MAXIMUM": {"STRIDED_SLICE": 100},
    "BATCH_MATMUL": {"RESHAPE": 60, "MUL": 25, "ADD": 8, "BATCH_MATMUL": 5, "SOFTMAX": 2},
    "RESIZE_BILINEAR": {
        "CONV_2D": 33,
        "ADD": 28,
        "CONCATENATION": 17,
        "RESIZE_BILINEAR": 14,
        "MUL": 3,
        "SUB": 3,
        "TRANSPOSE": 3,
    },
    "NEG": {"MUL": 71, "RELU": 29},
}


def neighbours(folder: Path) -> dict[str, Counter[str]]:
    """Operator -> how often which reads it, in all models of a folder."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for file in sorted(folder.rglob("*.tflite")):
        try:
            _count(read(str(file)), counted)
        except ModelError:
            continue
    return dict(counted)


def _count(model: Model, counted: dict[str, Counter[str]]) -> None:
    for graph in model.subgraphs:
        for operator in graph.operators:
            for number in (n for tensor in operator.outputs for n in graph.consumers.get(tensor, ())):
                counted[operator.name][graph.operators[number].name] += 1
