"""The rule language: a condition as text, as checked nodes, and evaluated. Knows no TOML and no delegate."""
