"""Real runs: a model through the CPU and through a delegate, each in a process of its own, and both compared.

Nothing of this is imported unless something is to be run; numpy and the runtimes only where they are used.
"""
