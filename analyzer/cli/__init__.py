"""The command line: arguments in, text and exit code out. One module per command."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

import click

from analyzer import __version__
from analyzer.errors import TRACEBACK, AnalyzerError, InternalError

PROGRAM = "delegate-analyzer"
#: Characters of a line on stderr.
_MOST = 4000
#: Longer than any first sentence, which `--help` shows whole: click cuts it at the line's end.
_UNCUT = 1000
#: What is said to be wrong where nobody knows what else could be.
STDOUT = "standard output"
HOLDS, FAILS, BAD_INPUT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130

#: Command -> (module, the line that `--help` shows).
_COMMANDS: Mapping[str, tuple[str, str]] = {
    "audit": ("audit", "Which operators each delegate takes, why not, and what to change."),
    "recommend": ("recommend", "Which delegate to choose on each platform, what to set, and why."),
    "run": ("run", "Run a model on the CPU and through a delegate: taken as predicted, same numbers?"),
    "evaluate": ("evaluate", "Accuracy, inference time and size of models side by side, on a data set."),
    "devices": ("devices", "Show phones and tablets: what --device may name, or what is attached."),
    "inspect": ("inspect", "What a model is: operators, tensors, quantization, signatures, sizes, MACs."),
    "compare": ("compare", "What got better and what worse from one model to another."),
    "fix": ("fix", "Rewrite a model so that delegates take it, and prove that it computes what it did."),
    "log": ("log", "What a device's log says of delegates, held against the prediction."),
    "fleet": (
        "fleet_commands.fleet_group",
        "What many models came to, and what changed between audits.",
    ),
    "baseline": ("baseline", "Write what is known of models, so that only what is new fails."),
    "explain": ("explain", "What a rule means, its source and its fix."),
    "rules": ("rules", "List, show, check, compare and verify rule packs."),
    "app": ("serving.app", "The analyzer as a page in the browser: drop a model, read the report."),
    "config": ("config", "Show what a project's file puts in force, or pin today's packs."),
    "schema": ("schema", "Print the JSON Schema of the output."),
}


def _show_help(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(context.get_help())
        context.exit()


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(f"{PROGRAM}, version {__version__}")
        context.exit()


def _eager(names: list[str], help: str, show: Callable[..., None]) -> click.Option:
    return click.Option(names, is_flag=True, expose_value=False, is_eager=True, help=help, callback=show)


#: Every command's. Click's own look for translations, and load what knows languages: a hundredth of a run.
_HELP = _eager(["-h", "--help"], "Show this message and exit.", _show_help)
_VERSION = _eager(["--version"], "Show the version and exit.", _show_version)


class Command(click.Command):
    """A command that starts without what click loads to tell of mistakes."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.add_help_option = False
        self.params.append(_HELP)

    def make_parser(self, ctx: click.Context) -> Any:
        """The parser, for which `-d VALUE` is no long option that is missing, and may have been misspelt."""
        parser: Any = super().make_parser(ctx)
        short = getattr(parser, "_short_opt", {})
        valued = {name: option for name, option in short.items() if option.takes_value}
        getattr(parser, "_long_opt", {}).update(valued)
        return parser

    def invoke(self, ctx: click.Context) -> Any:
        words = {option: _texts(ctx.params.get(option.name or "")) for option in self.params}
        outputs = [text for option in words if "--output" in option.opts for text in words[option]]
        if outputs:
            from analyzer.cli.options.output import spare

            spare(
                (text for option in words if "--output" not in option.opts for text in words[option]), outputs
            )
        return super().invoke(ctx)


def _texts(value: object) -> list[str]:
    """The words that a parameter was given."""
    return [each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, str)]


class Group(Command, click.Group):
    """A command of several, whose summaries are wrapped in `--help`, not cut."""

    command_class = Command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.commands[name].get_short_help_str(_UNCUT)) for name in self.list_commands(ctx)]
            )


class Commands(Group):
    """Commands that are imported when they are used; `--help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"analyzer.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from analyzer.suggest import nearest

            hint = nearest(name, list(_COMMANDS)) or "."
            raise click.UsageError(f"There is no command {name}{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader went away, as `head` does: nothing is wrong, but nothing more can be said.
            hush()
            return HOLDS

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(
    cls=Commands,
    no_args_is_help=False,
    params=[_VERSION],
    epilog="Exit codes: 0 the policy holds, 1 it doesn't, 2 bad input or usage, 3 internal error.",
)
def program() -> None:
    """Tell, from a .tflite file alone, which operators a phone's accelerators will take, and why not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        code = program.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else HOLDS
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return BAD_INPUT
    except click.ClickException as error:
        return _complain(_one_line(error))
    except AnalyzerError as error:
        return _complain(*error.problems)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted", code=INTERRUPTED)
    except BrokenPipeError:
        hush()
        return HOLDS
    except OSError as error:
        hush()
        from analyzer.files import FULL

        if error.errno == errno.ENOENT and not error.filename:
            return _complain("the folder that this runs in: is no longer there; change to another one")
        advice = "make room or choose another place" if error.errno in FULL else "check that it may be used"
        return _complain(f"{error.filename or STDOUT}: {error.strerror}; {advice}")
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        return _complain(str(InternalError(error)), code=INTERNAL)


def complain(line: str) -> None:
    """Say on stderr, in one line, what is wrong."""
    say(f"{PROGRAM}: {line}")


def say(line: str) -> None:
    """Say something on stderr, in one line."""
    from analyzer.files import shortened
    from analyzer.report.wording.hostile_text import plain

    try:
        click.echo(plain(shortened(line, _MOST)), err=True)
    except OSError:
        # The exit code still tells what it is there to tell.
        hush(sys.stderr)


def tell(text: str, err: bool = False) -> None:
    """Print text of several lines, with what could fool a terminal written out."""
    from analyzer.report.wording.hostile_text import plain

    try:
        click.echo("\n".join(map(plain, text.split("\n"))), err=err)
    except OSError as error:
        error.filename = error.filename or STDOUT
        raise


def hush(stream: TextIO | None = None) -> None:
    """Let stdout, or another stream, lead nowhere: what is on its way there would fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


def _one_line(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split())
    if not isinstance(error, click.UsageError):
        return message
    command = error.ctx.command_path if error.ctx is not None else PROGRAM
    return f"{message} Try {command} --help."


def _complain(*lines: str, code: int = BAD_INPUT) -> int:
    for line in lines:
        complain(line)
    return code
