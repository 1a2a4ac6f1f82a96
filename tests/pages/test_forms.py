"""What people send: errors at the field with what was typed, one act for one form, files, days."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from eakte.models import Document, Dossier, Version
from eakte.operations.plan import create_class
from eakte.terms import SYSTEM, today
from tests.pages.pages_support import Answer, Pages, Person, Place

TXT = ("Übergrößenträger – Anhörung.txt", b"Sehr geehrte Damen und Herren", "text/plain")


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


@pytest.fixture
def place(pages: Pages) -> Place:
    return pages.place("clerk63", "Lindenweg 12")


def dossiers(pages: Pages, title: str) -> int:
    with pages.backends.transactions.read() as session:
        return session.scalar(select(func.count()).where(Dossier.title == title)) or 0


def documents(pages: Pages, dossier: str) -> list[tuple[Document, Version]]:
    with pages.backends.transactions.read() as session:
        rows = session.execute(
            select(Document, Version)
            .join(Version, Version.document_id == Document.id)
            .where(Document.dossier_id == uuid.UUID(dossier))
            .order_by(Document.id.desc())
        )
        return [(row[0], row[1]) for row in rows]


def dialog_is_open(answer: Answer, name: str) -> bool:
    found = re.search(rf'<dialog[^>]* id="{name}"[^>]*>', answer.html)
    return found is not None and " open" in found[0]


def test_a_new_dossier_gets_its_number_and_says_so(clerk: Person) -> None:
    answer = clerk.post("/akten", plan_class="632.2", title="Neubau Scheune", confidentiality="internal")
    assert answer.status == 303
    shown = clerk.get(answer.location)
    assert "Die Akte ist angelegt" in shown.text
    assert re.search(r"632\.2-\d{5}/\d{4} Neubau Scheune", shown.text)


def test_a_class_asks_for_its_data_fields_as_people_write_them(pages: Pages, clerk: Person) -> None:
    fields: list[dict[str, Any]] = [
        {"name": "gemarkung", "label": "Gemarkung", "type": "text", "required": True},
        {"name": "kosten", "label": "Baukosten", "type": "money"},
        {"name": "vom", "label": "Antrag vom", "type": "date"},
        {"name": "geschosse", "label": "Vollgeschosse", "type": "number"},
        {"name": "denkmal", "label": "Denkmal", "type": "yes-no"},
    ]
    with pages.backends.transactions.begin(SYSTEM) as tx:
        create_class(tx, number="721", title="Mit Feldern", parent=None, unit=None, fields=fields)
    assert clerk.get("/plan/721").html.count('name="fields.') == len(fields)
    typed = {"fields.kosten": "1.234,5 €", "fields.vom": "4.3.2026", "fields.geschosse": "3", "fields.denkmal": "ja"}
    answer = clerk.post("/akten", plan_class="721", title="Scheune", **typed)
    assert answer.errors == {"neu-fields.gemarkung": "Gemarkung fehlt."}
    assert "1.234,5 €" in answer.html
    wrong = clerk.post("/akten", plan_class="721", title="Scheune", **{**typed, "fields.kosten": "viel"})
    assert set(wrong.errors) == {"neu-fields.kosten"}
    answer = clerk.post("/akten", plan_class="721", title="Scheune", **typed, **{"fields.gemarkung": "Quendelheim"})
    assert answer.status == 303
    shown = clerk.get(answer.location).text
    for text in ("Quendelheim", "1.234,50 €", "04.03.2026", "Vollgeschosse 3", "Denkmal ja"):
        assert text in shown, text


def test_errors_of_a_new_dossier_stand_at_the_field_with_what_was_typed(pages: Pages, clerk: Person) -> None:
    long = "x" * 501
    answer = clerk.post("/akten", plan_class="632.2", title=long, confidentiality="internal", unit="")
    assert answer.status == 422
    assert answer.errors == {"neu-title": "Betreff ist länger als 500 Zeichen."}
    assert answer.value("neu-title") == long
    assert dialog_is_open(answer, "neue-akte")
    assert 'href="#neu-title"' in answer.html
    assert clerk.post("/akten", plan_class="632.2", title="   ").errors == {"neu-title": "Betreff fehlt."}
    assert clerk.post("/akten", plan_class="999", title="Ohne Klasse").status in {404, 422}
    assert dossiers(pages, "Ohne Klasse") == 0


def test_a_dossier_above_ones_level_is_refused_at_the_form(pages: Pages, clerk: Person) -> None:
    answer = clerk.post("/akten", plan_class="632.2", title="Zu geheim", confidentiality="protected")
    assert answer.status == 422
    assert "arbeiten Sie nicht" in answer.text
    assert answer.value("neu-title") == "Zu geheim"
    assert dossiers(pages, "Zu geheim") == 0


def test_sending_a_form_twice_does_it_once(pages: Pages, clerk: Person) -> None:
    fields = {"plan_class": "632.2", "title": "Doppelklick", "confidentiality": "internal", "idempotency": "taste-1"}
    first, second = clerk.post("/akten", **fields), clerk.post("/akten", **fields)
    assert first.location == second.location
    assert dossiers(pages, "Doppelklick") == 1


def test_going_back_and_typing_something_else_is_another_act(clerk: Person) -> None:
    same = {"plan_class": "632.2", "confidentiality": "internal", "idempotency": "taste-2"}
    first = clerk.post("/akten", title="Erste von zweien", **same)
    second = clerk.post("/akten", title="Zweite von zweien", **same)
    assert first.status == second.status == 303
    assert first.location != second.location


@pytest.mark.parametrize("key", ["", "x" * 5000, "\x00"])
def test_a_broken_key_loses_nothing(pages: Pages, clerk: Person, key: str) -> None:
    title = f"Schlüssel {len(key)} {key.isprintable()}"
    answer = clerk.post("/akten", plan_class="632.2", title=title, confidentiality="internal", idempotency=key)
    assert answer.status in {303, 422}
    assert dossiers(pages, title) == (answer.status == 303)


def test_a_case_is_made_once_and_named(clerk: Person, place: Place) -> None:
    fields = {"title": "Beteiligung Brandschutz", "idempotency": uuid.uuid4().hex}
    for _ in range(2):
        answer = clerk.post(f"/akten/{place.dossier}/vorgaenge", **fields)
        assert answer.location == f"/akten/{place.dossier}?ok=vorgang"
    assert clerk.get(answer.location).html.count("<strong>2 Beteiligung Brandschutz</strong>") == 1
    empty = clerk.post(f"/akten/{place.dossier}/vorgaenge", title=" ")
    assert empty.status == 422
    assert empty.errors == {"vorgang-title": "Betreff fehlt."}
    assert dialog_is_open(empty, "neuer-vorgang")


def test_closing_asks_for_open_cases_and_then_shows_the_end_of_retention(clerk: Person, place: Place) -> None:
    refused = clerk.post(f"/akten/{place.dossier}/zda", reason="erledigt")
    assert refused.status == 422
    assert "Es gibt noch offene Vorgänge" in refused.text
    assert dialog_is_open(refused, "zda")
    assert ">erledigt</textarea>" in refused.html
    fields = {"reason": "erledigt", "close_cases": "1", "idempotency": uuid.uuid4().hex}
    for _ in range(2):
        closed = clerk.post(f"/akten/{place.dossier}/zda", **fields)
        assert closed.status == 303
    shown = clerk.get(closed.location)
    assert f"aufzubewahren bis 31.12.{today().year + 30}" in shown.text
    assert "Dokument ablegen" not in shown.text
    assert shown.html.count("verfügte zdA") == 1


def test_a_closed_dossier_says_why_it_takes_nothing(clerk: Person, place: Place) -> None:
    clerk.post(f"/akten/{place.dossier}/zda", close_cases="1")
    for answer in (
        clerk.post(f"/akten/{place.dossier}/vorgaenge", title="Zu spät"),
        clerk.post(f"/akten/{place.dossier}/zda", reason="noch einmal"),
        clerk.post(f"/akten/{place.dossier}/ablegen", files={"file": TXT}),
        clerk.get(f"/akten/{place.dossier}/ablegen"),
    ):
        assert answer.status == 409
        assert "Die Akte ist geschlossen" in answer.text


def test_reopening_needs_a_reason(clerk: Person, place: Place) -> None:
    assert clerk.post(f"/akten/{place.dossier}/oeffnen", reason="x").status == 409
    clerk.post(f"/akten/{place.dossier}/zda", close_cases="1")
    refused = clerk.post(f"/akten/{place.dossier}/oeffnen", reason=" ")
    assert refused.status == 422
    assert refused.errors == {"oeffnen-reason": "Grund fehlt."}
    opened = clerk.post(f"/akten/{place.dossier}/oeffnen", reason="Nachtrag")
    assert "Die Akte ist wieder in Bearbeitung" in clerk.get(opened.location).text


def test_only_the_registrar_closes_back_in_time_and_says_why(pages: Pages) -> None:
    place = pages.place("registrar", "Rückwirkend")
    before = f"{today() - timedelta(days=400):%d.%m.%Y}"
    registrar = pages.person("registrar")
    refused = registrar.post(f"/akten/{place.dossier}/zda", close_cases="1", closed_on=before)
    assert refused.status == 422
    assert "Dazu ist ein Grund nötig" in refused.errors["zda-reason"]
    assert refused.value("zda-closed_on") == before
    nonsense = registrar.post(f"/akten/{place.dossier}/zda", close_cases="1", closed_on="neulich")
    assert "ist kein Tag" in nonsense.errors["zda-closed_on"]
    done = registrar.post(f"/akten/{place.dossier}/zda", close_cases="1", closed_on=before, reason="Abgabe vergessen")
    assert done.status == 303
    assert f"zdA seit {before}" in registrar.get(done.location).text


def test_a_file_is_filed_without_script_under_its_own_name(pages: Pages, clerk: Person, place: Place) -> None:
    answer = clerk.post(
        f"/akten/{place.dossier}/ablegen",
        files={"file": TXT},
        title="Anhörung",
        kind="incoming",
        received_on="heute",
        sender="Bäcker & Söhne",
        case=place.case,
    )
    assert answer.location == f"/akten/{place.dossier}?ok=abgelegt"
    document, version = documents(pages, place.dossier)[0]
    assert (document.title, document.received_on, document.sender) == ("Anhörung", today(), "Bäcker & Söhne")
    assert version.filename == TXT[0]
    original = clerk.client.get(f"/dokumente/{document.id}/original")
    assert original.content == TXT[1]
    assert "filename*=UTF-8''%C3%9Cbergr%C3%B6%C3%9Fentr%C3%A4ger" in original.headers["content-disposition"]
    assert original.headers["content-disposition"].startswith("attachment") or "sandbox" in str(original.headers)
    assert "Das Dokument ist abgelegt" in clerk.get(answer.location).text


def test_filing_twice_with_one_form_files_once_and_another_file_is_another_document(
    pages: Pages, clerk: Person, place: Place
) -> None:
    fields = {"title": "Einmal", "idempotency": uuid.uuid4().hex}
    for _ in range(2):
        assert clerk.post(f"/akten/{place.dossier}/ablegen", files={"file": TXT}, **fields).status == 303
    assert len(documents(pages, place.dossier)) == 2, "the one of the place and the new one"
    other = (TXT[0], b"ein anderer Inhalt", TXT[2])
    assert clerk.post(f"/akten/{place.dossier}/ablegen", files={"file": other}, **fields).status == 303
    assert len(documents(pages, place.dossier)) == 3, "going back and choosing another file loses nothing"


def test_errors_of_filing_stand_at_their_fields_and_nothing_is_filed(pages: Pages, clerk: Person, place: Place) -> None:
    address = f"/akten/{place.dossier}/ablegen"
    missing = clerk.post(address, title="Ohne Datei", sender="Müller", received_on="23.11.2025")
    assert missing.status == 422
    assert missing.errors == {"file": "Bitte wählen Sie eine Datei."}
    assert [missing.value(name) for name in ("title", "sender", "received_on")] == [
        "Ohne Datei",
        "Müller",
        "23.11.2025",
    ]
    day = clerk.post(address, files={"file": TXT}, received_on="übermorgen", title="Bleibt stehen")
    assert day.errors == {"received_on": "Eingegangen am ist kein Tag. Zum Beispiel: 23.11.2026 oder heute."}
    assert day.value("received_on") == "übermorgen"
    assert day.value("title") == "Bleibt stehen"
    large = clerk.post(address, files={"file": ("gross.bin", b"x" * 1_000_001)})
    assert "zu groß" in large.errors["file"]
    case = clerk.post(address, files={"file": TXT}, case="quatsch")
    assert case.errors == {"case": "Diesen Vorgang gibt es nicht."}
    unknown = clerk.post(address, files={"file": TXT}, case=str(uuid.uuid4()))
    assert unknown.status in {404, 422}
    kind = clerk.post(address, files={"file": TXT}, kind="quatsch")
    assert kind.status == 422
    assert len(documents(pages, place.dossier)) == 1


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("heute", today()),
        ("Gestern", today() - timedelta(days=1)),
        ("23.11.2025", date(2025, 11, 23)),
        ("231125", date(2025, 11, 23)),
        ("23112025", date(2025, 11, 23)),
        ("23.11.25", date(2025, 11, 23)),
        ("2025-11-23", date(2025, 11, 23)),
        ("1.2.", date(today().year, 2, 1)),
        ("1.2", date(today().year, 2, 1)),
        (" -14 ", today() - timedelta(days=14)),
        ("", None),
    ],
)
def test_days_as_people_type_them(pages: Pages, clerk: Person, place: Place, typed: str, day: date | None) -> None:
    answer = clerk.post(f"/akten/{place.dossier}/ablegen", files={"file": TXT}, written_on=typed)
    assert answer.status == 303, answer.errors
    assert documents(pages, place.dossier)[0][0].written_on == day


@pytest.mark.parametrize(
    "typed",
    ["neulich", "32.1.2025", "29.02.2025", "+", "-²", "0", "1.1.1", "+99999", "9" * 400, "\x00", "23.11.2025 x"],
)
def test_what_is_no_day_is_said(clerk: Person, place: Place, typed: str) -> None:
    answer = clerk.post(f"/akten/{place.dossier}/ablegen", files={"file": TXT}, written_on=typed)
    assert answer.status == 422
    assert "Schreiben vom ist kein Tag" in answer.errors["written_on"]


def test_preferences_are_kept_and_nonsense_is_not(pages: Pages) -> None:
    person = pages.sign_in("approver")
    answer = person.post("/konto", theme="dark", density="wide", keys="off")
    shown = person.get(answer.location)
    assert "Gespeichert" in shown.text
    assert 'data-kern-theme="dark"' in shown.html
    assert 'data-ea-density="wide"' in shown.html
    assert 'data-ea-keys="off"' in shown.html
    assert person.post("/konto", theme='"><script>', density="wide").status == 422
    assert 'data-kern-theme="dark"' in person.get("/").html
