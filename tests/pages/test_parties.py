"""Parties and cross references of a dossier: entered, changed, taken away; whose work it is, and who may know."""

from __future__ import annotations

import re

import pytest

from tests.pages.pages_support import Pages, Person, Place
from tests.pages.test_forms import dialog_is_open

NAMED = {"role": "Bauherr", "kind": "person", "name": "Đorđe Müller"}


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


@pytest.fixture(scope="module")
def place(pages: Pages) -> Place:
    return pages.place("clerk63", "Namensweg 7")


def test_one_is_entered_changed_and_taken_away(clerk: Person, place: Place) -> None:
    home = f"/akten/{place.dossier}/beteiligte"
    wrong = clerk.post(home, role="", kind="person", name="R2-D2", email="x")
    assert set(wrong.errors) == {"neu-name"}, "the first thing that is wrong"
    assert wrong.value("neu-email") == "x"
    assert dialog_is_open(wrong, "beteiligt")
    assert clerk.post(home, **NAMED, postcode="31547", city="Rodenbeck").location == f"{home}?ok=beteiligt"
    assert "Đorđe Müller Bauherr 31547 Rodenbeck" in " ".join(
        clerk.get(home).text.replace("31547 Rodenbeck", "", 1).split()
    )
    one = f"{home}/{place.party}"
    assert clerk.get(one).value("name") == "Verein Namensweg 7"
    assert clerk.post(one, **NAMED, revision="1").status == 303
    stale = clerk.post(one, **{**NAMED, "name": "Anderer"}, revision="1")
    assert stale.status == 412
    assert "Inzwischen hat jemand diese Angaben geändert." in stale.text
    assert stale.value("name") == "Đorđe Müller"
    assert clerk.post(f"{one}/entfernen").location == f"{home}?ok=entfernt"
    assert clerk.get(one).status == 404


def test_who_reads_only_is_offered_nothing(pages: Pages) -> None:
    place = pages.place("clerk63", "Lesesaal")
    pages.share(place.dossier, "clerk10")
    reader = pages.person("clerk10")
    home = f"/akten/{place.dossier}/beteiligte"
    shown = reader.get(home)
    assert "Verein Lesesaal" in shown.text
    assert 'method="post"' not in shown.html.partition("<main")[2]
    assert place.party not in shown.html
    for path in (home, f"{home}/{place.party}", f"{home}/{place.party}/entfernen"):
        assert reader.post(path, **NAMED, revision="1").status == 403
    assert reader.get(f"{home}/{place.party}").status == 403


def test_a_party_belongs_to_one_dossier(pages: Pages, clerk: Person, place: Place) -> None:
    other = pages.place("clerk63", "Andere Akte")
    assert clerk.get(f"/akten/{place.dossier}/beteiligte/{other.party}").status == 404
    assert clerk.post(f"/akten/{place.dossier}/beteiligte/{other.party}/entfernen").status == 404


def test_a_cross_reference_is_seen_from_both_ends_and_only_by_who_may_know_both(pages: Pages, clerk: Person) -> None:
    here, there = pages.place("clerk63", "Verweisweg 1"), pages.place("clerk63", "Verweisweg 2")
    foreign = pages.place("clerk10", "Fremde Akte")
    home = f"/akten/{here.dossier}/verweise"
    for unknown in ("63-99999/1999", foreign.reference):
        wrong = clerk.post(home, target=unknown)
        assert wrong.errors["verweis-target"].startswith("Eine Akte mit diesem Aktenzeichen gibt es nicht, oder")
        assert dialog_is_open(wrong, "verweis")
    assert clerk.post(home, target=here.reference).status == 422
    spelled = there.reference.replace("-", " – ")
    assert clerk.post(home, target=spelled, note="Gleiche Baulast").location == f"{home}?ok=verweis"
    assert "Verweisweg 2 von hier dorthin · Gleiche Baulast" in clerk.get(home).text
    back = clerk.get(f"/akten/{there.dossier}/verweise")
    assert "Verweisweg 1 von dort hierher" in back.text
    assert "entfernen" not in back.html.partition("<main")[2], "it is taken away where it was made"
    pages.share(here.dossier, "clerk10")
    reader = pages.person("clerk10").get(home)
    assert "Verweisweg 2" not in reader.text
    assert 'method="post"' not in reader.html.partition("<main")[2]
    remove = re.search(r'action="(/akten/[^"]+/entfernen)"', clerk.get(home).html)
    assert remove
    assert pages.person("clerk10").post(remove[1]).status == 404
    assert clerk.post(remove[1]).location == f"{home}?ok=verweis-weg"
    assert "Keine Verweise" in clerk.get(home).text
