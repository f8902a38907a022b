"""Our verdicts against what the delegates' own code said, and against the runtimes on this machine.

The data is a folder: `targets.json` names configurations; `cases.zip` (or `synth.zip`) holds generated
models; `truth.zip` (or a folder `truth`) holds `<target>.jsonl`, a line a model. Real models, whose paths
begin with `real/`, take part where the folder that holds them is named.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configuration, configure
from analyzer.auditing.types import DelegateAudit
from analyzer.conformance import runtime_query as runtimes
from analyzer.errors import ModelError, UsageError
from analyzer.execution import installed
from analyzer.execution.request import Limits
from analyzer.model import Model, read, read_bytes
from analyzer.rules.registry import Packs

GENERATED, REAL = "generated", "real"
_ENDING = ".tflite"
#: The delegate's word on an operator that its own check doesn't survive.
_UNDECIDED = "-"
#: How findings begin on what hangs on memory that is nobody's: whatever a runtime does there is chance.
UNDEFINED = "undefined: "


#: A subgraph's index, which is a text where it is a key of JSON.
_Subgraph = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,9}$")]


class Truth(Struct, frozen=True):
    """The verdicts of a delegate's own code on a model; what was not judged is None."""

    path: str
    #: Subgraph -> "1" or "0" for each operator.
    supported: dict[_Subgraph, str] = {}
    delegated: dict[_Subgraph, list[int]] | None = None
    partitions: dict[_Subgraph, list[list[int]]] | None = None


class Count(Struct, array_like=True):
    """A share: comparisons that agree, of all."""

    same: int = 0
    all: int = 0

    def add(self, same: bool) -> bool:
        self.all += 1
        self.same += same
        return same

    def __add__(self, other: Count) -> Count:
        return Count(self.same + other.same, self.all + other.all)


class Figures(Struct):
    """Shares that agree for one configuration: operators, delegated sets and partitions of models."""

    models: int = 0
    operators: Count = msgspec.field(default_factory=Count)
    delegated: Count = msgspec.field(default_factory=Count)
    partitions: Count = msgspec.field(default_factory=Count)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.models + other.models,
            self.operators + other.operators,
            self.delegated + other.delegated,
            self.partitions + other.partitions,
        )


class Tally(Figures):
    """The same, with what differs."""

    wrong: list[str] = []


#: Kind of models -> what came of them.
Tallies = dict[str, Tally]


class Data:
    """A folder of conformance data, one of real models, or both."""

    def __init__(self, folder: Path | None, models: Path | None = None) -> None:
        """Raises: UsageError where there is no such data."""
        self._models = models
        self._folder = folder or Path()
        #: What messages call the folder.
        self.name = str(folder or "this installation")
        self.targets = {} if folder is None else _targets(folder)
        names = ("cases.zip", "synth.zip") if folder is not None else ()
        #: The archive of generated models, where there is one.
        self.archives = [file for file in (self._folder / name for name in names) if file.is_file()][:1]
        if models is not None and not models.is_dir():
            raise UsageError(f"{models}: there is no such folder; name that of the real models")

    def truth(self, target: str) -> dict[str, Truth]:
        """Path -> what was said of the model. Raises: UsageError where that can't be read."""
        name = f"{target}.jsonl"
        try:
            rows = [msgspec.json.decode(line, type=Truth) for line in self._lines(name)]
        except (msgspec.DecodeError, RecursionError) as error:
            raise UsageError(f"{self.name}: {name} can't be read ({error}); write it anew") from None
        return {row.path: row for row in rows}

    def _lines(self, name: str) -> list[bytes]:
        archive = self._folder / "truth.zip"
        try:
            if not archive.is_file():
                return (self._folder / "truth" / name).read_bytes().splitlines()
            with opened(archive) as truth:
                return truth.read(name).splitlines()
        except (OSError, KeyError):
            raise UsageError(f"{self.name}: lacks {name}, though targets.json names it; add it") from None

    def models(self) -> Iterator[tuple[str, str, Model | ModelError]]:
        """Kind, path and model of each; an error in place of those that can't be read."""
        for archive in self.archives:
            with opened(archive) as models:
                for name in models.namelist():
                    if name.endswith(_ENDING):
                        yield GENERATED, name, _read(models.read(name), name)
        for name, file in self.real():
            yield REAL, name, _read(file, name)

    def real(self) -> Iterator[tuple[str, Path]]:
        """Path and file of each real model."""
        folder = self._models / "real" if self._models and (self._models / "real").is_dir() else self._models
        for file in sorted(folder.rglob(f"*{_ENDING}")) if folder else []:
            yield f"real/{file.relative_to(folder or file).as_posix()}", file


@contextmanager
def opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    """An archive of conformance data. Raises: UsageError where it is none, or damaged."""
    try:
        with zipfile.ZipFile(archive) as file:
            yield file
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UsageError(f"{archive}: can't be unpacked ({error}); fetch it again") from None


def _targets(folder: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode((folder / "targets.json").read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        raise UsageError(f"{folder}: holds no conformance data; name its folder with --data") from None


def _read(source: bytes | Path, name: str) -> Model | ModelError:
    try:
        return read_bytes(source, name) if isinstance(source, bytes) else read(str(source), name)
    except ModelError as error:
        return error


def verify(packs: Packs, data: Data, targets: Sequence[str]) -> dict[str, Tallies]:
    """Target -> how the packs agree with its delegate's own code. Raises: RuleError, UsageError."""
    truth = {target: data.truth(target) for target in targets}
    tallies: dict[str, Tallies] = {target: {GENERATED: Tally(), REAL: Tally()} for target in targets}
    configurations = {target: configuration(packs, data.targets[target]) for target in targets}
    auditors: dict[tuple[str, ...], Auditor] = {}
    for kind, path, model in data.models():
        asked = [target for target in targets if path in truth[target]]
        if isinstance(model, ModelError):
            for target in asked:
                _unread(truth[target][path], tallies[target][kind])
            continue
        who = tuple(asked)
        if who not in auditors:
            auditors[who] = Auditor(packs, [configurations[target] for target in who])
        for target, audit in zip(who, auditors[who].audit(model).delegates if who else (), strict=True):
            compare(audit, truth[target][path], tallies[target][kind])
    return tallies


def _unread(row: Truth, tally: Tally) -> None:
    """A model that a delegate was asked about should be readable."""
    if row.supported:
        tally.models += 1
        tally.operators.all += sum(len(word) - word.count(_UNDECIDED) for word in row.supported.values())
        tally.wrong.append(f"{row.path}: can't be read")


def compare(audit: DelegateAudit, row: Truth, tally: Tally) -> None:
    """Hold one audit to what was said of the model."""
    tally.models += 1
    mine = {(operator.subgraph, operator.index): operator.supported for operator in audit.operators}
    for subgraph, words in row.supported.items():
        for index, word in enumerate(words):
            own = mine.get((int(subgraph), index))
            if word != _UNDECIDED and not tally.operators.add(own == (word == "1")):
                say = "accepts" if word == "1" else "refuses"
                tally.wrong.append(f"{row.path}: the delegate {say} operator {index} of subgraph {subgraph}")
    if row.delegated is not None:
        actual = delegated(audit)
        wanted = {int(subgraph): taken for subgraph, taken in row.delegated.items()}
        if not tally.delegated.add(all(actual.get(at, []) == taken for at, taken in wanted.items())):
            tally.wrong.append(f"{row.path}: the delegate takes {wanted}, said was {actual}")
    if row.partitions is not None:
        groups = {
            subgraph: sorted(list(p.operators) for p in audit.partitions if p.subgraph == int(subgraph))
            for subgraph in row.partitions
        }
        if not tally.partitions.add(groups == row.partitions):
            tally.wrong.append(f"{row.path}: the delegate makes {row.partitions}, said was {groups}")


def delegated(audit: DelegateAudit) -> dict[int, list[int]]:
    """Subgraph -> the operators that are delegated there."""
    operators: dict[int, list[int]] = {}
    for operator in audit.operators:
        if operator.delegated:
            operators.setdefault(operator.subgraph, []).append(operator.index)
    return operators


class RuntimeTally(Struct):
    """A runtime of this machine against a pack: `sets` counts models whose delegated operators it told."""

    runtime: str = ""
    sets: Count = msgspec.field(default_factory=Count)
    #: Models that it doesn't load, or that end it; also where the pack says so, or that chance decides.
    unjudged: int = 0
    wrong: list[str] = []


def hold_runtime(packs: Packs, name: str, files: Mapping[str, str], limits: Limits) -> RuntimeTally:
    """Hold a pack to the runtime: files -> what they are called. Raises: RuntimeUnavailable, RuleError."""
    runtimes.check(name)
    auditor = Auditor(packs, configure(packs, installed.completed(packs, [name])))
    tally = RuntimeTally()
    for reply in runtimes.query(name, list(files), limits):
        if reply.delegated is None:
            tally.unjudged += 1
            continue
        tally.runtime = reply.runtime
        audit = _audited(auditor, reply.file)
        if audit is not None and (audit.verdict == "crash" or undefined(audit)):
            tally.unjudged += 1
            continue
        predicted = None if audit is None else delegated(audit)
        actual = {subgraph: sorted(taken) for subgraph, taken in reply.delegated.items() if taken}
        if not tally.sets.add(predicted == actual):
            tally.wrong.append(f"{files[reply.file]}: the runtime takes {actual}, said was {predicted}")
    return tally


def _audited(auditor: Auditor, file: str) -> DelegateAudit | None:
    try:
        return auditor.audit(read(file)).delegates[0]
    except ModelError:
        return None


def undefined(audit: DelegateAudit) -> bool:
    """Whether a finding says that chance decides what becomes of the model."""
    return any(located.finding.message.startswith(UNDEFINED) for located in audit.findings)


def unpack(data: Data, folder: Path) -> dict[str, str]:
    """Every model as a file in or outside of `folder` -> what it is called."""
    paths = {os.fspath(file): name for name, file in data.real()}
    for archive in data.archives:
        with opened(archive) as models:
            names = [name for name in models.namelist() if name.endswith(_ENDING)]
            models.extractall(folder, names)
        paths |= {os.fspath(folder / name): name for name in names}
    return paths
