"""Normalizations taken apart into what every delegate has."""

from __future__ import annotations

from analyzer.model.graph import Tensor
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import Promise, rewrite
from analyzer.rewriting.site import Site

#: Source: tflite/kernels/internal/reference/l2normalization.h
_LEAST_NORM = 1e-6


def _rows(site: Site) -> tuple[Tensor, Tensor, frozenset[int], tuple[int, ...], int]:
    """Input, output, what is open of them, and shape and axis of what is reduced over the last dimension."""
    source, output = site.input(), site.output()
    site.require(source.dtype == output.dtype == "FLOAT32", len(source.shape) > 0)
    open_axes = site.graph.open_axes(source.index)
    last = len(source.shape) - 1
    site.require(last not in open_axes)
    axis = site.constant("INT32", [1], [last], f"{output.name}/axis")
    return source, output, open_axes, (*source.shape[:-1], 1), axis


@rewrite("LOG_SOFTMAX", title="LOG_SOFTMAX is taken apart", promise=Promise(100.0))
def log_softmax_apart(site: Site) -> Patch | None:
    """x - max, less the logarithm of the sum of its exponentials, which stays finite for every x."""
    source, output, open_axes, reduced, axis = _rows(site)
    largest = site.add(output, reduced, "largest", open_axes)
    below = site.add(output, source.shape, "below", open_axes)
    powers = site.add(output, source.shape, "powers", open_axes)
    total = site.add(output, reduced, "total", open_axes)
    logarithm = site.add(output, reduced, "logarithm", open_axes)
    return site.replaced(
        site.make("REDUCE_MAX", [source.index, axis], [largest], {"keep_dims": True}),
        site.make("SUB", [source.index, largest], [below]),
        site.make("EXP", [below], [powers]),
        site.make("SUM", [powers, axis], [total], {"keep_dims": True}),
        site.make("LOG", [total], [logarithm]),
        site.make("SUB", [below, logarithm], [output.index]),
    )


@rewrite("L2_NORMALIZATION", title="L2_NORMALIZATION is taken apart", promise=Promise(100.0))
def l2_normalization_apart(site: Site) -> Patch | None:
    """x over the root of the sum of its squares, which is held above a least one."""
    site.require(site.option("fused_activation_function") == "NONE")
    source, output, open_axes, reduced, axis = _rows(site)
    least = site.constant("FLOAT32", [1] * len(reduced), [_LEAST_NORM], f"{output.name}/least")
    squares = site.add(output, source.shape, "squares", open_axes)
    total = site.add(output, reduced, "total", open_axes)
    root = site.add(output, reduced, "root", open_axes)
    norm = site.add(output, reduced, "norm", open_axes)
    return site.replaced(
        site.make("SQUARE", [source.index], [squares]),
        site.make("SUM", [squares, axis], [total], {"keep_dims": True}),
        site.make("SQRT", [total], [root]),
        site.make("MAXIMUM", [root, least], [norm]),
        site.make("DIV", [source.index, norm], [output.index]),
    )
