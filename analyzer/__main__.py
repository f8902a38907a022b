"""`python -m analyzer` and the `delegate-analyzer` command."""

import sys

from analyzer.cli import main


def run() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
