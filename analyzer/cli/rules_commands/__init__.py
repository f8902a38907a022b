"""The commands below `rules` that take a module each."""
