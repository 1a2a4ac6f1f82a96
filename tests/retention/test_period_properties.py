"""Properties of retention arithmetic, against a calendar that is walked day by day."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from retention.periods import Facts, RetentionState, Rule, assess, assess_versions, grace_end, kept_longer, term_end
from retention.terms import AppliesTo, Rounding, Term
from tests.retention.strategies import DAYS, ROUNDINGS, facts, finite_terms, rules, unhurried

ONE_DAY = timedelta(days=1)


def walked_end(anchor: date, term: Term) -> date:
    """§ 188 (2), (3) BGB without arithmetic of months: start behind the goal and walk back to the last possible day."""
    months = anchor.year * 12 + anchor.month - 1 + term.years * 12 + term.months
    last = date(months // 12, months % 12 + 1, 28)
    while last.day < anchor.day and (last + ONE_DAY).month == last.month:
        last += ONE_DAY
    while last.day > anchor.day:
        last -= ONE_DAY
    return last


@unhurried
@given(DAYS, finite_terms())
def test_counted_to_the_day_as_the_civil_code_says(anchor: date, term: Term) -> None:
    assert term_end(anchor, term, Rounding.DAY) == walked_end(anchor, term)


@unhurried
@given(DAYS, finite_terms(), ROUNDINGS)
def test_never_early(anchor: date, term: Term, rounding: Rounding) -> None:
    end = term_end(anchor, term, rounding)
    assert end >= walked_end(anchor, term) >= anchor
    assert (end - anchor).days >= term.years * 365 + term.months * 28


@unhurried
@given(DAYS, finite_terms())
def test_rounding_never_shortens(anchor: date, term: Term) -> None:
    by_day, by_month, by_year = (term_end(anchor, term, r) for r in (Rounding.DAY, Rounding.MONTH, Rounding.YEAR))
    assert by_day <= by_month <= by_year
    assert (by_month + ONE_DAY).day == 1
    assert (by_month - by_day).days <= 30
    assert (by_year.month, by_year.day) == (12, 31)


@unhurried
@given(DAYS, st.integers(0, 150), ROUNDINGS)
def test_whole_years_are_rounded_up_by_less_than_a_year(anchor: date, years: int, rounding: Rounding) -> None:
    assert term_end(anchor, Term(years=years), rounding).year == anchor.year + years


@unhurried
@given(DAYS, DAYS, finite_terms(), ROUNDINGS)
def test_a_later_anchor_never_ends_earlier(one: date, other: date, term: Term, rounding: Rounding) -> None:
    earlier, later = sorted([one, other])
    assert term_end(earlier, term, rounding) <= term_end(later, term, rounding)


@unhurried
@given(DAYS, finite_terms(), finite_terms(), ROUNDINGS)
def test_a_longer_term_never_ends_earlier(anchor: date, one: Term, other: Term, rounding: Rounding) -> None:
    shorter, longer = sorted([one, other], key=lambda term: term.total_months)
    assert term_end(anchor, shorter, rounding) <= term_end(anchor, longer, rounding)


@unhurried
@given(DAYS, ROUNDINGS, finite_terms())
def test_all_anchors_within_a_rounding_unit_end_together(anchor: date, rounding: Rounding, term: Term) -> None:
    first = {Rounding.YEAR: anchor.replace(month=1, day=1), Rounding.MONTH: anchor.replace(day=1), Rounding.DAY: anchor}
    assert term_end(first[rounding], term, rounding) == term_end(anchor, term, rounding)


@unhurried
@given(DAYS, st.none() | finite_terms())
def test_a_grace_never_ends_before_the_closing(closed: date, grace: Term | None) -> None:
    assert grace_end(closed, grace) >= closed


@unhurried
@given(rules(), facts())
def test_an_end_is_there_exactly_while_running_and_an_offer_exactly_when_permanent(rule: Rule, known: Facts) -> None:
    found = assess(rule, known)
    assert (found.end is not None) == (found.state is RetentionState.RUNNING)
    assert (found.offer_by is not None) == (found.state is RetentionState.PERMANENT)
    assert (found.due is None) == (found.state in (RetentionState.OPEN, RetentionState.WAITING_FOR_EVENT))
    assert (known.closed_on is None) == (found.state is RetentionState.OPEN)


@unhurried
@given(st.lists(rules(), min_size=1, max_size=5, unique_by=lambda rule: rule.valid_from or date.min), facts())
def test_versions_are_assessed_alike_in_any_order_and_the_governing_one_is_among_them(
    versions: list[Rule], known: Facts
) -> None:
    found = assess_versions(versions, known)
    assert found == assess_versions(versions[::-1], known)
    assert found.rule in versions


@unhurried
@given(rules(finite_terms()), rules(finite_terms()), facts(), DAYS)
def test_a_version_never_changes_what_was_over_nor_ends_a_running_term_before_its_own_day(
    old: Rule, new: Rule, known: Facts, first_day: date
) -> None:
    """Reaching back may shorten what runs, but only from the new version's first day on."""
    old = Rule(old.term, anchor=old.anchor, rounding=old.rounding)
    new = Rule(new.term, new.anchor, new.rounding, valid_from=first_day, applies_to=AppliesTo.OPEN_TERMS)
    if known.closed_on is None or known.closed_on >= first_day:
        return
    before, after = assess(old, known), assess_versions([old, new], known)
    if before.end is not None and before.end < first_day:
        assert after == before
    elif after.end is not None:
        assert after.end + ONE_DAY >= first_day


@unhurried
@given(rules(), facts(), st.none() | DAYS)
def test_kept_longer_is_never_shorter_and_makes_no_end(rule: Rule, known: Facts, keep_until: date | None) -> None:
    found = assess(rule, known)
    longer = kept_longer(found, keep_until)
    assert (longer.end is None) == (found.end is None)
    assert (longer.state, longer.rule, longer.offer_by) == (found.state, found.rule, found.offer_by)
    if found.end is not None:
        assert longer.end == max(found.end, keep_until or found.end)
        assert longer.explanation.startswith(found.explanation)
