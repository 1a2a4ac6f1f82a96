"""Dossiers and cases: numbers that nobody gets twice, and who may open one where."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound, StaleRevision, WrongState
from eakte.operations.dossiers import readable_dossier, writable_dossier
from eakte.operations.opening import NewCase, NewDossier, create_case, create_dossier
from eakte.terms import SYSTEM, Actor, DossierState, today
from tests.operations.office import PATTERN, Office


class Stopped(Exception):
    """The act ends before its commit."""


def refused(office: Office, by: Actor, **said: object) -> tuple[FieldError, ...]:
    new = NewDossier(**({"plan_class": "632.2", "title": "x"} | said))  # type: ignore[arg-type] # bad on purpose
    with pytest.raises(InvalidInput) as caught, office.backends.transactions.begin(by) as tx:
        create_dossier(tx, new, pattern=PATTERN)
    return caught.value.errors


def test_twenty_clerks_at_once_never_get_the_same_number(office: Office) -> None:
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda turn: office.dossier(plan_class=("632.2", "634")[turn % 2]), range(200)))
    assert len(set(made)) == 200
    numbers = [row[0] for row in office.sql("SELECT reference_number FROM dossier")]
    assert len(set(numbers)) == 200
    year = today().year
    for plan_class in ("632.2", "634"):
        expected = {f"{plan_class}-{running:05}/{year}" for running in range(1, 101)}
        assert {number for number in numbers if number.startswith(f"{plan_class}-")} == expected


def test_a_number_follows_the_pattern(office: Office) -> None:
    row = office.dossier_row(office.dossier())
    assert re.fullmatch(rf"632\.2-00001/{today().year}", row.reference_number)


@pytest.mark.parametrize(
    ("pattern", "first", "second"),
    [("{class}/{n}", "632.2/1", "632.2/2"), ("{year}.{class}.{n:03}", None, None), ("AZ {class} {n:>4}", None, None)],
)
def test_other_patterns(office: Office, pattern: str, first: str | None, second: str | None) -> None:
    numbers = []
    for _ in range(2):
        with office.backends.transactions.begin(office.people["clerk63"]) as tx:
            row, _new = create_dossier(tx, NewDossier(plan_class="632.2", title="x"), pattern=pattern)
            numbers.append(row.reference_number)
    assert len(set(numbers)) == 2
    if first is not None:
        assert numbers == [first, second]


def test_a_pattern_without_year_counts_on_over_the_years(office: Office) -> None:
    numbers = []
    for year in (2024, 2025):
        with office.backends.transactions.begin(SYSTEM) as tx:
            new = NewDossier(plan_class="632.2", title="x", unit="63", opened_on=today().replace(year=year, day=1))
            row, _new = create_dossier(tx, new, pattern="{class}/{n}")
            numbers.append(row.reference_number)
    assert numbers == ["632.2/1", "632.2/2"]


def test_an_act_that_fails_gives_its_number_back_and_nobody_gets_two(office: Office) -> None:
    first = office.dossier_row(office.dossier()).reference_number
    with suppress(Stopped), office.backends.transactions.begin(office.people["clerk63"]) as tx:
        create_dossier(tx, NewDossier(plan_class="632.2", title="x"), pattern=PATTERN)
        raise Stopped
    second = office.dossier_row(office.dossier()).reference_number
    assert [number[6:11] for number in (first, second)] == ["00001", "00002"]
    assert office.count("dossier") == 2


def test_bad_input_names_its_field_and_leaves_nothing(office: Office) -> None:
    clerk = office.people["clerk63"]
    for said, at in (
        ({"plan_class": "999"}, "plan_class"),
        ({"plan_class": "632"}, "plan_class"),
        ({"plan_class": str(uuid.uuid4())}, "plan_class"),
        ({"unit": "99"}, "unit"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": "a\x07b"}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"confidentiality": "secret"}, "confidentiality"),
        ({"medium": "stone"}, "medium"),
    ):
        (error,) = refused(office, clerk, **said)
        assert error.at == at, said
        assert error.message
    assert office.count("dossier") == office.count("reference_counter") == 0


def test_a_title_is_kept_composed_on_one_line(office: Office) -> None:
    row = office.dossier_row(office.dossier(title="  Anbau \n an das  Ra\u0308tehaus "))
    assert row.title == "Anbau an das Rätehaus"


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("clerk10", {"unit": "63"}),
        ("clerk63", {"confidentiality": "protected"}),
        ("clerk631", {"unit": "63"}),
        ("admin", {}),
        ("archive", {}),
        ("auditor", {}),
    ],
)
def test_a_dossier_is_opened_only_where_one_works(office: Office, by: str, said: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        office.dossier(by, **said)
    assert office.count("dossier") == 0


def test_the_head_opens_below_and_protected(office: Office) -> None:
    row = office.dossier_row(office.dossier("head63", unit="631", confidentiality="protected"))
    assert row.unit_id == office.units["631"]
    with office.backends.transactions.read() as session, pytest.raises(NotFound):
        readable_dossier(session, office.people["clerk631"], row.id)


def test_a_known_external_key_names_its_dossier(office: Office) -> None:
    said = NewDossier(plan_class="632.2", title="x", external_system="bau", external_id="7")
    made = []
    for _ in range(2):
        with office.backends.transactions.begin(office.people["clerk63"]) as tx:
            row, new = create_dossier(tx, said, pattern=PATTERN)
            made.append((row.id, new))
    assert made[0] == (made[1][0], True)
    assert made[1][1] is False
    assert office.count("dossier") == 1


def test_two_calls_at_once_with_one_external_key_make_one_dossier(office: Office) -> None:
    def call(_turn: int) -> uuid.UUID | None:
        try:
            return office.dossier(external_system="bau", external_id="7")
        except Exception as error:  # noqa: BLE001 - the loser may be told to try again, by any name
            assert type(error).__name__ == "Conflict"  # noqa: PT017 - see above
            return None

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(call, range(8))) - {None}
    assert len(found) == 1
    assert office.count("dossier") == 1


class TestCases:
    def test_cases_are_numbered_within_their_dossier(self, office: Office) -> None:
        one, two = office.dossier(), office.dossier()
        assert [office.case_row(office.case(each)).ordinal for each in (one, one, two)] == [1, 2, 1]

    def test_cases_made_at_once_get_numbers_of_their_own(self, office: Office) -> None:
        dossier = office.dossier()
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _turn: office.case(dossier), range(24)))
        assert sorted(office.case_row(case).ordinal for case in made) == list(range(1, 25))

    def test_a_closed_dossier_takes_no_case(self, office: Office) -> None:
        dossier = office.dossier()
        office.close(dossier)
        with pytest.raises(WrongState):
            office.case(dossier)

    def test_dossiers_and_cases_share_one_sequence_of_numbers(self, office: Office) -> None:
        dossier = office.dossier()
        case = office.case(dossier)
        other = office.dossier()
        numbers = [office.dossier_row(dossier).number, office.case_row(case).number, office.dossier_row(other).number]
        assert len(set(numbers)) == 3


def test_a_stale_revision_changes_nothing(office: Office) -> None:
    dossier = office.dossier()
    with pytest.raises(StaleRevision), office.backends.transactions.begin(office.people["clerk63"]) as tx:
        writable_dossier(tx, dossier, revision=7)
    with pytest.raises(NotFound), office.backends.transactions.begin(SYSTEM) as tx:
        create_case(tx, NewCase(dossier=uuid.uuid4(), title="x"))
    assert office.dossier_row(dossier).state == DossierState.OPEN.value
