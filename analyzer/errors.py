"""What can go wrong, told apart by whose move it is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from analyzer import __version__

#: Has internal errors end with a traceback.
TRACEBACK = "DELEGATE_ANALYZER_TRACEBACK"
#: Characters of what Python says of an internal error: texts of models may be among them.
_SHOWN = 300


class AnalyzerError(Exception):
    """Something the user can act on, a line each of `problems`: what, what is wrong; what to do."""

    code = "error"

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


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
        super().__init__(*problems)
        self.problems: list[str] = problems


class UndecidedError(RuleError):
    """A rule takes more steps on one operator than it may."""


class UsageError(AnalyzerError):
    """The command line, a value on it or the project's file is wrong."""

    code = "usage"


class Gathered:
    """What is wrong in several places, to be told at once, each behind a `prefix`."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._problems: dict[str, None] = {}

    @contextmanager
    def here(self) -> Iterator[None]:
        """Take up what is wrong within, which ends there."""
        try:
            yield
        except (RuleError, UsageError) as error:
            self._problems.update(dict.fromkeys(error.problems))

    def tell(self) -> None:
        """Raises: UsageError where anything was wrong."""
        if self._problems:
            raise UsageError(*(f"{self._prefix}{problem}" for problem in self._problems))


class RuntimeUnavailable(AnalyzerError):
    """The engine or delegate for a real run isn't on this machine; says how to get it."""

    code = "unavailable"


class InternalError(AnalyzerError):
    """A mistake of ours, with how to report it; `where` is what it happened to, if that is known."""

    code = "internal"

    def __init__(self, error: Exception, where: str = "") -> None:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        super().__init__(
            f"{where and f'{where}: '}internal error ({what[:_SHOWN]}); run it again with "
            f"{TRACEBACK}=1 and report what it prints, with delegate-analyzer {__version__} and, if you may, "
            "the model"
        )
