"""Stands in for LiteRT's `benchmark_model`: the same flags, log and files, with the interpreter for Python.

A delegate is whatever the JSON file PLAN beside it says: `{"use_gpu": {"kernel": "TfLiteGpuDelegateV2",
"replaced": [0, 1], "name": "GPU"}}`. Its outputs are those of the built-in kernels, plus `noise`; with `ends`
it exits with that code or, where negative, by that signal; with `sleeps` it first waits so many seconds,
and with `pid` leaves its process's number in that file. `lacks` are flags that it doesn't know; `enters` is
a signature that it enters by unasked, XNNPACK first unless that is forbidden; `says` is a line of its log.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

PLAN = "plan.json"


def main(arguments: list[str]) -> int:
    given = dict(argument.removeprefix("--").split("=", 1) for argument in arguments)
    plan = json.loads((Path(__file__).parent / PLAN).read_text())
    delegate = next((plan[name] for name in plan if given.pop(name, "false") == "true"), None)
    delegate_plan = delegate or plan.get("cpu", {})
    lacks = delegate_plan.get("lacks", [])
    unused = {name: value for name, value in given.items() if name.startswith("use_") or name in lacks}
    if unknown := [f"--{name}={value}" for name, value in unused.items() if name != "use_xnnpack"]:
        print(f"WARN: Unconsumed cmdline flags: {' '.join(unknown)}")
    for name in lacks:
        given.pop(name, None)
    if "says" in delegate_plan:
        print(f"INFO: {delegate_plan['says']}")
    if "enters" in delegate_plan:
        print(f"INFO: Using signature: {delegate_plan['enters']}")
        if "use_xnnpack" not in given:
            delegate_plan = {**delegate_plan, "rest": delegate_plan["replaced"], "replaced": []}
    return benchmark(given, delegate_plan, delegate is not None)


class Ended(Exception):
    """The tool's end before it has measured anything, with its exit code."""


def benchmark(given: dict[str, str], plan: dict[str, Any], applied: bool) -> int:
    begun = time.perf_counter()
    print(f"INFO: Loaded model {given['graph']}", flush=True)
    try:
        begin(plan)
        interpreter = built(given)
        if applied:
            announce(plan, len(interpreter._get_ops_details()))
        interpreter.allocate_tensors()
        init = time.perf_counter() - begun
        fill(interpreter, given)
    except Ended as ended:
        return int(ended.args[0])
    if given.get("export_model_runtime_info") == "true" and plan.get("tells", True):
        Path(given["model_runtime_info_output_file"]).write_bytes(runtime_info(interpreter, plan))
    warmed = measure(interpreter, int(given["warmup_runs"]))
    timed = measure(interpreter, int(given["num_runs"]))
    average = sum(timed) / len(timed) if timed else float("nan")
    print(
        f"INFO: Inference timings in us: Init: {init * 1e6:.0f}, First inference: {warmed[0]:.0f}, "
        f"Warmup (avg): {sum(warmed) / len(warmed):g}, Inference (avg): {average:g}"
    )
    print("INFO: Memory footprint delta from the start of the tool (MB): init=2.5 overall=7.25")
    outputs = [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
    raw = b"".join(disturbed(values, plan.get("noise", 0)).tobytes() for values in outputs)
    if "output_filepath" in given:
        Path(given["output_filepath"]).write_bytes(raw)
    return 0


def begin(plan: dict[str, Any]) -> None:
    """Wait and end as the plan says. Raises: Ended."""
    if "pid" in plan:
        Path(plan["pid"]).write_text(str(os.getpid()))
    time.sleep(plan.get("sleeps", 0))
    if "ends" in plan:
        print("ERROR: Failed to apply the delegate.", flush=True)
        if plan["ends"] < 0:
            os.kill(os.getpid(), -plan["ends"])
        raise Ended(plan["ends"])


def built(given: dict[str, str]) -> Interpreter:
    """An interpreter with its inputs resized. Raises: Ended."""
    interpreter = Interpreter(
        given["graph"],
        num_threads=int(given["num_threads"]),
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    if len(interpreter.get_signature_list()) > 1 and given.get("signature_to_run_for") is None:
        print('ERROR: Signature not specified or incorrect. Pass one to "--signature_to_run_for"')
        raise Ended(1)
    shapes = given["input_layer_shape"].split(":") if "input_layer" in given else []
    if len(shapes) != len(given["input_layer"].split(",") if "input_layer" in given else []):
        print("ERROR: The number of items in --input_layer_shape must match --input_layer")
        raise Ended(1)
    for tensor, shape in zip(interpreter.get_input_details(), shapes, strict=True):
        sizes = [int(size) for size in shape.split(",") if size]
        if sizes != list(tensor["shape"]):
            interpreter.resize_tensor_input(tensor["index"], sizes)
    return interpreter


def fill(interpreter: Interpreter, given: dict[str, str]) -> None:
    """Read the inputs from their files. Raises: Ended."""
    files = [entry.split(":", 1)[1] for entry in given.get("input_layer_value_files", "").split(",") if entry]
    for tensor, file in zip(interpreter.get_input_details(), files, strict=True):
        raw, wanted = Path(file).read_bytes(), interpreter.get_tensor(tensor["index"])
        if len(raw) != wanted.nbytes:
            print(f"FATAL: The size of {file} is {len(raw)} bytes. It should be {wanted.nbytes} bytes.")
            raise Ended(134)
        interpreter.set_tensor(tensor["index"], np.frombuffer(raw, tensor["dtype"]).reshape(wanted.shape))


def announce(plan: dict[str, Any], operators: int) -> None:
    name, replaced = plan["name"], len(plan["replaced"])
    if replaced:
        how = (
            "completely executed by the delegate." if replaced == operators else "partially executed by the "
        )
        how += "" if replaced == operators else "delegate w/ 1 delegate kernels."
        print(f"INFO: Explicitly applied {name} delegate, and the model graph will be {how}")
    else:
        nothing = "is explicitly applied, the model graph will not be executed by the delegate."
        print(f"INFO: Though {name} delegate {nothing}")


def measure(interpreter: Any, runs: int) -> list[float]:
    """Microseconds of each inference, with the statistics that the tool prints of them."""
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        interpreter.invoke()
        times.append((time.perf_counter() - begun) * 1e6)
    if not times:
        print("INFO: count=0")
    elif len(times) == 1:
        print(f"INFO: count=1 curr={times[0]:.0f} p5={times[0]:.0f} median={times[0]:.0f} p95={times[0]:.0f}")
    else:
        p5, median, p95 = np.percentile(times, [5, 50, 95])
        print(
            f"INFO: count={runs} first={times[0]:.0f} curr={times[-1]:.0f} min={min(times):.0f} "
            f"max={max(times):.0f} avg={np.mean(times):g} std={np.std(times):.0f} "
            f"p5={p5:.0f} median={median:.0f} p95={p95:.0f}"
        )
    return times


def disturbed(values: Any, noise: float) -> Any:
    return values + np.asarray(noise, values.dtype) if noise else values


def runtime_info(interpreter: Any, plan: dict[str, Any]) -> bytes:
    from ai_edge_litert import model_runtime_info_pb2

    details = model_runtime_info_pb2.ModelRuntimeDetails()
    subgraph = details.subgraphs.add(subgraph_id=0, subgraph_type=1, name="main")
    for tensor in interpreter.get_tensor_details():
        subgraph.edges.add(id=tensor["index"], name=tensor["name"], shape=tensor["shape"])
    operators = interpreter._get_ops_details()
    replaced = plan.get("replaced", [])
    for operator in operators:
        node = subgraph.nodes.add(id=operator["index"], name=operator["op_name"])
        if operator["index"] in replaced:
            node.delegated_to_node_id = len(operators)
    for name, nodes in ((plan.get("kernel"), replaced), ("TfLiteXNNPackDelegate", plan.get("rest", []))):
        if nodes:
            node = subgraph.nodes.add(id=len(subgraph.nodes), name=name)
            node.delegate_node_details.delegate_name = name
            node.delegate_node_details.tflite_node_ids_replaced.extend(nodes)
    written: bytes = details.SerializeToString()
    return written


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
