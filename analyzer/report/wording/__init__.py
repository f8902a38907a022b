"""Words on audits and runs, the same in every format that people read."""
