"""What the interpreter does before a delegate is asked: Model -> Prepared."""

from analyzer.interpreter.interpreter import Runtime

__all__ = ["Runtime"]
