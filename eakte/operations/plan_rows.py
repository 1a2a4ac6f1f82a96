"""One row of a filing plan file, from its texts to its values; what can be said of it without the other rows."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from eakte.language import _
from eakte.operations.plan_raw import RawRow
from eakte.operations.plan_words import (
    HINTS,
    Column,
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
from retention.errors import RuleError
from retention.terms import Anchor, Appraisal, DisposalLevel, Rounding, Term

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


class Draft:
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
