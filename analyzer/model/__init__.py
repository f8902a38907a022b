"""Layer 1: bytes to `Model`. Knows the file format; knows no delegate."""

from analyzer.model.graph import OMITTED, Model, Operator, Quantization, Subgraph, Tensor
from analyzer.model.read import read, read_bytes

__all__ = ["OMITTED", "Model", "Operator", "Quantization", "Subgraph", "Tensor", "read", "read_bytes"]
