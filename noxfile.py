"""Checks by name: `nox -l` lists them, `nox -s fast` runs one. CONTRIBUTING.md says what each is for."""

import nox

nox.options.sessions = ["fast"]
nox.options.reuse_existing_virtualenvs = True
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


@nox.session
def lint(session: nox.Session) -> None:
    """Lint, format, import directions."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests", "--only", "lint,format,imports")


@nox.session
def types(session: nox.Session) -> None:
    """Types."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests", "--only", "types")


@nox.session
def fast(session: nox.Session) -> None:
    """All of these, and the quick tests."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests", "--fast", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Every test."""
    session.install("-e", ".[litert,test]")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Every test, with coverage held to its threshold."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests", "--only", "tests", "--coverage", *session.posargs)


@nox.session
def viewers(session: nox.Session) -> None:
    """What Netron and Model Explorer make of what is written for them, in their own servers and a browser.

    Apart from the rest: Model Explorer has no wheels for some of the systems and Pythons that CI knows.
    """
    session.install("-e", ".[model-explorer,test]", "netron>=8")
    folders = ("tests/model_explorer", "tests/report/ci/test_netron.py")
    session.run("python", "-m", "pytest", "-rs", *folders, *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """What the pages quote, and the generated pages, written anew; then everything on them is tried."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.docs.quoted")
    session.run("python", "-m", "pytest", "-n", "auto", "tests/docs", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Speed, as ratios measured side by side."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.benchmarks", *(session.posargs or ["--short"]))
