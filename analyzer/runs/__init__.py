"""Runs beside predictions: whether a delegate took what was said, and computes what the CPU does."""

from analyzer.runs.bisect import Culprit
from analyzer.runs.proving import Proving, prove
from analyzer.runs.run import Difference, Run, Settings

__all__ = ["Culprit", "Difference", "Proving", "Run", "Settings", "prove"]
