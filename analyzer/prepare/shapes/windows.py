"""Shapes of StableHLO's windows and of the audio and detection operators."""

from analyzer.prepare.shapes.common import ShapeFunction

FUNCTIONS: dict[str, ShapeFunction] = {}
