"""Delegates in shared libraries, and what they are told."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer.errors import RuntimeUnavailable
from tests.runtime import models
from tests.runtime.running import Given

#: A delegate that takes nothing; asked to `refuse`, it doesn't even load.
_SOURCE = """
#include <stdlib.h>
#include <string.h>
typedef struct Delegate {
    void *data; int (*prepare)(void *context, struct Delegate *self);
    void *from, *to, *release; long long flags; void *builder;
} Delegate;
static int prepare(void *context, Delegate *self) { return 0; }
typedef void Complain(const char *);
Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, Complain *complain) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(keys[i], "refuse")) { complain(values[i]); return NULL; }
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
    subprocess.run([compiler, "-shared", "-fPIC", "-o", built, folder / "delegate.c"], check=True)
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


def test_a_file_that_is_no_library_says_so(tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    other.write_text("text")
    found = Given(tmp_path, models.chain("ABS")).run("external", library=str(other))
    assert found.status == "failed" and "other.so" in found.message


def test_a_library_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"--delegate-lib none.so: there is no such file"):
        Given(tmp_path, models.chain("ABS")).run("external", library="none.so")
