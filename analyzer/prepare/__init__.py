"""What the interpreter does before a delegate is asked: Model -> Prepared."""

from analyzer.prepare.runtime import Runtime

__all__ = ["Runtime"]
