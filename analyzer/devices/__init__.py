"""Phones and tablets that apps ship to, and what a delegate has from each: `rules/devices.toml`."""
