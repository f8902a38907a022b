"""For terminals and pull requests."""
