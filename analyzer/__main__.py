"""`python -m analyzer` and the `delegate-analyzer` command."""

import gc
import sys

# Before the imports: a run is short and leaves next to no cycles behind, so that collecting garbage as
# often as Python does by default would only cost time, a tenth of a single audit.
gc.set_threshold(100_000, 20, 100)

from analyzer.cli import main  # noqa: E402


def run() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
