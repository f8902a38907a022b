"""What is said of audits and runs: the same words in every format that people read."""
