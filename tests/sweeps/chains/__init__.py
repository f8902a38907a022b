"""Graphs of a few operators, run for real on the GPU accelerator and held against the verdict."""
