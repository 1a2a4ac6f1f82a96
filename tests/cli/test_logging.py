"""The lines of the log: what our code says beside the event comes through, and nothing is loaded before the first."""

from __future__ import annotations

import ast
import io
import json
import logging
from pathlib import Path

from eakte.cli import main

ROOT = Path(__file__).parents[2]


def said_beside() -> set[str]:
    """The names in every `extra={…}` of the product."""
    files = [file for room in ("eakte", "indexing", "storage", "retention") for file in (ROOT / room).rglob("*.py")]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    beside = (node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "extra")
    keys = [key for each in beside if isinstance(each, ast.Dict) for key in each.keys]
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def test_what_is_said_beside_the_event_comes_through() -> None:
    assert said_beside() == set(main.TOLD)


def test_a_line_is_json_with_level_time_and_what_stands_beside() -> None:
    written = io.StringIO()
    record = logging.makeLogRecord(
        {"msg": "lost %s", "args": ("one",), "levelname": "ERROR", "blob": "a/b", "other": 1}
    )
    main._Told(written).emit(record)
    line = json.loads(written.getvalue())
    assert (line["event"], line["level"], line["blob"]) == ("lost one", "error", "a/b")
    assert "x" not in line
    assert line["timestamp"].endswith("Z")
