"""The operators' guide names every setting there is, and none that is not."""

from __future__ import annotations

import re
from pathlib import Path

from eakte.settings import Settings

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_guide_lists_exactly_the_settings_of_the_program() -> None:
    rows = re.findall(r"^\| `(EAKTE_[A-Z_]+)`", GUIDE.read_text(), re.MULTILINE)
    assert rows == [f"EAKTE_{name.upper()}" for name in Settings.model_fields]
