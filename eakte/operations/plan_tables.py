"""Reading the tables of filing plan files into plain rows: workbooks and CSV. No judgement on the plan happens here.

The files come from a registrar at the command line, but they have been through other hands: sizes are limited, formulas
are never computed. What could be lost silently is refused instead.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from difflib import get_close_matches
from typing import Any, Final

from eakte.language import _, msgid
from eakte.operations.plan_raw import MAX_ROWS, RawPlan, RawRow, unreadable
from eakte.operations.plan_sheets import Cells, NoValue, sheets_of
from eakte.operations.plan_words import (
    HEADINGS,
    IGNORED_HEADINGS,
    ONEGOV_COLUMNS,
    Column,
    PlanFileProblem,
    Position,
    folded,
)

HEADING_ROWS: Final = 25
"""Within so many rows from the top the headings must come; above them there is room for the plan's name."""

_EXCEL_ERRORS: Final = ("#REF!", "#N/A", "#NV", "#VALUE!", "#WERT!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#ZAHL!")

_NO_HEADINGS_IN_SHEETS: Final = msgid(
    "In keinem Blatt stehen Spaltenüberschriften eines Aktenplans; nötig sind wenigstens „Nummer“ und „Titel“."
)
_NO_HEADINGS_IN_FILE: Final = msgid(
    "In der Datei stehen keine Spaltenüberschriften eines Aktenplans; nötig sind wenigstens „Nummer“ und „Titel“."
)


def read_xlsx(content: bytes) -> RawPlan:
    """Every visible sheet that has the headings, in the file's order.

    Raises:
        PlanFileError: This is no workbook, it is protected by a password, or it unpacks to too much.
    """
    plan, found = RawPlan(), False
    for name, rows in sheets_of(content, most=MAX_ROWS + HEADING_ROWS):
        found = _read_table(name, rows, plan) or found
    if not found:
        plan.problems.append(_no_headings(_NO_HEADINGS_IN_SHEETS))
    return plan


def read_csv(content: bytes) -> RawPlan:
    """Semicolons, commas or tabs; UTF-8 or Windows-1252, which Excel still writes.

    Raises:
        PlanFileError: The bytes are in no known encoding, or quotation marks do not pair.
    """
    text = _decoded(content)
    first = next((one for one in text.splitlines() if folded(one)), "")
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    plan = RawPlan()
    try:
        if not _read_table(None, _numbered(reader), plan):
            plan.problems.append(_no_headings(_NO_HEADINGS_IN_FILE))
    except csv.Error as error:
        message = _(
            "Die Datei ist keine lesbare CSV-Datei (etwa in Zeile %(line_num)s: Anführungszeichen prüfen).",
            line_num=reader.line_num,
        )
        raise unreadable("no-csv", message) from error
    return plan


def _numbered(reader: Any) -> Iterator[tuple[int, Cells]]:
    """Rows with the line on which they start; a quoted text may span several."""
    start = 1
    for row in reader:
        yield start, row
        start = reader.line_num + 1


def _decoded(content: bytes) -> str:
    has_utf16_mark = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if has_utf16_mark else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise unreadable("no-text", _("Die Datei ist kein Text in UTF-8 oder Windows-1252."))


# ------------------------------------------------------------------------------------------------------------- tables


def _read_table(sheet: str | None, numbered: Iterable[tuple[int, Cells]], plan: RawPlan) -> bool:
    """Add a table's rows to the plan; False where it has no headings of a plan."""
    rows = iter(numbered)
    head: list[tuple[int, Cells]] = []
    for number, cells in rows:
        head.append((number, cells))
        if _is_onegov(cells):
            if sheet != "Wertebereich":  # the Swiss form's list of allowed values has the same headings
                columns = {
                    at: ONEGOV_COLUMNS[_word(cell)] for at, cell in enumerate(cells) if _word(cell) in ONEGOV_COLUMNS
                }
                _take(sheet, rows, columns, plan, onegov=True)
            return True
        if len(head) >= HEADING_ROWS:
            break
    for at, (number, cells) in enumerate(head):
        if {Column.NUMBER, Column.TITLE} <= {HEADINGS.get(folded(_word(cell))) for cell in cells}:
            columns = _columns(Position(sheet, number), cells, plan)
            below = iter(head[at + 1 :])
            _take(sheet, (row for part in (below, rows) for row in part), columns, plan, onegov=False)
            return True
    return False


def _is_onegov(cells: Cells) -> bool:
    return {"reference_number", "effective_title"} <= {_word(cell) for cell in cells}


def _columns(at: Position, cells: Cells, plan: RawPlan) -> dict[int, Column]:
    """Which column stands where. A heading that nobody knows is an error: it may be a misspelt term."""
    found: dict[int, Column] = {}
    for place, cell in enumerate(cells):
        heading = _word(cell)
        column = HEADINGS.get(folded(heading))
        if not heading or folded(heading) in IGNORED_HEADINGS:
            continue
        if column is None:
            plan.problems.append(at.problem("unknown-column", unknown_heading(heading), heading))
        elif column in found.values():
            plan.problems.append(
                at.problem(
                    "duplicate-column", _("Die Spalte %(column)s kommt zweimal vor.", column=column.value), heading
                )
            )
        else:
            found[place] = column
    return found


def unknown_heading(heading: str) -> str:
    """What to say about a heading that is none."""
    near = get_close_matches(folded(heading), HEADINGS, n=1)
    if not near:
        return _(
            "Die Spalte „%(heading)s“ ist unbekannt. Eigene Anmerkungen dürfen in der Spalte „Bemerkung“ stehen.",
            heading=heading[:50],
        )
    return _(
        "Die Spalte „%(heading)s“ ist unbekannt. Gemeint ist vielleicht „%(near)s“. Eigene Anmerkungen dürfen in der"
        " Spalte „Bemerkung“ stehen.",
        heading=heading[:50],
        near=HEADINGS[near[0]].value,
    )


def _take(
    sheet: str | None, rows: Iterable[tuple[int, Cells]], columns: dict[int, Column], plan: RawPlan, *, onegov: bool
) -> None:
    first = True
    for number, cells in rows:
        at = Position(sheet, number)
        problems: list[PlanFileProblem] = []
        texts: dict[Column, str] = {}
        for place, column in columns.items():
            text = _text(cells[place] if place < len(cells) else None, at, column, problems)
            if text:
                texts[column] = text
        if not texts and not problems:
            continue
        is_plan_name = onegov and first and Column.NUMBER not in texts
        first = False
        if not is_plan_name:  # the Swiss form's first row names the plan as a whole
            plan.problems += problems
            plan.add(RawRow(at, texts, onegov=onegov))


def _word(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _text(value: object, at: Position, column: Column, problems: list[PlanFileProblem]) -> str:
    """A cell as text; what a spreadsheet has changed on its own is told instead of taken."""
    refusal = _refusal(value, column)
    if refusal:
        problems.append(at.problem(*refusal, column.value))
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nein"  # as the cells of a plan say it
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _refusal(value: object, column: Column) -> tuple[str, str] | None:
    match value:
        case str() if value.strip() in _EXCEL_ERRORS:
            return "cell-error", _("In der Zelle steht ein Fehlerwert (%(value)s).", value=value.strip())
        case float() if column in (Column.NUMBER, Column.PARENT) and not value.is_integer():
            return "number-as-figure", _(
                "%(value)s steht als Zahl da: 632.1 und 632.10 sind so nicht zu trennen. Bitte die Spalte als Text"
                " formatieren und die Nummer neu eintragen.",
                value=value,
            )
        case date() | time() | timedelta():
            return "date", _(
                "Die Tabellenkalkulation hat hier ein Datum gemacht (%(value)s). Bitte die Spalte als Text formatieren"
                " und den Wert neu eintragen.",
                value=value,
            )
        case NoValue():
            return "formula", _("Die Zelle enthält eine Formel ohne gespeicherten Wert. Bitte den Wert eintragen.")
    return None


def _no_headings(sentence: str) -> PlanFileProblem:
    return Position(None, None).problem("no-headings", _(sentence))
