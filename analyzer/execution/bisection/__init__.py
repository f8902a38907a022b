"""The first operator from which a delegate's results part from the CPU's."""
