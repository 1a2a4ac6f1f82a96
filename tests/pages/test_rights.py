"""The page of rights: why somebody sees a dossier, access given and ended, exclusions; and deputies in the account."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import update

from eakte.models import Unit
from tests.pages.pages_support import Pages, Person

END = re.compile(r'action="(/akten/[^"]*/(?:beenden|aufheben))"')


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


def test_access_is_given_explained_and_ended(pages: Pages, clerk: Person) -> None:
    place = pages.place("clerk63", "Zugriffsweg 1")
    address, reader = f"/akten/{place.dossier}/rechte", pages.person("clerk10")
    assert "Clerk63 (Sie) : liest und bearbeitet die Akte. arbeitet in 63 Bauordnung" in clerk.get(address).text
    wrong = clerk.post(f"{address}/zugriff", who="user", user="Niemand", until="+3")
    assert wrong.errors == {"zugriff-user": "Eine Person Niemand gibt es nicht."}
    assert set(clerk.post(f"{address}/zugriff", who="unit", until="+3").errors) == {"zugriff-unit"}
    assert set(clerk.post(f"{address}/zugriff", who="user", user="clerk10").errors) == {"zugriff-until"}
    given = clerk.post(f"{address}/zugriff", who="user", user="Clerk10", until="+3", case=place.case)
    assert given.location == f"{address}?ok=zugriff"
    assert reader.get(f"/dokumente/{place.document}").status == 200
    assert reader.get(address).status == 404, "who reads a case knows nothing of its dossier"
    asked = pages.person("registrar").get(f"{address}?wer=clerk10").text
    assert "Clerk10 : liest einen Teil der Akte. hat Zugriff bekommen (nur Vorgang 1" in asked
    end = END.search(clerk.get(address).html)
    assert end
    other = pages.place("clerk63", "Zugriffsweg 2")
    assert clerk.post(end[1].replace(place.dossier, other.dossier)).status == 404
    assert clerk.post(end[1]).status == 303
    assert reader.get(f"/dokumente/{place.document}").status == 404
    unit = clerk.post(f"{address}/zugriff", who="unit", unit=pages.town.units["10"], until="heute")
    assert unit.status == 303
    shown = reader.get(address).text
    assert "Clerk10 (Sie) : liest die Akte. arbeitet in 10 Hauptamt, die Zugriff bekommen hat" in shown
    assert "Gegebene Zugriffe" not in shown, "whom others let in is not told to readers"
    assert reader.post(f"{address}/zugriff", who="user", user="head63", until="+3").status == 403
    assert reader.get(f"{address}?wer=clerk63").status == 403


def test_the_registrar_excludes_and_the_person_learns_nothing(pages: Pages, clerk: Person) -> None:
    dossier, registrar = pages.dossier("head63", "Befangenweg 1")["id"], pages.person("registrar")
    address = f"/akten/{dossier}/rechte"
    assert "Ausschließen" not in clerk.get(address).text
    assert clerk.post(f"{address}/ausschluss", user="head63", ground="vwvfg-20", reason="x").status == 403
    said = {"user": "clerk63", "ground": "vwvfg-20"}
    assert set(registrar.post(f"{address}/ausschluss", **said, reason="").errors) == {"ausschluss-reason"}
    assert registrar.post(f"{address}/ausschluss", **said, reason="Angehörige").status == 303
    assert clerk.get(address).status == 404
    assert "ist von dieser Akte ausgeschlossen" in registrar.get(f"{address}?wer=clerk63").text
    lift = END.search(registrar.get(address).html)
    assert lift
    assert registrar.post(lift[1], reason=" ").status == 422
    assert registrar.post(lift[1], reason="geklärt").status == 303
    assert clerk.get(address).status == 200
    assert "Ausschl" not in clerk.get(f"/akten/{dossier}/verlauf").text


def test_a_deputy_is_named_with_dates_and_ended(pages: Pages) -> None:
    head, deputy = pages.person("head63"), pages.person("clerk10")
    dossier = pages.dossier("head63", "Vertretungsweg 1")["id"]
    assert deputy.get(f"/akten/{dossier}").status == 404
    wrong = head.post("/konto/vertretung", deputy="head63", from_on="heute", until="+2")
    assert (wrong.status, set(wrong.errors)) == (422, {"deputy"})
    assert set(head.post("/konto/vertretung", deputy="clerk10", from_on="heute").errors) == {"until"}
    assert head.post("/konto/vertretung", deputy="clerk10", from_on="heute", until="+2").status == 303
    assert "Sie vertreten Head63" in deputy.get("/konto/vertretung").text
    assert "vertritt Head63 in 63 Bauordnung" in deputy.get(f"/akten/{dossier}/rechte").text
    listed = head.get("/konto/vertretung")
    assert "Clerk10 vertritt Sie" in listed.text
    end = re.search(r'action="(/konto/vertretung/[^"]*/beenden)"', listed.html)
    assert end
    assert pages.person("clerk63").post(end[1]).status == 404, "not the deputation of a third person"
    assert head.post(end[1]).status == 303
    assert deputy.get(f"/akten/{dossier}").status == 404
    assert 'name="person"' not in head.get("/konto/vertretung").html
    pages.change(update(Unit).where(Unit.number == "63").values(head_id=uuid.UUID(pages.town.users["head63"])))
    assert 'name="person"' in head.get("/konto/vertretung").html
    pages.change(update(Unit).where(Unit.number == "63").values(head_id=None))
    admin = pages.person("admin")
    assert admin.get("/konto/vertretung").status == 403
    told = {admin.post("/konto/vertretung", deputy=name, until="+2").status for name in ("clerk10", "Niemand")}
    assert told == {403}, "who represents nobody does not learn who works here"
