"""The inbox page: what lies unfiled, filed into a dossier or case, handed on to another unit."""

from __future__ import annotations

import re
import uuid

import pytest

from eakte.models import Document
from eakte.web.pages import inbox
from tests.pages.pages_support import Pages, Person
from tests.pages.test_forms import dialog_is_open

MINE = "clerk63"


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person(MINE)


def letter(pages: Pages, title: str, login: str = MINE) -> str:
    return str(pages.document({"inbox": True}, login=login, title=title, sender="Bauhaus Krüger")["id"])


def row(pages: Pages, document: str) -> Document:
    with pages.backends.transactions.read() as session:
        return session.get_one(Document, uuid.UUID(document))


def places(html: str) -> list[str]:
    """The dossiers and cases that stand to choose from."""
    return re.findall(r'name="place" value="([^"]+)"', html)


def test_a_letter_is_filed_into_a_case_found_by_a_few_letters_and_the_next_is_shown(
    pages: Pages, clerk: Person
) -> None:
    place = pages.place(MINE, "Quittenweg 8")
    older, newer = letter(pages, "Älterer Eingang"), letter(pages, "Neuerer Eingang")
    shown = clerk.get(f"/posteingang/{newer}")
    assert "Älterer Eingang" in shown.text
    found = clerk.get(f"/posteingang/{newer}?wort=quittenw", **{"HX-Request": "true", "HX-Target": "orte"})
    assert found.html.strip().startswith("<fieldset")
    assert places(found.html) == [f"dossier:{place.dossier}", f"case:{place.case}"]
    by_number = clerk.get(f"/posteingang/{newer}?wort={place.reference.replace('-', ' - ')}")
    assert places(by_number.html)[0] == f"dossier:{place.dossier}"
    answer = clerk.post(f"/posteingang/{newer}/ablegen", place=f"case:{place.case}")
    assert answer.location.startswith(f"/posteingang/{older}?ok=eingang-abgelegt&akt=")
    filed = row(pages, newer)
    assert (str(filed.case_id), filed.inbox_unit_id) == (place.case, None)
    assert "Das Dokument ist abgelegt." in clerk.get(answer.location).text
    assert clerk.get(f"/posteingang/{newer}").location == f"/dokumente/{newer}", "its address leads to where it is"


def test_only_open_dossiers_that_one_works_in_are_to_choose_from(pages: Pages, clerk: Person) -> None:
    closed, foreign = pages.place(MINE, "Holunderweg 1"), pages.place("clerk10", "Holunderweg 2")
    clerk.post(f"/akten/{closed.dossier}/zda", close_cases="1")
    pages.share(foreign.dossier, MINE)
    document = letter(pages, "Wohin damit")
    assert places(clerk.get(f"/posteingang/{document}?wort=Holunder").html) == []
    for place in (closed, foreign):
        assert clerk.post(f"/posteingang/{document}/ablegen", place=f"dossier:{place.dossier}").status in {403, 422}
    wrong = clerk.post(f"/posteingang/{document}/ablegen")
    assert wrong.errors == {"place": "Bitte wählen Sie eine Akte oder einen Vorgang."}
    assert row(pages, document).dossier_id is None


def test_a_letter_is_handed_on_and_is_theirs_then(pages: Pages, clerk: Person) -> None:
    document = letter(pages, "Nicht für uns Mirabellenweg")
    wrong = clerk.post(f"/posteingang/{document}/weitergeben", unit="")
    assert wrong.errors == {"weiter-unit": "Bitte wählen Sie die Einheit."}
    assert dialog_is_open(wrong, "weitergeben")
    answer = clerk.post(f"/posteingang/{document}/weitergeben", unit="10", reason="Haushalt")
    assert answer.location.endswith("?ok=eingang-weitergegeben")
    assert clerk.get(f"/posteingang/{document}").status == 404
    assert "Mirabellenweg" in pages.person("clerk10").get("/posteingang").text
    assert "Mirabellenweg" not in clerk.get("/posteingang").text
    (entry,) = pages.audit(subject=document, tag="record:document:move")
    assert entry["details"]["inbox"] == pages.town.units["10"]


def test_one_that_a_colleague_filed_meanwhile_is_shown_where_it_is(pages: Pages, clerk: Person) -> None:
    place = pages.place(MINE, "Schlehenweg 3")
    document = letter(pages, "Zwei auf einmal")
    pages.person("head63").post(f"/posteingang/{document}/ablegen", place=f"dossier:{place.dossier}")
    late = clerk.post(f"/posteingang/{document}/ablegen", place=f"dossier:{place.dossier}")
    assert late.location == f"/dokumente/{document}?ok=inzwischen"


def test_a_checked_out_letter_stays(pages: Pages, clerk: Person) -> None:
    place = pages.place(MINE, "Weißdornweg 4")
    document = letter(pages, "Ausgecheckt im Eingang")
    pages.person("head63").post(f"/dokumente/{document}/auschecken")
    assert "Head63 hat das Dokument ausgecheckt" in clerk.get(f"/posteingang/{document}").text
    refused = clerk.post(f"/posteingang/{document}/ablegen", place=f"dossier:{place.dossier}")
    assert refused.status == 422
    assert clerk.post(f"/posteingang/{document}/weitergeben", unit="10").status == 422
    assert row(pages, document).dossier_id is None


def test_the_list_goes_on_by_key_and_can_be_narrowed_to_a_unit(
    pages: Pages, clerk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "ROWS", 3)
    for number in range(4):
        letter(pages, f"Stapel {number}")
    first = clerk.get("/posteingang")
    onward = re.search(r'href="(/posteingang\?[^"]*after=[^"]+)"', first.html)
    assert onward
    second = clerk.get(onward[1].replace("&amp;", "&"))
    assert "Stapel 0" in second.text
    assert "Stapel 3" not in second.text
    assert "Stapel 3" not in clerk.get("/posteingang?einheit=631").text
