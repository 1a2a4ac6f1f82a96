"""Reference numbers: patterns, the order in which people read them, and the spellings in which they type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eakte.errors import SetupFailed
from eakte.operations.references import SORT_LENGTH, check_pattern, format_reference, normalised_spelling, sort_key

READING_ORDER = [
    "02-00001/2026",
    "6",
    "63",
    "631",
    "632",
    "632.1",
    "632.2",
    "632.2-00001/2026",
    "632.2-00002/2025",
    "632.2-00017/2026",
    "632.2-00105/2026",
    "632.9",
    "632.10",
    "632.10.2",
    "632.10.10",
    "64",
    "Abfall 9",
    "Ärger 9",
    "Asyl 9",
    "Zoll 1",
]


def test_numbers_stand_as_people_read_them() -> None:
    shuffled = READING_ORDER[1::2] + READING_ORDER[::2]
    assert sorted(shuffled, key=lambda text: sort_key(text).encode()) == READING_ORDER


@pytest.mark.parametrize(
    ("one", "other"), [("Ärger", "arger"), ("Straße", "STRASSE"), ("Öl", "ol"), ("Übung", "ubung"), ("632.09", "632.9")]
)
def test_spellings_that_stand_beside_each_other(one: str, other: str) -> None:
    assert sort_key(one) == sort_key(other)


@given(st.text(max_size=3000))
def test_a_key_fits_an_index_and_is_made_of_everything(text: str) -> None:
    assert len(sort_key(text)) <= SORT_LENGTH


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=2), st.sampled_from([".", "-", "/"]))
def test_later_numbers_count_by_their_value(numbers: list[int], mark: str) -> None:
    one, other = numbers
    assert (sort_key(f"632{mark}{one}") < sort_key(f"632{mark}{other}")) is (one < other)


@pytest.mark.parametrize(
    "typed",
    [
        "632.2-00017/2026",
        " 632.2-00017/2026 ",
        "632.2 - 00017 / 2026",
        "632.2‐00017/2026",
        "632.2‑00017/2026",
        "632.2–00017/2026",
        "632.2—00017/2026",
        "632.2−00017/2026",
        "632.2－00017/2026",
        "632.2-00017/2026\n",
        "632.2\u00a0-\u202f00017/2026",
        "632.2-\u00ad00017/2026",
        "\ufeff632.2-00017/2026\u200b",
        "632.2-00017/2026\x00",
    ],
)
def test_spaces_dashes_and_what_copying_brings_do_not_matter(typed: str) -> None:
    assert normalised_spelling(typed) == "632.2-00017/2026"


@pytest.mark.parametrize("typed", ["632.2-0017/2026", "632.200017/2026", "632,2-00017/2026"])
def test_other_numbers_stay_others(typed: str) -> None:
    assert normalised_spelling(typed) != "632.2-00017/2026"


def test_letters_match_in_any_case() -> None:
    assert normalised_spelling("AZ 1") == normalised_spelling("az1")


@given(st.text())
def test_spelling_twice_is_spelling_once(text: str) -> None:
    once = normalised_spelling(text)
    assert normalised_spelling(once) == once


@pytest.mark.parametrize("pattern", ["{class}-{n:05}/{year}", "{class}/{n}", "{year}-{class}-{n:>4}"])
def test_a_pattern_that_names_class_and_number_is_fine(pattern: str) -> None:
    check_pattern(pattern)
    assert "632.2" in format_reference(pattern, number="632.2", year=2026, running=7)


@pytest.mark.parametrize(
    "pattern",
    ["", "{class}", "{n}", "{class}-{n}-{unit}", "{class}-{n", "{class}{n:x!}", "{}", "{0}{class}{n}", "{class.x}{n}"],
)
def test_a_pattern_that_would_not_work_is_said_at_the_start(pattern: str) -> None:
    with pytest.raises(SetupFailed, match="EAKTE_REFERENCE_PATTERN"):
        check_pattern(pattern)
