"""What people do with a document on its page: who has it, versions, final, cancelled, reminded, changed in place."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from eakte.models import Document, Resubmission, Version
from eakte.terms import today
from tests.pages.pages_support import Answer, Pages, Person, Place
from tests.pages.test_forms import dialog_is_open

ACTS = ("auschecken", "fassungen", "abschliessen", "stornieren", "wiedervorlage", "eigenschaften", "zurueckholen")
HIDDEN = re.compile(r'<input type="hidden" name="(revision|before\.[a-z_]+)" value="([^"]*)">')


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


@pytest.fixture(scope="module")
def colleague(pages: Pages) -> Person:
    return pages.person("head63")


@pytest.fixture
def place(pages: Pages) -> Place:
    return pages.place("clerk63", "Aktweg 1")


@pytest.fixture
def act(clerk: Person, place: Place) -> Callable[..., Answer]:
    def do(name: str, who: Person = clerk, *, files: Any = None, **fields: str) -> Answer:
        return who.post(f"/dokumente/{place.document}/{name}", files=files, **fields)

    return do


def state(pages: Pages, place: Place) -> Document:
    with pages.backends.transactions.read() as session:
        return session.get_one(Document, uuid.UUID(place.document))


def offered(answer: Answer) -> set[str]:
    """The acts that the page has forms for, and the way to the form of the properties."""
    found = set(re.findall(r'action="/dokumente/[^/"]+/([a-z-]+)" method="post"', answer.html))
    return found | ({"bearbeiten"} if "?bearbeiten=1" in answer.html else set())


def new_file(text: str) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("neu.txt", text.encode(), "text/plain")}


def test_who_reads_only_is_offered_nothing_and_gets_nothing(pages: Pages, place: Place) -> None:
    pages.share(place.dossier, "clerk10")
    reader = pages.person("clerk10")
    shown = reader.get(f"/dokumente/{place.document}")
    assert shown.status == 200
    assert offered(shown) == set()
    for name in ACTS:
        fields = {"reason": "x", "due_on": "morgen", "note": "x", "version": "1", "number": "1", "revision": "1"}
        answer = reader.post(
            f"/dokumente/{place.document}/{name}", files=new_file("x") if name == "fassungen" else None, **fields
        )
        assert answer.status in {403, 404}, name
    assert state(pages, place).version == 1


def test_checked_out_is_seen_by_all_and_one_alone_files_the_next_version(
    pages: Pages, place: Place, act: Callable[..., Answer], clerk: Person, colleague: Person
) -> None:
    address = f"/dokumente/{place.document}"
    assert offered(clerk.get(address)) >= {"auschecken", "fassungen", "abschliessen", "stornieren", "wiedervorlage"}
    assert act("auschecken").location == f"{address}?ok=ausgecheckt"
    mine, theirs = clerk.get(address), colleague.get(address)
    assert "Von Ihnen ausgecheckt seit" in mine.text
    assert offered(mine) >= {"fassungen", "auschecken-aufheben"}
    assert "Clerk63 hat das Dokument ausgecheckt" in theirs.text
    assert not offered(theirs) & {"auschecken", "fassungen", "abschliessen", "stornieren", "auschecken-aufheben"}
    refused = act("auschecken", colleague)
    assert refused.status == 409
    assert "Clerk63 bearbeitet es seit" in refused.text, "on the page of the document, in words"
    assert act("fassungen", colleague, files=new_file("fremd")).status == 409
    assert act("fassungen", files=new_file("zweite"), comment="Mit Anlage 2").location == f"{address}?ok=fassung"
    document = state(pages, place)
    assert (document.version, document.checked_out_by) == (2, None)
    shown = clerk.get(address).text
    assert "Mit Anlage 2" in shown
    assert "Clerk63, 6 Byte" in shown.replace("\N{NO-BREAK SPACE}", " ")


def test_a_check_out_is_let_go_and_the_registrar_needs_a_reason(
    pages: Pages,
) -> None:
    place, clerk, registrar = (
        pages.place("clerk10", "Haushaltsweg 2"),
        pages.person("clerk10"),
        pages.person("registrar"),
    )
    address = f"/dokumente/{place.document}"

    def act(name: str, who: Person, **fields: str) -> Answer:
        return who.post(f"{address}/{name}", **fields)

    act("auschecken", clerk)
    assert act("auschecken-aufheben", clerk).status == 303
    assert state(pages, place).checked_out_by is None
    act("auschecken", clerk)
    assert "auschecken-aufheben" in offered(registrar.get(address))
    wrong = act("auschecken-aufheben", registrar, reason=" ")
    assert wrong.errors == {"aufheben-reason": "Grund fehlt."}
    assert dialog_is_open(wrong, "aufheben")
    assert act("auschecken-aufheben", registrar, reason="Urlaub").status == 303
    assert state(pages, place).checked_out_by is None


def test_an_earlier_version_is_fetched_back(
    pages: Pages, place: Place, act: Callable[..., Answer], clerk: Person
) -> None:
    without = act("fassungen")
    assert without.errors == {"fassung-file": "Bitte wählen Sie eine Datei."}
    assert dialog_is_open(without, "neue-fassung")
    act("fassungen", files=new_file("zweite"), keep="1")
    assert act("zurueckholen", number="1").status == 303
    with pages.backends.transactions.read() as session:
        numbers = session.execute(
            select(Version.number, Version.restored_from).where(Version.document_id == uuid.UUID(place.document))
        )
        assert sorted((number, origin or 0) for number, origin in numbers) == [(1, 0), (2, 0), (3, 1)]
    assert "wie Fassung 1" in clerk.get(f"/dokumente/{place.document}").text
    assert act("zurueckholen", number="3").status == 409
    assert act("zurueckholen", number="9").status == 404


def test_final_is_the_version_that_was_seen(
    pages: Pages, place: Place, act: Callable[..., Answer], clerk: Person
) -> None:
    act("fassungen", files=new_file("zweite"))
    stale = act("abschliessen", version="1")
    assert stale.status == 412
    assert "inzwischen gibt es eine neuere" in stale.text
    assert act("abschliessen", version="2").status == 303
    shown = clerk.get(f"/dokumente/{place.document}")
    assert "Abgeschlossen am" in shown.text
    assert offered(shown) == {"stornieren", "wiedervorlage"}
    for name in ("auschecken", "fassungen", "eigenschaften"):
        answer = act(name, files=new_file("dritte") if name == "fassungen" else None, revision="1", title="X")
        assert answer.status == 409, name
    assert state(pages, place).version == 2


def test_cancelled_with_its_reason_stays_readable_and_leaves_the_list(
    place: Place, act: Callable[..., Answer], clerk: Person
) -> None:
    wrong = act("stornieren", reason="  ")
    assert wrong.errors == {"stornieren-reason": "Grund fehlt."}
    assert dialog_is_open(wrong, "stornieren")
    assert act("stornieren", reason="Doppelt <b>abgelegt</b>").status == 303
    shown = clerk.get(f"/dokumente/{place.document}")
    assert "Doppelt <b>abgelegt</b>" in shown.text
    assert offered(shown) == set()
    assert place.document not in clerk.get(f"/akten/{place.dossier}").html
    assert clerk.get(f"/dokumente/{place.document}/original").status == 200


def test_a_resubmission_of_a_document(pages: Pages, place: Place, act: Callable[..., Answer]) -> None:
    wrong = act("wiedervorlage", due_on="", note="Nachfassen")
    assert wrong.errors == {"wv-due_on": "Der Tag der Wiedervorlage fehlt."}
    assert wrong.value("wv-note") == "Nachfassen"
    assert act("wiedervorlage", due_on="+3", note="Nachfassen").status == 303
    with pages.backends.transactions.read() as session:
        made = session.scalars(select(Resubmission).where(Resubmission.document_id == uuid.UUID(place.document))).one()
        assert (made.due_on, made.note) == (today() + timedelta(days=3), "Nachfassen")


def form_of(answer: Answer) -> dict[str, str]:
    """The form of the properties as it was delivered."""
    hidden = dict(HIDDEN.findall(answer.html))
    return {name.removeprefix("before."): value for name, value in hidden.items() if name != "revision"} | hidden


def test_properties_are_changed_in_place(pages: Pages, place: Place, act: Callable[..., Answer], clerk: Person) -> None:
    part = clerk.get(f"/dokumente/{place.document}?bearbeiten=1", **{"HX-Request": "true", "HX-Target": "angaben"})
    assert part.html.strip().startswith('<section class="ea-block" id="angaben"')
    form = form_of(part)
    typed = {**form, "title": "Neuer Betreff", "received_on": "heute", "sender": ""}
    wrong = act("eigenschaften", **{**typed, "title": " ", "written_on": "neulich"})
    assert wrong.errors["angabe-written_on"].startswith("Schreiben vom ist kein Tag")
    assert wrong.value("angabe-written_on") == "neulich"
    assert act("eigenschaften", **{**typed, "title": " "}).errors == {"angabe-title": "Betreff fehlt."}
    assert act("eigenschaften", **typed).location == f"/dokumente/{place.document}?ok=gespeichert"
    changed = state(pages, place)
    assert (changed.title, changed.received_on, changed.sender) == ("Neuer Betreff", today(), None)


def test_two_who_change_at_once_are_told_what_the_other_did_and_lose_nothing(
    pages: Pages, place: Place, act: Callable[..., Answer], clerk: Person, colleague: Person
) -> None:
    address = f"/dokumente/{place.document}?bearbeiten=1"
    mine, theirs = form_of(clerk.get(address)), form_of(colleague.get(address))
    assert act("eigenschaften", colleague, **{**theirs, "title": "Ihr Betreff", "addressee": "Amt 63"}).status == 303
    clash = act("eigenschaften", **{**mine, "title": "Mein Betreff", "sender": "Neuer Absender"})
    assert clash.status == 412
    assert "Head63 hat inzwischen geändert: Betreff, Empfänger. Übernommen ist schon: Empfänger." in clash.text
    assert clash.errors == {"angabe-title": "Head63 hat eingetragen: Ihr Betreff"}
    shown = {name: clash.value(f"angabe-{name}") for name in ("title", "sender", "addressee")}
    assert shown == {"title": "Mein Betreff", "sender": "Neuer Absender", "addressee": "Amt 63"}
    assert state(pages, place).title == "Ihr Betreff"
    assert act("eigenschaften", **{**form_of(clash), **shown, "kind": "incoming"}).status == 303
    after = state(pages, place)
    assert (after.title, after.sender, after.addressee) == ("Mein Betreff", "Neuer Absender", "Amt 63")


def test_a_change_of_something_else_meanwhile_is_no_clash(
    pages: Pages, place: Place, act: Callable[..., Answer], clerk: Person, colleague: Person
) -> None:
    mine = form_of(clerk.get(f"/dokumente/{place.document}?bearbeiten=1"))
    act("auschecken", colleague)
    assert act("eigenschaften", **{**mine, "title": "Trotzdem"}).status == 303
    assert state(pages, place).title == "Trotzdem"
