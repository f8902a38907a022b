"""A device's log, read, told in every format and held against a prediction."""

from __future__ import annotations

import io
from functools import cache
from random import Random

from analyzer.device_log.line_catalogue import LineCatalogue, line_catalogue
from analyzer.device_log.log_prediction import held_against
from analyzer.device_log.log_reader import LogReader, text_lines
from analyzer.errors import UsageError
from analyzer.model import Model, read_bytes
from analyzer.report.device_log import log_text
from analyzer.report.view import View
from analyzer.rules.registry import Packs
from tests.building import chain
from tests.device_log import logs
from tests.fuzz import mutation
from tests.fuzz.promised import check_lines

#: Logs of which one is held against a prediction, which takes as long as audits for all releases.
_HELD = 50


@cache
def _known() -> tuple[LineCatalogue, Packs, Model]:
    return line_catalogue(), Packs(), read_bytes(chain("RELU", "NEG", "CAST"), "m")


def run(data: bytes) -> None:
    catalogue, packs, model = _known()
    reader = LogReader(catalogue)
    for line in text_lines(io.BytesIO(data)):
        reader.read(line)
    log = reader.document("a.log")
    if len(data) % _HELD == 0:
        try:
            log = held_against(log, model, packs, [], catalogue)
        except UsageError as error:
            check_lines(error)
    for format in ("table", "json", "markdown"):
        log_text.render(log, format, View()).decode()


def seeds() -> list[bytes]:
    kinds = [form.encode() + b"\n" for form in _forms()]
    texts = [value for name, value in vars(logs).items() if name.isupper() and isinstance(value, str)]
    return [*(text.encode() for text in texts), *(logs.logcat(text).encode() for text in texts), *kinds]


def _forms() -> list[str]:
    return [form.text for _, form, _ in line_catalogue().templates()]


@cache
def _words() -> tuple[bytes, ...]:
    return tuple(
        {word.encode() for form in _forms() for word in form.split()} | {b"ADD:", b"CUSTOM", b"3", b"0"}
    )


def mutate(random: Random, data: bytes) -> bytes | None:
    return mutation.text(random, data, _words())
