"""Qualcomm's compiler plug-in of LiteRT: which operators the NPU's own library takes. Nothing is computed.

The plug-in comes with LiteRT, Qualcomm's libraries with ONNX Runtime's package for their chips.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import metadata, util
from pathlib import Path

from msgspec import Struct

from analyzer.errors import ModelError
from analyzer.execution import process
from analyzer.execution.request import (
    FAILED,
    OK,
    Latency,
    Limits,
    Measured,
    RunRequest,
    RunResult,
    Runtime,
    Sample,
    unavailable,
)
from analyzer.files import temporary_folder
from analyzer.model import read
from analyzer.model.graph import Model, Operator, Subgraph

_TOOL = Path("tools/apply_plugin_main")
_PLUGIN = Path("vendors/qualcomm/compiler")
_LIBRARIES = "onnxruntime_qnn"
_BACKEND = "libQnnHtp.so"
#: The plug-in names this library as needed and uses nothing of it; any other in its place will do.
_UNUSED = "libQnnLpai.so"
#: What stands in a partitioned model for operators that the NPU takes.
_DISPATCH = "DISPATCH_OP"
_COMPOSITE = "STABLEHLO_COMPOSITE"
#: What LiteRT says where it writes out composites that the plug-in doesn't take by their names.
_INLINED = re.compile(r"Inlined (\d+) composite ops")
_INSTALL = "pip install ai-edge-litert onnxruntime-qnn"
_STAGE = "partitioning"
_REMARK = "Partitioned and validated for the NPU, not run: outputs and times are those of a phone alone."


class Qualcomm(Struct, frozen=True):
    """Has a model partitioned as for a phone with one of Qualcomm's chips."""

    name: str
    rounds_alike: bool = True

    def check(self, request: RunRequest) -> None:
        """Raises: RuntimeUnavailable."""
        if not sys.platform.startswith("linux"):
            raise unavailable(f"{self.name}: Qualcomm's libraries are here for Linux only", "run it there")
        missing = [
            package
            for package, file in (("ai_edge_litert", _TOOL), (_LIBRARIES, Path(_BACKEND)))
            if not ((_folder(package) or Path("/nowhere")) / file).is_file()
        ]
        if missing:
            raise unavailable(f"{self.name}: {' and '.join(missing)} is not installed", _INSTALL)

    def run(self, request: RunRequest, samples: Sequence[Sample], limits: Limits) -> RunResult:
        """Partition; the samples are not used."""
        with temporary_folder() as name:
            folder = Path(name)
            (folder / _UNUSED).symlink_to(_any_library())
            return _partition(request, folder, limits)


def _partition(request: RunRequest, folder: Path, limits: Limits) -> RunResult:
    litert, libraries = _folder("ai_edge_litert") or Path(), _folder(_LIBRARIES) or Path()
    chip = str(request.parameters.get("soc", "SM8650"))
    out, said = folder / "partitioned.tflite", folder / "log"
    paths = [libraries, libraries.parent / f"{_LIBRARIES}.libs", folder, litert]
    command = [
        str(litert / _TOOL),
        "--cmd=partition",
        f"--libs={litert / _PLUGIN}",
        f"--model={request.model}",
        "--soc_manufacturer=Qualcomm",
        f"--soc_model={chip}",
        f"--o={out}",
        "--err=--",
        "--qualcomm_log_level=error",
    ]
    environment = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(map(str, paths))}
    start = time.perf_counter()
    ended = process.watch(command, said, environment, limits)
    took = 1000 * (time.perf_counter() - start)
    log = said.read_text("utf-8", "replace")
    if failed := process.over_limit(ended, limits, _STAGE, log):
        return failed
    if ended.code < 0:
        return process.crash(ended, _STAGE, log)
    if ended.code or not out.is_file():
        message = process.with_words("the plug-in refuses the model", log)
        return RunResult(status=FAILED, message=message, log=log)
    measured = Measured(
        runtime=Runtime("ai-edge-litert", metadata.version("ai-edge-litert")),
        device=f"Qualcomm {chip}, NPU (HTP)",
        latency=Latency(took, None),
        delegated=_delegated(read(request.model), out, log),
        remarks=(_REMARK,),
    )
    return RunResult(status=OK, measured=measured, log=log)


def _delegated(model: Model, partitioned: Path, log: str) -> Mapping[int, tuple[int, ...]] | None:
    """The operators that a partitioned model lacks, told by what they write; None where that doesn't tell.

    Composites that are written out aren't taken: their operators are, each in its own subgraph.
    """
    try:
        left = read(partitioned).subgraphs
    except ModelError:
        return None
    composites = [
        (subgraph, operator)
        for subgraph in model.subgraphs
        for operator in subgraph.operators
        if operator.name == _COMPOSITE
    ]
    written_out = sum(map(int, _INLINED.findall(log)))
    if written_out not in (0, len(composites)):
        return None
    bodies = {operator.options["decomposition_subgraph_index"]: caller for caller, operator in composites}
    delegated: dict[int, tuple[int, ...]] = {}
    graphs = [subgraph for subgraph in model.subgraphs if subgraph.index not in bodies]
    for subgraph, after in zip(graphs, left, strict=False):
        inner = [model.subgraphs[at] for at, caller in bodies.items() if caller is subgraph]
        taken = _missing([subgraph, *inner] if written_out else [subgraph], after)
        if taken is None:
            return None
        delegated |= taken
    return delegated


def _missing(before: Sequence[Subgraph], after: Subgraph) -> dict[int, tuple[int, ...]] | None:
    """By subgraph, the operators that are no longer there; several subgraphs became one."""
    operators = [(subgraph, operator) for subgraph in before for operator in subgraph.operators]
    known = {_key(subgraph, operator): (subgraph, operator) for subgraph, operator in operators}
    if len(known) != len(operators):
        return None
    remaining = {_key(after, operator) for operator in after.operators if operator.custom != _DISPATCH}
    if not remaining <= known.keys():
        return None
    # What isn't written out stays whole, and takes none of its own operators along.
    kept = any(name == _COMPOSITE for name, *_ in remaining)
    gone = [place for key, place in known.items() if key not in remaining]
    if len(before) > 1:
        gone = [
            (subgraph, operator)
            for subgraph, operator in gone
            if operator.name != _COMPOSITE and (subgraph is before[0] or not kept)
        ]
    return {
        subgraph.index: tuple(sorted(operator.index for of, operator in gone if of is subgraph))
        for subgraph in before
    }


def _key(subgraph: Subgraph, operator: Operator) -> tuple[str, ...]:
    return (operator.name, *(subgraph.tensors[index].name for index in operator.outputs if index >= 0))


def _folder(package: str) -> Path | None:
    package_spec = util.find_spec(package)
    return Path(package_spec.origin).parent if package_spec and package_spec.origin else None


def _any_library() -> Path:
    """A library that is loaded anyway."""
    with open("/proc/self/maps", encoding="utf-8") as file:
        return next(Path(line.split()[-1]) for line in file if "/libc.so" in line or "/libc-" in line)
