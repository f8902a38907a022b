"""`delegate-analyzer recommend`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import HOLDS, Command
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import Target
from analyzer.cli.options.phone import adb_option
from analyzer.cli.options.project import names
from analyzer.cli.options.shapes import read_shapes
from analyzer.errors import UsageError
from analyzer.report.document.advice import Advice
from analyzer.report.view import View
from analyzer.sources import find_one, load, on_disk
from analyzer.suggest import nearest

if TYPE_CHECKING:
    from analyzer.recommendation.advisor import Advised
    from analyzer.recommendation.described_phone import Described
    from analyzer.report.document.costs import Profile
    from analyzer.rules.registry import Packs

_FORMATS = ("table", "json", "markdown")
#: What `--code` may say -> the language as it is called.
_LANGUAGES = {
    "kotlin": "Kotlin",
    "swift": "Swift",
    "c++": "C++",
    "python": "Python",
    "flutter": "Flutter",
    "react-native": "React Native",
}


@click.command("recommend", cls=Command)
@click.argument("path", metavar="MODEL", shell_complete=completion.files)
@declared.platforms
@click.option("--phone", "--device", "phones", multiple=True, metavar="PHONE",
              help="For one: pixel-8, iphone-15, android-N, a chip (SM8650), or adb[:SERIAL].")  # fmt: skip
@adb_option
@declared.rules()
@declared.shapes
@declared.registered
@click.option("--code", "languages", multiple=True, metavar="LANGUAGE",
              shell_complete=completion.one_of((*_LANGUAGES, "all")),
              help=f"Add code to paste: {', '.join(_LANGUAGES)} or all. JSON has it always.")  # fmt: skip
@click.option("--measured", metavar="FILE", shell_complete=completion.files,
              help="A profile to lay beside: of benchmark_model, or AI Hub's JSON.")  # fmt: skip
@click.option("--keras", metavar="MODEL", shell_complete=completion.files,
              help="What it was made from: converted with other types and audited.")  # fmt: skip
@declared.data("Samples for int8 with --keras: .npz or .npy arrays, a row a sample.")
@declared.timeout("Seconds for converting.")
@declared.outputs(_FORMATS)
@declared.color
def command(
    path: str,
    platforms: tuple[str, ...],
    phones: tuple[str, ...],
    adb: str | None,
    rules: tuple[str, ...],
    shapes: tuple[str, ...],
    registered: tuple[str, ...],
    languages: tuple[str, ...],
    measured: str | None,
    keras: str | None,
    data: str | None,
    timeout: float,
    wanted: list[Target],
    color: str,
) -> int:
    """Recommend a delegate for a model: one choice a platform, what to set, and why not another.

    MODEL is a .tflite file, archive!member, an address, sample: (a model that ships with the tool) or -
    (stdin).
    """
    from analyzer.recommendation.advisor import Advisor
    from analyzer.recommendation.operator_costs import memory
    from analyzer.report.document.advice import advice
    from analyzer.rules.registry import Packs

    packs = Packs(map(Path, rules))
    asked = names(platforms)
    phone = _phone(packs, phones, adb, asked) if phones else None
    customs = names(registered)
    every = languages if all(target.format != "json" for target in wanted) else ("all",)
    advisor = Advisor(packs, tuple(dict.fromkeys(asked)), customs, phone, _chosen(every))
    converted = _requantized(keras, data, timeout)
    with on_disk(find_one(path)) as source:
        advised = advisor.advise(load(source), read_shapes(shapes), source.file, converted)
    told = advice(advised.model, memory(advised.audit.prepared), _profile(advised, measured))
    shown = _chosen(languages)
    deliver(wanted, lambda form, view: _render(told, form, view, shown), color)
    return HOLDS


def _requantized(keras: str | None, data: str | None, timeout: float) -> Mapping[str, bytes]:
    """The Keras model with other element types. Raises: UsageError, ModelError, RuntimeUnavailable."""
    if keras is None and data is not None:
        raise UsageError(f"--data {data}: is for --keras, which names the model to convert")
    if keras is None:
        return {}
    from analyzer.evaluation.conversion import requantized
    from analyzer.execution.request import Limits

    return requantized(keras, data, Limits(timeout))


def _profile(advised: Advised, file: str | None) -> Profile | None:
    """What was measured beside what was predicted. Raises: UsageError."""
    if file is None:
        return None
    from analyzer.recommendation.measured import profile
    from analyzer.recommendation.operator_costs import operator_costs

    told = advised.model.recommendation
    chosen = [choice.audit for choice in told.choices if choice.audit is not None] if told else []
    audits = advised.model.audits
    # What is recommended first, then the rest: whoever has as many partitions as ran.
    order = [audits[at] for at in dict.fromkeys((*chosen, *range(len(audits))))]
    return profile(file, order, operator_costs(advised.audit))


def _chosen(languages: Sequence[str]) -> tuple[str, ...]:
    """The languages of the code. Raises: UsageError where there is no such one."""
    chosen: list[str] = []
    for text in map(str.lower, names(languages)):
        if text not in (*_LANGUAGES, "all"):
            known = list(_LANGUAGES)
            hint = nearest(text, known)
            raise UsageError(f"--code {text}: there is no code in it{hint}; use {', '.join(known)} or all")
        chosen += _LANGUAGES.values() if text == "all" else [_LANGUAGES[text]]
    return tuple(dict.fromkeys(chosen))


def _phone(packs: Packs, phones: tuple[str, ...], adb: str | None, asked: Sequence[str]) -> Described:
    """The phone that is meant. Raises: UsageError, RuntimeUnavailable, AdbError."""
    phone = _one(packs, phones, adb)
    for platform in asked:
        if platform not in phone.platforms:
            raise UsageError(f"--for {platform}: --phone says its platform itself; leave one of them out")
    return phone


def _one(packs: Packs, phones: tuple[str, ...], adb: str | None) -> Described:
    from analyzer.recommendation.described_phone import Phone, described

    attached = [text for text in phones if text == "adb" or text.startswith("adb:")]
    if not attached:
        return described(packs, phones)
    if len(phones) > 1:
        raise UsageError("--phone: an attached phone says all of itself; give no other beside it")
    from analyzer.cli.options.phone import serial
    from analyzer.execution.android.adb import Adb
    from analyzer.execution.android.device import identify

    info = identify(Adb(adb).device(serial(attached[0])))
    return Phone(info.properties, info.serial)


def _render(told: Advice, form: str, view: View, languages: Sequence[str]) -> bytes:
    import msgspec

    from analyzer.report.text import advice_text

    if form == "json":
        return msgspec.json.encode(told) + b"\n"
    written = advice_text.markdown if form == "markdown" else advice_text.table
    return written(told, view, languages)
