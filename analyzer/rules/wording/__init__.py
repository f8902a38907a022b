"""Findings and conditions in words."""
