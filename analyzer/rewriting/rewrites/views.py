"""Views under another name: what gives the same elements in another shape is a RESHAPE."""

from __future__ import annotations

from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.site import Site


@rewrite("SQUEEZE", "EXPAND_DIMS", title="SQUEEZE and EXPAND_DIMS become RESHAPE")
def views_as_reshape(site: Site) -> Patch | None:
    source, target = site.input(), site.output()
    site.require(source.dtype == target.dtype, not source.constant)
    return site.replaced(site.reshape(source.index, target.index))
