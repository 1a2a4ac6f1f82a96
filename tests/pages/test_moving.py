"""What lies in the wrong place is put into the right one, and taken back: documents, letters, cases, dossiers."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from eakte.models import Case, Document, Dossier, Party
from eakte.operations.plan import create_class
from eakte.terms import SYSTEM
from tests.pages.pages_support import Answer, Pages, Person

UNDO = re.compile(r'action="(/zuruecknehmen/[0-9a-f-]{36})"')


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


def row(pages: Pages, kind: Any, key: str) -> Any:
    with pages.backends.transactions.read() as session:
        return session.get_one(kind, uuid.UUID(key))


def undo(person: Person, answer: Answer) -> Answer:
    """Press „Zurücknehmen“ on the page to which an act led."""
    shown = person.get(answer.location)
    found = UNDO.search(shown.html)
    assert found, shown.text
    back = re.search(r'name="zurueck" value="([^"]*)"', shown.html[found.start() :])
    assert back
    return person.post(found[1], zurueck=back[1])


def test_documents_go_back_to_where_each_lay(pages: Pages, clerk: Person) -> None:
    source, target = pages.place("clerk63", "Quelle 1"), pages.dossier("clerk63", "Ziel 1")["id"]
    loose = pages.document({"dossier": source.dossier}, title="Lose")["id"]
    sent = clerk.client.post(
        f"/akten/{source.dossier}/auswahl",
        data={"csrf": clerk.csrf, "act": "move", "d": [source.document, loose], "place": f"dossier:{target}"},
    )
    assert row(pages, Document, loose).dossier_id == uuid.UUID(target)
    back = undo(clerk, Answer(sent))
    assert back.location == f"/akten/{source.dossier}?ok=zurueckgenommen"
    in_case, alone = row(pages, Document, source.document), row(pages, Document, loose)
    assert (str(in_case.dossier_id), str(in_case.case_id)) == (source.dossier, source.case)
    assert (str(alone.dossier_id), alone.case_id) == (source.dossier, None)
    history = clerk.get(f"/akten/{source.dossier}/verlauf").text
    assert "ordnete 2 Dokumente anders zu" in history
    assert "nahm die Zuordnung zurück: 2 Dokumente" in history
    again = undo(clerk, Answer(sent))
    assert again.location.endswith("ok=nicht-zurueck"), "it is back already"


def test_a_letter_goes_back_into_the_inbox(pages: Pages, clerk: Person) -> None:
    target = pages.dossier("clerk63", "Ziel 2")["id"]
    letter = pages.document({"inbox": True}, title="Brief zurück")["id"]
    filed = clerk.post(f"/posteingang/{letter}/ablegen", place=f"dossier:{target}")
    assert "&akt=" in filed.location
    assert undo(clerk, filed).location == f"/posteingang/{letter}?ok=zurueckgenommen"
    lying = row(pages, Document, letter)
    assert (lying.dossier_id, str(lying.inbox_unit_id)) == (None, pages.town.units["63"])


def test_what_changed_meanwhile_is_not_taken_back(pages: Pages, clerk: Person) -> None:
    source, target = pages.place("clerk63", "Quelle 4"), pages.dossier("clerk63", "Ziel 4")["id"]
    moved = clerk.post(f"/akten/{source.dossier}/auswahl", act="move", d=source.document, place=f"dossier:{target}")
    case = f"/akten/{source.dossier}/vorgaenge/{source.case}"
    assert clerk.post(f"{case}/abschliessen").status == 303
    assert undo(clerk, moved).location.endswith("ok=nicht-zurueck"), "the case in which it lay is closed"
    assert clerk.post(f"{case}/oeffnen", reason="noch ein Brief").status == 303
    other = pages.dossier("clerk63", "Ziel 5")["reference_number"]
    assert clerk.post(f"{case}/verschieben", target=other, revision="3").status == 303
    assert undo(clerk, moved).location.endswith("ok=nicht-zurueck"), "the case lies in another dossier"
    assert str(row(pages, Document, source.document).dossier_id) == target


def test_a_case_stays_while_somebody_else_writes_a_version_in_it(pages: Pages, clerk: Person) -> None:
    place, target = pages.place("clerk63", "Quelle 6"), pages.dossier("clerk63", "Ziel 6")["reference_number"]
    pages.person("head63").post(f"/dokumente/{place.document}/auschecken")
    address = f"/akten/{place.dossier}/vorgaenge/{place.case}/verschieben"
    held = clerk.post(address, target=target, revision="1")
    assert (held.status, "ist ausgecheckt" in held.text) == (409, True)
    shared = pages.dossier("clerk10", "Nur lesen 6")
    pages.share(shared["id"], "clerk63")
    assert clerk.post(address, target=shared["reference_number"], revision="1").status == 403


def test_a_case_moves_with_all_in_it_and_back(pages: Pages, clerk: Person) -> None:
    source, target = pages.place("clerk63", "Quelle 3"), pages.place("clerk63", "Ziel 3")
    address = f"/akten/{source.dossier}/vorgaenge/{source.case}"
    party = {"case": source.case, "role": "Nachbar", "kind": "person", "name": "Eva Nachbar"}
    pages.client("clerk63").post("/api/v1/parties", json=party).raise_for_status()
    assert set(clerk.post(f"{address}/verschieben", target="1", revision="1").errors) == {"verschieben-target"}
    foreign = pages.dossier("clerk10", "Fremdes Ziel")["reference_number"]
    assert "nicht kennen" in clerk.post(f"{address}/verschieben", target=foreign, revision="1").text
    moved = clerk.post(f"{address}/verschieben", target=target.reference, revision="1")
    assert moved.location.startswith(f"/akten/{target.dossier}?ok=vorgang-verschoben&akt=")
    case, document = row(pages, Case, source.case), row(pages, Document, source.document)
    assert (str(case.dossier_id), case.ordinal, str(document.dossier_id)) == (target.dossier, 2, target.dossier)
    with pages.backends.transactions.read() as session:
        names = session.scalars(select(Party.name).where(Party.dossier_id == uuid.UUID(target.dossier))).all()
    assert "Eva Nachbar" in names
    assert undo(clerk, moved).location == f"/akten/{source.dossier}?ok=zurueckgenommen"
    assert str(row(pages, Document, source.document).dossier_id) == source.dossier
    assert "verschob einen Vorgang in eine andere Akte" in clerk.get(f"/akten/{target.dossier}/verlauf").text


def test_a_dossier_goes_to_another_class_and_unit(pages: Pages, clerk: Person) -> None:
    fields: list[dict[str, Any]] = [{"name": "blatt", "label": "Blatt", "type": "text", "required": True}]
    with pages.backends.transactions.begin(SYSTEM) as tx:
        create_class(tx, number="729", title="Mit Blatt", parent=None, unit=None, fields=fields)
    registrar = pages.person("registrar")
    dossier = pages.dossier("clerk63", "Wanderweg 1")
    address = f"/akten/{dossier['id']}/zuordnen"
    assert address in registrar.get("/plan/632.2?filter=Wanderweg").html
    asked = registrar.post(address, plan_class="729", reason="falsch", revision="1")
    assert asked.errors == {"plan-fields.blatt": "Blatt fehlt."}
    typed = {"plan_class": "729", "reason": "falsch", "revision": "1", "asked": "1", "fields.blatt": "17"}
    moved = registrar.post(address, **typed)
    assert moved.location.startswith(f"{address}?ok=akte-verschoben&akt="), "who knows and does not read stays here"
    now = row(pages, Dossier, dossier["id"])
    assert (now.fields, now.former_references) == ({"blatt": "17"}, [dossier["reference_number"]])
    undo(registrar, moved)
    back = row(pages, Dossier, dossier["id"])
    assert (back.reference_number, back.former_references) == (dossier["reference_number"], [now.reference_number])
    now = back
    given = registrar.post(f"{address}/abgeben", unit="10", reason="zuständig", revision=str(now.revision))
    assert clerk.get(f"/akten/{dossier['id']}").status == 404
    undo(registrar, given)
    assert clerk.get(f"/akten/{dossier['id']}").status == 200
    assert registrar.post(f"{address}/abgeben", unit="", reason="x", revision="9").errors["einheit-unit"]
    stale = registrar.post(address, plan_class="632.2", reason="x", revision="1")
    assert (stale.status, "Inzwischen hat jemand" in stale.text) == (412, True)


def test_who_may_not_neither_moves_nor_takes_back(pages: Pages, clerk: Person) -> None:
    place = pages.place("clerk63", "Rechteweg 1")
    page = clerk.get(f"/akten/{place.dossier}/zuordnen")
    assert "Andere Aktenplaneinheit" not in page.text
    body = {"plan_class": "02", "unit": "10", "reason": "x", "revision": "1"}
    for act in ("", "/abgeben"):
        assert clerk.post(f"/akten/{place.dossier}/zuordnen{act}", **body).status == 403
    level = {"confidentiality": "open", "reason": "öffentlich", "revision": "1"}
    assert clerk.post(f"/akten/{place.dossier}/zuordnen/einstufen", **level).status == 303
    target = pages.dossier("clerk63", "Rechteweg 2")["id"]
    moved = clerk.post(f"/akten/{place.dossier}/auswahl", act="move", d=place.document, place=f"dossier:{target}")
    entry = moved.location.partition("akt=")[2]
    head = pages.person("head63")
    assert head.post(f"/zuruecknehmen/{entry}").status == 404, "the act of somebody else"
    assert "Zurücknehmen" not in head.get(moved.location).text
    pages.share(target, "clerk10")
    reader = pages.person("clerk10")
    assert reader.get(f"/akten/{target}/zuordnen").status == 403
