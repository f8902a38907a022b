"""On how many examples properties are tried: few for a quick answer, all of them in CI."""

import os

THOROUGH = bool(os.environ.get("DELEGATE_ANALYZER_THOROUGH"))


def examples(all: int) -> int:
    """So many, or a tenth of them unless DELEGATE_ANALYZER_THOROUGH is set."""
    return all if THOROUGH else all // 10
