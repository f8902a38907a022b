"""Real runs: one module an engine, each run in a process of its own. Knows models and no rule.

Nothing of this is imported unless something is to be run; numpy and the runtimes only where they are used.
"""
