"""Values for property tests of the retention engine."""

from datetime import date

from hypothesis import settings
from hypothesis import strategies as st

from retention.periods import Facts, Rule
from retention.terms import Anchor, AnchorKind, AppliesTo, Rounding, Term

unhurried = settings(deadline=None)
"""These tests are about values, not speed, and machines are shared."""

EVENT = "Rückbau"

DAYS = st.dates(min_value=date(1800, 1, 1), max_value=date(2500, 12, 31))
ROUNDINGS = st.sampled_from(Rounding)
ANCHORS = st.sampled_from(
    [Anchor(AnchorKind.CLOSING), Anchor(AnchorKind.LAST_DOCUMENT), Anchor(AnchorKind.EVENT, EVENT)],
)


def finite_terms() -> st.SearchStrategy[Term]:
    return st.builds(Term, years=st.integers(0, 150), months=st.integers(0, 40))


def terms() -> st.SearchStrategy[Term]:
    return st.one_of(finite_terms(), st.just(Term(permanent=True)))


def rules(term: st.SearchStrategy[Term] | None = None) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        term=terms() if term is None else term,
        anchor=ANCHORS,
        rounding=ROUNDINGS,
        legal_basis=st.sampled_from([None, "§ 147 AO"]),
        valid_from=st.none() | DAYS,
        applies_to=st.sampled_from(AppliesTo),
    )


def facts() -> st.SearchStrategy[Facts]:
    return st.builds(
        Facts,
        closed_on=st.none() | DAYS,
        last_document_on=st.none() | DAYS,
        events=st.just({}) | st.builds(lambda day: {EVENT: day}, DAYS),
    )
