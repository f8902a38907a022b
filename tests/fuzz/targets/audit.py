"""A model audited for every delegate, and told in every format."""

from __future__ import annotations

from functools import cache
from random import Random

from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report import FORMATS, render
from analyzer.report.document import audit_document, convert
from analyzer.sources import ModelSource
from tests.fuzz import models, mutation
from tests.fuzz.promised import Broken, check_lines

seeds = models.seeds

#: Formats that hold one delegate alone.
_OF_ONE = ("model-explorer",)


@cache
def _auditor() -> ModelAuditor:
    return ModelAuditor(Task(delegates=("all",), everything=True, fail_on=("unsupported", "partial")))


def run(data: bytes) -> None:
    result = _auditor().audit(ModelSource("m.tflite", None, data))
    if result.error is not None:
        check_lines(ValueError(result.error))
        if "internal error" in result.error:
            raise Broken(result.error)
    whole = convert.whole([result.model], audit_document.Policy())
    alone = convert.whole([replace(result.model, audits=result.model.audits[:1])], audit_document.Policy())
    for format in FORMATS:
        try:
            render(alone if format in _OF_ONE else whole, format).decode()
        except UsageError as error:
            check_lines(error)


def mutate(random: Random, data: bytes) -> bytes | None:
    return mutation.tables(random, data)
