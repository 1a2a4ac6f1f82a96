"""Rules change: which version governs a file, told on the change that made vouchers of ten years vouchers of eight.

§ 147 (3) AO was shortened by the Fourth Bureaucracy Relief Act; Article 97 § 19a EGAO applies it to all documents
whose term was not over on 1 January 2025.
"""

from datetime import date

import pytest

from retention.errors import RuleError
from retention.periods import Facts, RetentionState, Rule, applicable, assess_versions
from retention.terms import Anchor, AppliesTo, Rounding, Term

TEN = Rule(Term(years=10), legal_basis="§ 147 Abs. 3 AO a.F.")
EIGHT = Rule(
    Term(years=8),
    legal_basis="§ 147 Abs. 3 AO",
    valid_from=date(2025, 1, 1),
    applies_to=AppliesTo.OPEN_TERMS,
)
EIGHT_FOR_CLOSINGS = Rule(Term(years=8), valid_from=date(2025, 1, 1), applies_to=AppliesTo.CLOSINGS)

SENTENCES = [
    # closed        versions                     governs             last day      sentence
    ("2013-06-01", [TEN, EIGHT], TEN, "2023-12-31", "a term that was over stays over and keeps its old explanation"),
    ("2014-06-01", [TEN, EIGHT], TEN, "2024-12-31", "over on the last day before the new version"),
    (
        "2015-06-01",
        [TEN, EIGHT],
        EIGHT,
        "2024-12-31",
        "running, ended by the new version with the day before it starts",
    ),
    ("2016-06-01", [TEN, EIGHT], EIGHT, "2024-12-31", "running, its eight years happen to end just then"),
    ("2017-06-01", [TEN, EIGHT], EIGHT, "2025-12-31", "running, shortened"),
    ("2024-12-31", [TEN, EIGHT], EIGHT, "2032-12-31", "closed on the day before"),
    ("2025-01-01", [TEN, EIGHT], EIGHT, "2033-12-31", "closed on the first day"),
    ("2017-06-01", [TEN, EIGHT_FOR_CLOSINGS], TEN, "2027-12-31", "a version for closings does not reach back"),
    ("2024-12-31", [TEN, EIGHT_FOR_CLOSINGS], TEN, "2034-12-31", "not even by a day"),
    ("2025-01-01", [TEN, EIGHT_FOR_CLOSINGS], EIGHT_FOR_CLOSINGS, "2033-12-31", "but reaches its first day"),
    ("2017-06-01", [EIGHT, TEN], EIGHT, "2025-12-31", "the order in which versions are listed does not matter"),
    ("2010-06-01", [EIGHT], EIGHT, "2018-12-31", "a single version governs all, files from before it too"),
]


@pytest.mark.parametrize(
    ("closed", "versions", "governs", "end", "sentence"), SENTENCES, ids=[row[-1] for row in SENTENCES]
)
def test_a_file_is_governed_by(closed: str, versions: list[Rule], governs: Rule, end: str, sentence: str) -> None:
    facts = Facts(closed_on=date.fromisoformat(closed))
    assert applicable(versions, facts) == governs, sentence
    found = assess_versions(versions, facts)
    assert (found.rule, found.end) == (governs, date.fromisoformat(end)), sentence


def test_an_open_file_is_governed_by_the_newest_version() -> None:
    assert applicable([TEN, EIGHT_FOR_CLOSINGS], Facts()) == EIGHT_FOR_CLOSINGS
    assert assess_versions([TEN, EIGHT], Facts()).state is RetentionState.OPEN


def test_a_version_entered_ahead_of_its_day_makes_nothing_due_before_that_day() -> None:
    """Otherwise a shorter term, known today and in force in 2040, would empty the shelves today."""
    one = Rule(Term(years=1), valid_from=date(2040, 1, 1), applies_to=AppliesTo.OPEN_TERMS)
    found = assess_versions([Rule(Term(years=30)), one], Facts(closed_on=date(2020, 5, 5)))
    assert (found.end, found.due) == (date(2039, 12, 31), date(2040, 1, 1))
    assert found.explanation.endswith("Die kürzere Frist gilt erst ab 01.01.2040: aufzubewahren bis 31.12.2039.")


def test_a_file_that_waits_for_its_event_is_still_open_to_a_version_that_reaches_back() -> None:
    waiting = Rule(Term(years=10), anchor=Anchor.parse("event:Tod"))
    facts = Facts(closed_on=date(2000, 1, 1))
    assert applicable([waiting, EIGHT], facts) == EIGHT
    assert applicable([waiting, EIGHT_FOR_CLOSINGS], facts) == waiting


def test_a_permanent_file_is_still_open_to_a_version_that_reaches_back() -> None:
    assert applicable([Rule(Term(permanent=True)), EIGHT], Facts(closed_on=date(1960, 1, 1))) == EIGHT


def test_a_term_that_ends_on_the_new_versions_first_day_is_still_running_on_it() -> None:
    to_the_day = Rule(Term(years=10), rounding=Rounding.DAY)
    assert applicable([to_the_day, EIGHT], Facts(closed_on=date(2015, 1, 1))) == EIGHT
    assert applicable([to_the_day, EIGHT], Facts(closed_on=date(2014, 12, 31))) == to_the_day


def test_versions_follow_one_another() -> None:
    six = Rule(Term(years=6), valid_from=date(2030, 1, 1), applies_to=AppliesTo.OPEN_TERMS)
    versions = [TEN, EIGHT, six]
    assert applicable(versions, Facts(closed_on=date(2017, 1, 1))) == EIGHT  # over in 2025, so not reached in 2030
    assert applicable(versions, Facts(closed_on=date(2022, 1, 1))) == six  # eight years end with 2030
    assert applicable(versions, Facts(closed_on=date(2013, 1, 1))) == TEN


def test_the_class_setting_for_permanent_files_is_handed_on() -> None:
    found = assess_versions([Rule(Term(permanent=True))], Facts(closed_on=date(2000, 1, 1)), offer_by=Term(years=5))
    assert found.offer_by == date(2005, 1, 1)


def test_no_version_is_an_error_and_not_a_file_without_end() -> None:
    with pytest.raises(RuleError, match="without any version"):
        applicable([], Facts(closed_on=date(2000, 1, 1)))


def test_two_versions_from_one_day_are_an_error() -> None:
    with pytest.raises(RuleError, match="same day"):
        applicable([TEN, EIGHT, EIGHT_FOR_CLOSINGS], Facts(closed_on=date(2000, 1, 1)))
