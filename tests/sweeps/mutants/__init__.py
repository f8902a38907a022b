"""Mutants of the conformance cases, asked of every runtime here and held against the packs."""
