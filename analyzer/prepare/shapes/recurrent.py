"""Shapes of recurrent layers."""

from analyzer.prepare.shapes.common import ShapeFunction

FUNCTIONS: dict[str, ShapeFunction] = {}
