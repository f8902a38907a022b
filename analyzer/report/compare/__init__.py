"""Two models, or two sets of rules, side by side."""
