"""The start page and resubmissions: what came in, what is due, done with one press, put off with another."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from eakte.models import Resubmission
from eakte.terms import today
from tests.pages.pages_support import Answer, Pages, Person

MINE = "clerk63"


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person(MINE)


def act_on(person: Person, reminder: str, act: str, revision: int = 1, back: str = "/") -> Answer:
    return person.post(f"/wiedervorlagen/{reminder}", act=act, revision=str(revision), zurueck=back)


def row(pages: Pages, reminder: str) -> Resubmission:
    with pages.backends.transactions.read() as session:
        return session.get_one(Resubmission, uuid.UUID(reminder))


def test_start_shows_what_lies_unfiled_in_ones_own_units(pages: Pages, clerk: Person) -> None:
    pages.document({"inbox": True}, login=MINE, title="Bauvoranfrage Quendelweg", sender="Mehmet Aydın")
    shown = clerk.get("/")
    assert "Bauvoranfrage Quendelweg" in shown.text
    assert "Mehmet Aydın" in shown.text
    assert re.search(r"Posteingang \d+", shown.text)
    for stranger in ("clerk10", "admin"):
        assert "Quendelweg" not in pages.person(stranger).get("/").text
    assert "Wiedervorlagen" not in pages.person("admin").get("/").text


def test_what_is_due_comes_by_day_and_goes_when_it_is_done(pages: Pages, clerk: Person) -> None:
    place = pages.place(MINE, "Fälligweg 3")
    late = pages.resubmission(MINE, "Statik nachfordern", document=place.document)
    yesterday = today() - timedelta(days=1)
    pages.change(update(Resubmission).where(Resubmission.id == uuid.UUID(late)).values(due_on=yesterday))
    shown = clerk.get("/").text
    assert shown.index("Statik nachfordern") < shown.index("Rückruf "), (
        "what is overdue stands before what is due today"
    )
    assert "überfällig, gestern" in shown
    answer = act_on(clerk, late, "done")
    assert answer.location == "/?ok=erledigt#wiedervorlagen"
    after = clerk.get(answer.location).text
    assert "Die Wiedervorlage ist erledigt." in after
    assert "Statik nachfordern" not in after
    again = act_on(clerk, late, "done")
    assert again.location == "/?ok=inzwischen#wiedervorlagen"
    assert "Inzwischen hat jemand das geändert oder erledigt." in clerk.get(again.location).text


def test_two_rows_of_one_page_share_its_key_and_both_are_done(pages: Pages, clerk: Person) -> None:
    place = pages.place(MINE, "Doppelzeile 1")
    second = pages.resubmission(MINE, "Zweite Zeile", dossier=place.dossier)
    for reminder in (place.resubmission, second):
        clerk.post(f"/wiedervorlagen/{reminder}", act="done", revision="1", idempotency="eine-seite")
        assert row(pages, reminder).done_at is not None


def test_one_is_put_off_from_today_and_not_twice(pages: Pages, clerk: Person) -> None:
    place = pages.place(MINE, "Spaeterweg 7")
    assert act_on(clerk, place.resubmission, "7", back="/wiedervorlagen").location.startswith("/wiedervorlagen?ok=")
    assert row(pages, place.resubmission).due_on == today() + timedelta(days=7)
    assert act_on(clerk, place.resubmission, "30").location == "/?ok=inzwischen#wiedervorlagen"
    assert row(pages, place.resubmission).due_on == today() + timedelta(days=7)


def test_day_and_note_are_changed_with_errors_at_the_field(pages: Pages, clerk: Person) -> None:
    place = pages.place(MINE, "Notizweg 9")
    address = f"/wiedervorlagen/{place.resubmission}/aendern"
    form = clerk.get(f"{address}?zurueck=/akten/{place.dossier}")
    assert form.value("note") == "Rückruf Notizweg 9"
    typed = {"revision": "1", "note": "Ortstermin", "zurueck": f"/akten/{place.dossier}"}
    wrong = clerk.post(address, due_on="1.1.2020", **typed)
    assert wrong.status == 422
    assert wrong.errors == {"due_on": "Der Tag der Wiedervorlage liegt in der Vergangenheit."}
    assert wrong.value("note") == "Ortstermin"
    assert clerk.post(address, due_on="irgendwann", **typed).errors["due_on"].startswith("Wieder vorlegen am")
    assert (
        clerk.post(address, due_on="+14", **typed).location == f"/akten/{place.dossier}?ok=gespeichert#wiedervorlagen"
    )
    assert (row(pages, place.resubmission).note, row(pages, place.resubmission).due_on) == (
        "Ortstermin",
        today() + timedelta(days=14),
    )
    assert "Ortstermin" in clerk.get(f"/akten/{place.dossier}").text


@pytest.mark.parametrize("back", ["https://boese.example/", "//boese.example", "/konto/../abmelden", ""])
def test_coming_back_leads_to_pages_of_ours_alone(pages: Pages, clerk: Person, back: str) -> None:
    place = pages.place(MINE, "Rückweg 5")
    assert act_on(clerk, place.resubmission, "done", back=back).location.startswith("/wiedervorlagen?ok=erledigt")


def test_in_a_closed_dossier_it_can_be_done_and_not_moved(pages: Pages, clerk: Person) -> None:
    place = pages.place(MINE, "Geschlossenweg 2")
    clerk.post(f"/akten/{place.dossier}/zda", close_cases="1")
    shown = clerk.get("/wiedervorlagen").html
    assert f'action="/wiedervorlagen/{place.resubmission}"' in shown
    assert f"/wiedervorlagen/{place.resubmission}/aendern" not in shown
    assert "ok=inzwischen" in act_on(clerk, place.resubmission, "7").location
    assert clerk.get(f"/wiedervorlagen/{place.resubmission}/aendern").status == 403
    assert act_on(clerk, place.resubmission, "done").status == 303
