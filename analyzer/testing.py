"""For tests of an app: that a model is delegated is asserted like anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.api import Audit, Model, Rules, Source, audit, render
from analyzer.errors import AnalyzerError
from analyzer.gating.policy import read_policies
from analyzer.rules.parameters import split


def assert_delegated(
    model: Model | Source,
    delegate: str,
    *,
    policy: str = "partial",
    rules: Rules | Sequence[Rules] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    registered: Sequence[str] = (),
) -> Audit:
    """Assert that a delegate, given as on the command line, takes a model as a policy asks; give its audit.

    The model is given as for `analyzer.audit`.
    `policy` is one of `--fail-on`: "partial" wants all of the model on the delegate. The message of the
    AssertionError says what keeps it off and what to change.
    Raises: AssertionError, ModelError, RuleError, UsageError.
    """
    # Read by pytest: a failure is shown where the test calls this, not inside of it.
    __tracebackhide__ = True
    try:
        judged = audit(model, delegate, rules=rules, shapes=shapes, registered=registered)
        (wanted,) = read_policies([policy], [split(delegate)[0]])
    except AnalyzerError as error:
        raise error.with_traceback(None) from None
    if reasons := wanted.reasons(judged):
        raise AssertionError("\n".join([*reasons, "", render(judged, width=100)]))
    return judged
