"""Retention arithmetic as tables: each line is a sentence of law or of the municipality's rules, with its citation."""

from datetime import date

import pytest

from retention.errors import CalendarError, RuleError
from retention.periods import Facts, RetentionState, Rule, add_months, assess, grace_end, term_end
from retention.terms import CLOSING, LAST_DOCUMENT, Anchor, Rounding, Term


def day(text: str) -> date:
    return date.fromisoformat(text)


ENDS = [
    # anchor        term     rounding  last day      why
    # Year, the commonest statute: § 147 (4) AO, § 257 (5) HGB, "mit dem Schluss des Kalenderjahrs"
    ("2010-01-01", "P10Y", "year", "2020-12-31", "§ 147 (4) AO: first day of the year"),
    ("2010-02-21", "P10Y", "year", "2020-12-31", "§ 147 (4) AO: some day of the year"),
    ("2010-12-31", "P10Y", "year", "2020-12-31", "§ 147 (4) AO: last day of the year, still that year"),
    ("2011-01-01", "P10Y", "year", "2021-12-31", "§ 147 (4) AO: a day later is a year later"),
    (
        "2016-02-29",
        "P8Y",
        "year",
        "2024-12-31",
        "§ 147 (3) AO as of 2025: vouchers, 8 years; a leap day changes nothing",
    ),
    ("2020-05-05", "P0Y", "year", "2020-12-31", "no term: until the end of the year of the closing"),
    ("2010-02-21", "P120M", "year", "2020-12-31", "120 months are ten years"),
    (
        "2010-02-21",
        "P18M",
        "year",
        "2012-12-31",
        "no whole years: to the end of the year in which they end, never cut short",
    ),
    ("2010-02-21", "P6M", "year", "2011-12-31", "starts on 31.12.2010, so half a year ends within 2011"),
    ("2010-02-21", "P1Y6M", "year", "2012-12-31", "the same written with years"),
    # Month: starts with the month's end, ends at a month's end
    ("2021-04-10", "P1M", "month", "2021-05-31", "a month from the end of April"),
    ("2024-02-10", "P18M", "month", "2025-08-31", "18 months from 29.02.2024"),
    ("2021-04-30", "P1M", "month", "2021-05-31", "the last day is still that month"),
    ("2021-05-01", "P1M", "month", "2021-06-30", "a day later is a month later"),
    ("2023-12-05", "P2M", "month", "2024-02-29", "into a leap February"),
    ("2022-12-05", "P2M", "month", "2023-02-28", "into a common February"),
    ("2021-01-31", "P1M", "month", "2021-02-28", "from a long month into a short one"),
    ("2021-11-30", "P3Y", "month", "2024-11-30", "years in months"),
    ("2021-04-10", "P0Y", "month", "2021-04-30", "no term: to the end of the month"),
    # Day: the day of the event does not count (§ 187 (1) BGB); same number (§ 188 (2)), or the month's last (§ 188 (3))
    ("2024-08-31", "P6M", "day", "2025-02-28", "§ 188 (3) BGB: February has no 31st"),
    ("2023-08-31", "P6M", "day", "2024-02-29", "§ 188 (3) BGB: in a leap year"),
    ("2025-02-28", "P6M", "day", "2025-08-28", "§ 188 (2) BGB: the number counts, not the month's end"),
    ("2021-01-31", "P1M", "day", "2021-02-28", "§ 188 (3) BGB"),
    ("2021-03-31", "P1M", "day", "2021-04-30", "§ 188 (3) BGB"),
    ("2010-02-21", "P10Y", "day", "2020-02-21", "§§ 187 (1), 188 (2) BGB: ten years to the day"),
    ("2024-02-29", "P1Y", "day", "2025-02-28", "§ 188 (3) BGB: no leap day in 2025"),
    ("2024-02-29", "P4Y", "day", "2028-02-29", "§ 188 (2) BGB: a leap day again"),
    ("1896-02-29", "P4Y", "day", "1900-02-28", "1900 was no leap year"),
    ("2021-12-31", "P1M", "day", "2022-01-31", "over the turn of the year"),
    ("2021-07-15", "P0Y", "day", "2021-07-15", "no term: over with the day itself"),
]


@pytest.mark.parametrize(("anchor", "term", "rounding", "end", "why"), ENDS, ids=[row[-1] for row in ENDS])
def test_a_term_ends_on(anchor: str, term: str, rounding: str, end: str, why: str) -> None:
    assert term_end(day(anchor), Term.parse(term), Rounding(rounding)) == day(end), why


def test_disposal_is_due_from_the_day_after_the_end_and_not_on_it() -> None:
    found = assess(Rule(Term(years=10)), Facts(closed_on=date(2010, 2, 21)))
    assert found.end == date(2020, 12, 31)
    assert found.due == date(2021, 1, 1)
    assert not found.is_due(date(2020, 12, 31))
    assert found.is_due(date(2021, 1, 1))


# ------------------------------------------------------------------------------------------------------------- anchors

CLOSED = date(2010, 5, 4)
LAST = date(2009, 11, 30)
DEATH = Anchor.parse("event:Tod")


def test_by_default_the_closing_counts() -> None:
    found = assess(Rule(Term(years=5)), Facts(closed_on=CLOSED, last_document_on=LAST))
    assert (found.anchor_on, found.end) == (CLOSED, date(2015, 12, 31))


def test_the_last_document_counts_where_the_rule_says_so() -> None:
    found = assess(Rule(Term(years=5), anchor=LAST_DOCUMENT), Facts(closed_on=CLOSED, last_document_on=LAST))
    assert (found.anchor_on, found.end) == (LAST, date(2014, 12, 31))


def test_a_file_without_documents_counts_from_its_closing_which_is_never_earlier() -> None:
    found = assess(Rule(Term(years=5), anchor=LAST_DOCUMENT), Facts(closed_on=CLOSED))
    assert (found.anchor_on, found.end) == (CLOSED, date(2015, 12, 31))


def test_an_event_counts_from_its_day() -> None:
    found = assess(Rule(Term(years=5), anchor=DEATH), Facts(closed_on=CLOSED, events={"Tod": date(2018, 7, 1)}))
    assert (found.state, found.end) == (RetentionState.RUNNING, date(2023, 12, 31))


def test_an_event_without_its_day_is_waited_for_and_never_due() -> None:
    found = assess(Rule(Term(years=5), anchor=DEATH), Facts(closed_on=CLOSED, events={"Umzug": date(2018, 7, 1)}))
    assert found.state is RetentionState.WAITING_FOR_EVENT
    assert (found.end, found.offer_by, found.due, found.anchor_on) == (None, None, None, None)
    assert not found.is_due(date.max)


@pytest.mark.parametrize("anchor", [CLOSING, LAST_DOCUMENT, DEATH])
@pytest.mark.parametrize("term", [Term(years=1), Term(permanent=True)])
def test_an_open_file_has_no_end_whatever_its_anchor(anchor: Anchor, term: Term) -> None:
    facts = Facts(closed_on=None, last_document_on=LAST, events={"Tod": LAST})
    found = assess(Rule(term, anchor=anchor), facts)
    assert found.state is RetentionState.OPEN
    assert (found.end, found.offer_by, found.due) == (None, None, None)
    assert not found.is_due(date.max)


# ----------------------------------------------------------------------------------------------------------- permanent


def test_permanent_is_not_never_the_archive_gets_it_after_thirty_years() -> None:
    found = assess(Rule(Term(permanent=True)), Facts(closed_on=CLOSED))
    assert found.state is RetentionState.PERMANENT
    assert found.end is None
    assert found.offer_by == found.due == date(2040, 5, 4)
    assert not found.is_due(date(2040, 5, 3))
    assert found.is_due(date(2040, 5, 4))


def test_the_class_says_when_a_permanent_file_is_offered() -> None:
    found = assess(Rule(Term(permanent=True)), Facts(closed_on=date(2024, 2, 29)), offer_by=Term(years=1))
    assert found.offer_by == date(2025, 2, 28)


def test_permanent_counts_from_the_closing_even_where_an_event_is_missing() -> None:
    found = assess(Rule(Term(permanent=True), anchor=DEATH), Facts(closed_on=CLOSED))
    assert (found.state, found.offer_by) == (RetentionState.PERMANENT, date(2040, 5, 4))


def test_a_permanent_file_must_reach_the_archive_some_day() -> None:
    with pytest.raises(RuleError, match="reach the archive"):
        assess(Rule(Term(permanent=True)), Facts(closed_on=CLOSED), offer_by=Term(permanent=True))


def test_a_permanent_term_has_no_last_day() -> None:
    with pytest.raises(RuleError, match="no end"):
        term_end(CLOSED, Term(permanent=True), Rounding.YEAR)


# -------------------------------------------------------------------------------------------------- the calendar's edge


@pytest.mark.parametrize("rounding", Rounding)
def test_a_term_beyond_the_year_9999_is_a_clear_error(rounding: Rounding) -> None:
    with pytest.raises(CalendarError, match="9999"):
        term_end(date(9995, 6, 1), Term(years=10), rounding)


@pytest.mark.parametrize("rounding", Rounding)
def test_a_term_needs_a_day_after_its_end(rounding: Rounding) -> None:
    with pytest.raises(CalendarError, match="last day"):
        term_end(date(9998, 12, 31), Term(years=1), rounding)


def test_an_offer_beyond_the_year_9999_is_a_clear_error() -> None:
    with pytest.raises(CalendarError, match="10025"):
        assess(Rule(Term(permanent=True)), Facts(closed_on=date(9995, 6, 1)))


@pytest.mark.parametrize(
    ("start", "months", "result"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-01-31", 13, "2025-02-28"),
        ("2024-12-15", 1, "2025-01-15"),
        ("2024-01-15", 11, "2024-12-15"),
        ("2024-01-15", 12, "2025-01-15"),
        ("2024-05-31", 0, "2024-05-31"),
    ],
)
def test_adding_months(start: str, months: int, result: str) -> None:
    assert add_months(day(start), months) == day(result)


# ------------------------------------------------------------------------------------------------------ transfer grace


@pytest.mark.parametrize(
    ("closed", "grace", "end"),
    [
        ("2024-08-31", "P6M", "2025-02-28"),
        ("2024-03-15", "P1Y", "2025-03-15"),
        ("2024-03-15", None, "2024-03-15"),
        ("2024-03-15", "P0Y", "2024-03-15"),
    ],
)
def test_the_transfer_grace_ends_to_the_day(closed: str, grace: str | None, end: str) -> None:
    assert grace_end(day(closed), Term.parse(grace) if grace else None) == day(end)


def test_a_transfer_grace_ends_some_day() -> None:
    with pytest.raises(RuleError):
        grace_end(CLOSED, Term(permanent=True))


# --------------------------------------------------------------------------------------------------------- explanations

EXPLANATIONS = [
    (
        Rule(Term(years=10), legal_basis="§ 147 Abs. 3 AO"),
        Facts(closed_on=date(2010, 2, 21)),
        (
            "Schließung am 21.02.2010, Frist 10 Jahre vom Ende des Kalenderjahres an (§ 147 Abs. 3 AO): "
            "aufzubewahren bis 31.12.2020."
        ),
    ),
    (
        Rule(Term(months=18), anchor=LAST_DOCUMENT, rounding=Rounding.MONTH),
        Facts(closed_on=date(2024, 3, 1), last_document_on=date(2024, 2, 10)),
        "Letztes Dokument am 10.02.2024, Frist 18 Monate vom Ende des Kalendermonats an: aufzubewahren bis 31.08.2025.",
    ),
    (
        Rule(Term(months=6), anchor=DEATH, rounding=Rounding.DAY),
        Facts(closed_on=date(2024, 3, 1), events={"Tod": date(2024, 8, 31)}),
        "Ereignis „Tod“ am 31.08.2024, Frist 6 Monate taggenau: aufzubewahren bis 28.02.2025.",
    ),
    (
        Rule(Term(years=5), anchor=DEATH),
        Facts(closed_on=CLOSED),
        "Die Frist wartet auf das Ereignis „Tod“; sein Datum ist nicht bekannt.",
    ),
    (
        Rule(Term(permanent=True), legal_basis="§ 7 PStG"),
        Facts(closed_on=date(2010, 5, 4)),
        (
            "Dauernd aufzubewahren (§ 7 PStG); spätestens 30 Jahre nach der Schließung am 04.05.2010 dem Archiv "
            "anzubieten: 04.05.2040."
        ),
    ),
    (Rule(Term(years=5)), Facts(), "Die Akte ist offen; es läuft keine Frist."),
    (
        Rule(Term(years=5), anchor=LAST_DOCUMENT),
        Facts(closed_on=CLOSED),
        (
            "Schließung (die Akte enthält kein Dokument) am 04.05.2010, Frist 5 Jahre vom Ende des Kalenderjahres an: "
            "aufzubewahren bis 31.12.2015."
        ),
    ),
]


@pytest.mark.parametrize(("rule", "facts", "sentence"), EXPLANATIONS)
def test_the_calculation_is_explained_in_one_sentence(rule: Rule, facts: Facts, sentence: str) -> None:
    assert assess(rule, facts).explanation == sentence
