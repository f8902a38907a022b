"""Options that several commands have, each declared here once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import click
from msgspec import Struct

from analyzer.auditing.configurations import PLATFORMS
from analyzer.cli.options import completion
from analyzer.cli.options.output import STDOUT, check_place, targets
from analyzer.errors import UsageError

Command = Callable[..., int]
Decorator = Callable[[Command], Command]

#: The largest number of runs, threads, samples, ...: runtimes count in 32 bits.
_MOST = 2**31 - 1


class Whole(click.IntRange):
    """Whole numbers of a range, which ends where nothing could take more."""

    def __init__(self, least: int, most: int = _MOST) -> None:
        super().__init__(least)
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if number > self._most:
            self.fail(f"{value} is more than {self._most}.", param, ctx)
        return number


def not_nan(context: click.Context, option: click.Parameter, number: float | None) -> float | None:
    """Refuse NaN, which any limit would let pass, as the callback of an option."""
    if number is not None and math.isnan(number):
        raise click.BadParameter("nan is no number.", context, option)
    return number


#: A count of at least one, or of none.
POSITIVE, COUNT = Whole(1), Whole(0)


def delegates(
    help: str, metavar: str = "SPEC", complete: completion.Complete = completion.delegates
) -> Decorator:
    """`-d`, as often as there are delegates."""
    return click.option(
        "-d", "--delegate", "delegates", multiple=True, metavar=metavar, shell_complete=complete, help=help
    )


def _only(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
    """The platform; of several none would be meant more than another."""
    if len(set(given)) > 1:
        raise UsageError(f"--for {' --for '.join(given)}: give one platform, or name delegates with -d")
    return given[0] if given else None


_ParameterCallback = Callable[[click.Context, click.Parameter, tuple[str, ...]], object]


def _platform(name: str, help: str, callback: _ParameterCallback | None = None) -> Decorator:
    """`--for`, which click takes as often as it is given: what that means, a command says."""
    return click.option(
        "--for",
        name,
        multiple=True,
        callback=callback,
        metavar="PLATFORM",
        shell_complete=completion.one_of(PLATFORMS),
        help=help,
    )


platform = _platform(
    "platform", f"The delegates of a platform instead: {', '.join(PLATFORMS)}.", callback=_only
)
platforms = _platform("platforms", f"{', '.join(PLATFORMS)}; one or several. Default: android and ios.")


devices = click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="DEVICE",
    shell_complete=completion.devices,
    help="The delegates of a phone or tablet instead: pixel-8, 'galaxy-s2*', iphones, android-34.",
)


registered = click.option(
    "--registered",
    multiple=True,
    metavar="NAME",
    help="Custom operators that the app registers itself: MyOp,Flex*.",
)


def rules(help: str = "Also use the rule pack in FILE.") -> Decorator:
    """`--rules`: further rule files."""
    return click.option("--rules", multiple=True, metavar="FILE", shell_complete=completion.files, help=help)


#: `--rules` where delegates are audited: who gives one wants it asked.
asked_rules = rules("Also use the rule pack in FILE; without -d it is what is asked.")


def outputs(formats: Iterable[str], files_only: Iterable[str] = ()) -> Decorator:
    """`--format` and `-o`; the command gets them as `wanted`. `files_only` are formats of `-o` alone."""
    formats, files_only = tuple(formats), tuple(files_only)

    def decorate(function: Command) -> Command:
        @wraps(function)
        def command(stdout_format: str, files: tuple[str, ...], **rest: Any) -> int:
            return function(wanted=targets(stdout_format, files, formats, files_only), **rest)

        written = output("Write FILE instead of stdout; - is stdout.", "[FORMAT=]FILE", multiple=True)
        return _format(formats)(written(command))

    return decorate


def output(help: str, metavar: str = "FILE", multiple: bool = False, required: bool = False) -> Decorator:
    """`-o`: a file as `file`, or as many as are given as `files`, whose places `targets` looks at."""
    return click.option(
        "-o",
        "--output",
        "files" if multiple else "file",
        multiple=multiple,
        callback=None if multiple else _place,
        required=required,
        metavar=metavar,
        shell_complete=completion.files,
        help=help,
    )


def _place(_: click.Context, __: click.Parameter, file: str | None) -> str | None:
    if file == STDOUT:
        raise UsageError("-o -: what is written goes to a file; name one")
    if file is not None:
        check_place(file)
    return file


def _format(formats: tuple[str, ...]) -> Decorator:
    return click.option(
        "--format",
        "stdout_format",
        default="table",
        metavar="FORMAT",
        shell_complete=completion.one_of(formats),
        help=f"For stdout: {', '.join(formats)}.",
    )


#: `--format` of commands that write to stdout alone.
table_or_json = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For stdout.",
)


def project_file(help: str) -> Decorator:
    """`--config`: the project's file."""
    return click.option("--config", "config", metavar="FILE", shell_complete=completion.files, help=help)


def verbose(help: str) -> Decorator:
    """`-v`."""
    return click.option("-v", "--verbose", is_flag=True, help=help)


def failing(choices: Iterable[str], help: str) -> Decorator:
    """`--fail-on` of commands that compare: one of these, else `never`."""
    return click.option("--fail-on", type=click.Choice(["never", *choices]), default="never", help=help)


quiet = click.option("-q", "--quiet", is_flag=True, help="Nothing but errors and the exit code (or files).")
color = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
shapes = click.option(
    "--shape", "shapes", multiple=True, metavar="INPUT=1,224,224,3", help="Resize an input first."
)
jobs = click.option("-j", "--jobs", type=POSITIVE, default=1, metavar="N", help="Processes for many models.")

# Real runs


def library(help: str) -> Decorator:
    """`--delegate-lib`: an external delegate."""
    return click.option("--delegate-lib", "library", metavar="LIB", help=help)


def library_options(help: str) -> Decorator:
    """`--delegate-option`, as often as there are any."""
    return click.option("--delegate-option", "options", multiple=True, metavar="KEY=VALUE", help=help)


def signature(otherwise: str) -> Decorator:
    """`--signature`; `otherwise` says which is run without it."""
    return click.option("--signature", metavar="KEY", help=f"The signature to run. Default: {otherwise}.")


def data(help: str, required: bool = False) -> Decorator:
    """`--data`, samples for a model."""
    return click.option(
        "--data", required=required, metavar="FILE", shell_complete=completion.files, help=help
    )


def timeout(help: str, seconds: float = 120) -> Decorator:
    """`--timeout`, in seconds."""
    return click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        callback=not_nan,
        default=seconds,
        show_default=True,
        help=help,
    )


def memory(what: str) -> Decorator:
    """`--memory`: the most that each process may take."""
    return click.option(
        "--memory",
        type=Whole(64),
        default=4096,
        show_default=True,
        help=f"Megabytes for each {what}.",
    )


def warmup(least: Whole, help: str) -> Decorator:
    """`--warmup`: inferences before those that are timed."""
    return click.option("--warmup", type=least, default=3, show_default=True, help=help)


threads = click.option("--threads", type=POSITIVE, default=1, show_default=True, help="Of the CPU's kernels.")
vulkan_driver = click.option(
    "--vulkan-driver",
    metavar="FILE",
    shell_complete=completion.files,
    help="A Vulkan driver's .json or library. Default: found.",
)


def gathered(name: str, shape: type[Struct]) -> Decorator:
    """Let a command have the options that `shape` has fields for as one argument, `name`."""

    def decorate(function: Command) -> Command:
        @wraps(function)
        def command(**options: Any) -> int:
            fields = {field: options.pop(field) for field in shape.__struct_fields__}
            return function(**options, **{name: shape(**fields)})

        return command

    return decorate
