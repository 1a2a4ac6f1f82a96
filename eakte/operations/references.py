"""Reference numbers (Aktenzeichen): made from a pattern, never given twice, put into reading order."""

from __future__ import annotations

import re
import uuid
from string import Formatter

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput, SetupFailed
from eakte.language import _
from eakte.models import DossierReference, ReferenceCounter
from eakte.operations.checking import line
from eakte.transaction import Transaction

_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
"""What word processors and telephones make of a hyphen."""
_SPACES = re.compile(r"[\s\x00\u00ad\u200b-\u200d\u2060\ufeff]+")
"""White space, and what copying from documents brings along unseen."""
_DIGITS = re.compile(r"\d+")
_DIN_5007 = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
LONGEST_LITERAL = 100
"""Characters of a number that another system gave."""
SORT_LENGTH = 500
"""Characters of a sort key that count; more would not fit into an index page of PostgreSQL."""


def sort_key(text: str) -> str:
    """A key for bytewise order of class and reference numbers, the same on every PostgreSQL and for every pager.

    A filing plan is decimal: 63 stands before 631 and that before 64, so the first run of digits is compared digit by
    digit. Every later run counts by its value (632.9 before 632.10, 00017 before 00105). Letters follow DIN 5007
    variant 1 (ä beside a).
    """
    folded = text.casefold().translate(_DIN_5007)
    first = _DIGITS.search(folded)
    if first is None:
        return folded[:SORT_LENGTH]
    tail = _DIGITS.sub(lambda digits: digits[0].lstrip("0").rjust(10, "0"), folded[first.end() :])
    return (folded[: first.end()] + tail)[:SORT_LENGTH]


def check_pattern(pattern: str) -> None:
    """Raise SetupFailed unless the pattern names class, running number and nothing unknown."""
    try:
        names = {name for _text, name, _spec, _conversion in Formatter().parse(pattern) if name is not None}
        format_reference(pattern, number="0", year=2026, running=1)
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise SetupFailed(_("EAKTE_REFERENCE_PATTERN ist nicht lesbar: %(error)s", error=error)) from error
    if not {"class", "n", "year"} >= names or not {"class", "n"} <= names:
        raise SetupFailed(_("EAKTE_REFERENCE_PATTERN braucht {class} und {n} und darf sonst nur {year} enthalten."))


def format_reference(pattern: str, *, number: str, year: int, running: int) -> str:
    """The pattern with its values."""
    return pattern.format(**{"class": number, "n": running, "year": year})


def new_reference(tx: Transaction, pattern: str, *, class_id: uuid.UUID, class_number: str, year: int) -> str:
    """The next reference number of a class and year that no dossier has or had.

    The counter's row is locked until the act ends, so two clients never get the same number; an act that fails gives
    its number back. Numbers that came from elsewhere (`literal_reference`) are stepped over, which leaves gaps.
    """
    while True:
        running = _count(tx, class_id, year if "{year" in pattern else 0)
        reference = format_reference(pattern, number=class_number, year=year, running=running)
        if not is_taken(tx.session, reference):
            return reference


def literal_reference(tx: Transaction, typed: str, *, at: str) -> str:
    """A number of another system (Altaktenzeichen), kept as it is. Raises InvalidInput for one that is in use.

    Only a registrar gives one, and is told "taken" in the same words whosever it is: of a dossier in sight, of a
    protected or destroyed one, or a former number. That much cannot be hidden, because no number is given twice, and it
    says no more than the gap in the running numbers does (docs/access.md, "The rule").
    """
    reference = line(typed, at=at, label=_("Aktenzeichen"), longest=LONGEST_LITERAL)
    if not normalised_spelling(reference) or is_taken(tx.session, reference):
        raise InvalidInput(
            errors=[FieldError(at, _("Das Aktenzeichen %(reference)s ist schon vergeben.", reference=reference))]
        )
    return reference


def keep_reference(tx: Transaction, dossier_id: uuid.UUID, reference: str) -> None:
    """Note for ever whose number this is. A second dossier with it, in any spelling, is refused by the database."""
    key = normalised_spelling(reference)
    tx.session.add(DossierReference(key=key, reference_number=reference, dossier_id=dossier_id))
    tx.session.flush()


def is_taken(session: Session, reference: str) -> bool:
    """Whether a dossier has or had this number, in any spelling."""
    return session.get(DossierReference, normalised_spelling(reference)) is not None


def check_letter_pattern(pattern: str) -> None:
    """Raise SetupFailed unless the pattern of letter references is readable and names nothing unknown."""
    try:
        parts = [pattern, *_OPTIONAL.findall(pattern)]
        names = {
            name for part in parts for _text, name, _spec, _conversion in Formatter().parse(part) if name is not None
        }
        letter_reference(pattern, unit="63", reference="632.2-00001/2026", case=1)
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise SetupFailed(_("EAKTE_LETTER_PATTERN ist nicht lesbar: %(error)s", error=error)) from error
    if not {"unit", "reference", "case"} >= names or "reference" not in names:
        raise SetupFailed(_("EAKTE_LETTER_PATTERN braucht {reference} und darf sonst nur {unit} und {case} enthalten."))


def letter_reference(pattern: str, *, unit: str, reference: str, case: int | None) -> str:
    """What is printed on a letter (Geschäftszeichen). What stands in square brackets is left out without a case."""
    chosen = _OPTIONAL.sub("" if case is None else r"\1", pattern)
    return chosen.format(unit=unit, reference=reference, case="" if case is None else case)


def _count(tx: Transaction, class_id: uuid.UUID, year: int) -> int:
    statement = (
        insert(ReferenceCounter)
        .values(plan_class_id=class_id, year=year, last=1)
        .on_conflict_do_update(
            index_elements=[ReferenceCounter.plan_class_id, ReferenceCounter.year],
            set_={"last": ReferenceCounter.last + 1},
        )
        .returning(ReferenceCounter.last)
    )
    return tx.session.execute(statement).scalar_one()


def normalised_spelling(text: str) -> str:
    """A typed reference number without what people vary: spaces, dashes of all kinds, case. For finding only."""
    return _SPACES.sub("", _DASHES.sub("-", text)).casefold()
