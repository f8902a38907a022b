"""Packs judge: clauses compiled for parameters, the verdicts that they come to, and the fixes."""
