"""Retention arithmetic: when does a term end, and what follows from that. Law as code that a registrar can read.

Sources, named again at each rule:

* § 187 (1) BGB: the day of the event does not count.
* § 188 (2) BGB: a term of months or years ends with the day that bears the event's number in the last month.
* § 188 (3) BGB: where the last month lacks that day, the term ends with the month's last day.
* § 147 (4) AO, § 257 (5) HGB: the commonest retention statute; the term starts with the end of the calendar year.

§ 193 BGB (Sundays, holidays) is left out on purpose: it is about declarations and performances, not about keeping.

``end`` is always the LAST day of the term; disposal may be proposed from the day after, ``due``. The end of a term
never permits deletion: everything is offered to the archive first.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, date, timedelta
from enum import StrEnum
from typing import Final

from retention.errors import CalendarError, RuleError
from retention.terms import CLOSING, MONTHS_A_YEAR, Anchor, AnchorKind, AppliesTo, Rounding, Term

DEFAULT_OFFER_BY: Final = Term(years=30)
"""Permanent is not "never": so long after its closing a permanent file is brought to the archive, unless its class says
otherwise. Archive laws cap the wait at 30 years, for instance § 4 (1) ArchivG NRW."""

ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a class's retention rule.

    Attributes:
        term: How long.
        anchor: Counted from what.
        rounding: The calendar unit with whose end the term starts and ends.
        legal_basis: The citation; None where the plan gives none.
        valid_from: First day of this version; None for one that was always there.
        applies_to: What this version reaches besides files closed from ``valid_from`` on. By default nothing: without
            an order of the law a new rule does not reach back.
    """

    term: Term
    anchor: Anchor = CLOSING
    rounding: Rounding = Rounding.YEAR
    legal_basis: str | None = None
    valid_from: date | None = None
    applies_to: AppliesTo = AppliesTo.CLOSINGS


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one file (or one case, where the class disposes of cases). Days in Europe/Berlin."""

    closed_on: date | None = None
    last_document_on: date | None = None
    events: Mapping[str, date] = field(default_factory=dict)


class RetentionState(StrEnum):
    """Where a file stands as to its term. ``running`` includes a term that is over: that depends on the day."""

    OPEN = "open"
    RUNNING = "running"
    PERMANENT = "permanent"
    WAITING_FOR_EVENT = "waiting-for-event"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a rule says about a file.

    Attributes:
        state: Why there is an end, or why there is none.
        rule: The version that was applied.
        anchor_on: The day counted from; None while it is unknown.
        end: The last day of the term; None unless ``running``.
        offer_by: The day on which a permanent file is due at the archive; None for all others.
        explanation: The calculation in one German sentence, for screens and protocols.
    """

    state: RetentionState
    rule: Rule
    anchor_on: date | None
    end: date | None
    offer_by: date | None
    explanation: str

    @property
    def due(self) -> date | None:
        """Disposal may be proposed from here on: the day after ``end``, or ``offer_by``; None while both are open."""
        return self.offer_by if self.end is None else self.end + ONE_DAY

    def is_due(self, today: date) -> bool:
        """Whether disposal may be proposed today. No date is never due."""
        return self.due is not None and self.due <= today


def assess(rule: Rule, facts: Facts, *, offer_by: Term = DEFAULT_OFFER_BY) -> Assessment:
    """Count one rule's term for one file.

    An open file has no end, whatever its anchor: keeping starts after the work. A file without documents whose term
    hangs on the last document is counted from its closing, which can only be later.

    Args:
        rule: The version to apply; see `applicable` and `assess_versions` where there are several.
        facts: What is known about the file.
        offer_by: The class's setting for permanent files, counted from the closing to the day.

    Raises:
        CalendarError: The term ends after the year 9999.
        RuleError: ``offer_by`` is permanent, so a permanent file would never reach the archive.
    """
    if offer_by.permanent:
        raise RuleError("a permanent file must reach the archive some day: offer_by cannot be permanent")
    if facts.closed_on is None:
        return Assessment(RetentionState.OPEN, rule, None, None, None, "Die Akte ist offen; es läuft keine Frist.")
    if rule.term.permanent:
        offer_on = add_months(facts.closed_on, offer_by.total_months)
        explanation = (
            f"Dauernd aufzubewahren{_basis(rule)}; spätestens {offer_by.describe()} nach der Schließung am "
            f"{german_date(facts.closed_on)} dem Archiv anzubieten: {german_date(offer_on)}."
        )
        return Assessment(RetentionState.PERMANENT, rule, facts.closed_on, None, offer_on, explanation)
    anchor_on = _anchor_day(rule.anchor, facts)
    if anchor_on is None:
        explanation = f"Die Frist wartet auf das Ereignis „{rule.anchor.event}“; sein Datum ist nicht bekannt."
        return Assessment(RetentionState.WAITING_FOR_EVENT, rule, None, None, None, explanation)
    end = term_end(anchor_on, rule.term, rule.rounding)
    explanation = (
        f"{_anchor_words(rule.anchor, facts)} am {german_date(anchor_on)}, Frist {rule.term.describe()}"
        f"{_ROUNDING_WORDS[rule.rounding]}{_basis(rule)}: aufzubewahren bis {german_date(end)}."
    )
    return Assessment(RetentionState.RUNNING, rule, anchor_on, end, None, explanation)


def term_end(anchor_on: date, term: Term, rounding: Rounding) -> date:
    """The last day of a term counted from ``anchor_on``.

    * year: the term starts with the end of the anchor's year (§ 147 (4) AO) and ends with the end of a year, so that a
      term that is no whole number of years is never cut short;
    * month: the term starts with the end of the anchor's month and ends with the end of a month;
    * day: §§ 187 (1), 188 (2) and (3) BGB.

    Raises:
        RuleError: A permanent term has no end.
        CalendarError: The end, or the day after it, lies after the year 9999.
    """
    if term.permanent:
        raise RuleError("a permanent term has no end")
    match rounding:
        case Rounding.YEAR:
            whole_years = -(-term.total_months // MONTHS_A_YEAR)
            end = _last_of_month(anchor_on.year + whole_years, MONTHS_A_YEAR)
        case Rounding.MONTH:
            start = add_months(anchor_on.replace(day=1), term.total_months)
            end = _last_of_month(start.year, start.month)
        case Rounding.DAY:
            end = add_months(anchor_on, term.total_months)
    if end == date.max:
        raise CalendarError("the term ends on the calendar's last day, so there is no day on which disposal is due")
    return end


def grace_end(closed_on: date, grace: Term | None) -> date:
    """The last day of the transfer grace (Transferfrist): how long a closed file stays in the active stock.

    Counted to the day (§§ 187, 188 BGB). Without a grace it ends with the closing itself.

    Raises:
        RuleError: A permanent grace: the file would never leave the active stock.
        CalendarError: The grace ends after the year 9999.
    """
    return closed_on if grace is None else term_end(closed_on, grace, Rounding.DAY)


def applicable(versions: Sequence[Rule], facts: Facts) -> Rule:
    """Which version of a class's rule governs a file.

    The oldest version governs unless a later one reaches the file: a version reaches every file closed on its
    ``valid_from`` or later, and with ``open-terms`` also those whose term was not over on that day (so did Article 97
    § 19a EGAO when tax vouchers went from 10 to 8 years). A term that was over stays over, whatever came later.
    An open file is governed by the newest version; its term has not begun.

    Raises:
        RuleError: There is no version, or two start on the same day, so that nobody can say which governs.
        CalendarError: A term ends after the year 9999.
    """
    return _governing(versions, facts)[0]


def assess_versions(versions: Sequence[Rule], facts: Facts, *, offer_by: Term = DEFAULT_OFFER_BY) -> Assessment:
    """Choose the version that governs (`applicable`) and count its term.

    A version that reaches back may shorten a term, but it works from its first day only: what it ends is due on
    ``valid_from`` at the earliest, also where the version is entered before that day.

    Raises:
        RuleError: See `applicable` and `assess`.
        CalendarError: A term ends after the year 9999.
    """
    rule, reached_back = _governing(versions, facts)
    found = assess(rule, facts, offer_by=offer_by)
    if not reached_back or found.end is None or rule.valid_from is None or found.end >= rule.valid_from:
        return found
    end = rule.valid_from - ONE_DAY
    explanation = (
        f"{found.explanation} Die kürzere Frist gilt erst ab {german_date(rule.valid_from)}: "
        f"aufzubewahren bis {german_date(end)}."
    )
    return replace(found, end=end, explanation=explanation)


def kept_longer(found: Assessment, keep_until: date | None) -> Assessment:
    """The assessment of a file that is kept until a named day at least, beyond its rule.

    The later of both days counts, so nothing becomes shorter. Without an end there is nothing to put off: a file that
    is open, permanent or waits for its event is kept anyway.
    """
    if keep_until is None or found.end is None or keep_until <= found.end:
        return found
    explanation = f"{found.explanation} Im Einzelfall länger aufzubewahren: bis {german_date(keep_until)}."
    return replace(found, end=keep_until, explanation=explanation)


def _governing(versions: Sequence[Rule], facts: Facts) -> tuple[Rule, bool]:
    """The governing version, and whether it came to the file by reaching back to a term already running."""
    ordered = sorted(versions, key=lambda version: version.valid_from or date.min)
    if not ordered:
        raise RuleError("a class without any version of its rule")
    if len({version.valid_from or date.min for version in ordered}) < len(ordered):
        raise RuleError("two versions of a rule start on the same day")
    if facts.closed_on is None:
        return ordered[-1], False
    governing, reached_back = ordered[0], False
    for version in ordered[1:]:
        starts = version.valid_from or date.min
        if facts.closed_on >= starts:
            governing, reached_back = version, False
        elif version.applies_to is AppliesTo.OPEN_TERMS and not _over_before(governing, facts, starts):
            governing, reached_back = version, True
    return governing, reached_back


def _over_before(rule: Rule, facts: Facts, day: date) -> bool:
    end = assess(rule, facts).end
    return end is not None and end < day


def add_months(day: date, months: int) -> date:
    """The day with the same number so many months later; the month's last day where it lacks that number (§ 188 BGB).

    Raises:
        CalendarError: The result lies after the year 9999.
    """
    years, month_index = divmod(day.month - 1 + months, MONTHS_A_YEAR)
    last = _last_of_month(day.year + years, month_index + 1)
    return last.replace(day=min(day.day, last.day))


def _last_of_month(year: int, month: int) -> date:
    if year > MAXYEAR:
        raise CalendarError(f"the term ends in the year {year}, after {MAXYEAR}")
    return date(year, month, calendar.monthrange(year, month)[1])


def _anchor_day(anchor: Anchor, facts: Facts) -> date | None:
    match anchor.kind:
        case AnchorKind.CLOSING:
            return facts.closed_on
        case AnchorKind.LAST_DOCUMENT:
            return facts.last_document_on or facts.closed_on
        case AnchorKind.EVENT:
            return facts.events.get(anchor.event or "")


def german_date(day: date) -> str:
    """A day as it is written in German: 21.02.2010."""
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


_ROUNDING_WORDS: Final = {
    Rounding.YEAR: " vom Ende des Kalenderjahres an",
    Rounding.MONTH: " vom Ende des Kalendermonats an",
    Rounding.DAY: " taggenau",
}


def _anchor_words(anchor: Anchor, facts: Facts) -> str:
    match anchor.kind:
        case AnchorKind.CLOSING:
            return "Schließung"
        case AnchorKind.LAST_DOCUMENT:
            return "Letztes Dokument" if facts.last_document_on else "Schließung (die Akte enthält kein Dokument)"
        case AnchorKind.EVENT:
            return f"Ereignis „{anchor.event}“"


def _basis(rule: Rule) -> str:
    return f" ({rule.legal_basis})" if rule.legal_basis else ""
