"""Searching and reading: numbers in any spelling, filters, an outage, marked words, versions, hostile text."""

from __future__ import annotations

import io
import re
import shutil
import uuid
from dataclasses import replace
from html import escape, unescape
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import update

from eakte.models import Document, Version
from tests.pages.pages_support import Answer, Pages, Person, Place
from tests.support.service import upload

EVIL = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{7*7}}"
LETTER = b"Der Gartenzaun ist zu hoch.\nEr steht auf der Grenze.\n"
RECT = re.compile(r'<rect class="ea-hit" data-ea-match x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)"')


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


@pytest.fixture(scope="module")
def place(pages: Pages) -> Place:
    """A dossier with one letter that can be found, of two versions."""
    made = pages.place("clerk63", "Gartenweg 4")
    letter = pages.document({"case": made.case}, LETTER, "zaun.txt", title="Beschwerde Zaun", received_on="2025-03-01")
    pages.process(letter)
    return replace(made, document=letter["id"])


@pytest.mark.parametrize(
    "spell",
    [
        lambda number: number,
        lambda number: number.replace("-", " - "),
        lambda number: number.replace("-", "–").replace("/", " / "),
        lambda number: f"  {number} ",
    ],
)
def test_a_reference_number_in_any_spelling_opens_its_dossier(clerk: Person, place: Place, spell: Any) -> None:
    typed = spell(place.reference)
    found = Answer(clerk.client.get("/suche", params={"q": typed}))
    assert found.location == f"/akten/{place.dossier}"
    assert Answer(clerk.client.get(f"/az/{typed}")).location == f"/akten/{place.dossier}"


def test_the_plan_is_filtered_by_number_and_title_with_what_is_above(clerk: Person) -> None:
    asked = "/plan?teil=baum&bei=632.2&wort="
    found = clerk.get(asked + "BAUANTR")
    assert re.findall(r'data-number="([^"]*)"', found.html) == ["6", "63", "632", "632.2"]
    assert 'data-ea-found="1"' in found.html
    assert "<main" not in found.html
    assert re.findall(r'data-number="([^"]*)"', clerk.get(asked + "632.2").html)[-1] == "632.2"
    assert "Keine Aktenplaneinheit passt dazu." in clerk.get(asked + "gibtesnicht").text
    assert 'aria-current="page"' in clerk.get(asked).html, "without letters the tree is where it was"
    assert clerk.get("/plan?wort=bauantr").value("planfilter") == "bauantr"


def test_a_hit_shows_its_passage_and_leads_to_the_page_with_the_question(clerk: Person, place: Place) -> None:
    shown = clerk.get("/suche?q=Gartenzaun")
    assert "1 Treffer" in shown.text
    assert "<mark>Gartenzaun</mark>" in shown.html
    assert f'href="/dokumente/{place.document}?q=Gartenzaun&amp;s=1"' in shown.html
    assert f"{place.reference} · Gartenweg 4" in shown.text


def test_filters_keep_the_question_and_can_be_taken_away(clerk: Person, place: Place) -> None:
    shown = clerk.get("/suche?q=Gartenzaun&art=incoming&jahr=2025&plan=6")
    assert "1 Treffer" in shown.text
    chips = [unescape(each) for each in re.findall(r'<a class="ea-chip" href="([^"]+)"', shown.html)]
    assert chips == [
        "/suche?q=Gartenzaun&art=incoming&jahr=2025",
        "/suche?q=Gartenzaun&jahr=2025&plan=6",
        "/suche?q=Gartenzaun&art=incoming&plan=6",
    ]
    assert all("1 Treffer" in clerk.get(chip).text for chip in chips)
    assert re.search(r'name="art" value="incoming" checked', shown.html)
    assert place.document in shown.html


def test_nothing_found_says_what_each_filter_hides(clerk: Person, place: Place) -> None:
    shown = clerk.get("/suche?q=Gartenzaun&art=outgoing")
    assert place.document not in shown.html
    assert "Keine Treffer für „Gartenzaun“" in shown.text
    assert "ohne Dokumentart: Ausgang · 1 Treffer" in shown.text


def test_more_hits_than_a_page_are_reached_by_a_link(pages: Pages, clerk: Person) -> None:
    made = pages.place("clerk63", "Serienbrief")
    for number in range(23):
        pages.document({"case": made.case}, b"Rundschreiben", f"{number}.txt", title=f"Serie {number:02}")
    pages.process_all(made.dossier)
    first = clerk.get("/suche?q=Rundschreiben")
    assert "23 Treffer" in first.text
    more = re.search(r'href="([^"]+)">Weitere Treffer', first.html)
    assert more
    second = clerk.get(unescape(more[1]))
    hits = [re.findall(r"data-ea-row>(Serie \d+)", answer.html) for answer in (first, second)]
    assert [len(each) for each in hits] == [20, 3]
    assert len({*hits[0], *hits[1]}) == 23


def test_a_question_that_is_too_long_is_a_hint(clerk: Person) -> None:
    shown = clerk.get("/suche?q=" + "x" * 600)
    assert shown.status == 200
    assert "länger als 500 Zeichen" in shown.text


def test_when_the_search_is_down_everything_else_works(fresh: Pages) -> None:
    place = fresh.place("clerk63", "Ausfallweg 1")
    shutil.rmtree(fresh.backends.settings.data_dir / "index")
    person = fresh.person("clerk63")
    shown = person.get("/suche?q=Ausfallweg")
    assert shown.status == 200
    assert "Die Suche ist gerade nicht verfügbar. Ablegen, Öffnen und alle Listen arbeiten weiter." in shown.text
    assert person.get(f"/suche?q={place.reference.replace('/', '%2F')}").location == f"/akten/{place.dossier}"
    assert "Volltextsuche ist gerade nicht verfügbar" in person.get("/").text
    for path in (f"/akten/{place.dossier}", f"/dokumente/{place.document}?q=Inhalt", "/plan/632.2"):
        assert person.get(path).status == 200
    filed = person.post(f"/akten/{place.dossier}/ablegen", files={"file": ("a.txt", b"trotzdem")})
    assert filed.status == 303


def test_words_of_the_question_are_marked_where_they_stand(pages: Pages, clerk: Person, place: Place) -> None:
    shown = clerk.get(f"/dokumente/{place.document}?q=Gartenzaun")
    (mark,) = [tuple(float(value) for value in found) for found in RECT.findall(shown.html)]
    layer = pages.client("clerk63").get(f"/api/v1/documents/{place.document}/pages/1/words").json()
    (box,) = [each["box"] for each in layer["words"] if "Gartenzaun" in each["text"]]
    x, y, width, height = mark
    assert x <= box[0] < box[2] <= x + width
    assert y <= box[1] < box[3] <= y + height
    assert width * height < 2 * (box[2] - box[0]) * (box[3] - box[1])
    assert f'viewBox="0 0 {layer["width"]} {layer["height"]}"' in shown.html
    assert not RECT.findall(clerk.get(f"/dokumente/{place.document}").html)


@pytest.fixture(scope="module")
def minutes(pages: Pages) -> str:
    """A document of 25 pages with a word on each even one, so on more than are framed at once."""
    made, out = pages.place("clerk63", "Ratsprotokolle"), io.BytesIO()
    canvas = Canvas(out, pagesize=(300, 200))
    for number in range(1, 26):
        canvas.drawString(20, 150, f"Blatt {number}")
        canvas.drawString(20, 100, "Der Rat beschließt." if number % 2 else "Die Schulwegsicherung folgt.")
        canvas.showPage()
    canvas.save()
    document = pages.document({"case": made.case}, out.getvalue(), "rat.pdf", title="Ratsprotokoll")
    pages.process(document)
    return str(document["id"])


def framed(shown: Answer) -> dict[int, list[tuple[str, ...]]]:
    """The frames on each page that has some."""
    pages = re.findall(r'data-ea-page="(\d+)"(.*?)</figure>', shown.html, re.DOTALL)
    return {int(number): RECT.findall(page) for number, page in pages if RECT.findall(page)}


def thumbs(shown: Answer) -> dict[int, str]:
    """Where the small pages that have hits lead to."""
    rows = re.findall(r'<a href="([^"]+)" data-ea-thumb="(\d+)"[^>]*>(?:(?!</a>).)*Treffer', shown.html)
    return {int(number): unescape(href) for href, number in rows}


def test_of_many_hits_those_near_are_framed_and_the_others_come_with_their_words(
    pages: Pages, clerk: Person, minutes: str
) -> None:
    even = list(range(2, 26, 2))
    first = clerk.get(f"/dokumente/{minutes}?q=schulweg")
    assert 'data-ea-viewer="2"' in first.html, "the first page with a hit"
    assert list(framed(first)) == even[:10]
    assert "Treffer auf 12 Seiten" in first.text
    assert list(thumbs(first)) == even
    later = {int(number) for number in re.findall(r'data-ea-words="[^"]*pages/(\d+)/words\?q=schulweg"', first.html)}
    assert later == {22, 24}
    without_script = clerk.get(thumbs(first)[22])
    assert list(framed(without_script)) == even[2:]
    words = clerk.client.get(f"/api/v1/documents/{minutes}/pages/22/words?q=schulweg").json()
    (hit,) = words["hits"]
    assert words["words"][hit["word"]]["text"] == "Schulwegsicherung"
    drawn = [tuple(float(value) for value in frame) for frame in framed(without_script)[22]]
    assert drawn == [(hit["x"], hit["y"], hit["width"], hit["height"])]
    pages.change(update(Version).where(Version.document_id == uuid.UUID(minutes)).values(terms=None))
    assert thumbs(clerk.get(f"/dokumente/{minutes}?q=schulweg")) == thumbs(first), "from the words where terms are gone"


def test_the_text_of_a_long_document_is_read_in_stretches(clerk: Person, minutes: str) -> None:
    address = f"/dokumente/{minutes}"
    images = clerk.get(f"{address}?s=22&q=schulweg")
    assert f'href="{address}/text?q=schulweg&amp;s=22#text-22"' in images.html
    shown = clerk.get(f"{address}/text?q=schulweg&s=22")
    assert re.findall(r'<h2 id="text-(\d+)"', shown.html) == ["21", "22", "23", "24", "25"]
    assert re.findall(r'<h2 id="text-(\d+)"[^>]* autofocus', shown.html) == ["22"]
    assert f'href="{address}?q=schulweg&amp;s=22#seite-22"' in shown.html
    assert f'<a href="{address}/text?q=schulweg&amp;s=1">Text der Seiten 1 bis 20</a>' in shown.html
    assert shown.value("s") == "22"
    begin = clerk.get(f"{address}/text")
    assert re.findall(r'<h2 id="text-(\d+)"', begin.html) == [str(number) for number in range(1, 21)]
    assert f'<a href="{address}/text?s=21">Text der Seiten 21 bis 25</a>' in begin.html
    assert "Text der Seiten 21" not in clerk.get(f"{address}/text?s=99").text
    assert len(clerk.client.get(f"/api/v1/documents/{minutes}/text").text.split("\f")) == 25


@pytest.mark.parametrize(("asked", "current"), [("1", "1"), ("99", "1"), ("-1", "1"), ("x", "1"), ("", "1")])
def test_any_page_number_leads_to_a_page(clerk: Person, place: Place, asked: str, current: str) -> None:
    shown = clerk.get(f"/dokumente/{place.document}?s={asked}")
    assert f'data-ea-viewer="{current}"' in shown.html


def test_the_text_is_there_as_paragraphs(clerk: Person, place: Place) -> None:
    shown = clerk.get(f"/dokumente/{place.document}/text?q=Zaun")
    assert "<p>Der Gartenzaun ist zu hoch.</p>" in shown.html
    assert f'href="/dokumente/{place.document}?q=Zaun&amp;s=1#seite-1"' in shown.html


def test_an_older_version_is_shown_as_such_and_stays_itself(pages: Pages, clerk: Person) -> None:
    made = pages.place("clerk63", "Fassungen")
    document = pages.document({"case": made.case}, b"erster Wortlaut", "a.txt", title="Satzung")
    pages.process(document)
    client = pages.client("clerk63")
    added = client.post(
        f"/api/v1/documents/{document['id']}/versions",
        files={"metadata": (None, "{}", "application/json"), "file": ("b.txt", b"neuer Wortlaut", "text/plain")},
    )
    assert added.status_code == 201, added.text
    pages.process({"id": document["id"], "version": 2})
    address = f"/dokumente/{document['id']}"
    now = clerk.get(address)
    assert "Fassung 2 – aktuell" in now.text
    assert "Sie sehen die Fassung" not in now.text
    old = clerk.get(f"{address}?v=1&q=erster")
    assert "Sie sehen die Fassung 1. Aktuell ist die Fassung 2." in old.text
    assert len(RECT.findall(old.html)) == 1
    links = {unescape(each) for each in re.findall(r'href="([^"]+)"', old.html)}
    assert f"{address}/original?v=1&q=erster" in links
    assert f"{address}/text?v=1&q=erster&s=1#text-1" in links
    assert clerk.client.get(f"{address}/original?v=1&q=erster").content == b"erster Wortlaut"
    assert clerk.client.get(f"{address}/original").content == b"neuer Wortlaut"
    assert "erster Wortlaut" in clerk.get(f"{address}/text?v=1").text
    assert clerk.get(f"{address}?v=3").status == 404


def test_a_document_on_its_way_says_where_it_stands(pages: Pages, clerk: Person) -> None:
    made = pages.place("clerk63", "Unterwegs")
    shown = clerk.get(f"/dokumente/{made.document}")
    assert "wartet auf Verarbeitung" in shown.text
    assert 'hx-trigger="every 2s"' in shown.html
    assert "Noch keine Seitenbilder" in shown.text
    polled = clerk.get(f"/dokumente/{made.document}", **{"HX-Request": "true", "HX-Target": "verarbeitung"})
    assert "hx-refresh" not in polled.headers
    pages.process({"id": made.document, "version": 1})
    polled = clerk.get(f"/dokumente/{made.document}", **{"HX-Request": "true", "HX-Target": "verarbeitung"})
    assert polled.headers["hx-refresh"] == "true"


def test_a_failed_document_says_why_and_is_tried_again_once(pages: Pages, clerk: Person) -> None:
    made = pages.place("clerk63", "Gescheitert")
    pages.fail(made.document)
    shown = clerk.get(f"/dokumente/{made.document}")
    assert "Die Datei ist verschlüsselt. Das Original ist sicher abgelegt." in shown.text
    assert "Schreiben Gescheitert" in clerk.get("/").text
    key = uuid.uuid4().hex
    for _ in range(2):
        again = clerk.post(f"/dokumente/{made.document}/wiederholen", idempotency=key)
        assert again.location == f"/dokumente/{made.document}?ok=wiederholt"
    assert "Die Verarbeitung beginnt von vorn" in clerk.get(again.location).text
    assert clerk.post(f"/dokumente/{made.document}/wiederholen").status == 409


def test_what_people_type_stays_text(pages: Pages, clerk: Person) -> None:
    made = pages.place("clerk63", EVIL)
    place = {"case": made.case}
    letter = upload(
        pages.client("clerk63"),
        {**place, "title": EVIL, "sender": EVIL},
        EVIL.encode(),
        'a"><script>alert(3)</script>.txt',
    ).json()
    pages.process(letter)
    pages.change(
        update(Document).where(Document.id == uuid.UUID(made.document)).values(state="failed", state_reason=EVIL)
    )
    asked = {"q": EVIL, "filter": EVIL, "art": EVIL, "ok": EVIL, "sort": EVIL, "plan": EVIL, "weiter": EVIL}
    bad_form = clerk.post("/akten", plan_class="632.2", title=EVIL * 20, unit=EVIL)
    bad_file = clerk.post(f"/akten/{made.dossier}/ablegen", title=EVIL, sender=EVIL, received_on=EVIL, case=EVIL)
    paths = [
        "/",
        "/plan/632.2",
        f"/akten/{made.dossier}",
        f"/akten/{made.dossier}/verlauf",
        f"/akten/{made.dossier}/ablegen",
        f"/dokumente/{letter['id']}",
        f"/dokumente/{letter['id']}/text",
        f"/dokumente/{made.document}",
        "/suche",
        "/anmelden",
        f"/{EVIL}",
    ]
    answers = [Answer(clerk.client.get(path, params=params)) for path in paths for params in ({}, asked)]
    for answer in [*answers, bad_form, bad_file, Answer(clerk.client.get("/suche", params={"q": "script alert"}))]:
        assert answer.status in {200, 404, 422}
        assert "<script>alert" not in answer.html
        assert "<img src=x" not in answer.html
        assert "49}" not in answer.html
        for attribute in re.findall(r'="([^"]*)"', answer.html):
            assert "<script" not in attribute
    assert escape(EVIL).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in answers[4].html


def test_what_came_in_as_a_web_page_is_not_run(pages: Pages, clerk: Person) -> None:
    made = pages.place("clerk63", "Webseite")
    page = b"<html><script>alert(document.cookie)</script></html>"
    letter = upload(pages.client("clerk63"), {"case": made.case}, page, "seite.html").json()
    answer = clerk.client.get(f"/dokumente/{letter['id']}/original")
    assert answer.content == page
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
