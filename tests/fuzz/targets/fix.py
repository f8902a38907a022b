"""Every rewrite tried at every operator of a model; some are rewritten whole for a delegate, their tails cut
off, a free batch fixed, and what is written is audited.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from random import Random
from tempfile import gettempdir

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import ModelError, UsageError
from analyzer.interpreter import Interpreter
from analyzer.model import Model, read_bytes
from analyzer.rewriting.fix import fix
from analyzer.rewriting.prepared_graph import graphs
from analyzer.rewriting.rewrite import rewrites
from analyzer.rules.registry import Packs
from tests.fuzz import models, mutation
from tests.fuzz.promised import Broken, check_lines

seeds = models.seeds

#: Delegates that most rewrites are for, one an input: each plan audits the model several times.
_DELEGATES = ("gpu", "litert-gpu", "nnapi", "coreml", "hexagon", "qualcomm-htp")
#: Each so manieth model is fixed whole, and so many operators of one are looked at: both take long.
_EACH, _MOST = 8, 100


@cache
def _packs() -> Packs:
    return Packs()


@cache
def _auditor(delegate: str) -> Auditor:
    return Auditor(_packs(), configure(_packs(), [delegate]))


@cache
def _interpreter() -> Interpreter:
    return Interpreter(_packs())


def run(data: bytes) -> None:
    try:
        model = read_bytes(data, "m.tflite")
    except ModelError as error:
        check_lines(error)
        return
    try:
        _try_all(model)
        if len(data) // 32 % _EACH == 0:
            _fixed(data, model)
    except (ModelError, UsageError) as error:
        check_lines(error)


def _try_all(model: Model) -> None:
    for graph in graphs(_interpreter(), _interpreter().prepare(model)):
        for operator in graph.subgraph.operators[:_MOST]:
            for rewrite in rewrites():
                rewrite.at(graph, operator.index)


def _fixed(data: bytes, model: Model) -> None:
    size = len(data)
    auditor = _auditor(_DELEGATES[size % len(_DELEGATES)])
    file = Path(gettempdir()) / f"delegate-analyzer-fuzz-{os.getpid()}.tflite"
    file.write_bytes(data)
    try:
        tail, batch = size // 8 % 2 == 0, 2 if size // 16 % 4 == 0 else None
        made = fix(model, os.fspath(file), auditor, _interpreter(), proven=False, tail=tail, batch=batch)
        for part in (made.data, made.tail):
            if part is not None:
                _read_again(bytes(part), auditor)
    finally:
        file.unlink()


def _read_again(data: bytes, auditor: Auditor) -> None:
    try:
        auditor.audit(read_bytes(data, "fixed.tflite"))
    except ModelError as error:
        raise Broken(f"writes what can't be read: {error}") from error


def mutate(random: Random, data: bytes) -> bytes | None:
    return mutation.tables(random, data)
