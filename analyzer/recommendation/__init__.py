"""From audits to a choice: which delegate on which platform, with which options, and why."""
