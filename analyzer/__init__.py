"""Delegate Analyzer: which operators of a .tflite model a phone's accelerators will take, and why."""

__version__ = "0.1.0"
