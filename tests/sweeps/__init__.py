"""Real runs of many models, too long for a test: each prints a line a run and what all of them come to."""
