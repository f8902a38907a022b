"""Models by the names that people give: files, folders, archives, addresses, standard input, the sample."""

from analyzer.sources.find_models import find, find_one, stream
from analyzer.sources.hold import at_hand, given, load, on_disk
from analyzer.sources.model_source import ENDING, SAMPLE, STDIN, ModelSource

__all__ = [
    "ENDING",
    "SAMPLE",
    "STDIN",
    "ModelSource",
    "at_hand",
    "find",
    "find_one",
    "given",
    "load",
    "on_disk",
    "stream",
]
