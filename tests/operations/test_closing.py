"""zdA: never a closed dossier with an open case, no backdating in silence, and terms counted as the statute says."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from eakte.audit import Tag
from eakte.errors import CasesOpen, InvalidInput, NotAllowed, StaleRevision, WrongState
from eakte.models import Dossier
from eakte.operations.closing import close_case, reopen_case, reopen_dossier, set_event
from eakte.operations.dossier_lists import in_state
from eakte.operations.dossiers import state_on
from eakte.terms import CaseState, DossierState, today
from tests.operations.office import Office


def reopen(office: Office, dossier: uuid.UUID, reason: str = "Nachtrag") -> Dossier:
    with office.backends.transactions.begin(office.people["clerk63"]) as tx:
        return reopen_dossier(tx, dossier, reason=reason)


def event(office: Office, dossier: uuid.UUID, name: str, on: date) -> Dossier:
    with office.backends.transactions.begin(office.people["registrar"]) as tx:
        return set_event(tx, dossier, name=name, on=on)


def entries(office: Office, tag: Tag) -> list[Any]:
    return [row[0] for row in office.sql("SELECT details FROM audit_entry WHERE tag = %s ORDER BY id", tag.value)]


class TestOpenCases:
    def test_they_keep_a_dossier_open_and_are_named(self, office: Office) -> None:
        dossier = office.dossier()
        cases = [office.case(dossier, title=title) for title in ("Anhörung", "Bescheid")]
        with pytest.raises(CasesOpen) as caught:
            office.close(dossier)
        assert {error.at for error in caught.value.errors} == {f"cases.{case}" for case in cases}
        assert "Anhörung" in str(caught.value.detail)
        assert office.dossier_row(dossier).state == DossierState.OPEN.value
        assert all(office.case_row(case).closed_on is None for case in cases)

    def test_they_are_closed_in_the_same_act_when_the_person_says_so(self, office: Office) -> None:
        dossier = office.dossier()
        closed_before = office.case(dossier)
        with office.backends.transactions.begin(office.people["clerk63"]) as tx:
            close_case(tx, closed_before)
        cases = [office.case(dossier), office.case(dossier)]
        office.close(dossier, close_cases=True)
        assert {office.case_row(case).closed_on for case in cases} == {today()}
        (entry,) = entries(office, Tag.DOSSIER_CLOSE)
        assert set(entry["subjects"]) == {str(case) for case in cases}

    def test_no_case_is_opened_again_in_a_closed_dossier(self, office: Office) -> None:
        dossier = office.dossier()
        case = office.case(dossier)
        office.close(dossier, close_cases=True)
        with pytest.raises(WrongState), office.backends.transactions.begin(office.people["clerk63"]) as tx:
            reopen_case(tx, case, reason="x")
        assert office.case_row(case).state == CaseState.CLOSED.value


class TestTheDay:
    tomorrow = today() + timedelta(days=1)

    @pytest.mark.parametrize("day", [tomorrow, date(2020, 5, 5)])
    def test_a_clerk_neither_postpones_nor_backdates(self, office: Office, day: date) -> None:
        dossier = office.dossier()
        office.file(dossier=dossier, received_on=date(2026, 1, 7))
        with pytest.raises(NotAllowed):
            office.close(dossier, closed_on=day, reason="Umzug")
        assert office.dossier_row(dossier).closed_on is None

    @pytest.mark.parametrize("reason", [None, "", "  \n"])
    def test_the_registrar_needs_a_reason(self, office: Office, reason: str | None) -> None:
        dossier = office.dossier("registrar")
        with pytest.raises(NotAllowed, match="Grund"):
            office.close(dossier, "registrar", closed_on=self.tomorrow, reason=reason)

    def test_with_a_reason_it_is_marked_and_the_reason_stays_beside_the_log(self, office: Office) -> None:
        dossier = office.dossier("registrar")
        office.file("registrar", dossier=dossier, received_on=date(2026, 1, 7))
        office.close(dossier, "registrar", closed_on=date(2010, 1, 1), reason="Übernahme der Altakten")
        (entry,) = entries(office, Tag.DOSSIER_CLOSE)
        assert entry["backdated"] is True
        assert "Altakten" not in str(entry)
        assert office.sql("SELECT value FROM former_value WHERE field = 'reason'") == [("Übernahme der Altakten",)]

    def test_on_the_day_of_the_youngest_document_nothing_is_backdated(self, office: Office) -> None:
        dossier = office.dossier()
        office.file(dossier=dossier, received_on=date(2026, 1, 7))
        office.file(dossier=dossier, received_on=date(2026, 1, 5), written_on=date(2026, 1, 6))
        office.close(dossier, closed_on=date(2026, 1, 7))
        (entry,) = entries(office, Tag.DOSSIER_CLOSE)
        assert entry["backdated"] is False

    def test_a_document_without_days_counts_from_its_filing(self, office: Office) -> None:
        dossier = office.dossier()
        office.file(dossier=dossier)
        with pytest.raises(NotAllowed):
            office.close(dossier, closed_on=today() - timedelta(days=1))

    @pytest.mark.parametrize("plan_class", ["632.2", "634"])
    def test_a_term_beyond_the_calendar_is_bad_input(self, office: Office, plan_class: str) -> None:
        dossier = office.dossier("registrar", plan_class=plan_class)
        with pytest.raises(InvalidInput) as caught:
            office.close(dossier, "registrar", closed_on=date(9999, 12, 31), reason="Tippfehler")
        assert caught.value.errors[0].at == "closed_on"
        assert office.dossier_row(dossier).closed_on is None

    def test_a_case_is_not_closed_in_the_future(self, office: Office) -> None:
        case = office.case(office.dossier())
        with pytest.raises(InvalidInput), office.backends.transactions.begin(office.people["clerk63"]) as tx:
            close_case(tx, case, closed_on=self.tomorrow)


class TestTerms:
    @pytest.mark.parametrize("closed_on", [date(2010, 1, 1), date(2010, 2, 21), date(2010, 12, 31)])
    def test_a_term_of_years_ends_with_a_year(self, office: Office, closed_on: date) -> None:
        dossier = office.dossier("registrar", plan_class="634")
        row = office.close(dossier, "registrar", closed_on=closed_on, reason="Altakte")
        assert row.retention_end == date(2020, 12, 31)
        assert row.retention_state == "running"
        assert row.retention_basis == "Aktenordnung"
        assert row.retention_rule is not None
        assert "31.12.2020" in row.retention_rule

    def test_the_class_inherits_from_above_and_overrides(self, office: Office) -> None:
        row = office.close(office.dossier(plan_class="632.1"))
        assert row.retention_end == date(today().year + 30, 12, 31)
        assert row.grace_end is not None
        assert row.grace_end > today()

    def test_permanent_is_due_at_the_archive_some_day(self, office: Office) -> None:
        dossier = office.dossier("registrar", plan_class="02")
        row = office.close(dossier, "registrar", closed_on=date(1990, 3, 31), reason="Altakte")
        assert row.retention_end is None
        assert row.retention_state == "permanent"
        assert row.retention_offer_by == date(2020, 3, 31)
        assert state_on(row, date(2020, 3, 30)) is DossierState.RETENTION
        assert state_on(row, date(2020, 3, 31)) is DossierState.DUE

    def test_a_term_waits_for_its_event_and_is_counted_when_it_comes(self, office: Office) -> None:
        dossier = office.dossier("registrar", plan_class="03")
        row = office.close(dossier, "registrar")
        assert (row.retention_state, row.retention_end) == ("waiting-for-event", None)
        assert state_on(row, date(2100, 1, 1)) is DossierState.RETENTION
        row = event(office, dossier, "Austritt", date(2019, 6, 30))
        assert (row.retention_state, row.retention_end) == ("running", date(2024, 12, 31))
        row = event(office, dossier, "Austritt", date(2020, 6, 30))
        assert row.retention_end == date(2025, 12, 31)
        assert [entry["before"] for entry in entries(office, Tag.DOSSIER_EVENT)] == [None, "2019-06-30"]

    def test_another_event_does_not_start_the_term(self, office: Office) -> None:
        dossier = office.dossier("registrar", plan_class="03")
        office.close(dossier, "registrar")
        assert event(office, dossier, "Eintritt", date(2019, 6, 30)).retention_state == "waiting-for-event"

    def test_an_event_of_tomorrow_has_not_happened(self, office: Office) -> None:
        dossier = office.dossier("registrar", plan_class="03")
        with pytest.raises(InvalidInput):
            event(office, dossier, "Austritt", today() + timedelta(days=1))

    def test_a_class_without_term_says_so(self, office: Office) -> None:
        row = office.close(office.dossier(plan_class="09"))
        assert (row.retention_state, row.retention_end, row.retention_offer_by) == ("no-rule", None, None)


class TestReopening:
    def test_it_ends_the_term_and_the_next_closing_counts_anew(self, office: Office) -> None:
        dossier = office.dossier("registrar", plan_class="634")
        office.close(dossier, "registrar", closed_on=date(2010, 6, 1), reason="Altakte")
        with office.backends.transactions.begin(office.people["registrar"]) as tx:
            row = reopen_dossier(tx, dossier, reason="Widerspruch")
        assert (row.closed_on, row.retention_end, row.grace_end, row.retention_state) == (None, None, None, "open")
        row = office.close(dossier, "registrar")
        assert row.retention_end == date(today().year + 10, 12, 31)
        (entry,) = entries(office, Tag.DOSSIER_REOPEN)
        assert entry == {"was_closed_on": "2010-06-01"}

    def test_it_needs_a_reason_and_a_closed_dossier(self, office: Office) -> None:
        dossier = office.dossier()
        with pytest.raises(WrongState):
            reopen(office, dossier)
        office.close(dossier)
        with pytest.raises(InvalidInput):
            reopen(office, dossier, reason=" ")
        with pytest.raises(WrongState):
            office.close(dossier)

    def test_every_step_moves_the_revision(self, office: Office) -> None:
        dossier = office.dossier()
        seen = [office.dossier_row(dossier).revision, office.close(dossier).revision, reopen(office, dossier).revision]
        assert seen == sorted(set(seen))
        with pytest.raises(StaleRevision):
            office.close(dossier, revision=seen[0])
        office.close(dossier, revision=seen[-1])

    def test_its_documents_are_indexed_anew(self, office: Office) -> None:
        dossier = office.dossier()
        document = office.file(dossier=dossier)
        office.read(document, "Bescheid")
        office.index()
        office.close(dossier)
        row = office.row(document)
        assert row.indexed_revision < row.revision
        facets = {each.value: each.count for each in office.search("clerk63", "Bescheid").facets["state"]}
        assert facets == {"open": 1}
        office.index()
        facets = {each.value: each.count for each in office.search("clerk63", "Bescheid").facets["state"]}
        assert set(facets) == {"closed"}


DAYS = st.none() | st.integers(-3, 3).map(lambda days: today() + timedelta(days=days))


@settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), DAYS, DAYS, DAYS)
def test_what_a_dossier_says_of_itself_is_what_lists_ask(
    shared_office: Office, closed: bool, end: date | None, offer_by: date | None, grace: date | None
) -> None:
    """`state_on` and the predicate of the lists are two spellings of one rule."""
    day = today()
    with shared_office.backends.database.session() as session:
        found = session.scalar(select(Dossier).limit(1))
        if found is None:
            shared_office.dossier()
            found = session.scalars(select(Dossier).limit(1)).one()
        found.closed_on = day if closed else None
        found.state = "closed" if closed else "open"
        found.retention_end, found.retention_offer_by, found.grace_end = end, offer_by, grace
        session.flush()
        listed = [state for state in DossierState if session.scalar(select(Dossier.id).where(in_state(state)))]
        assert listed == [state_on(found, day)]
        session.rollback()
