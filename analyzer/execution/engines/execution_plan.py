"""Reads a TFLite interpreter's execution plan from inside, through the C structures that delegates see.

A delegate is a structure whose `Prepare` gets, for one subgraph after another, a context that gives the
plan: the nodes in the order they run. Operators of the file that the plan lacks have been replaced. Only
the first fields of both structures are touched; delegates outside the runtime depend on them too.
Source: google-ai-edge/LiteRT f67457790, tflite/core/c/common.h TfLiteContext and TfLiteDelegate.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from analyzer.model.graph import Model, Subgraph

_OK = 0
#: So that a graph with sizes only known at run time, or one in use, may still be looked at.
_ALLOW_DYNAMIC_TENSORS = 1

_GetPlan = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p))


class _Context(ctypes.Structure):
    _fields_ = [("tensors_size", ctypes.c_size_t), ("get_execution_plan", _GetPlan)]


_Prepare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Context), ctypes.c_void_p)


class _Delegate(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("prepare", _Prepare),
        ("copy_from_buffer", ctypes.c_void_p),
        ("copy_to_buffer", ctypes.c_void_p),
        ("free_buffer", ctypes.c_void_p),
        ("flags", ctypes.c_int64),
        ("opaque", ctypes.c_void_p),
    ]


def _plan(context: Any) -> tuple[int, ...]:
    plan = ctypes.c_void_p()
    context.contents.get_execution_plan(ctypes.cast(context, ctypes.c_void_p), ctypes.byref(plan))
    count = ctypes.c_int.from_address(plan.value or 0).value
    return tuple((ctypes.c_int * count).from_address((plan.value or 0) + ctypes.sizeof(ctypes.c_int)))


class ExecutionPlanHook:
    """Notes the execution plan of each subgraph in turn, as a delegate of its own or in front of another.

    `unprepared`: the other one is asked before anything is prepared, whatever it says of itself.
    """

    def __init__(self, unprepared: bool = False) -> None:
        self._unprepared = unprepared
        #: Tensors and plan of each subgraph that was seen, by the address of its context.
        self.seen: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._kept: list[Any] = []

    def delegate(self) -> int:
        """The address of a delegate that replaces nothing."""
        delegate = _Delegate(flags=_ALLOW_DYNAMIC_TENSORS)
        self._install(delegate, lambda context, delegate: _OK)
        self._kept.append(delegate)
        return ctypes.addressof(delegate)

    def wrap(self, address: int) -> None:
        """Watch what the delegate at `address` replaces, each time it is applied."""
        delegate = _Delegate.from_address(address)
        own = _Prepare(ctypes.cast(delegate.prepare, ctypes.c_void_p).value or 0)
        if self._unprepared:
            delegate.flags |= _ALLOW_DYNAMIC_TENSORS
        self._kept.append(own)
        self._install(delegate, own)

    def _install(self, delegate: _Delegate, then: Callable[[Any, Any], int]) -> None:
        def prepare(context: Any, address: Any) -> int:
            status = int(then(context, address))
            where = ctypes.addressof(context.contents)
            self.seen[where] = context.contents.tensors_size, _plan(context)
            return status

        callback = _Prepare(prepare)
        self._kept.append(callback)
        delegate.prepare = callback

    def replaced(self, model: Model) -> dict[int, tuple[int, ...]]:
        """Subgraph index -> operators of the file that are no longer in its plan.

        Subgraphs are seen in order, but not all of them: a runtime leaves some out.
        """
        waiting = list(model.subgraphs)
        operators: dict[int, tuple[int, ...]] = {}
        for tensors, plan in self.seen.values():
            while waiting and not _fits(waiting[0], tensors, plan):
                waiting.pop(0)
            if not waiting:
                break
            subgraph, remaining = waiting.pop(0), set(plan)
            operators[subgraph.index] = tuple(o.index for o in subgraph.operators if o.index not in remaining)
        return operators


def _fits(subgraph: Subgraph, tensors: int, plan: tuple[int, ...]) -> bool:
    """Runtimes add tensors and nodes to a subgraph and never take any away."""
    applies = not subgraph.validation and tensors >= len(subgraph.tensors)
    return applies and (bool(plan) or not subgraph.operators)
