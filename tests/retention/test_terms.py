"""The written forms of terms and anchors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.errors import RetentionError, RuleError
from retention.terms import CLOSING, LAST_DOCUMENT, MAX_TERM_YEARS, Anchor, AnchorKind, Term
from tests.retention.strategies import terms, unhurried

WRITTEN = [
    ("P10Y", Term(years=10), "10 Jahre"),
    ("P1Y", Term(years=1), "1 Jahr"),
    ("P18M", Term(months=18), "18 Monate"),
    ("P1M", Term(months=1), "1 Monat"),
    ("P1Y6M", Term(years=1, months=6), "1 Jahr 6 Monate"),
    ("P0Y", Term(), "0 Jahre"),
    ("permanent", Term(permanent=True), "dauernd"),
]


@pytest.mark.parametrize(("written", "term", "on_screens"), WRITTEN)
def test_a_term_is_read_written_and_described(written: str, term: Term, on_screens: str) -> None:
    assert Term.parse(written) == term
    assert str(term) == written
    assert term.describe() == on_screens


@pytest.mark.parametrize(
    "written",
    [
        "",
        "P",
        "10",
        "10Y",
        "P10",
        "P10J",
        "P10D",
        "P2W",
        "PT1H",
        "P-1Y",
        "P1.5Y",
        "P6M1Y",
        "p10y",
        " P10Y",
        "P10Y ",
        "P١٠Y",
        "P10Y\n",
        "Permanent",
        "dauernd",
        "P99999Y",
        f"P{MAX_TERM_YEARS}Y1M",
        "P11989M",
    ],
)
def test_what_is_no_term_is_refused(written: str) -> None:
    with pytest.raises(RuleError):
        Term.parse(written)


def test_the_longest_term_is_still_one() -> None:
    assert Term.parse(f"P{MAX_TERM_YEARS}Y").total_months == 11_988


def test_a_term_keeps_the_words_of_its_statute() -> None:
    assert Term.parse("P12M") != Term.parse("P1Y")
    assert Term.parse("P12M").total_months == Term.parse("P1Y").total_months == 12


@pytest.mark.parametrize(("years", "months", "permanent"), [(-1, 0, False), (0, -1, False), (1, 0, True), (0, 1, True)])
def test_impossible_terms_cannot_be_built(years: int, months: int, *, permanent: bool) -> None:
    with pytest.raises(RuleError):
        Term(years=years, months=months, permanent=permanent)


@unhurried
@given(terms())
def test_every_term_survives_writing_and_reading(term: Term) -> None:
    assert Term.parse(str(term)) == term


@unhurried
@given(st.text(alphabet="P0123456789YMDWT.- ", max_size=12))
def test_reading_a_term_answers_or_refuses_but_never_breaks(text: str) -> None:
    try:
        term = Term.parse(text)
    except RetentionError:
        return
    assert Term.parse(str(term)) == term


@pytest.mark.parametrize(
    ("written", "anchor"),
    [
        ("closing", CLOSING),
        ("last-document", LAST_DOCUMENT),
        ("event:Rückbau", Anchor(AnchorKind.EVENT, "Rückbau")),
        ("event:Tod: Ehegatte", Anchor(AnchorKind.EVENT, "Tod: Ehegatte")),
    ],
)
def test_an_anchor_is_read_and_written(written: str, anchor: Anchor) -> None:
    assert Anchor.parse(written) == anchor
    assert str(anchor) == written


@pytest.mark.parametrize("written", ["", "event", "event:", "event:  ", "Closing", "closed", "last-document:x", "x:y"])
def test_what_is_no_anchor_is_refused(written: str) -> None:
    with pytest.raises(RuleError):
        Anchor.parse(written)


@pytest.mark.parametrize(
    ("kind", "event"),
    [(AnchorKind.CLOSING, "Tod"), (AnchorKind.EVENT, None), (AnchorKind.EVENT, " Tod"), (AnchorKind.EVENT, "x" * 101)],
)
def test_impossible_anchors_cannot_be_built(kind: AnchorKind, event: str | None) -> None:
    with pytest.raises(RuleError):
        Anchor(kind, event)
