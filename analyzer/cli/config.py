"""`delegate-analyzer config`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from msgspec.structs import replace

from analyzer import __version__
from analyzer.cli import HOLDS, Command, tell
from analyzer.cli.options import completion, declared
from analyzer.cli.options.project import Asked, audit_options, specified
from analyzer.config.find_file import FILE
from analyzer.config.pinning import pinned
from analyzer.config.project_file import find, naming, places
from analyzer.config.settings import PackSettings, Project, Settings, TargetSettings, delegates_of, settled
from analyzer.errors import UsageError
from analyzer.files import is_named
from analyzer.rules.parameters import as_written, resolve, split
from analyzer.rules.registry import Packs

#: The word that may stand before the model.
_SHOW = "show"
_COMMAND_LINE, _DEFAULT = "the command line", "the default"
_NO_POLICY = "unsupported where delegates are named, else never"


@click.command("config", cls=Command)
@click.argument("words", nargs=-1, metavar="[show] [PATH]", shell_complete=completion.files)
@declared.delegates("NAME or NAME:PARAM=VALUE:..., in place of the file's.")
@declared.platform
@declared.project_file(f"In place of the nearest {FILE} or pyproject.toml.")
@click.option("--pin", is_flag=True, help="Print the file with this version and these packs pinned.")
def command(
    words: tuple[str, ...],
    delegates: tuple[str, ...],
    platform: str | None,
    config: str | None,
    pin: bool,
) -> int:
    """Show what a project's file puts in force, and where each value comes from; or pin today's packs.

    With PATH, what is in force for that model: the file that is nearest above it, and the first of its
    targets that the model fits. `config` and `config show` are the same.
    """
    near = words[1:] if words[:1] == (_SHOW,) else words
    if len(near) > 1:
        raise UsageError(f"config: shows what is in force for one model, not for {', '.join(near)}; name one")
    path = near[0] if near else None
    project = find(config, near)
    asked = specified(Asked(delegates, platform))
    named = asked.names_delegates
    # Whatever audit would refuse is refused here; but that pins are of another day, which is to be mended.
    packs = Packs(map(Path, project.rules)) if pin else audit_options(config, near, asked).packs
    if named:
        own = replace(project.settings, delegates=asked.delegates, platform=platform or "", devices=())
        project = replace(project, settings=own)
    if pin:
        with naming(project):
            click.echo(_pinned(project, packs))
        return HOLDS
    tell("\n".join(_Shown(project, packs, named).lines(path)))
    return HOLDS


def _pinned(project: Project, packs: Packs) -> str:
    settings = project.settings
    targets = [replace(project, settings=settings.of(target)) for target in settings.targets]
    every = dict.fromkeys(spec for each in (project, *targets) for spec in _asked(each, packs))
    return pinned(project, packs, [*every])


def _asked(project: Project, packs: Packs) -> tuple[str, ...]:
    """The delegates, but for those of devices."""
    named = delegates_of(project, packs)
    if project.settings.devices and not named:
        return ()
    return settled(project, packs, named)


class _Shown:
    """Each value with where it comes from; `named`: whether the command line names the delegates."""

    def __init__(self, project: Project, packs: Packs, named: bool) -> None:
        self._project, self._packs, self._named = project, packs, named
        self._places = places(project)

    def lines(self, model: str | None) -> Iterator[str]:
        """What holds for all models and for those of targets, or for one model."""
        targets = [*enumerate(self._project.settings.targets)]
        yield _line("file", self._project.file or "none")
        if model is not None:
            targets = [(n, each) for n, each in targets if is_named(model, each.models)][:1]
            for position, target in targets:
                yield self._pattern(position, target)
                yield from self._in_force(self._of(target), f"targets[{position}].")
        if model is None or not targets:
            yield from self._in_force(self._project, "")
            for position, target in targets:
                yield self._pattern(position, target)
                for line in self._judged(self._of(target), f"targets[{position}]."):
                    yield f"  {line}"

    def _pattern(self, position: int, target: TargetSettings) -> str:
        return _line("models", target.models, self._places.of(f"targets[{position}].models"))

    def _of(self, target: TargetSettings) -> Project:
        """What holds for the models of a target, whose delegates the command line may name in its place."""
        own = self._project.settings
        settings = own.of(target)
        if self._named:
            settings = replace(settings, delegates=own.delegates, platform=own.platform, devices=())
        return replace(self._project, settings=settings)

    def _in_force(self, project: Project, target: str) -> Iterator[str]:
        """All settings; those that a target says stand in its table."""
        settings, said = project.settings, self._places.of
        required = settings.required_version
        yield _line(
            "version",
            f"{__version__}   required: {required or 'any'}",
            said("required-version") if required else "",
        )
        yield from self._judged(project, target)
        lists = {"rules": project.rules, "registered": settings.registered, "exclude": settings.exclude}
        for key, value in (
            *((key, ", ".join(values)) for key, values in lists.items()),
            ("runtime", settings.runtime),
            ("baseline", project.baseline),
        ):
            if value:
                yield _line(key, value, said(key))
        for position, waiver in enumerate(settings.waivers):
            excused = f"{waiver.named}: until {waiver.expires}, {waiver.reason}"
            yield _line("waiver", excused, said(f"waivers[{position}]"))

    def _judged(self, project: Project, target: str) -> Iterator[str]:
        """What is asked, and by what models are judged."""
        settings = project.settings
        asking = settings.platform or settings.delegates or settings.devices
        origin = _COMMAND_LINE if self._named else None
        if settings.fail_on:
            yield _line("fail-on", ", ".join(settings.fail_on), self._said("fail-on", target))
        else:
            yield _line("fail-on", _NO_POLICY, _DEFAULT)
        if settings.warn_on:
            yield _line("warn-on", ", ".join(settings.warn_on), self._said("warn-on", target))
        if settings.platform:
            yield _line("for", settings.platform, origin or self._said("for", target))
        if settings.devices:
            yield _line("devices", ", ".join(settings.devices), self._said("devices", target))
        asked = _asked(project, self._packs)
        key = "for" if settings.platform else "delegates"
        if asked:
            yield _line("delegates", "", origin or (self._said(key, target) if asking else _DEFAULT))
        for spec in asked:
            yield from self._delegate(project.settings, spec)

    def _said(self, key: str, target: str) -> str:
        """Where the file says something of a target's models: in its table, or of all."""
        return self._places.of(f"{target}{key}" if self._places.has(f"{target}{key}") else key)

    def _delegate(self, settings: Settings, spec: str) -> Iterator[str]:
        """A delegate with all its parameters, its pack, and what of both the file says."""
        name, written = split(spec)
        pack = self._packs.get(name)
        held = settings.packs.get(name, PackSettings())
        state = "pinned" if held.sha256 or held.version else "not pinned"
        own = [key for key, value in held.written.items() if written.get(key) == value]
        state += f"; {', '.join(own)} from {self._places.of(f'packs.{name}.parameters')}" if own else ""
        resolved = (f"{key}={as_written(value)}" for key, value in resolve(pack, written).items())
        yield ":".join([f"  {name}", *resolved])
        yield f"    pack version {pack.version}, sha256 {pack.sha256}, {state}"


def _line(key: str, value: str, origin: str = "") -> str:
    return f"{key:10} {value}".rstrip() + (f"   (from {origin})" if origin else "")
