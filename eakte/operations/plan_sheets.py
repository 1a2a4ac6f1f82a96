"""Excel workbooks as rows of cells: formulas are never computed, and nothing is unpacked without limits."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, Final

from eakte.language import _
from eakte.operations.plan_raw import too_many_rows, unreadable
from eakte.operations.plan_words import PlanFileError

MAX_UNPACKED_BYTES: Final = 100_000_000
MAX_COLUMNS: Final = 100
MAX_SHEET_ROWS: Final = 1_048_576
"""Excel's own limit; a file that claims a row beyond it was not made by a spreadsheet."""

_OLE_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")

Cells = Sequence[Any]
Sheet = tuple[str, list[tuple[int, Cells]]]
"""Name and numbered rows."""


class NoValue:
    """Stands where a formula has no stored value."""

    def __str__(self) -> str:
        return _("(Formel ohne Wert)")


NO_VALUE: Final = NoValue()


def sheets_of(content: bytes, *, most: int) -> list[Sheet]:
    """The visible sheets in the file's order, empty rows left out; `NO_VALUE` where a formula has no stored value.

    Raises:
        PlanFileError: This is no workbook, it is protected by a password, it unpacks to too much, or a sheet has more
            than `most` rows.
    """
    _check_package(content)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of parts that it would not write back; nothing is written back here
            warnings.simplefilter("ignore", UserWarning)
            return _sheets(content, most)
    except PlanFileError:
        raise
    except Exception as error:
        raise unreadable("no-workbook", _("Die Datei ist beschädigt oder keine Excel-Arbeitsmappe (.xlsx).")) from error


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


def _sheets(content: bytes, most: int) -> list[Sheet]:
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
            if len(rows) > most:
                raise too_many_rows()
            gone = [cell is None and formula is not None for cell, formula in zip(cells, twins, strict=True)]
            rows.append((number, [NO_VALUE if lost else cell for cell, lost in zip(cells, gone, strict=True)]))
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
