"""Build hook of hatchling: the wheel, the editable one too, brings the pages' files along, so that users need no Node.

pyproject.toml names this file under ``[tool.hatch.build.hooks.custom]``.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves its configuration type to the builder
    """Runs ``tools/build_assets.py`` unless what it builds is current."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build before files are collected; a source distribution carries the inputs, not the result."""
        if self.target_name != "wheel":
            return
        tool = _load(Path(self.root) / "tools" / "build_assets.py")
        try:
            tool.build(Path(self.root))
        except tool.AssetError as error:
            raise SystemExit(str(error)) from None


def _load(path: Path) -> ModuleType:
    """Import a file that is no package: in an isolated build the checkout is not on the module path."""
    spec = importlib.util.spec_from_file_location("build_assets", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path.name} fehlt.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while the class is made.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
