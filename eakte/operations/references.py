"""Reference numbers (Aktenzeichen): made from a pattern, never given twice, put into reading order."""

from __future__ import annotations

import re
import uuid
from string import Formatter

from sqlalchemy.dialects.postgresql import insert

from eakte.errors import SetupFailed
from eakte.models import ReferenceCounter
from eakte.transaction import Transaction

_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
"""What word processors and telephones make of a hyphen."""
_SPACES = re.compile(r"[\s\x00\u00ad\u200b-\u200d\u2060\ufeff]+")
"""White space, and what copying from documents brings along unseen."""
_DIGITS = re.compile(r"\d+")
_DIN_5007 = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
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
        raise SetupFailed(f"EAKTE_REFERENCE_PATTERN ist nicht lesbar: {error}") from error
    if not {"class", "n", "year"} >= names or not {"class", "n"} <= names:
        raise SetupFailed("EAKTE_REFERENCE_PATTERN braucht {class} und {n} und darf sonst nur {year} enthalten.")


def format_reference(pattern: str, *, number: str, year: int, running: int) -> str:
    """The pattern with its values."""
    return pattern.format(**{"class": number, "n": running, "year": year})


def next_reference(tx: Transaction, pattern: str, *, class_id: uuid.UUID, class_number: str, year: int) -> str:
    """The next reference number of a class and year.

    The counter's row is locked until the act ends, so two clients never get the same number; an act that fails gives
    its number back, and gaps arise only from imported numbers that are skipped elsewhere.
    """
    counted_year = year if "{year" in pattern else 0
    statement = (
        insert(ReferenceCounter)
        .values(plan_class_id=class_id, year=counted_year, last=1)
        .on_conflict_do_update(
            index_elements=[ReferenceCounter.plan_class_id, ReferenceCounter.year],
            set_={"last": ReferenceCounter.last + 1},
        )
        .returning(ReferenceCounter.last)
    )
    running = tx.session.execute(statement).scalar_one()
    return format_reference(pattern, number=class_number, year=year, running=running)


def normalised_spelling(text: str) -> str:
    """A typed reference number without what people vary: spaces, dashes of all kinds, case. For finding only."""
    return _SPACES.sub("", _DASHES.sub("-", text)).casefold()
