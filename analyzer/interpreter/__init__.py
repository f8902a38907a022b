"""What the interpreter does before a delegate is asked: Model -> Prepared."""

from analyzer.interpreter.interpreter import Interpreter

__all__ = ["Interpreter"]
