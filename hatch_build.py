"""What a wheel brings beside the repository's own files: checked rule packs and templates as Python.

Both are made here, by the very code that the wheel ships, so that a first run needs neither a TOML reader
and the checker nor jinja2. A checkout has neither: an editable install stays as it is.
Its description is the README, whose links have to lead to the repository from wherever it is shown.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


class MetadataHook(MetadataHookInterface):
    """Adds the README."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        at = f"{metadata['urls']['Homepage']}/{{}}/v{metadata['version']}/"
        # A picture stands in the text of the link around it.
        text = re.sub(r"(!\[[^\]]*\]\()(?!https?:)", rf"\g<1>{at.format('raw')}", text)
        text = re.sub(r"(\]\()(?!https?:|#)", rf"\g<1>{at.format('blob')}", text)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `analyzer/_data/packs/` and `analyzer/_data/compiled/` to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.dont_write_bytecode = True
        sys.path.insert(0, self.root)
        from analyzer.browser_app.static_site import entries
        from analyzer.report import page_template
        from analyzer.resources import COMPILED, PACKS
        from analyzer.rules.cache import ENDING

        self.folder = tempfile.TemporaryDirectory()
        packs, compiled = (Path(self.folder.name) / name for name in (PACKS, COMPILED))
        packs.mkdir()
        for name, entry in entries().items():
            (packs / f"{name}{ENDING}").write_bytes(entry)
        page_template.compile_all(compiled)
        for file in sorted((*packs.iterdir(), *compiled.iterdir())):
            build_data["force_include"][str(file)] = f"analyzer/_data/{file.parent.name}/{file.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.folder.cleanup()
