"""Models rewritten so that delegates take them: what to change is data's and audits' word, never a guess.

`fixer` drives: it asks the rewrites of `rewrites/` what they would do, keeps what audits say helps, and
`proof` runs original and result. A rewrite is added in `rewrites/` alone; its package says how.
"""
