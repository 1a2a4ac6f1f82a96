"""Reading filing plan files into plain rows: spreadsheets, CSV, YAML. No judgement on the plan itself happens here.

The files come from a registrar at the command line, but they have been through other hands: sizes are limited, formulas
are never computed, YAML makes strings and nothing else. What could be lost silently is refused instead.
"""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from eakte.language import _, msgid
from eakte.operations.plan_words import (
    HEADINGS,
    IGNORED_HEADINGS,
    ONEGOV_COLUMNS,
    Column,
    PlanFileError,
    PlanFileProblem,
    Position,
    folded,
)

MAX_FILE_BYTES: Final = 20_000_000
MAX_UNPACKED_BYTES: Final = 100_000_000
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 100
MAX_SHEET_ROWS: Final = 1_048_576
"""Excel's own limit; a file that claims a row beyond it was not made by a spreadsheet."""

HEADING_ROWS: Final = 25
"""Within so many rows from the top the headings must come; above them there is room for the plan's name."""

_OLE_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_EXCEL_ERRORS: Final = ("#REF!", "#N/A", "#NV", "#VALUE!", "#WERT!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#ZAHL!")

_NO_HEADINGS_IN_SHEETS: Final = msgid(
    "In keinem Blatt stehen keine Spaltenüberschriften eines Aktenplans; nötig sind wenigstens „Nummer“ und „Titel“."
)
_NO_HEADINGS_IN_FILE: Final = msgid(
    "In der Datei stehen keine Spaltenüberschriften eines Aktenplans; nötig sind wenigstens „Nummer“ und „Titel“."
)

Cells = Sequence[Any]


@dataclass(slots=True)
class RawRow:
    """One position as the file has it: texts by column, empty ones left out.

    Attributes:
        at: Where it stands.
        texts: What stands there.
        onegov: It comes from the Swiss form, which has rules of its own.
        nested_in: Where the file nests (YAML): the row above, whose number is the parent's.
    """

    at: Position
    texts: dict[Column, str]
    onegov: bool = False
    nested_in: "RawRow | None" = None


@dataclass(slots=True)
class RawPlan:
    """The rows of a file, and what was wrong already in reading them."""

    rows: list[RawRow] = field(default_factory=list)
    problems: list[PlanFileProblem] = field(default_factory=list)

    def add(self, row: RawRow) -> None:
        """Take one more position.

        Raises:
            PlanFileError: There are more than `MAX_ROWS`: reading stops, whatever else is wrong.
        """
        if len(self.rows) >= MAX_ROWS:
            raise unreadable(
                "too-many-rows",
                _("Mehr als %(max_rows)s Positionen werden nicht gelesen.", max_rows=f"{MAX_ROWS:,}".replace(",", ".")),
            )
        self.rows.append(row)


def unreadable(rule: str, message: str) -> PlanFileError:
    """The file as a whole cannot be read."""
    return PlanFileError([Position(None, None).problem(rule, message)])


def too_many_rows() -> PlanFileError:
    """Reading stops here, whatever else is wrong."""
    return unreadable(
        "too-many-rows",
        _("Mehr als %(max_rows)s Positionen werden nicht gelesen.", max_rows=f"{MAX_ROWS:,}".replace(",", ".")),
    )


def read_bytes(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        PlanFileError: There is no such file, or it is larger than `MAX_FILE_BYTES`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise unreadable(
            "no-file",
            _("Die Datei %(name)s lässt sich nicht öffnen: %(strerror)s.", name=path.name, strerror=error.strerror),
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise unreadable("too-large", _("Die Datei ist größer als %(size)s MB.", size=MAX_FILE_BYTES // 1_000_000))
    return content


def read_xlsx(content: bytes) -> RawPlan:
    """Every visible sheet that has the headings, in the file's order.

    Raises:
        PlanFileError: This is no workbook, it is protected by a password, or it unpacks to too much.
    """
    _check_package(content)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of parts that it would not write back; nothing is written back here
            warnings.simplefilter("ignore", UserWarning)
            sheets = _sheets(content)
    except PlanFileError:
        raise
    except Exception as error:
        raise unreadable("no-workbook", _("Die Datei ist beschädigt oder keine Excel-Arbeitsmappe (.xlsx).")) from error
    plan, found = RawPlan(), False
    for name, rows in sheets:
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


def _check_package(content: bytes) -> None:
    if content.startswith(_OLE_MAGIC):
        message = _(
            "Die Datei ist durch ein Kennwort geschützt oder im alten Format .xls."
            " Bitte ohne Kennwort als .xlsx speichern."
        )
        raise unreadable("no-workbook", message)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = package.infolist()
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise unreadable(
                    "too-large",
                    _("Entpackt ist die Datei größer als %(size)s MB.", size=MAX_UNPACKED_BYTES // 1_000_000),
                )
            for member in members:
                with package.open(member) as file:
                    if b"<!DOCTYPE" in file.read(4096):  # no spreadsheet program writes one; entity bombs need one
                        raise unreadable(
                            "no-workbook", _("Die Datei enthält eine DOCTYPE-Angabe und wird nicht gelesen.")
                        )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise unreadable("no-workbook", _("Die Datei ist beschädigt oder keine Excel-Arbeitsmappe (.xlsx).")) from error


def _sheets(content: bytes) -> list[tuple[str, list[tuple[int, Cells]]]]:
    """Name and numbered rows of the visible sheets, empty rows left out, a mark where a formula has no stored value."""
    import openpyxl  # noqa: PLC0415 - two tenths of a second at the start of everything, for a file once a year

    values = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    found = []
    for sheet, twin in zip(values.worksheets, formulas.worksheets, strict=True):
        if sheet.sheet_state != "visible":
            continue
        rows: list[tuple[int, Cells]] = []
        for (number, cells), (_number, twins) in zip(_rows_of(sheet), _rows_of(twin), strict=True):
            if all(cell is None for cell in twins):
                continue
            if len(rows) > MAX_ROWS + HEADING_ROWS:
                raise too_many_rows()
            gone = [cell is None and formula is not None for cell, formula in zip(cells, twins, strict=True)]
            rows.append((number, [_NO_VALUE if lost else cell for cell, lost in zip(cells, gone, strict=True)]))
        found.append((sheet.title, rows))
    return found


def _rows_of(sheet: Any) -> Iterator[tuple[int, Cells]]:
    sheet.reset_dimensions()  # the size that a file states for itself may be smaller than what it holds
    for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), 1):
        if number > MAX_SHEET_ROWS:
            raise unreadable(
                "no-workbook", _("Das Blatt %(title)s hat mehr Zeilen, als Excel erlaubt.", title=sheet.title)
            )
        yield number, row


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


class _NoValue:
    """Stands where a formula has no stored value."""

    def __str__(self) -> str:
        return _("(Formel ohne Wert)")


_NO_VALUE: Final = _NoValue()


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
        case _NoValue():
            return "formula", _("Die Zelle enthält eine Formel ohne gespeicherten Wert. Bitte den Wert eintragen.")
    return None


def _no_headings(sentence: str) -> PlanFileProblem:
    return Position(None, None).problem("no-headings", _(sentence))
