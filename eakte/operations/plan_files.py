"""Filing plan files: read whole or refused whole, with every problem named. No database is involved.

`read_plan` reads ``.xlsx``, ``.csv`` and ``.yaml``; docs/filing-plan.md is the registrar's view of the same rules.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from eakte.language import _
from eakte.operations.plan_raw import RawPlan, read_bytes, unreadable
from eakte.operations.plan_rows import Draft, PlanRow
from eakte.operations.plan_tables import read_csv, read_xlsx
from eakte.operations.plan_words import (
    Column,
    PlanFileError,
    Position,
)
from eakte.operations.plan_yaml import read_yaml, written

MAX_LEVELS: Final = 20
_SEPARATORS = re.compile(r"[./ -]")
_INSERTED = re.compile(r"(?P<base>.*\d)[^\W\d_]")


def read_plan(path: Path) -> list[PlanRow]:
    """Read a filing plan, in the file's order.

    Args:
        path: A file whose name ends in ``.xlsx``, ``.csv``, ``.yaml`` or ``.yml``.

    Raises:
        PlanFileError: Something is wrong; ``errors`` names everything that is. Nothing of the plan is answered then.
    """
    readers: dict[str, Callable[[bytes], RawPlan]] = {
        ".xlsx": read_xlsx,
        ".csv": read_csv,
        ".yaml": read_yaml,
        ".yml": read_yaml,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise unreadable(
            "format", _("Aktenpläne werden aus Dateien mit der Endung .xlsx, .csv, .yaml oder .yml gelesen.")
        )
    raw = reader(read_bytes(path))
    problems, rows = list(raw.problems), [Draft(row) for row in raw.rows]
    for row in rows:
        row.check_alone()
    _settle_repeated_numbers(rows)
    _find_parents(rows)
    _check_tree(rows)
    problems += [problem for row in rows for problem in row.problems]
    if not rows and not problems:
        problems.append(Position(None, None).problem("empty", _("Die Datei enthält keine einzige Aktenplaneinheit.")))
    if problems:
        raise PlanFileError(sorted(problems, key=lambda one: (one.sheet or "", one.row or 0)))
    divided = {row.parent for row in rows}
    return [row.finish(leaf=row.number not in divided) for row in rows]


def _settle_repeated_numbers(rows: Sequence[Draft]) -> None:
    """A number names one class. In the Swiss form a second one is taken as an inserted class (4.2.2.3a) and told.

    Such forms come out of running systems that do not forbid a number twice. It is taken only where no doubt is left
    what is meant: another title, nothing below the number, the inserted number free.
    """
    taken = {row.number for row in rows}
    divided = {number.rpartition(".")[0] for number in taken}
    first: dict[str, Draft] = {}
    for row in rows:
        earlier = first.setdefault(row.number, row)
        if earlier is row or not row.number:
            continue
        inserted = f"{row.number}a"
        twins = row.raw.texts.get(Column.TITLE) == earlier.raw.texts.get(Column.TITLE)
        where, title = _place(earlier), earlier.raw.texts.get(Column.TITLE, "")[:60]
        if not row.raw.onegov or twins or row.number in divided or inserted in taken:
            row.refuse(
                "duplicate-number",
                _(
                    "Die Nummer %(number)s steht schon in %(where)s („%(title)s“).",
                    number=row.number,
                    where=where,
                    title=title,
                ),
                Column.NUMBER,
            )
            continue
        row.note = _(
            "Die Nummer %(number)s steht schon in %(where)s („%(title)s“); übernommen als %(inserted)s. Bitte prüfen.",
            number=row.number,
            where=where,
            title=title,
            inserted=inserted,
        )
        row.number = inserted
        taken.add(inserted)


def _find_parents(rows: Sequence[Draft]) -> None:
    parent_by_number = _hierarchy([row.number for row in rows], dotted=any(row.raw.onegov for row in rows))
    known = {row.number for row in rows}
    draft_of = {id(row.raw): row for row in rows}
    for row in rows:
        explicit = row.line(Column.PARENT)
        nested = row.raw.nested_in and draft_of[id(row.raw.nested_in)].number
        if explicit and nested and explicit != nested:
            message = _(
                "Die Einheit steht unter %(nested)s, als übergeordnet ist aber %(explicit)s angegeben.",
                nested=nested,
                explicit=explicit,
            )
            row.refuse("two-parents", message, Column.PARENT)
        row.parent = explicit or nested or (parent_by_number(row.number) if row.number else None)
        if row.parent and row.parent not in known:
            column = Column.PARENT if explicit else Column.NUMBER
            row.refuse(
                "missing-parent", _("Die übergeordnete Einheit %(parent)s fehlt.", parent=row.parent[:60]), column
            )


def _hierarchy(numbers: Iterable[str], *, dotted: bool) -> Callable[[str], str | None]:
    """How this plan's numbers name their parents.

    Two customs: every level behind a separator (0.10.2 below 0.10), and the decimal plan, in which every digit is a
    level and a separator only starts a further group (632.2 below 632 below 63 below 6). It is the first one where a
    single digit stands before a separator (or the file says so, ``dotted``). In a decimal plan the shortest numbers are
    the roots.
    """
    plain = [number for number in numbers if number.isdecimal()]
    dotted = dotted or any(re.match(r"[^\W_][./ -]", number) for number in numbers)
    root_length = min(map(len, plain), default=0)

    def parent(number: str) -> str | None:
        if inserted := _INSERTED.fullmatch(number):  # 632a stands beside 632
            number = inserted["base"]
        separators = list(_SEPARATORS.finditer(number))
        if separators:
            return number[: separators[-1].start()]
        if dotted or not number.isdecimal() or len(number) <= root_length:
            return None
        return number[:-1]

    return parent


def _check_tree(rows: Sequence[Draft]) -> None:
    parents = {row.number: row.parent for row in rows}
    for row in rows:
        seen = {row.number}
        above = row.parent
        while above and above not in seen and len(seen) <= MAX_LEVELS:
            seen.add(above)
            above = parents.get(above)
        if above == row.number:
            row.refuse(
                "cycle",
                _("Die Einheit %(number)s ist über ihre übergeordneten sich selbst untergeordnet.", number=row.number),
            )
        elif above and above not in seen:
            row.refuse("too-deep", _("Mehr als %(max_levels)s Ebenen werden nicht gelesen.", max_levels=MAX_LEVELS))


def _place(row: Draft) -> str:
    at = row.raw.at
    return (
        _("Zeile %(row)s", row=at.row)
        if at.sheet is None
        else _("Blatt %(sheet)s, Zeile %(row)s", sheet=at.sheet, row=at.row)
    )


def write_plan_yaml(rows: Sequence[PlanRow]) -> str:
    """The plan as YAML that `read_plan` reads back to the same values."""
    return written([_entry(row) for row in rows])


def _entry(row: PlanRow) -> dict[str, str | bool | dict[str, str]]:
    retention = {
        name: str(value)
        for name, value in (
            ("term", row.term),
            ("anchor", row.anchor),
            ("rounding", row.rounding),
            ("legal_basis", row.legal_basis),
        )
        if value is not None
    }
    entry: dict[str, str | bool | dict[str, str]] = {"number": row.number, "title": row.title}
    plain = (("parent", row.parent), ("description", row.description), ("unit", row.unit))
    entry |= {name: value for name, value in plain if value is not None}
    if retention:
        entry["retention"] = retention
    disposal = (
        ("appraisal", row.appraisal),
        ("offer_by", row.offer_by),
        ("disposal_level", row.disposal_level),
        ("transfer_grace", row.transfer_grace),
    )
    entry |= {name: str(value) for name, value in disposal if value is not None}
    entry["files_allowed"] = row.files_allowed
    return entry
