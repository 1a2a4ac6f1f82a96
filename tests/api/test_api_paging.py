"""Every list pages by key: in the smallest pages it is the same list, and no mark of another list begins anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import eakte
from eakte.operations.accounts import find_user
from eakte.operations.sessions import Visit, open_session
from eakte.terms import SYSTEM, today
from tests.api.routes import Route, routes
from tests.api.test_api_lists import follow
from tests.api.world import API, World, done, parts, places, problem

WHO = {"/audit": "auditor"}
"""Who asks, where it is not the registrar."""
OF_A_DOSSIER = {"/cases", "/documents", "/cross-references", "/resubmissions", "/parties", "/shares", "/exclusions"}
SHORT = "/documents/{document_id}/versions/{number}/signatures"
"""An account signs a version once: no list to page through here."""
ROWS = {"/audit": "entries", "/search": "hits"}
LEAST = 3
Asking = Callable[[Route], Any]


@pytest.fixture(scope="module")
def filled(world: World) -> dict[str, str]:
    """Things with three rows in every list."""
    things, registrar = world.things("registrar", title="Wort"), world.client("registrar")
    dossier, document = things["dossier"], things["document"]
    done(registrar.post(f"{API}/documents/{document}/versions", files=parts({}, b"Wort")), 201)
    with world.backends.transactions.begin(SYSTEM) as tx:
        person = find_user(tx.session, "registrar")
        for _ in range(LEAST):
            open_session(tx, person, method="password", hours=1, visit=Visit())
    filed = [world.document({"dossier": dossier}, b"Wort", f"{n}.txt", "registrar") for n in "ab"]
    for each in (done(registrar.get(f"{API}/documents/{document}"), 200), *filed):
        world.process(each)
    day = today()
    for number in range(2, LEAST + 2):
        other = world.dossier("registrar", "Wort")["id"]
        world.case(dossier, "Wort", "registrar")
        world.template()
        done(registrar.post(f"{API}/dossiers/{dossier}/volumes", json={}), 201)
        said: dict[str, Any] = {"dossier": dossier, "role": "Antragsteller", "name": "Wort"}
        done(registrar.post(f"{API}/parties", json=said), 201)
        said = {"dossier": dossier, "due_on": day.isoformat(), "note": "Wort"}
        done(registrar.post(f"{API}/resubmissions", json=said), 201)
        said = {"source": {"dossier": dossier}, "target": {"dossier": other}}
        done(registrar.post(f"{API}/cross-references", json=said), 201)
        done(registrar.post(f"{API}/tokens", json={"user": "registrar", "name": "Wort", "scopes": ["read"]}), 201)
        for kind, of in (("dossiers", dossier), ("cases", things["case"])):
            read = registrar.get(f"{API}/{kind}/{of}").headers["etag"]
            done(
                registrar.patch(f"{API}/{kind}/{of}", json={"title": f"Wort {number}"}, headers={"If-Match": read}), 200
            )
        read = registrar.get(f"{API}/plan-classes/{things['class']}").headers["etag"]
        said = {"title": f"Wort {number}", "valid_from": (day + timedelta(days=number)).isoformat()}
        answer = registrar.patch(f"{API}/plan-classes/{things['class']}", json=said, headers={"If-Match": read})
        done(answer, 200)
    done(registrar.patch(f"{API}/dossiers/{dossier}", json={"medium": "hybrid", "location": "Keller"}, headers={
        "If-Match": registrar.get(f"{API}/dossiers/{dossier}").headers["etag"]
    }), 200)  # fmt: skip
    for number, login in enumerate(("clerk63", "clerk10", "approver")):
        first = today() + timedelta(days=1000 * (number + 1))
        period = {"from_on": first.isoformat(), "until": (first + timedelta(days=9)).isoformat()}
        done(registrar.post(f"{API}/deputies", json={"deputy": "clerk10", **period}), 201)
        until = (today() + timedelta(days=30)).isoformat()
        said = {"auditor": "auditor", "reason": "Wort", "until": until, "units": ["10"]}
        done(registrar.post(f"{API}/mandates", json=said), 201)
        if login != "approver":
            done(registrar.post(f"{API}/shares", json={"dossier": dossier, "user": login, "until": until}), 201)
        said = {"dossier": dossier, "user": login, "ground": "vwvfg-20", "reason": "Wort"}
        done(registrar.post(f"{API}/exclusions", json=said), 201)
    for _ in range(LEAST):
        done(registrar.post(f"{API}/dossiers/{dossier}/lend", json={"to": "Wort"}), 200)
        done(registrar.post(f"{API}/dossiers/{dossier}/return", json={}), 200)
    world.audit()  # sequences
    return things


@pytest.fixture(scope="module")
def asking(world: World) -> Iterator[Asking]:
    """The client of whoever asks for a list."""
    with world.client("registrar") as usual, world.client("auditor") as auditor:
        clients = {"registrar": usual, "auditor": auditor}
        yield lambda route: clients[WHO.get(route.path, "registrar")]


def lists(world: World) -> list[Route]:
    """The GET routes that answer one page of something."""

    def pages(route: Route) -> bool:
        schema = route.operation["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
        return "next" in route.resolved(schema).get("properties", {})

    return [route for route in routes(world) if route.method == "GET" and pages(route) and route.path != SHORT]


def first_page(route: Route, things: dict[str, str], **more: str) -> str:
    question = {"dossier": things["dossier"]} if route.path in OF_A_DOSSIER else {}
    question |= {"q": "Wort"} if route.path == "/search" else {}
    question |= {"tag": "record:user:create"} if route.path == "/audit" else {}
    return route.address(things, **question, **more)


def mark_of(path: str) -> str:
    return parse_qs(urlsplit(path).query)["after"][0]


def test_every_list_is_the_same_in_the_smallest_pages(world: World, filled: dict[str, str], asking: Asking) -> None:
    walked = lists(world)
    assert len(walked) > 15
    for route in walked:
        assert {"after", "limit"} <= set(route.parameters("query")), route.name
        client, rows = asking(route), ROWS.get(route.path, "items")
        whole = follow(client, first_page(route, filled, limit="200"), rows)
        assert len(whole) >= LEAST, (route.name, whole)
        assert follow(client, first_page(route, filled, limit="1"), rows) == whole, route.name


def test_no_list_takes_the_mark_of_another(world: World, filled: dict[str, str], asking: Asking) -> None:
    marks = {}
    for route in lists(world):
        answer = done(asking(route).get(first_page(route, filled, limit="1")), 200)
        marks[route.path] = mark_of(answer["next"])
    for route in lists(world):
        word, _, mark = marks[route.path].partition(".")
        others = [other for path, other in marks.items() if path != route.path]
        wrong = [*others, "", "quatsch", word, f"{word}.", f"{word}.quatsch", mark, "x" * 2001, "\x00", f"{word}.\x00"]
        for each in wrong:
            answer = asking(route).get(first_page(route, filled, after=each))
            assert places(problem(answer, 422, "invalid-input")) == {"after"}, (route.name, each)


def test_a_mark_belongs_to_the_filter_and_not_to_the_size(world: World, filled: dict[str, str]) -> None:
    clerk = world.client("registrar")
    mark = mark_of(done(clerk.get(f"{API}/documents?dossier={filled['dossier']}&limit=1"), 200)["next"])
    rest = done(clerk.get(f"{API}/documents?after={mark}&limit=100&dossier={filled['dossier']}"), 200)
    assert len(rest["items"]) == LEAST - 1
    for other in (f"dossier={filled['neighbour']}", f"dossier={filled['dossier']}&cancelled=true", "inbox=true"):
        answer = clerk.get(f"{API}/documents?{other}&after={mark}")
        assert places(problem(answer, 422, "invalid-input")) == {"after"}, other


def test_the_size_of_a_page_has_bounds(world: World, filled: dict[str, str], asking: Asking) -> None:
    for route in lists(world):
        for limit in ("0", "201", "-1", "x", "", "1.5", "9" * 30):
            answer = asking(route).get(first_page(route, filled, limit=limit))
            assert places(problem(answer, 422, "invalid-input")) == {"limit"}, (route.name, limit)


def test_nothing_counts_rows_that_it_skips(world: World) -> None:
    for route in routes(world):
        assert not {"offset", "skip", "page", "start"} & set(route.parameters("query")), route.name
    for path in Path(eakte.__file__).parent.rglob("*.py"):
        assert not re.search(r"\.offset\((?!0\))|\bOFFSET\b(?! 0)", path.read_text(encoding="utf-8")), path
