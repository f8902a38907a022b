"""Inputs of models: random arrays, or the user's own."""
