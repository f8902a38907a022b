"""A delegate's outputs against the CPU's."""
