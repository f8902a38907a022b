"""Our verdicts against what was seen to become of models.

The data is a folder: `truth.jsonl` says of models and delegates whether they work, come out wrong, fail or
crash; `models.zip` holds generated models. Those whose paths begin with `synth/` or `real/` lie elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configuration
from analyzer.auditing.types import DelegateAudit
from analyzer.conformance.verdicts import GENERATED, REAL, Data, opened
from analyzer.errors import ModelError, UsageError
from analyzer.model import Model, read, read_bytes
from analyzer.rules.pack import BROKEN
from analyzer.rules.registry import Packs

WORKS, WARNED, UNREAD = "works", "warned", "unread"
_REAL = "real/"

Outcome = Literal["works", "builds", "wrong", "fails", "crash"]


class Seen(Struct, frozen=True):
    """What became of a model with a delegate: a line of `truth.jsonl`.

    `builds`: its graph was built, its numbers weren't compared.
    """

    path: str
    #: As `-d` takes it.
    delegate: str
    outcome: Outcome
    #: The runtime's last words, or the cause where it is known.
    kind: str = ""
    #: Who says so.
    judge: str = ""

    @property
    def broken(self) -> bool:
        return self.outcome not in (WORKS, "builds")

    @property
    def origin(self) -> str:
        return REAL if self.path.startswith(_REAL) else GENERATED


class Held(Struct, frozen=True):
    """What was said of a model beside what was seen: `crash`, `fails`, `wrong`, `warned` or `works`.

    `warned` is said where it is taken to work, with a hazard.
    """

    seen: Seen
    said: str

    @property
    def caught(self) -> bool:
        return self.seen.broken and self.said in BROKEN

    @property
    def missed(self) -> bool:
        return self.seen.broken and self.said in (WORKS, WARNED)

    @property
    def false(self) -> bool:
        """It works, and we say that it doesn't; of what was only built we can't be wrong about numbers."""
        if self.seen.outcome == "builds" and self.said == "wrong":
            return False
        return not self.seen.broken and self.said in BROKEN


class Tally(Struct):
    """How often verdicts are right about models of one kind."""

    works: int = 0
    false: int = 0
    #: Models that work, of which a hazard is told.
    warned: int = 0
    broken: int = 0
    caught: int = 0
    #: Caught, with the right one of the three words.
    exact: int = 0
    #: Models that can't be read.
    unread: int = 0


def tally(held: Iterable[Held]) -> Tally:
    counted = Tally()
    for row in held:
        if row.said == UNREAD:
            counted.unread += 1
        elif row.seen.broken:
            counted.broken += 1
            counted.caught += row.caught
            counted.exact += row.said == row.seen.outcome
        else:
            counted.works += 1
            counted.false += row.false
            counted.warned += row.said == WARNED
    return counted


class WorksData:
    """A folder of what was seen, and where the models are."""

    def __init__(self, folder: Path, data: Data) -> None:
        """Raises: UsageError where there is no such data."""
        try:
            lines = (folder / "truth.jsonl").read_bytes().splitlines()
            # Python's own reader takes numbers that aren't finite, too.
            self.seen = [msgspec.convert(json.loads(line), Seen) for line in lines]
        except OSError:
            raise UsageError(
                f"{folder}: holds no truth.jsonl; name a folder that does with --works"
            ) from None
        except (ValueError, RecursionError) as error:  # that it is no JSON, or another shape
            raise UsageError(f"{folder / 'truth.jsonl'}: {error}") from None
        self.folder = folder
        self._data = data

    def specs(self, names: Collection[str]) -> list[str]:
        """The configurations of these packs that something was seen of, in the order of the file."""
        specs = dict.fromkeys(row.delegate for row in self.seen)
        return [spec for spec in specs if spec.partition(":")[0] in names]

    def models(self, wanted: Collection[str]) -> Iterator[tuple[str, Model | None]]:
        """Path and model of each that is here; None for those that can't be read."""
        near = (self.folder / "models.zip", self.folder / "synth.zip", self.folder / ".." / "synth.zip")
        missing = set(wanted)
        for archive in (*near, *self._data.archives):
            if archive.is_file():
                with opened(archive) as models:
                    for name in models.namelist():
                        if name in missing:
                            missing.discard(name)
                            yield name, _read(models.read(name), name)
        for name, file in self._data.real():
            if name in missing:
                yield name, _read(file, name)


def _read(source: bytes | Path, name: str) -> Model | None:
    try:
        return read_bytes(source, name) if isinstance(source, bytes) else read(str(source), name)
    except ModelError:
        return None


def hold(packs: Packs, works: WorksData, specs: Collection[str]) -> dict[str, list[Held]]:
    """Spec -> every model that is here, as said and as seen. Raises: RuleError, UsageError."""
    rows: dict[str, dict[str, Seen]] = defaultdict(dict)
    for row in works.seen:
        if row.delegate in specs:
            rows[row.path][row.delegate] = row
    auditors: dict[tuple[str, ...], Auditor] = {}
    held: dict[str, list[Held]] = {spec: [] for spec in specs}
    for path, model in works.models(rows):
        asked = tuple(rows[path])
        if asked not in auditors:
            auditors[asked] = Auditor(packs, [configuration(packs, spec) for spec in asked])
        audits = auditors[asked].audit(model).delegates if model is not None else ()
        for spec, audit in zip(asked, audits or [None] * len(asked), strict=True):
            held[spec].append(Held(rows[path][spec], UNREAD if audit is None else said(audit)))
    return held


def said(audit: DelegateAudit) -> str:
    """The worst of what an audit says."""
    if audit.summary.broken:
        return audit.summary.verdict
    findings = [finding for row in audit.operators if row.delegated for finding in row.findings]
    findings += [blocker.finding for blocker in audit.blockers]
    return WARNED if any(finding.severity == "hazard" for finding in findings) else WORKS


def by_kind(held: Iterable[Held]) -> Mapping[str, list[Held]]:
    """What was seen, with its cause -> the models; most first."""
    kinds: dict[str, list[Held]] = defaultdict(list)
    for row in held:
        kinds[f"{row.seen.outcome}: {row.seen.kind}" if row.seen.kind else row.seen.outcome].append(row)
    return dict(sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])))


#: What is asked of a pack: least shares of broken models caught, and with the right word; most of
#: working ones that are doubted.
_CAUGHT, _EXACT, _FALSE = 0.95, 0.9, 0.01


def good(counted: Tally) -> bool:
    """Whether verdicts are as right as they should be."""
    exact = counted.exact >= _EXACT * counted.broken
    return exact and counted.caught >= _CAUGHT * counted.broken and counted.false <= _FALSE * counted.works


#: Spec -> kind of outcome -> figures.
Recorded = dict[str, dict[str, Tally]]
_RECORD = "recorded.json"


def figures(outcomes: Mapping[str, Iterable[Held]]) -> Recorded:
    return {
        spec: {kind: tally(rows) for kind, rows in by_kind(held).items()} for spec, held in outcomes.items()
    }


def record(folder: Path, outcomes: Mapping[str, Iterable[Held]]) -> None:
    """Keep figures beside the data, for the test that holds packs to them."""
    lines = [
        f'"{spec}": {{\n'
        + ",\n".join(
            f"  {json.dumps(kind)}: {msgspec.json.encode(kinds[kind]).decode()}" for kind in sorted(kinds)
        )
        + "\n}"
        for spec, kinds in figures(outcomes).items()
    ]
    (folder / _RECORD).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def recorded(folder: Path) -> Recorded:
    return msgspec.json.decode((folder / _RECORD).read_bytes(), type=Recorded)
