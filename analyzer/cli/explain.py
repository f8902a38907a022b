"""`delegate-analyzer explain`."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli import HOLDS, Command, tell
from analyzer.cli.options import completion, declared
from analyzer.cli.options.screen import width
from analyzer.report.rules import rule_reference
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import find


@click.command("explain", cls=Command)
@click.argument("rule", shell_complete=completion.rules)
@declared.rules()
def command(rule: str, rules: tuple[str, ...]) -> int:
    """Explain a rule: what it requires, when, why, where that is known from, and what to do.

    RULE is an id as in an audit, such as gpu/conv-2d/version; the beginning of ids lists all of them.
    """
    packs = Packs(map(Path, rules))
    pack, named = find(packs, rule)
    if len(named) == 1:
        tell(rule_reference.rule(named[0], pack, width(), packs.recipes))
    else:
        tell(rule_reference.rules(named, width()))
    return HOLDS
