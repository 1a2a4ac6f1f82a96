"""A plan file that somebody sent, read in a throw-away process: what comes out of it is plain text, checked again here.

`plan_files` says what may stand in the file. A plan that was read travels as JSON: out of the process, and from the
preview to the act, so that what is filed is what was looked at.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from eakte.language import _
from eakte.operations.plan_files import read_plan
from eakte.operations.plan_raw import unreadable
from eakte.operations.plan_rows import PlanRow
from eakte.operations.plan_words import PlanFileError, PlanFileProblem, Position
from indexing.errors import UntrustedFailed
from indexing.untrusted import Limits, read_untrusted_file, run_untrusted
from retention.errors import RuleError
from retention.terms import Anchor, Appraisal, DisposalLevel, Rounding, Term

T = TypeVar("T")
LIMITS = Limits(cpu_seconds=30, wall_seconds=60.0, file_bytes=64 << 20, output_bytes=64 << 20)
RESULT = "plan.json"
Entry = dict[str, Any]


def read_upload(path: Path) -> list[PlanRow]:
    """The plan of a file from outside; its name's ending says what kind it is.

    Raises:
        PlanFileError: Something is wrong; ``errors`` names everything that is, or that the file cannot be read at all.
    """
    with tempfile.TemporaryDirectory(prefix="eakte-plan-") as folder:
        try:
            arguments = {"path": str(path), "folder": folder}
            run_untrusted("eakte.operations.plan_reading:read_into", arguments, limits=LIMITS, folder=Path(folder))
            untrusted = json.loads(read_untrusted_file(Path(folder) / RESULT, LIMITS.file_bytes))
            problems = [_problem(each) for each in untrusted["problems"]]
            rows = entries_to_rows(untrusted["rows"])
        except UntrustedFailed as error:
            raise unreadable("unreadable", str(error)) from error
        except (KeyError, TypeError, ValueError, RuleError) as error:
            raise unreadable("unreadable", _("Die Datei kann nicht gelesen werden.")) from error
    if problems:
        raise PlanFileError(problems)
    return rows


def read_into(path: str, folder: str) -> Iterator[None]:
    """What the throw-away process does: read the plan and leave it, or what is wrong with it, in its folder."""
    found: dict[str, list[Entry]] = {"rows": [], "problems": []}
    try:
        found["rows"] = rows_to_entries(read_plan(Path(path)))
    except PlanFileError as error:
        names = ("at", "message", "sheet", "row", "column", "rule")
        found["problems"] = [{name: getattr(each, name) for name in names} for each in error.errors]
    (Path(folder) / RESULT).write_text(json.dumps(found), encoding="utf-8")
    yield None


def rows_to_entries(rows: Sequence[PlanRow]) -> list[Entry]:
    """A plan as JSON can carry it."""
    return [
        {
            **{name: getattr(row, name) for name in _TEXTS},
            **{name: None if getattr(row, name) is None else str(getattr(row, name)) for name in _WORDS},
            "files_allowed": row.files_allowed,
            "sheet": row.position.sheet,
            "row": row.position.row,
        }
        for row in rows
    ]


def entries_to_rows(entries: Sequence[Entry]) -> list[PlanRow]:
    """The plan again. Raises KeyError, TypeError, ValueError or RuleError for what is none."""
    return [_row(entry) for entry in entries]


_TEXTS = ("number", "title", "parent", "description", "legal_basis", "unit", "note")
_WORDS: dict[str, Callable[[str], Any]] = {
    "term": Term.parse,
    "anchor": Anchor.parse,
    "rounding": Rounding,
    "appraisal": Appraisal,
    "offer_by": Term.parse,
    "disposal_level": DisposalLevel,
    "transfer_grace": Term.parse,
}


def _row(entry: Entry) -> PlanRow:
    texts = {name: _text(entry[name]) for name in _TEXTS}
    words = {name: None if entry[name] is None else parse(str(entry[name])) for name, parse in _WORDS.items()}
    if texts["number"] is None or texts["title"] is None:
        raise ValueError("a class has a number and a title")
    position = Position(_text(entry["sheet"]), _number(entry["row"]))
    return PlanRow(**texts, **words, files_allowed=entry["files_allowed"] is True, position=position)  # type: ignore[arg-type] # checked just now


def _problem(entry: Entry) -> PlanFileProblem:
    return PlanFileProblem(
        at=str(entry["at"]),
        message=str(entry["message"]),
        sheet=_text(entry["sheet"]),
        row=_number(entry["row"]),
        column=_text(entry["column"]),
        rule=str(entry["rule"]),
    )


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: object) -> int | None:
    if value is not None and not isinstance(value, int):
        raise TypeError("not a number")
    return value
