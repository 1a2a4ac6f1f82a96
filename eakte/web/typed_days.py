"""Days as people type them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.terms import today


def typed_day(text: str | None, *, at: str, label: str) -> date | None:
    """A day as people type it: 23.11.2026, 23.11., 231126, heute, gestern, +14, 2026-11-23. Raises InvalidInput."""
    typed = (text or "").strip().lower()
    if not typed:
        return None
    for read in (_word_day, _relative_day, _written_day):
        found = read(typed)
        if found is not None:
            return found
    message = _("%(label)s ist kein Tag. Zum Beispiel: 23.11.2026 oder heute.", label=label)
    raise InvalidInput(errors=[FieldError(at, message)])


def as_typed(value: date) -> str:
    """A day as a field shows it: 23.11.2026, which `typed_day` reads in every language."""
    return f"{value:%d.%m.%Y}"


def _word_day(typed: str) -> date | None:
    words = {_("heute"): 0, _("gestern"): -1, _("morgen"): 1}
    return today() + timedelta(days=words[typed]) if typed in words else None


def _relative_day(typed: str) -> date | None:
    if typed[0] in "+-" and typed[1:].isdecimal() and len(typed) <= 5:  # noqa: PLR2004 - sign and four digits
        return today() + timedelta(days=int(typed))
    return None


def _written_day(typed: str) -> date | None:
    short = typed.rstrip(".")
    year = today().year
    for text, form in (
        (typed, "%Y-%m-%d"),
        (short, "%d.%m.%Y"),
        (short, "%d.%m.%y"),
        (f"{short}.{year}", "%d.%m.%Y"),
        (short, "%d%m%y"),
        (short, "%d%m%Y"),
    ):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None
