"""Packs held to the delegates' own code."""
