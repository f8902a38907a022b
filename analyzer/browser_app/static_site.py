"""A folder of static files that is the page: nothing in it asks for anything outside of it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec
from msgspec import Struct

from analyzer import __version__, resources
from analyzer.auditing.configurations import PLATFORMS, for_platform
from analyzer.browser_app import downloads
from analyzer.devices import device_catalogue
from analyzer.errors import UsageError
from analyzer.recommendation.deployment import DEPLOYMENT, deployments
from analyzer.report import page_template
from analyzer.rules.cache import ENDING as ENTRY
from analyzer.rules.registry import Packs, shipped
from analyzer.sources.model_source import ENDING, ENDINGS, PERHAPS

_PACKAGE = Path(resources.__file__).parent
_PAGE = "app"
#: Parts of wheels that the page can't use: another system's libraries, types, what pip reads.
_UNUSED = (".pyi", ".c", ".typed")
#: Files whose text is completed here.
_COMPLETED = ".jinja"


class Choice(Struct, frozen=True):
    """A parameter of a delegate as the page offers it."""

    name: str
    type: str
    meaning: str
    default: object
    values: tuple[object, ...]


class Delegate(Struct, frozen=True):
    """A delegate as the page offers it."""

    name: str
    title: str
    status: str
    usual: bool
    platforms: tuple[str, ...]
    parameters: tuple[Choice, ...]


def build(folder: Path) -> None:
    """Make the site in a folder that is empty or new. Raises: UsageError, RuntimeUnavailable."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: isn't an empty folder; name a new one")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        site, fetched = Path(made, "site"), Path(made, "fetched")
        for part in (site / "pyodide", fetched):
            part.mkdir(parents=True)
        for file in downloads.runtime(fetched):
            shutil.copy(file, site / "pyodide" / file.name)
        packages = fetched / "packages.zip"
        packages.write_bytes(_packages(downloads.wheels(fetched)))
        downloads.compile_archives(fetched, [packages, site / "pyodide" / "python_stdlib.zip"])
        (site / "packages.bin").write_bytes(_in_a_row(packages))
        _copy_page(site)
        downloads.remember(site)
        (site / "delegates.json").write_bytes(msgspec.json.encode(_delegates()))
        _complete_page(site)
        site.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        site.rename(folder)


def kept(folder: Path) -> Path:
    """The site of this very version within a folder, built if it isn't there yet; others go.

    Raises: RuntimeUnavailable.
    """
    site = folder / f"{_PAGE}-{_stamp()}"
    if not site.is_dir():
        build(site)
        for other in folder.glob(f"{_PAGE}-*"):
            if other != site:
                shutil.rmtree(other, ignore_errors=True)
    return site


def _stamp() -> str:
    """Changes whenever what the site is made from does."""
    digest = hashlib.sha256()
    folders = {_PACKAGE, resources.data("rules"), resources.data("templates")}
    for file in sorted(file for folder in folders for file in folder.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _copy_page(site: Path) -> None:
    """What of the page is as it is."""
    for file in (resources.data("templates") / _PAGE).iterdir():
        if file.suffix != _COMPLETED:
            shutil.copyfile(file, site / file.name)


def _complete_page(site: Path) -> None:
    """The rest of the page, last: it knows by name and hash what else there is."""
    completed = sorted((resources.data("templates") / _PAGE).glob(f"*{_COMPLETED}"))
    policy = content_security_policy()
    # A browser looks at what stands behind the last dot alone.
    endings = ",".join(dict.fromkeys(f".{each.rpartition('.')[2]}" for each in (ENDING, *PERHAPS, *ENDINGS)))
    for file in sorted(completed, key=lambda file: file.name.startswith("service")):
        values = {"version": __version__, "policy": policy, "endings": endings, **_listed(site)}
        text = page_template.text(f"{_PAGE}/{file.name}", **values)
        (site / file.stem).write_text(text, encoding="utf-8", newline="\n")


def _listed(site: Path) -> dict[str, str]:
    """All files of the site so far as a list for scripts, and a name for exactly these contents."""
    digest = hashlib.sha256()
    files = sorted(file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file())
    for name in files:
        digest.update(name.encode() + b"\0" + hashlib.sha256((site / name).read_bytes()).digest())
    return {"files": msgspec.json.encode(files).decode(), "state": digest.hexdigest()[:16]}


def content_security_policy() -> str:
    """Nothing of another origin, and of scripts in pages the report's alone, which a frame of ours shows."""
    report = page_template.look(page_template.REPORT)
    rules = {
        "default-src": "'none'",
        "script-src": f"'self' 'wasm-unsafe-eval' {report.script_hash}",
        "style-src": f"'self' {report.style_hash}",
        "connect-src": "'self'",
        "worker-src": "'self'",
        "frame-src": "blob:",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _delegates() -> dict[str, object]:
    packs = Packs()
    usual = packs.usual()
    platforms = {name: for_platform(packs, name) for name in PLATFORMS}
    delegates = []
    for name in packs.names():
        pack = packs.get(name)
        choices = tuple(
            Choice(key, each.type, each.meaning, each.default_text or each.default, tuple(each.values))
            for key, each in pack.parameters.items()
        )
        on = tuple(platform for platform, names in platforms.items() if name in names)
        delegates.append(Delegate(name, pack.title, pack.status, name in usual, on, choices))
    return {"version": __version__, "platforms": list(PLATFORMS), "delegates": delegates}


def _packages(wheels: list[Path]) -> bytes:
    """One archive of all that Python imports; the same input gives the same bytes."""
    contents = dict(_analyzer())
    for wheel in wheels:
        with ZipFile(wheel) as archive:
            for name in archive.namelist():
                if ".dist-info/" not in name and not name.endswith(("/", *_UNUSED)):
                    contents[name] = archive.read(name)
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as packed:
        for name in sorted(contents):
            packed.writestr(ZipInfo(name), contents[name], ZIP_DEFLATED)
    return buffer.getvalue()


def _in_a_row(archive: Path) -> bytes:
    """All files of an archive behind a list of them, as one: a browser unpacks it sooner than Python."""
    with ZipFile(archive) as files:
        contents = {name: files.read(name) for name in files.namelist()}
    listed = msgspec.json.encode([(name, len(content)) for name, content in contents.items()])
    return gzip.compress(b"".join((len(listed).to_bytes(4, "little"), listed, *contents.values())), mtime=0)


def entries() -> dict[str, bytes]:
    """What a start may need of rule files, made ready, by name: a wheel brings it. Raises: RuleError."""
    apart = {DEPLOYMENT: deployments(), device_catalogue.FILE: device_catalogue.shipped()}
    return shipped() | {name: msgspec.json.encode(of) for name, of in apart.items()}


def _analyzer() -> Iterator[tuple[str, bytes]]:
    """This package as a wheel brings it."""
    root = _PACKAGE.parent
    for file in sorted(_PACKAGE.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            yield file.relative_to(root).as_posix(), file.read_bytes()
    if os.path.isdir(resources.made(resources.PACKS)):
        return
    data = f"{_PACKAGE.name}/_data"
    for folder in ("rules", "templates"):
        for file in sorted(resources.data(folder).rglob("*")):
            if file.is_file():
                where = file.relative_to(resources.data(folder)).as_posix()
                yield f"{data}/{folder}/{where}", file.read_bytes()
    for name, entry in entries().items():
        yield f"{data}/{resources.PACKS}/{name}{ENTRY}", entry
    with tempfile.TemporaryDirectory() as compiled:
        page_template.compile_all(Path(compiled))
        for name in sorted(os.listdir(compiled)):
            yield f"{data}/{resources.COMPILED}/{name}", Path(compiled, name).read_bytes()
