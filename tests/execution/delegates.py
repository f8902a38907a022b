"""A delegate in a shared library, compiled from C.

It takes nothing; asked to `refuse`, it doesn't even load. Asked to `write` so many bytes, it takes every
operator and leaves the rest of its outputs as they are. Asked to `start` something, it starts a process that
takes as many megabytes, and waits for it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_COMPILER = shutil.which("cc") or shutil.which("gcc")
needs_compiler = pytest.mark.skipif(_COMPILER is None, reason="needs a C compiler")

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


def compiled(library: Path) -> None:
    """Make the library."""
    command = [_COMPILER or "cc", "-w", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)]
    subprocess.run(command, input=_SOURCE, text=True, check=True)
