"""The values a retention rule is made of: term, anchor, rounding, and their written forms.

The written forms are those of the interface: ISO 8601 durations of years and months (``P10Y``, ``P18M``, ``P1Y6M``) or
``permanent`` for terms, ``closing | last-document | event:NAME`` for anchors.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from retention.errors import RuleError

MONTHS_A_YEAR: Final = 12
MAX_TERM_YEARS: Final = 999
"""Longer than any statute's term; a limit, so that a slip of the pen is an error and not a date in the far future."""

MAX_EVENT_NAME: Final = 100

_DURATION = re.compile(r"P(?=\d)(?:(?P<years>\d{1,5})Y)?(?:(?P<months>\d{1,5})M)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Term:
    """How long something is kept: years and months, or permanently.

    ``P12M`` and ``P1Y`` are of the same length but stay as they were written: the statute's words are evidence.
    A term of nothing (``P0Y``) is allowed: plans use it for what may go with the closing (and its rounding).

    Attributes:
        years: Whole years, 0 or more.
        months: Months beside the years, 0 or more; may exceed 11 (``P18M``).
        permanent: Kept for ever; then there are neither years nor months.
    """

    years: int = 0
    months: int = 0
    permanent: bool = False

    def __post_init__(self) -> None:
        if self.years < 0 or self.months < 0:
            raise RuleError(f"a term cannot be negative: {self.years} years, {self.months} months")
        if self.permanent and (self.years or self.months):
            raise RuleError("a permanent term has no years or months")
        if self.total_months > MAX_TERM_YEARS * MONTHS_A_YEAR:
            raise RuleError(f"a term longer than {MAX_TERM_YEARS} years is taken for a mistake: {self}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``P10Y``, ``P18M``, ``P1Y6M`` or ``permanent``.

        Raises:
            RuleError: Anything else, days and weeks too: no retention statute counts in them.
        """
        if text == "permanent":
            return cls(permanent=True)
        found = _DURATION.fullmatch(text)
        if found is None:
            raise RuleError(f"not a term (P10Y, P18M, P1Y6M or permanent): {text!r}")
        return cls(years=int(found["years"] or 0), months=int(found["months"] or 0))

    @property
    def total_months(self) -> int:
        """Length in months; 0 for a permanent term, so ask ``permanent`` first."""
        return self.years * MONTHS_A_YEAR + self.months

    def __str__(self) -> str:
        if self.permanent:
            return "permanent"
        years = f"{self.years}Y" if self.years or not self.months else ""
        months = f"{self.months}M" if self.months else ""
        return f"P{years}{months}"

    def describe(self) -> str:
        """The term in the words of the screens: ``10 Jahre``, ``1 Jahr 6 Monate``, ``dauernd``."""
        if self.permanent:
            return "dauernd"
        parts = []
        if self.years or not self.months:
            parts.append("1 Jahr" if self.years == 1 else f"{self.years} Jahre")
        if self.months:
            parts.append("1 Monat" if self.months == 1 else f"{self.months} Monate")
        return " ".join(parts)


class AnchorKind(StrEnum):
    """What starts the term."""

    CLOSING = "closing"
    LAST_DOCUMENT = "last-document"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The fact from which a term is counted; ``event`` names it when it is neither closing nor last document."""

    kind: AnchorKind
    event: str | None = None

    def __post_init__(self) -> None:
        if (self.kind is AnchorKind.EVENT) != (self.event is not None):
            raise RuleError("an event anchor names its event, every other anchor names none")
        if self.event is not None and (not self.event.strip() or self.event != self.event.strip()):
            raise RuleError(f"an event's name is not empty and has no blanks around it: {self.event!r}")
        if self.event is not None and len(self.event) > MAX_EVENT_NAME:
            raise RuleError(f"an event's name has at most {MAX_EVENT_NAME} characters")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``closing``, ``last-document`` or ``event:NAME``.

        Raises:
            RuleError: Anything else.
        """
        if text in (AnchorKind.CLOSING, AnchorKind.LAST_DOCUMENT):
            return cls(AnchorKind(text))
        kind, colon, event = text.partition(":")
        if kind == AnchorKind.EVENT and colon:
            return cls(AnchorKind.EVENT, event.strip())
        raise RuleError(f"not an anchor (closing, last-document or event:NAME): {text!r}")

    def __str__(self) -> str:
        return self.kind.value if self.event is None else f"event:{self.event}"


CLOSING: Final = Anchor(AnchorKind.CLOSING)
LAST_DOCUMENT: Final = Anchor(AnchorKind.LAST_DOCUMENT)


class Rounding(StrEnum):
    """Where a term starts and ends: with a calendar year, with a calendar month, or on the very day."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"


class AppliesTo(StrEnum):
    """What a new version of a rule reaches: terms still running as well, or closings from its first day only."""

    OPEN_TERMS = "open-terms"
    CLOSINGS = "closings"


class Appraisal(StrEnum):
    """The archive's word: A archive, V destroy, B the archive decides file by file."""

    ARCHIVE = "A"
    DECIDE = "B"
    DESTROY = "V"


class DisposalLevel(StrEnum):
    """What goes when its term is over: the whole file, or its single cases while the file lives on."""

    DOSSIER = "dossier"
    CASE = "case"
