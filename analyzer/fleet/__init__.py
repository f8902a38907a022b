"""Many models: audited in several processes or on a cluster, kept as tables, looked at together."""
