"""What is said about a dossier is changed; its paper is lent and taken back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from eakte.models import Dossier
from eakte.operations.plan import create_class
from eakte.terms import SYSTEM
from tests.pages.pages_support import Pages, Person

PAPER = {"title": "Bauakte", "medium": "paper"}


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


def row(pages: Pages, dossier: str) -> Dossier:
    with pages.backends.transactions.read() as session:
        return session.get_one(Dossier, uuid.UUID(dossier))


def test_title_place_and_data_fields_are_changed_as_people_write_them(pages: Pages, clerk: Person) -> None:
    fields: list[dict[str, Any]] = [
        {"name": "gemarkung", "label": "Gemarkung", "type": "text", "required": True},
        {"name": "kosten", "label": "Baukosten", "type": "money"},
        {"name": "vom", "label": "Antrag vom", "type": "date"},
    ]
    with pages.backends.transactions.begin(SYSTEM) as tx:
        create_class(tx, number="722", title="Mit Feldern", parent=None, unit=None, fields=fields)
    stored = {"gemarkung": "Rodenbeck", "kosten": "1234.50", "vom": "2026-03-04"}
    dossier = pages.dossier("clerk63", "Feldweg 1", plan_class="722", fields=stored)["id"]
    address = f"/akten/{dossier}/aendern"
    form = clerk.get(address)
    shown = {f"fields.{name}": form.value(f"fields.{name}") for name in stored}
    assert shown == {"fields.gemarkung": "Rodenbeck", "fields.kosten": "1.234,50 €", "fields.vom": "04.03.2026"}
    same = {**shown, "title": "Feldweg 1", "medium": "electronic", "location": "", "revision": "1"}
    assert clerk.post(address, **same).status == 303
    assert row(pages, dossier).revision == 1, "what is sent as it was changes nothing"
    wrong = clerk.post(address, **{**same, "title": " "})
    assert wrong.errors == {"title": "Betreff fehlt."}
    assert clerk.post(address, **{**same, "fields.gemarkung": ""}).errors == {"fields.gemarkung": "Gemarkung fehlt."}
    assert clerk.post(address, **{**same, "title": "Feldweg 2", "fields.kosten": "99"}).status == 303
    changed = row(pages, dossier)
    assert (changed.title, changed.fields["kosten"]) == ("Feldweg 2", "99.00")
    stale = clerk.post(address, **{**same, "title": "Zu spät"})
    assert (stale.status, stale.value("title")) == (412, "Feldweg 2")
    assert "Inzwischen hat jemand diese Angaben geändert." in stale.text


def test_paper_is_lent_and_taken_back_also_of_a_closed_dossier(pages: Pages, clerk: Person) -> None:
    dossier = pages.dossier("clerk63", "Papierweg 1", medium="hybrid")["id"]
    clerk.post(f"/akten/{dossier}/zda", close_cases="1")
    form = clerk.get(f"/akten/{dossier}/aendern")
    assert "Papier ausleihen" in form.text
    assert 'name="title"' not in form.html
    assert clerk.post(f"/akten/{dossier}/ausleihen", to="").errors == {"to": "Entleiher fehlt."}
    assert clerk.post(f"/akten/{dossier}/ausleihen", to="Amtsgericht", until="+14").status == 303
    assert "Ausgeliehen an Amtsgericht, seit" in clerk.get(f"/akten/{dossier}").text
    again = clerk.post(f"/akten/{dossier}/ausleihen", to="Noch jemand")
    assert (again.status, "schon ausgeliehen" in again.text) == (409, True)
    assert clerk.post(f"/akten/{dossier}/rueckgabe", back_to="Keller 4").status == 303
    assert (row(pages, dossier).lent_to, row(pages, dossier).location) == (None, "Keller 4")


def test_who_does_not_work_there_changes_nothing(pages: Pages, clerk: Person) -> None:
    dossier = pages.dossier("clerk63", "Leseweg 1", medium="paper")["id"]
    pages.share(dossier, "clerk10")
    reader = pages.person("clerk10")
    assert f"/akten/{dossier}/aendern" not in reader.get(f"/akten/{dossier}").html
    assert reader.get(f"/akten/{dossier}/aendern").status == 403
    for act in ("aendern", "ausleihen", "rueckgabe"):
        assert reader.post(f"/akten/{dossier}/{act}", **PAPER, to="x", revision="1").status == 403
    electronic = pages.dossier("clerk63", "Ohne Papier")["id"]
    assert clerk.post(f"/akten/{electronic}/ausleihen", to="x").status == 409
