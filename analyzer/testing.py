"""For tests of an app: that a model is delegated is asserted like anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analyzer.api import Audit, Rules, audit, render
from analyzer.gating.policy import read_policies
from analyzer.rules.parameters import split


def assert_delegated(
    model: str | Path,
    delegate: str,
    *,
    policy: str = "partial",
    rules: Rules | Sequence[Rules] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    registered: Sequence[str] = (),
) -> Audit:
    """Assert that a delegate, given as on the command line, takes a model as a policy asks; give its audit.

    `policy` is one of `--fail-on`: "partial" wants all of the model on the delegate. The message of the
    AssertionError says what keeps it off and what to change.
    Raises: AssertionError, ModelError, RuleError, UsageError.
    """
    judged = audit(model, delegate, rules=rules, shapes=shapes, registered=registered)
    (wanted,) = read_policies([policy], [split(delegate)[0]])
    if reasons := wanted.reasons(judged):
        raise AssertionError("\n".join([*reasons, "", render(judged, width=100)]))
    return judged
