"""A rule file, checked and asked about a model."""

from __future__ import annotations

from functools import cache
from random import Random

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import RuleError, UsageError
from analyzer.model import Model, read_bytes
from analyzer.rules.registry import Packs
from tests.building import chain
from tests.fuzz import mutation
from tests.fuzz.promised import check_lines, toml_file
from tests.packs import tiny

_WORDS = mutation.words(
    """
    inputs outputs input dtype dtypes rank ranks shape constant static value values options require when
    fix message severity stage note hazard crash blocker aborts wrong fails build run operator load op
    check define param graph max_partitions min_partition_size partition extends also parameters default
    unlisted source versions true false int bool str version rest any all len product range sum min max
    for in and or not if else producer consumers FLOAT32 INT8 RELU ADD default_order platforms fp16
    read_through select type values
    """
)


@cache
def _model() -> Model:
    return read_bytes(chain("RELU", "NEG", "SIN", "EXP", "COS", "ABS"), "m")


@cache
def _shipped() -> Packs:
    return Packs()


def run(data: bytes) -> None:
    with toml_file(data) as file:
        try:
            packs = Packs([file])
            # These are read once, not once an input.
            vars(packs).update(catalogue=_shipped().catalogue, cpu_kernels=_shipped().cpu_kernels)
            for name in packs.given:
                packs.get(name)
            Auditor(packs, configure(packs, packs.given)).audit(_model())
        except (RuleError, UsageError) as error:
            check_lines(error)


def seeds() -> list[bytes]:
    check = '\n[op.NEG.check.it]\nrequire = "{}"\nmessage = "m {{input.rank}}"\nfix = "Fix it."\n'
    asked = (
        "all(a > 0 for a in input.shape)",
        "input.rank in [1, 2] and not input.constant",
        "len(inputs) == 1 and input.dtype == 'FLOAT32'",
        "product(input.shape) // 2 < 4 if api > 3 else true",
    )
    more = '\n[param.api]\ntype = "int"\ndefault = 29\nmin = 1\nmax = 40\nmeaning = "Level."\n'
    limits = "max_partitions = 1\nmin_partition_size = 2"
    whole = [tiny() + more + check.format(condition) for condition in asked]
    return [text.encode() for text in (tiny(), tiny(limits), *whole)]


def mutate(random: Random, data: bytes) -> bytes | None:
    return mutation.text(random, data, _WORDS)
