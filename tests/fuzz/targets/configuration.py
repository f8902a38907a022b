"""The project's file, its policies and the delegates that it names."""

from __future__ import annotations

import os
from functools import cache
from random import Random

from analyzer.auditing.configurations import configure
from analyzer.config.project_file import find
from analyzer.errors import RuleError, UsageError
from analyzer.gating.excuses import Excuses
from analyzer.gating.policy import read_policies
from analyzer.rules.registry import Packs
from tests.fuzz import mutation
from tests.fuzz.promised import check_lines, toml_file

_WORDS = mutation.words(
    """
    required-version delegates for fail-on warn-on baseline rules registered runtime packs waivers
    version sha256 parameters rule tensor operator reason expires gpu coreml nnapi xnnpack quantized api
    android ios unsupported partial hazard true false 2027-03-31 1979-05-27T07:32:00 operators delegated
    verdict 2.3
    """
)


@cache
def _packs() -> Packs:
    return Packs()


def run(data: bytes) -> None:
    with toml_file(data) as file:
        try:
            settings = find(os.fspath(file)).settings
            delegates = [one.pack.delegate for one in configure(_packs(), settings.delegates or ("gpu",))]
            read_policies((*settings.fail_on, *settings.warn_on), delegates)
            Excuses(settings.waivers)
        except (RuleError, UsageError) as error:
            check_lines(error)


def seeds() -> list[bytes]:
    return [
        b'required-version = ">=0.1"\ndelegates = ["gpu:quantized=false"]\nfail-on = ["unsupported"]\n',
        b'for = "android"\nwarn-on = ["hazard", "operators > 3 and delegated < 2"]\nregistered = ["Flex*"]\n',
        b'[packs.gpu]\nversion = "1"\nparameters = {quantized = false}\n',
        b'[[waivers]]\nrule = "gpu/arg-max/*"\ntensor = "head/*"\nreason = "known"\nexpires = 2027-03-31\n',
        b'delegates = ["nnapi:api=29", "gpu"]\nfail-on = ["nnapi:partial", "delegated == 0"]\n',
    ]


def mutate(random: Random, data: bytes) -> bytes | None:
    return mutation.text(random, data, _WORDS)
