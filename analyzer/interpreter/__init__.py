"""The TFLite interpreter up to the point at which a delegate is asked: Model -> Prepared."""

from analyzer.interpreter.interpreter import Interpreter

__all__ = ["Interpreter"]
