"""Many models looked at together: what holds them back, and what changed."""
