"""Two versions side by side: the words that differ are marked, on the image and in the text."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import update

from eakte.models import Version
from indexing.comparing import MOST_WORDS, different_words
from tests.pages.pages_support import Pages, Person

FIRST = ("a.txt", b"Der Antrag wird abgelehnt.\nGebuehr 50 Euro", "text/plain")


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


@pytest.fixture(scope="module")
def document(pages: Pages, clerk: Person) -> str:
    dossier = pages.dossier("clerk63", "Vergleichsweg 1")["id"]
    made = pages.document({"dossier": dossier}, FIRST[1])
    pages.process(made)
    assert clerk.get(f"/dokumente/{made['id']}/vergleich").text.count("Es gibt nur eine Fassung") == 1
    second = ("b.txt", b"Der Antrag wird bewilligt.\nGebuehr 50 Euro", "text/plain")
    assert clerk.post(f"/dokumente/{made['id']}/fassungen", files={"file": second}).status == 303
    pages.process({"id": made["id"], "version": 2})
    return str(made["id"])


def test_what_differs_is_marked_on_both_sides(clerk: Person, document: str) -> None:
    assert f"/dokumente/{document}/vergleich" in clerk.get(f"/dokumente/{document}").html
    shown = clerk.get(f"/dokumente/{document}/vergleich")
    assert re.findall(r"<del>(.*?)</del>", shown.html) == ["abgelehnt."]
    assert re.findall(r"<ins>(.*?)</ins>", shown.html) == ["bewilligt."]
    assert shown.html.count('class="ea-hit"') == 2
    assert "1 Stelle dieser Seiten ist verschieden" in shown.text
    assert "Verschiedener Text auf Seite: 1" in shown.text
    same = clerk.get(f"/dokumente/{document}/vergleich?a=1&b=1")
    assert "Der Text dieser beiden Seiten ist gleich." in same.text
    beyond = clerk.get(f"/dokumente/{document}/vergleich?s=7")
    assert "Diese Seite gibt es hier nicht" in beyond.text


def test_nonsense_and_foreigners(pages: Pages, clerk: Person, document: str) -> None:
    assert clerk.get(f"/dokumente/{document}/vergleich?a=9&b=1").status == 404
    assert clerk.get(f"/dokumente/{document}/vergleich?a=x&s=²&t=-1").status == 200
    assert pages.person("clerk10").get(f"/dokumente/{document}/vergleich").status == 404


def test_a_long_document_loads_the_page_that_is_read_and_no_other(pages: Pages, clerk: Person) -> None:
    dossier = pages.dossier("clerk63", "Langweg 1")["id"]
    made = pages.document({"dossier": dossier}, FIRST[1])
    pages.process(made)
    wide = update(Version).where(Version.document_id == uuid.UUID(made["id"]))
    pages.change(wide.values(pages=500, page_sizes=[1000, 1414] * 500))
    html = clerk.get(f"/dokumente/{made['id']}?s=321").html
    images = re.findall(r'<img src="[^"]*/pages/(\d+)/image"[^>]*loading="(\w+)"', html)
    assert len(images) == 1000, "each page and its thumbnail have a place, so that nothing moves"
    assert [number for number, loading in images if loading != "lazy"] == ["321"]


def test_words_are_compared_in_their_order_and_not_without_limit() -> None:
    assert different_words(["a", "b", "c"], ["a", "x", "c", "d"]) == (frozenset({1}), frozenset({1, 3}), 2)
    assert different_words(["a"], ["a"]) == (frozenset(), frozenset(), 0)
    assert different_words(["a"] * (MOST_WORDS + 1), ["a"]) is None
