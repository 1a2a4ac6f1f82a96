"""The list of a dossier: sorted, filtered, and one act on what was ticked, all or none."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from eakte.models import Document, Resubmission
from eakte.terms import today
from eakte.web.pages import dossier_view
from tests.pages.pages_support import Answer, Pages, Person, Place

MINE = "clerk63"


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person(MINE)


@pytest.fixture
def place(pages: Pages) -> Place:
    return pages.place(MINE, "Listenweg 1")


def documents(pages: Pages, place: Place, *titles: str) -> list[str]:
    days = {"A": "2026-03-01", "B": "2026-05-01", "C": "2026-04-01"}
    return [
        str(pages.document({"dossier": place.dossier}, title=each, received_on=days.get(each[:1], "2025-01-01"))["id"])
        for each in titles
    ]


def send(person: Person, at: Place, ids: list[str], act: str, **fields: str) -> Answer:
    """As a browser sends a form in which one field stands several times."""
    body = urlencode([("csrf", person.csrf), *({"idempotency": uuid.uuid4().hex, "act": act} | fields).items()])
    ticked = urlencode([("d", each) for each in ids])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Answer(person.client.post(f"/akten/{at.dossier}/auswahl", content=f"{body}&{ticked}", headers=headers))


def rows(pages: Pages, ids: list[str]) -> list[Document]:
    with pages.backends.transactions.read() as session:
        return [session.get_one(Document, uuid.UUID(each)) for each in ids]


def listed(answer: Answer) -> list[str]:
    return re.findall(r'<a href="/dokumente/[^"]+" data-ea-row>([^<]+)</a>', answer.html)


def test_the_list_is_sorted_and_shows_marks_and_cancelled_ones_when_asked(
    pages: Pages, clerk: Person, place: Place
) -> None:
    titles = ("B Baugesuch", "A Antrag", "C Cancelled")
    ids = documents(pages, place, *titles)
    address = f"/akten/{place.dossier}"
    assert [each for each in listed(clerk.get(address)) if each in titles] == ["C Cancelled", "A Antrag", "B Baugesuch"]
    by_title = clerk.get(f"{address}?sort=title")
    assert [each for each in listed(by_title) if each in titles] == ["A Antrag", "B Baugesuch", "C Cancelled"]
    assert 'aria-sort="ascending"' in by_title.html
    by_day = clerk.get(f"{address}?sort=date")
    assert [each for each in listed(by_day) if each in titles] == ["B Baugesuch", "C Cancelled", "A Antrag"]
    clerk.post(f"/dokumente/{ids[2]}/stornieren", reason="doppelt")
    clerk.post(f"/dokumente/{ids[0]}/auschecken")
    assert "C Cancelled" not in listed(clerk.get(address))
    shown = clerk.get(f"{address}?storniert=1")
    assert "C Cancelled" in listed(shown)
    assert "storniert" in shown.text
    assert "ausgecheckt Clerk63" in shown.text
    assert f'value="{ids[2]}"' not in shown.html, "what is cancelled cannot be ticked"


def test_sorted_lists_go_on_by_key(pages: Pages, clerk: Person, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dossier_view, "ROWS", 4)
    titles = [f"{number} Blatt" for number in range(5)]
    documents(pages, place, *titles)
    for sort, last in (("title", "4 Blatt"), ("date", "0 Blatt"), ("", "0 Blatt")):
        first = clerk.get(f"/akten/{place.dossier}?sort={sort}")
        onward = re.search(r'href="(/akten/[^"]*after=[^"]+)">Weitere', first.html)
        assert onward
        second = clerk.get(onward[1].replace("&amp;", "&"))
        assert last in listed(second), sort
        assert len(listed(first)) == 4
        assert not set(listed(first)) & set(listed(second)) & set(titles)


def test_many_are_moved_as_one_act(pages: Pages, clerk: Person, place: Place) -> None:
    target = pages.place(MINE, "Zielweg 5")
    ids = documents(pages, place, "Erstes", "Zweites")
    asked = clerk.get(f"/akten/{place.dossier}/auswahl?act=move&" + urlencode([("d", each) for each in ids]))
    assert "2 Dokumente verschieben" in asked.text
    assert f'value="dossier:{place.dossier}"' in asked.html, "its own dossier with its cases stands first"
    csrf_in_address = re.search(r'<form id="ortsuche".*?</form>', asked.html, re.DOTALL)
    assert csrf_in_address
    assert "csrf" not in csrf_in_address[0]
    answer = send(clerk, place, ids, "move", place=f"case:{target.case}")
    assert answer.location.startswith(f"/akten/{place.dossier}?ok=auswahl-move&akt=")
    assert {str(row.case_id) for row in rows(pages, ids)} == {target.case}
    assert len(pages.audit(subject=ids[0], tag="record:document:move")) == 1


def test_what_stands_in_the_way_is_told_for_each_and_nothing_changes(pages: Pages, clerk: Person, place: Place) -> None:
    target = pages.place(MINE, "Zielweg 6")
    ids = documents(pages, place, "Geht", "Geht nicht")
    pages.person("head63").post(f"/dokumente/{ids[1]}/auschecken")
    refused = send(clerk, place, ids, "move", place=f"dossier:{target.dossier}")
    assert refused.status == 409
    assert "„Geht nicht“: Das Dokument ist ausgecheckt. Head63 bearbeitet es seit" in refused.text
    assert f'value="dossier:{target.dossier}"' in refused.html or "zuletzt benutzte" in refused.text
    assert {str(row.dossier_id) for row in rows(pages, ids)} == {place.dossier}


def test_many_are_changed_cancelled_and_put_before_one_again(pages: Pages, clerk: Person, place: Place) -> None:
    ids = documents(pages, place, "Eins", "Zwei")
    assert send(clerk, place, ids, "change").errors == {"kind": "Bitte füllen Sie aus, was sich ändern soll."}
    assert send(clerk, place, ids, "change", kind="outgoing", received_on="", sender="").status == 303
    assert {row.kind for row in rows(pages, ids)} == {"outgoing"}
    assert send(clerk, place, ids, "remind", due_on="+5", note="Prüfen").status == 303
    with pages.backends.transactions.read() as session:
        made = select(func.count()).where(
            Resubmission.document_id.in_([uuid.UUID(each) for each in ids]),
            Resubmission.due_on == today() + timedelta(days=5),
        )
        assert session.scalar(made) == 2
    assert send(clerk, place, ids, "cancel", reason=" ").errors == {"reason": "Grund fehlt."}
    assert send(clerk, place, ids, "cancel", reason="doppelt").status == 303
    assert all(row.cancelled_at for row in rows(pages, ids))


def test_one_key_twice_does_it_once_and_another_selection_is_another_act(
    pages: Pages, clerk: Person, place: Place
) -> None:
    first, second = documents(pages, place, "Einmal", "Andermal")
    for ids in ([first], [first], [second]):
        answer = send(clerk, place, ids, "remind", due_on="morgen", note="Einmal", idempotency="dieselbe")
        assert answer.status == 303
    with pages.backends.transactions.read() as session:
        made = select(func.count()).where(Resubmission.note == "Einmal")
        assert session.scalar(made) == 2


def test_who_does_not_work_there_finds_no_ticks_and_no_form(pages: Pages, place: Place) -> None:
    pages.share(place.dossier, "clerk10")
    reader = pages.person("clerk10")
    shown = reader.get(f"/akten/{place.dossier}")
    assert shown.status == 200
    assert "data-ea-tick" not in shown.html
    assert reader.get(f"/akten/{place.dossier}/auswahl?act=cancel&d={place.document}").status == 403
    assert send(reader, place, [place.document], "cancel", reason="x").status == 403
    assert rows(pages, [place.document])[0].cancelled_at is None


@pytest.mark.parametrize("query", ["", "?d=quatsch", "?act=quatsch&d=0190a000-0000-7000-8000-000000000000"])
def test_a_selection_of_nothing_is_no_fault_of_ours(clerk: Person, place: Place, query: str) -> None:
    answer = clerk.get(f"/akten/{place.dossier}/auswahl{query}")
    assert answer.status in {200, 422}


def test_a_case_is_renamed_closed_and_opened_again(pages: Pages, clerk: Person, place: Place) -> None:
    address = f"/akten/{place.dossier}/vorgaenge/{place.case}"
    assert clerk.post(address, title=" ", revision="1").errors == {"title": "Betreff fehlt."}
    assert clerk.post(address, title="Neuer Name", revision="1").location == f"/akten/{place.dossier}?ok=gespeichert"
    stale = clerk.post(address, title="Zu spät", revision="1")
    assert (stale.status, "Inzwischen hat jemand diesen Vorgang geändert" in stale.text) == (412, True)
    assert clerk.post(f"{address}/abschliessen").location.endswith("?ok=vorgang-zu")
    assert "Wieder öffnen …" in clerk.get(f"/akten/{place.dossier}").text
    assert clerk.post(f"{address}/abschliessen").status == 409
    assert clerk.post(f"{address}/oeffnen", reason="").errors == {"reason": "Grund fehlt."}
    assert clerk.post(f"{address}/oeffnen", reason="Nachtrag").status == 303
    shown = clerk.get(f"/akten/{place.dossier}")
    assert "<strong>1 Neuer Name</strong>" in shown.html
    assert "Vorgang abschließen" in shown.text
    other = pages.place(MINE, "Andere Akte")
    assert clerk.get(f"/akten/{other.dossier}/vorgaenge/{place.case}").status == 404


def test_open_cases_below_are_closed_when_that_is_said(pages: Pages, clerk: Person, place: Place) -> None:
    client = pages.client(MINE)
    body = {"dossier": place.dossier, "title": "Teilvorgang", "parent": place.case}
    assert client.post("/api/v1/cases", json=body).status_code == 201
    address = f"/akten/{place.dossier}/vorgaenge/{place.case}/abschliessen"
    asked = clerk.post(address)
    assert asked.status == 422
    assert "2 Teilvorgang" in asked.text
    assert "Es gibt noch offene Teilvorgänge" in asked.text
    assert clerk.post(address, close_cases="1").status == 303
