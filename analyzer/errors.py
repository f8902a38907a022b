"""What can go wrong, told apart by whose move it is."""

from collections.abc import Sequence


class AnalyzerError(Exception):
    """Something the user can act on; its text is one line: what, what is wrong; what to do."""

    code = "error"


class ModelError(AnalyzerError):
    """The file is not a usable .tflite model.

    `path` names the file, `problem` says what is wrong (with the byte offset where one is known)
    and `advice` what to do.
    """

    code = "model"

    def __init__(self, path: str, problem: str, advice: str) -> None:
        super().__init__(f"{path}: {problem}; {advice}")
        self.path = path
        self.problem = problem
        self.advice = advice


class InputError(ModelError):
    """The model lacks an input that is to be resized; `known` are those that it has."""

    code = "input"

    def __init__(self, path: str, name: str, known: Sequence[str], hint: str) -> None:
        super().__init__(path, f"there is no input {name}{hint}", f"it has {', '.join(known) or 'none'}")
        self.name = name
        self.known = known


class RuleError(AnalyzerError):
    """A rule file is wrong; each line of `problems` reads `file:line: rule: what; what was expected`."""

    code = "rules"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UndecidedError(RuleError):
    """A rule takes more steps on one operator than it may."""


class UsageError(AnalyzerError):
    """The command line or a value on it is wrong."""

    code = "usage"


class RuntimeUnavailable(AnalyzerError):
    """The engine or delegate for a real run isn't on this machine; says how to get it."""

    code = "unavailable"
