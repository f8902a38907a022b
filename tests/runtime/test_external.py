"""Delegates in shared libraries, and what they are told."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import jsonschema
import numpy as np
import psutil
import pytest

from analyzer.errors import RuntimeUnavailable
from analyzer.report.document import json_schema
from analyzer.runtime.interface import Limits
from tests.cli.running import run
from tests.runtime import models
from tests.runtime.running import Given

#: A delegate that takes nothing; asked to `refuse`, it doesn't even load. Asked to `write` so many bytes, it
#: takes every operator and leaves the rest of its outputs as they are. Asked to `start` something, it starts
#: a process that takes as many megabytes, and waits for it.
_SOURCE = """
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
typedef struct { int size; int data[]; } Indices;
typedef struct { int type; char *data; char rest[24]; size_t bytes; char more[64]; } Tensor;
typedef struct Node { Indices *inputs, *outputs; } Node;
typedef struct Kernel {
    void *init, *release, *prepare;
    int (*invoke)(struct Context *context, Node *node);
    void *profile; int code; const char *name; int version; void *more[4];
} Kernel;
typedef struct Delegate {
    void *data; int (*prepare)(struct Context *context, struct Delegate *self);
    void *from, *to, *release; long long flags; void *builder;
} Delegate;
typedef struct Context {
    size_t count; int (*plan)(struct Context *, Indices **); Tensor *tensors;
    void *impl, *resize, *report, *add, *node;
    int (*replace)(struct Context *, Kernel, const Indices *, Delegate *);
} Context;
static int written = -1, megabytes = 0;
static int invoke(Context *context, Node *node) {
    for (int i = 0; i < node->outputs->size; i++) {
        Tensor *tensor = context->tensors + node->outputs->data[i];
        memset(tensor->data, 0, written < tensor->bytes ? written : tensor->bytes);
    }
    return 0;
}
static int prepare(Context *context, Delegate *self) {
    Indices *plan;
    Kernel kernel = {.invoke = invoke, .name = "Careless", .version = 1};
    if (megabytes && !fork()) {
        memset(malloc((size_t)megabytes << 20), 1, (size_t)megabytes << 20);
        sleep(600);
    }
    if (megabytes) wait(NULL);
    if (written < 0) return 0;
    context->plan(context, &plan);
    return context->replace(context, kernel, plan, self);
}
typedef void Complain(const char *);
Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, Complain *complain) {
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(keys[i], "refuse")) { complain(values[i]); return NULL; }
        if (!strcmp(keys[i], "write")) written = atoi(values[i]);
        if (!strcmp(keys[i], "start")) megabytes = atoi(values[i]);
    }
    Delegate *made = calloc(1, sizeof(Delegate));
    made->prepare = prepare;
    return made;
}
void tflite_plugin_destroy_delegate(Delegate *made) { free(made); }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here")
    folder = tmp_path_factory.mktemp("delegate")
    (folder / "delegate.c").write_text(_SOURCE)
    built = folder / "delegate.so"
    subprocess.run([compiler, "-w", "-shared", "-fPIC", "-o", built, folder / "delegate.c"], check=True)
    return str(built)


def test_a_library_is_loaded_and_watched(tmp_path: Path, library: str) -> None:
    found = Given(tmp_path, models.chain("ABS")).run("external", library=library)
    assert found.status == "ok", found.message
    assert found.measured is not None and found.measured.delegated == {0: ()}


def test_options_reach_the_library(tmp_path: Path, library: str) -> None:
    found = Given(tmp_path, models.chain("ABS")).run(
        "external", library=library, options={"refuse": "no driver"}
    )
    assert found.status == "failed" and "no driver" in found.message


@pytest.mark.parametrize(("written", "left"), [("0", {"t1": 8}), ("24", {"t1": 2}), ("32", {})])
@pytest.mark.parametrize("samples", [1, 3])
def test_what_a_delegate_leaves_unwritten_is_found_out(
    tmp_path: Path, library: str, written: str, left: dict[str, int], samples: int
) -> None:
    given = Given(tmp_path, models.chain("ABS"), samples=samples)
    found = given.run("external", library=library, options={"write": written})
    assert found.measured is not None and found.measured.delegated == {0: (0,)}
    assert found.measured.never_written == left


def test_the_command_line_says_what_is_wrong_with_a_delegate(tmp_path: Path, library: str) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(models.chain("ABS", "EXP", "NEG"))
    options = ("--delegate-lib", library, "--delegate-option", "write=4", "--bisect", "--format", "json")
    done = run("run", file, *options)
    assert done.code == 1
    jsonschema.validate(done.json, json_schema())
    (found,) = done.json["models"][0]["runs"]
    assert found["reasons"] == ["output t3: the run never wrote 7 of 8 elements"]
    assert found["outputs"][0]["never_written"] and not found["agrees"]
    (culprit,) = found["culprits"]
    assert (culprit["subgraph"], culprit["operator"], culprit["before"]) == (0, 0, None)
    assert culprit["output"]["name"] == "t1" and not culprit["alone"]["within"]


def test_a_value_that_looks_unwritten_is_none(tmp_path: Path) -> None:
    bytes_of_the_pattern = {"t0": np.full((1, 8), 0xA5, np.uint8).repeat(4).view(np.float32).reshape(1, 8)}
    found = Given(tmp_path, models.chain("NEG", "NEG"), given=bytes_of_the_pattern).run()
    assert found.measured is not None and found.measured.never_written == {}


def test_what_a_delegate_starts_counts_too_and_is_ended_with_it(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARTED_FOR", str(tmp_path))
    found = Given(tmp_path, models.chain("ABS")).run(
        "external", Limits(60, megabytes=500), library=library, options={"start": "600"}
    )
    assert found.status == "failed"
    assert found.message == "needs more than the 500 MB it was allowed (--memory), while building"
    of_ours = [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get("STARTED_FOR") == str(tmp_path)
    ]
    assert not psutil.wait_procs(of_ours, timeout=10)[1]


def test_a_file_that_is_no_library_says_so(tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    other.write_text("text")
    found = Given(tmp_path, models.chain("ABS")).run("external", library=str(other))
    assert found.status == "failed" and "other.so" in found.message
    assert "its last words" not in found.message


def test_a_library_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"--delegate-lib none.so: there is no such file"):
        Given(tmp_path, models.chain("ABS")).run("external", library="none.so")
