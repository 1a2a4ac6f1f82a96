"""The words of filing plan files: column headings, what may stand in a cell, and how a problem is told.

Headings and values are compared without case, spaces and punctuation, so "Aufbewahrungs-frist " is found as well.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from eakte.errors import FieldError, InvalidInput
from eakte.language import _, msgid
from retention.errors import RuleError
from retention.terms import CLOSING, LAST_DOCUMENT, Anchor, AnchorKind, Appraisal, DisposalLevel, Rounding, Term

V = TypeVar("V")

MAX_TOLD: Final = 50
"""So many problems are told in a sentence of their own; ``errors`` always holds all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFileProblem(FieldError):
    """One thing wrong in a plan file. ``message`` is for the registrar; ``rule`` is for programs and never translated.

    Attributes:
        sheet: Name of the sheet; None for CSV and YAML.
        row: Row of the sheet or line of the file, counted from 1; None where the file as a whole is meant.
        column: German name of the column; None where the row as a whole is meant.
        rule: What was broken, for instance ``missing-parent``.
    """

    sheet: str | None
    row: int | None
    column: str | None
    rule: str


class PlanFileError(InvalidInput):
    """Der Aktenplan wurde nicht übernommen: In der Datei stehen Fehler."""

    errors: tuple[PlanFileProblem, ...]

    def __init__(self, errors: Iterable[PlanFileProblem]) -> None:
        found = tuple(errors)
        lines = [f"{one.at}: {one.message}" if one.at else one.message for one in found[:MAX_TOLD]]
        more = [_("… und %(number)s weitere", number=len(found) - MAX_TOLD)] if len(found) > MAX_TOLD else []
        super().__init__("\n".join(lines + more), errors=found)
        self.errors = found


@dataclass(frozen=True, slots=True)
class Position:
    """Where something stands in a plan file: sheet (None for CSV and YAML) and row or line, counted from 1."""

    sheet: str | None
    row: int | None

    def problem(self, rule: str, message: str, column: str | None = None) -> PlanFileProblem:
        """Something wrong here."""
        parts = [
            _("Blatt %(sheet)s", sheet=self.sheet) if self.sheet else None,
            _("Zeile %(row)s", row=self.row) if self.row else None,
            _("Spalte %(column)s", column=column) if column else None,
        ]
        at = ", ".join(part for part in parts if part)
        return PlanFileProblem(at=at, message=message, sheet=self.sheet, row=self.row, column=column, rule=rule)


class Column(StrEnum):
    """A column, by its German heading."""

    NUMBER = "Nummer"
    TITLE = "Titel"
    PARENT = "Übergeordnet"
    DESCRIPTION = "Beschreibung"
    TERM = "Aufbewahrungsfrist"
    ANCHOR = "Fristbeginn"
    ROUNDING = "Rundung"
    LEGAL_BASIS = "Rechtsgrundlage"
    APPRAISAL = "Bewertung"
    OFFER_BY = "Anbietung spätestens"
    DISPOSAL_LEVEL = "Aussonderungsebene"
    TRANSFER_GRACE = "Transferfrist"
    FILES_ALLOWED = "Bebuchbar"
    UNIT = "Organisationseinheit"


_SYNONYMS: Final[Mapping[Column, tuple[str, ...]]] = {
    Column.NUMBER: ("Nr", "Aktenplannummer", "Aktenplan-Nr", "Aktenplankennzeichen", "Kennzahl", "Gliederungsnummer"),
    Column.TITLE: ("Bezeichnung", "Betreff", "Sachgebiet", "Benennung", "Name"),
    Column.PARENT: ("Übergeordnete Nummer", "Übergeordnete Aktenplaneinheit", "Übergeordnete Einheit", "Oberpunkt"),
    Column.DESCRIPTION: ("Erläuterung", "Inhalt"),
    Column.TERM: ("Frist", "Aufbewahrung", "Aufbewahrungsdauer", "Aufbewahrungsfrist in Jahren"),
    Column.ANCHOR: ("Beginn der Frist", "Beginn", "Anker"),
    Column.ROUNDING: ("Fristende", "Fristberechnung"),
    Column.LEGAL_BASIS: ("Vorschrift", "Norm", "Rechtliche Grundlage"),
    Column.APPRAISAL: ("Bewertungskennzeichen", "Archivwürdigkeit", "Aussonderungsart", "A/B/V"),
    Column.OFFER_BY: ("Spätestens anbieten", "Anbietung"),
    Column.DISPOSAL_LEVEL: ("Ebene",),
    Column.TRANSFER_GRACE: ("Umlauffrist",),
    Column.FILES_ALLOWED: ("Akten erlaubt", "Aktenbildung"),
    Column.UNIT: ("Organisation", "OE", "Zuständig", "Zuständigkeit", "Federführung", "Amt"),
}
"""Other headings that registrars use for the same."""

_IGNORED: Final = ("Bemerkung", "Bemerkungen", "Kommentar", "Notiz", "Notizen", "Hinweis", "Hinweise")

ONEGOV_COLUMNS: Final = {
    "reference_number": Column.NUMBER,
    "effective_title": Column.TITLE,
    "description": Column.DESCRIPTION,
    "retention_period": Column.TERM,
    "retention_period_annotation": Column.LEGAL_BASIS,
    "archival_value": Column.APPRAISAL,
}
"""Technical headings of the Swiss form (OneGov GEVER). Its other columns say what a plan here does not: other
languages, groups with rights, protection terms of the archive."""


def folded(text: str) -> str:
    """A heading or value without what people vary: case, spaces, punctuation."""
    return "".join(one for one in unicodedata.normalize("NFC", text).casefold() if one.isalnum())


HEADINGS: Final[Mapping[str, Column]] = {
    **{folded(name): column for column, names in _SYNONYMS.items() for name in names},
    **{folded(column.name): column for column in Column},
    **{folded(column.value): column for column in Column},
}
IGNORED_HEADINGS: Final = frozenset(folded(name) for name in _IGNORED)


# -------------------------------------------------------------------------------------------------- values of the cells

_TERM = re.compile(
    r"(?:(?P<years>\d{1,5})\s*(?:jahre?n?|j\.?))?\s*(?:u(?:nd|\.)|,)?\s*(?:(?P<months>\d{1,5})\s*(?:monate?n?|mon\.?|m\.?))?",
    re.IGNORECASE | re.ASCII,
)
_BARE_NUMBER = re.compile(r"\d{1,5}", re.ASCII)
_PERMANENT: Final = frozenset(
    ("permanent", "dauernd", "dauerhaft", "dauerndeaufbewahrung", "unbefristet", "unbegrenzt")
)
_EVENT = re.compile(r"(?:event|ereignis)\s*:\s*(?P<name>.+)", re.IGNORECASE)

_ANCHORS: Final = {
    **dict.fromkeys(("closing", "Schließung", "Abschluss", "zdA", "zdA-Verfügung", "Aktenschluss"), CLOSING),
    **dict.fromkeys(("last-document", "letztes Dokument", "letztes Schriftstück", "jüngstes Dokument"), LAST_DOCUMENT),
}
_ROUNDINGS: Final = {
    **dict.fromkeys(("year", "jahr", "jahresende", "kalenderjahr", "Ende des Kalenderjahres"), Rounding.YEAR),
    **dict.fromkeys(("month", "monat", "monatsende", "kalendermonat", "Ende des Kalendermonats"), Rounding.MONTH),
    **dict.fromkeys(("day", "tag", "taggenau"), Rounding.DAY),
}
_APPRAISALS: Final = {
    **dict.fromkeys(("A", "archivwürdig", "archivieren"), Appraisal.ARCHIVE),
    **dict.fromkeys(("V", "vernichten", "nicht archivwürdig", "kassieren"), Appraisal.DESTROY),
    # what nobody has decided yet, and what goes in samples, is for the archive to decide
    **dict.fromkeys(("B", "bewerten", "anbieten", "Sampling", "Auswahl", "nicht geprüft"), Appraisal.DECIDE),
    "noch nicht geprüft": Appraisal.DECIDE,
}
_LEVELS: Final = {
    **dict.fromkeys(("dossier", "akte"), DisposalLevel.DOSSIER),
    **dict.fromkeys(("case", "vorgang"), DisposalLevel.CASE),
}
_YES_OR_NO: Final = {
    **dict.fromkeys(("ja", "j", "x", "1", "true", "wahr", "yes"), True),
    **dict.fromkeys(("nein", "n", "0", "false", "falsch", "no"), False),
}


def term_of(text: str) -> Term:
    """``10 Jahre``, ``10`` (years), ``18 Monate``, ``1 Jahr 6 Monate``, ``P10Y``, ``dauernd``. Raises RuleError."""
    return Term(years=int(text)) if _BARE_NUMBER.fullmatch(text) else _term_with_unit(text)


def finite_term_of(text: str) -> Term:
    """As `term_of`, but not for ever. Raises RuleError."""
    return _finite(term_of(text))


def grace_of(text: str) -> Term:
    """As `finite_term_of`, with a unit: graces are months as often as years, ``6`` is unclear. Raises RuleError."""
    return _finite(_term_with_unit(text))


def _finite(term: Term) -> Term:
    if term.permanent:
        raise RuleError("a term that ends is needed here")
    return term


def _term_with_unit(text: str) -> Term:
    if folded(text) in _PERMANENT:
        return Term(permanent=True)
    found = _TERM.fullmatch(text)
    if found and (found["years"] or found["months"]):
        return Term(years=int(found["years"] or 0), months=int(found["months"] or 0))
    return Term.parse(text.upper())


def anchor_of(text: str) -> Anchor:
    """``Schließung``, ``letztes Dokument``, ``Ereignis: NAME`` or the words of the interface. Raises RuleError."""
    if event := _EVENT.fullmatch(text):
        return Anchor(AnchorKind.EVENT, event["name"])
    return _one_of(_ANCHORS)(text)


def _one_of(words: Mapping[str, V]) -> Callable[[str], V]:
    by_key = {folded(word): value for word, value in words.items()}

    def read(text: str) -> V:
        if folded(text) not in by_key:
            raise RuleError(f"not one of {', '.join(words)}")
        return by_key[folded(text)]

    return read


rounding_of: Final = _one_of(_ROUNDINGS)
appraisal_of: Final = _one_of(_APPRAISALS)
disposal_level_of: Final = _one_of(_LEVELS)
yes_or_no_of: Final = _one_of(_YES_OR_NO)

HINTS: Final[Mapping[Column, str]] = msgid(
    {
        Column.TERM: "10 Jahre, 18 Monate, 1 Jahr 6 Monate, P10Y oder dauernd",
        Column.ANCHOR: "Schließung, letztes Dokument oder Ereignis: Name",
        Column.ROUNDING: "Jahr, Monat oder Tag",
        Column.APPRAISAL: "A (archivwürdig), B (bewerten) oder V (vernichten)",
        Column.OFFER_BY: "30 Jahre oder P30Y",
        Column.DISPOSAL_LEVEL: "Akte oder Vorgang",
        Column.TRANSFER_GRACE: "6 Monate, 1 Jahr oder P6M",
        Column.FILES_ALLOWED: "ja oder nein",
    }
)
"""What may stand in a column, for messages."""
