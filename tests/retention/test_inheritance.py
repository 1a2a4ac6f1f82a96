"""What a class inherits, and where each value comes from."""

from dataclasses import fields
from datetime import date

from retention.inheritance import PartialRetention, Resolved, Sourced, resolve
from retention.periods import Rule
from retention.terms import CLOSING, LAST_DOCUMENT, AppliesTo, Appraisal, DisposalLevel, Rounding, Term

FULL = PartialRetention(
    term=Term(years=10),
    anchor=LAST_DOCUMENT,
    rounding=Rounding.DAY,
    legal_basis="§ 147 Abs. 3 AO",
    valid_from=date(2025, 1, 1),
    applies_to=AppliesTo.OPEN_TERMS,
    appraisal=Appraisal.DESTROY,
    offer_by=Term(years=20),
    disposal_level=DisposalLevel.CASE,
    transfer_grace=Term(months=6),
)
NOTHING = PartialRetention()


def test_where_nobody_says_anything_the_defaults_hold_and_there_is_no_rule() -> None:
    found = resolve([("6", NOTHING), ("63", NOTHING)])
    assert found == Resolved(
        term=Sourced(None, None),
        anchor=Sourced(CLOSING, None),
        rounding=Sourced(Rounding.YEAR, None),
        legal_basis=Sourced(None, None),
        valid_from=Sourced(None, None),
        applies_to=Sourced(AppliesTo.CLOSINGS, None),
        appraisal=Sourced(Appraisal.DECIDE, None),
        offer_by=Sourced(Term(years=30), None),
        disposal_level=Sourced(DisposalLevel.DOSSIER, None),
        transfer_grace=Sourced(None, None),
    )
    assert found.rule() is None


def test_a_class_that_says_nothing_inherits_everything_and_says_from_where() -> None:
    found = resolve([("6", FULL), ("63", NOTHING), ("632", NOTHING)])
    assert {one.name: getattr(found, one.name) for one in fields(found)} == {
        one.name: Sourced(getattr(FULL, one.name), "6") for one in fields(FULL)
    }
    assert found.rule() == Rule(
        Term(years=10), LAST_DOCUMENT, Rounding.DAY, "§ 147 Abs. 3 AO", date(2025, 1, 1), AppliesTo.OPEN_TERMS
    )


def test_the_nearest_class_wins_value_by_value() -> None:
    found = resolve([("6", FULL), ("63", PartialRetention(appraisal=Appraisal.ARCHIVE)), ("632", NOTHING)])
    assert found.appraisal == Sourced(Appraisal.ARCHIVE, "63")
    assert found.term == Sourced(Term(years=10), "6")


def test_a_file_overrides_its_class_and_is_named_as_the_source() -> None:
    found = resolve([("6", FULL), ("Akte", PartialRetention(term=Term(years=30)))])
    assert found.term == Sourced(Term(years=30), "Akte")


def test_a_citation_is_not_inherited_by_a_term_it_was_not_given_for() -> None:
    found = resolve([("6", FULL), ("63", PartialRetention(term=Term(years=5)))])
    assert found.term == Sourced(Term(years=5), "63")
    assert found.legal_basis == Sourced(None, None)
    assert found.valid_from == Sourced(None, None)
    assert found.applies_to == Sourced(AppliesTo.CLOSINGS, None)
    assert found.anchor == Sourced(LAST_DOCUMENT, "6")


def test_a_class_may_cite_another_statute_for_the_term_it_inherits() -> None:
    found = resolve([("6", FULL), ("63", PartialRetention(legal_basis="§ 5 Satzung"))])
    assert found.legal_basis == Sourced("§ 5 Satzung", "63")
    assert found.term == Sourced(Term(years=10), "6")


def test_a_term_of_nothing_is_a_term_and_not_a_gap() -> None:
    found = resolve([("6", FULL), ("63", PartialRetention(term=Term()))])
    assert found.term == Sourced(Term(), "63")


def test_an_empty_chain_has_the_defaults() -> None:
    assert resolve([]) == resolve([("6", NOTHING)])
