"""How much the busiest pages ask of the database: a bounded number of statements, however much they show."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from eakte.api.dependencies import UNATTENDED_HEADER
from tests.api.world import API, done, parts
from tests.pages.pages_support import Pages, Person, Place

MOST = {"dossier": 20, "document": 20}
"""Statements of a page, of who is there and what is in the frame around it among them."""
MORE = 4


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


@pytest.fixture(scope="module")
def small(pages: Pages) -> Place:
    """One of everything."""
    return pages.place(title="Kurzer Weg 1")


@pytest.fixture(scope="module")
def large(pages: Pages) -> Place:
    """Several of everything."""
    place, client = pages.place(title="Langer Weg 1"), pages.client("clerk63")
    for number in range(MORE):
        case = pages.case(place.dossier, f"Vorgang {number}")["id"]
        pages.document({"case": place.case}, title=f"Schreiben {number}")
        pages.document({"case": case}, title=f"Vermerk {number}")
        pages.resubmission("clerk63", f"Rückruf {number}", case=case)
        pages.resubmission("clerk63", f"Anruf {number}", document=place.document)
        party = {"dossier": place.dossier, "role": "Nachbar", "kind": "organisation", "name": f"Verein {number}"}
        done(client.post(f"{API}/parties", json=party), 201)
        version = parts({}, f"Fassung {number}".encode(), "brief.txt")
        done(client.post(f"{API}/documents/{place.document}/versions", files=version), 201)
    return place


def statements(pages: Pages, person: Person, path: str) -> list[str]:
    """What opening a page asks of the database, the second time: a first look is noted besides."""
    said: list[str] = []

    def sent(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    quietly = {UNATTENDED_HEADER: "1"}  # once a minute it is noted that a session is in use
    person.get(path, **quietly)
    event.listen(pages.backends.database.engine, "before_cursor_execute", sent)
    try:
        assert person.get(path, **quietly).status == 200
    finally:
        event.remove(pages.backends.database.engine, "before_cursor_execute", sent)
    return said


@pytest.mark.parametrize("kind", MOST)
def test_a_page_asks_as_much_for_many_rows_as_for_one(
    pages: Pages, clerk: Person, small: Place, large: Place, kind: str
) -> None:
    few, many = (
        statements(pages, clerk, f"/akten/{place.dossier}" if kind == "dossier" else f"/dokumente/{place.document}")
        for place in (small, large)
    )
    assert len(many) == len(few)
    assert len(many) <= MOST[kind], "\n\n".join(many)
    # What the rule is made of: the page asks for it once, in the first of what it reads.
    assert sum("FROM deputation" in each for each in many) == 1
