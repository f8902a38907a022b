"""`delegate-analyzer config`."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from analyzer import __version__
from analyzer import config as project_files
from analyzer.cli import HOLDS, tell
from analyzer.cli.options import declared
from analyzer.cli.options.specs import specs
from analyzer.config import PackSettings, Project, TargetSettings
from analyzer.errors import UsageError
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs


@click.command("config")
@declared.delegates("NAME or NAME:PARAM=VALUE:..., in place of the file's.")
@declared.platform
@declared.project_file(f"In place of {project_files.FILE} in this folder.")
@click.option("--pin", is_flag=True, help="Print the file with this version and these packs pinned.")
def command(delegates: tuple[str, ...], platform: str | None, config: str | None, pin: bool) -> int:
    """Show what a project's delegate-analyzer.toml puts in force, or print it with today's packs pinned."""
    project = project_files.find(config)
    if delegates and platform:
        raise UsageError("--for picks the delegates and -d names them; use one of them")
    if delegates or platform:
        settings = replace(project.settings, delegates=specs(delegates), platform=platform or "", devices=())
        project = replace(project, settings=settings)
    packs = Packs(map(Path, project.rules))
    asked = _asked(project, packs)
    settings = project.settings
    targets = [replace(project, settings=settings.of(target)) for target in settings.targets]
    if pin:
        every = dict.fromkeys(spec for each in (project, *targets) for spec in _asked(each, packs))
        click.echo(project_files.pinned(project, packs, [*every]))
        return HOLDS
    project_files.check_tool(project)
    project_files.check_packs(project, packs, asked)
    named = bool(delegates or platform)
    lines = _shown(project, packs, asked, named)
    for target, each in zip(settings.targets, targets, strict=True):
        lines += _target(target, each, _asked(each, packs))
    tell("\n".join(lines))
    return HOLDS


def _asked(project: Project, packs: Packs) -> tuple[str, ...]:
    """The delegates, but for those of devices."""
    named = project_files.delegates(project, packs)
    if project.settings.devices and not named:
        return ()
    return project_files.settled(project, packs, named)


def _target(target: TargetSettings, project: Project, asked: tuple[str, ...]) -> list[str]:
    """What holds for the models of a pattern."""
    settings = project.settings
    return [
        f"models     {target.models}   (from {project.file})",
        *([f"  delegates  {', '.join(asked)}"] if asked else []),
        *([f"  devices    {', '.join(settings.devices)}"] if settings.devices else []),
        *([f"  fail-on    {', '.join(settings.fail_on)}"] if settings.fail_on else []),
        *([f"  warn-on    {', '.join(settings.warn_on)}"] if settings.warn_on else []),
    ]


def _shown(project: Project, packs: Packs, asked: tuple[str, ...], named: bool) -> list[str]:
    """Each value with where it comes from; `named`: whether the command line names the delegates."""
    settings = project.settings
    file = project.file or "the default"
    settled = bool(settings.delegates or settings.platform)
    origin = "the command line" if named else file if settled else "the default"
    lines = [
        f"file       {project.file or 'none'}",
        f"version    {__version__}   required: {settings.required_version or 'any'}",
        f"fail-on    {', '.join(settings.fail_on) or 'as the command line says'}"
        + (f"   (from {file})" if settings.fail_on else ""),
        *([f"warn-on    {', '.join(settings.warn_on)}"] if settings.warn_on else []),
        *([f"baseline   {project.baseline}"] if settings.baseline else []),
        *(
            f"waiver     {waiver.named}: until {waiver.expires}, {waiver.reason}"
            for waiver in settings.waivers
        ),
        *([f"for        {settings.platform}"] if settings.platform else []),
        *([f"exclude    {', '.join(settings.exclude)}"] if settings.exclude else []),
        *([f"devices    {', '.join(settings.devices)}   (from {file})"] if settings.devices else []),
        *([f"registered {', '.join(settings.registered)}"] if settings.registered else []),
        f"delegates   (from {origin})",
    ]
    for spec in asked:
        name, written = split(spec)
        pack = packs.get(name)
        held = settings.packs.get(name, PackSettings())
        state = "pinned" if held.sha256 or held.version else "not pinned"
        own = [key for key in held.parameters if f"{key}=" in spec]
        state += f"; {', '.join(own)} from {file}" if own else ""
        lines += [
            ":".join(
                [f"  {name}", *(f"{key}={_text(value)}" for key, value in resolve(pack, written).items())]
            ),
            f"    pack version {pack.version}, sha256 {pack.sha256}, {state}",
        ]
    return lines


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
