"""Searches that a person keeps, and the list of hits as a file: within rights, with its end said."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import openpyxl
import pytest

from eakte.operations import hit_lists
from tests.pages.pages_support import Pages, Person

WORD = "Quittenbaum"


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


@pytest.fixture(scope="module")
def files(pages: Pages) -> dict[str, Any]:
    mine, foreign = pages.dossier("clerk63", "Gartenweg 1"), pages.dossier("clerk10", f"Fremd {WORD}")
    for dossier, login, title in ((mine, "clerk63", f"=1+{WORD}"), (foreign, "clerk10", f"Geheim {WORD}")):
        made = pages.document({"dossier": dossier["id"]}, f"{WORD}".encode(), login=login, title=title, sender="Maier")
        pages.process(made)
    return mine


def test_a_search_is_kept_with_its_filters_and_forgotten(pages: Pages, clerk: Person) -> None:
    kept = clerk.post("/suche/merken", name="Bäume", suche=f"q={WORD}&art=incoming&after=x")
    assert kept.location == f"/suche?q={WORD}&art=incoming&ok=gemerkt"
    assert clerk.get(kept.location).status == 200
    link = re.search(r'href="(/suche/gemerkt/[^"]*)"', clerk.get("/").html)
    assert link
    assert link[0] in clerk.get("/suche").html
    assert clerk.get(link[1]).location == f"/suche?q={WORD}&art=incoming"
    assert pages.person("head63").get(link[1]).status == 404, "that of somebody else is none"
    assert "Bäume" not in pages.person("head63").get("/").text
    assert clerk.post("/suche/merken", name=" ", suche=f"q={WORD}").errors == {"merken-name": "Name fehlt."}
    assert clerk.post("/suche/merken", name="Bäume", suche="q=Eiche").status == 303
    assert clerk.get("/").text.count("Bäume") == 1, "the same name means the new search"
    own = re.search(r'name="id" value="([^"]*)"', clerk.get("/suche").html)
    assert own
    assert pages.person("head63").post("/suche/vergessen", id=own[1]).status == 303
    assert "Bäume" in clerk.get("/").text, "that of somebody else is none"
    assert clerk.post("/suche/vergessen", id=own[1]).status == 303
    assert "Bäume" not in clerk.get("/").text


def test_a_kept_search_says_what_came_since_it_was_opened(pages: Pages, clerk: Person, files: dict[str, Any]) -> None:
    """Only what the person finds counts, also what was under way while the person looked."""

    def come(login: str, dossier: str) -> dict[str, Any]:
        return pages.document({"dossier": dossier}, b"Feldahorn am Wegrand", login=login, title="Ein Baum")

    def news() -> str:
        asked = re.search(r'hx-get="(/suche/gemerkt\?ab=0)"', clerk.get("/").html)
        assert asked, "the page asks once it is there"
        answer = clerk.get(asked[1], **{"HX-Request": "true"})
        assert "hx-get" not in answer.html, "it asks once"
        return answer.text

    clerk.post("/suche/merken", name="Ahorn", suche="q=Feldahorn")
    assert news() == "Ahorn", "what was there when it was kept is not new"
    foreign = pages.dossier("clerk10", "Fremder Baum")["id"]
    for made in (come("clerk63", files["id"]), come("clerk10", foreign)):
        pages.process(made)
    assert news() == "Ahorn 1 neu"
    under_way = come("clerk63", files["id"])
    link = re.search(r'href="(/suche/gemerkt/[^"]*\?neu=1)"', clerk.get("/suche/gemerkt").html)
    assert link
    assert clerk.get(link[1]).location == "/suche?q=Feldahorn&sort=added"
    assert news() == "Ahorn"
    pages.process(under_way)
    assert news() == "Ahorn 1 neu"


def test_the_list_of_hits_is_a_file_of_what_one_may_know(
    clerk: Person, files: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"/suche/treffer.csv?q={WORD}" in clerk.get(f"/suche?q={WORD}").html
    answer = clerk.get(f"/suche/treffer.csv?q={WORD}")
    assert answer.headers["content-disposition"] == 'attachment; filename="Treffer.csv"'
    text = answer.response.content.decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text), delimiter=";")
    assert tuple(head) == hit_lists.HEADS
    assert [row[:2] + row[3:6] for row in rows] == [
        [f"'=1+{WORD}", "Eingang", "Maier", files["reference_number"], "Gartenweg 1"]
    ], "no cell is a formula, and what others have is not there"
    assert clerk.get(f"/suche/treffer.csv?q={WORD}&art=outgoing").response.text.count("\n") == 1
    book = openpyxl.load_workbook(io.BytesIO(clerk.get(f"/suche/treffer.xlsx?q={WORD}").response.content))
    assert [cell.value for cell in book["Treffer"]["A"]] == ["Betreff", f"'=1+{WORD}"]
    monkeypatch.setattr(hit_lists, "MOST_HITS", 0)
    assert "Es gibt mehr Treffer" in clerk.get(f"/suche/treffer.csv?q={WORD}").response.content.decode()
    assert clerk.get("/suche/treffer.csv").status == 404
