"""`delegate-analyzer app`."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from analyzer.browser_app import server, static_site
from analyzer.browser_app.downloads import PYODIDE
from analyzer.cli import HOLDS, Command, say
from analyzer.cli.options import completion
from analyzer.errors import UsageError
from analyzer.rules import cache

#: What tells a folder that holds the site.
_PAGE = "index.html"


@click.command("app", cls=Command)
@click.option("--build", "folder", metavar="FOLDER", shell_complete=completion.files,
              help="Only write the site into FOLDER, for any server of static files.")  # fmt: skip
@click.option("--site", metavar="FOLDER", shell_complete=completion.files,
              help="Serve what --build wrote. Default: built once, in the user's cache folder.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="PORT",
              help="Port on this machine. Default: one that is free.")  # fmt: skip
@click.option("--no-open", is_flag=True, help="Don't open a browser.")
def command(folder: str | None, site: str | None, port: int, no_open: bool) -> int:
    """Serve the analyzer as a page to this machine's browser: drop a model, read the report.

    The page runs the analyzer in the browser itself, and no model leaves it. Building it takes npm, pip and
    a network, once.
    """
    if folder is not None:
        if site is not None:
            raise UsageError("--build and --site exclude each other; use one of them")
        if not (above := Path(folder).parent).is_dir():
            raise UsageError(f"--build {folder}: there is no folder {above}; make it first")
        say(f"fetches Pyodide {PYODIDE} and builds the page")
        static_site.build(Path(folder))
        say(f"{folder}: the page; serve it with app --site {folder}, or as the static files that it is")
        return HOLDS
    _serve(_site(site), port, no_open)
    return HOLDS


def _site(site: str | None) -> Path:
    if site is None:
        kept = cache.folder()
        if kept is None:
            raise UsageError("app: no folder to keep the page in is yours alone; use --build, then --site")
        say(f"fetches Pyodide {PYODIDE} and builds the page, unless it is there already")
        return static_site.kept(kept)
    if not Path(site, _PAGE).is_file():
        raise UsageError(f"--site {site}: holds no {_PAGE}; write one with --build")
    return Path(site)


def _serve(site: Path, port: int, quietly: bool) -> None:
    """Serve until someone interrupts. Raises: UsageError."""
    try:
        served = server.server(site, port)
    except OSError as error:
        raise UsageError(f"--port {port}: {error.strerror}; choose another, or leave it out") from None
    with served:
        click.echo(f"{server.address(served)} (stop with Ctrl+C)")
        if not quietly:
            webbrowser.open(server.address(served))
        try:
            served.serve_forever()
        except KeyboardInterrupt:
            return
