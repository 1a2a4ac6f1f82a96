"""Filing plan files: read whole or refused whole, with every problem named. No database is involved.

`read_plan` reads ``.xlsx``, ``.csv`` and ``.yaml``; docs/filing-plan.md is the registrar's view of the same rules.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from eakte.language import _
from eakte.operations.plan_tables import RawPlan, RawRow, read_bytes, read_csv, read_xlsx, unreadable
from eakte.operations.plan_words import (
    HINTS,
    Column,
    PlanFileError,
    PlanFileProblem,
    Position,
    anchor_of,
    appraisal_of,
    disposal_level_of,
    finite_term_of,
    grace_of,
    rounding_of,
    term_of,
    yes_or_no_of,
)
from eakte.operations.plan_yaml import read_yaml, written
from retention.errors import RuleError
from retention.terms import Anchor, Appraisal, DisposalLevel, Rounding, Term

__all__ = ["PlanFileError", "PlanFileProblem", "PlanRow", "Position", "read_plan", "write_plan_yaml"]

MAX_LEVELS: Final = 20
LONGEST: Final = {
    Column.NUMBER: 50,
    Column.PARENT: 50,
    Column.TITLE: 500,
    Column.DESCRIPTION: 4_000,
    Column.LEGAL_BASIS: 500,
    Column.UNIT: 200,
}
"""Characters at most, by column."""

_NUMBER = re.compile(r"[^\W_]+(?:[./ -][^\W_]+)*")
_SEPARATORS = re.compile(r"[./ -]")
_INSERTED = re.compile(r"(?P<base>.*\d)[^\W\d_]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One class of a plan as its file says it; None where it says nothing and the class inherits.

    Attributes:
        files_allowed: Open for files; where the file does not say, exactly the classes without classes below.
        position: Where it stands in the file.
        note: What the reader decided and a registrar should look at, in German; None almost always.
    """

    number: str
    title: str
    parent: str | None
    description: str | None
    term: Term | None
    anchor: Anchor | None
    rounding: Rounding | None
    legal_basis: str | None
    appraisal: Appraisal | None
    offer_by: Term | None
    disposal_level: DisposalLevel | None
    transfer_grace: Term | None
    files_allowed: bool
    unit: str | None
    position: Position
    note: str | None = None


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
    problems, rows = list(raw.problems), [_Draft(row) for row in raw.rows]
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


class _Draft:
    """A row on its way to a `PlanRow`, with what is wrong with it so far."""

    def __init__(self, raw: RawRow) -> None:
        self.raw = raw
        self.problems: list[PlanFileProblem] = []
        self.note: str | None = None
        self.number = self.line(Column.NUMBER) or ""
        self.parent: str | None = None

    def check_alone(self) -> None:
        """Everything that can be said without the other rows."""
        if not self.number:
            self.refuse("missing-number", _("Die Nummer fehlt."), Column.NUMBER)
        elif not _NUMBER.fullmatch(self.number):
            message = _(
                "„%(number)s“ ist keine Nummer: Ziffern und Buchstaben, getrennt durch . / - oder Leerzeichen.",
                number=self.number[:60],
            )
            self.refuse("bad-number", message, Column.NUMBER)
        elif self.raw.onegov and any(len(part) > 1 and part[0] == "0" for part in self.number.split(".")):
            message = _(
                "„%(number)s“ ist in Gruppen geschrieben (abc.def.g); bitte jede Stufe mit Punkt trennen (a.b.c).",
                number=self.number,
            )
            self.refuse("grouped-number", message, Column.NUMBER)
        if not self.line(Column.TITLE):
            self.refuse("missing-title", _("Der Titel fehlt."), Column.TITLE)
        self.finish(leaf=True)

    def finish(self, *, leaf: bool) -> PlanRow:
        """The row's values. What cannot be read is told in ``problems`` and left out."""
        allowed = self._value(Column.FILES_ALLOWED, yes_or_no_of)
        return PlanRow(
            number=self.number,
            title=self.line(Column.TITLE) or "",
            parent=self.parent,
            description=self.line(Column.DESCRIPTION),
            term=self._value(Column.TERM, term_of),
            anchor=self._value(Column.ANCHOR, anchor_of),
            rounding=self._value(Column.ROUNDING, rounding_of),
            legal_basis=self.line(Column.LEGAL_BASIS),
            appraisal=self._value(Column.APPRAISAL, appraisal_of),
            offer_by=self._value(Column.OFFER_BY, finite_term_of),
            disposal_level=self._value(Column.DISPOSAL_LEVEL, disposal_level_of),
            transfer_grace=self._value(Column.TRANSFER_GRACE, grace_of),
            files_allowed=leaf if allowed is None else allowed,
            unit=self.line(Column.UNIT),
            position=self.raw.at,
            note=self.note,
        )

    def refuse(self, rule: str, message: str, column: Column | None = None) -> None:
        """Something is wrong with this row; told once, however often it is looked at."""
        problem = self.raw.at.problem(rule, message, column.value if column else None)
        if problem not in self.problems:
            self.problems.append(problem)

    def line(self, column: Column) -> str | None:
        """One line of text: composed (NFC), inner space folded, not too long; None where there is none."""
        text = unicodedata.normalize("NFC", " ".join(self.raw.texts.get(column, "").split()))
        if any(unicodedata.category(one) == "Cc" for one in text):
            self.refuse("control-character", _("Der Text enthält Steuerzeichen."), column)
        if len(text) > LONGEST.get(column, 200):
            message = _(
                "Der Text hat %(length)s Zeichen; erlaubt sind %(longest)s.",
                length=len(text),
                longest=LONGEST.get(column, 200),
            )
            self.refuse("too-long", message, column)
        return text or None

    def _value(self, column: Column, read: Callable[[str], T]) -> T | None:
        text = self.line(column)
        if text is None:
            return None
        try:
            return read(text)
        except RuleError:
            rule = f"bad-{column.name.lower().replace('_', '-')}"
            self.refuse(
                rule,
                _("„%(text)s“ ist hier nicht möglich. Erlaubt sind %(hints)s.", text=text[:60], hints=_(HINTS[column])),
                column,
            )
            return None


def _settle_repeated_numbers(rows: Sequence[_Draft]) -> None:
    """A number names one class. In the Swiss form a second one is taken as an inserted class (4.2.2.3a) and told.

    Such forms come out of running systems that do not forbid a number twice. It is taken only where no doubt is left
    what is meant: another title, nothing below the number, the inserted number free.
    """
    taken = {row.number for row in rows}
    divided = {number.rpartition(".")[0] for number in taken}
    first: dict[str, _Draft] = {}
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


def _find_parents(rows: Sequence[_Draft]) -> None:
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


def _check_tree(rows: Sequence[_Draft]) -> None:
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


def _place(row: _Draft) -> str:
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
