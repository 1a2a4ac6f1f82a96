"""Every error of every route is a problem (RFC 9457), whoever makes it: the framework, a dependency, the act itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from eakte.api.bodies import WHOLE_BODY_LIMIT
from eakte.terms import new_id
from eakte.web.pages import install
from tests.api.routes import Route, routes
from tests.api.world import API, World, done, parts, places, problem

PLACES = {"one": "1"}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture(scope="module")
def registrar(world: World) -> Iterator[Any]:
    """Somebody who may do most. With the pages, as people run it: their error pages must not reach the API."""
    install(world.app)
    with world.client("registrar") as client:
        client.headers |= {"Accept": "text/html", "If-Match": '"1"'}
        yield client


@pytest.fixture(scope="module")
def nowhere(world: World) -> dict[str, str]:
    """An id of nothing for each kind."""
    kinds = set().union(*(route.kinds() for route in routes(world)))
    return {kind: PLACES.get(kind, str(new_id())) for kind in kinds}


def bodies(world: World) -> Iterator[Route]:
    yield from (route for route in routes(world) if route.schema() is not None and not route.uploads)


@pytest.mark.usefixtures("registrar")
def test_nobody_is_told_anything(world: World, nowhere: dict[str, str]) -> None:
    for route in routes(world):
        answer = world.client().request(route.method, route.address(nowhere), headers={"Accept": "text/html"})
        # A body is read before anybody is asked who he is.
        kind = {401: "not-signed-in", 422: "invalid-input"}[answer.status_code]
        assert answer.status_code == 401 or route.schema() is not None, route.name
        problem(answer, answer.status_code, kind)


def test_what_is_not_there(world: World, registrar: Any, nowhere: dict[str, str]) -> None:
    for path in (f"{API}/", f"{API}/nirgends", f"{API}/documents/{new_id()}/nirgends", "/api/v2/dossiers"):
        answer = registrar.get(path)
        problem(answer, 404, "http-404")
    for route in routes(world):
        if not route.kinds() - {"one"}:
            continue
        assert registrar.request(route.method, route.address(nowhere), json={}).status_code in {403, 404, 422}, (
            route.name
        )
        bad = {**nowhere, **dict.fromkeys(route.kinds() - {"one"}, "keine-id")}
        assert places(problem(registrar.request(route.method, route.address(bad), json={}), 422, "invalid-input"))


def test_a_method_that_is_not_there_names_those_that_are(world: World, registrar: Any, nowhere: dict[str, str]) -> None:
    by_path: dict[str, list[Route]] = {}
    for route in routes(world):
        by_path.setdefault(route.path, []).append(route)
    for found in by_path.values():
        address, there = found[0].address(nowhere), {route.method for route in found}
        for method in sorted((METHODS | {"OPTIONS", "TRACE"}) - there):
            answer = registrar.request(method, address)
            # Another route may have a pattern that this path fits: /documents/bulk is also a document's address.
            if answer.status_code != 405 and found[0].path == "/documents/bulk":
                continue
            problem(answer, 405, "http-405")
            assert set(answer.headers["allow"].split(", ")) <= METHODS


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"title": ', "application/json", 422),
        (b"{'title': 1}", "application/json", 422),
        (b'{"title": "\xff\xfe"}', "application/json", 400),
        (b'"\\ud800"', "application/json", 422),
        (b"[" * 100_000, "application/json", 400),
        (b"NaN", "application/json", 422),
        (b"{}", "text/plain", 422),
        (b"{}", "application/xml", 422),
        (b"{}", "\xff", 422),
        (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b", 422),
    ],
)
def test_a_body_that_is_none(
    world: World, registrar: Any, nowhere: dict[str, str], content: bytes, kind: str, status: int
) -> None:
    for route in bodies(world):
        headers: Any = {"Content-Type": kind.encode("latin-1")}
        answer = registrar.request(route.method, route.address(nowhere), content=content, headers=headers)
        # 428 comes with the same look at the headers as the rest.
        problem(answer, status, {422: "invalid-input", 400: "http-400"}[status])


def test_a_body_that_is_too_large_is_not_read(world: World, registrar: Any, nowhere: dict[str, str]) -> None:
    long = json.dumps({"title": "x" * WHOLE_BODY_LIMIT}).encode()

    def without_length() -> Iterator[bytes]:
        yield from (b" " * 65_536 for _ in range(WHOLE_BODY_LIMIT // 65_536 + 1))

    for route in bodies(world):
        for content in (long, without_length()):
            answer = registrar.request(
                route.method, route.address(nowhere), content=content, headers={"Content-Type": "application/json"}
            )
            problem(answer, 413, "too-large")


def test_an_upload_may_be_larger(world: World) -> None:
    clerk, content = world.client("clerk63"), b"x" * (WHOLE_BODY_LIMIT * 2)
    done(clerk.post(f"{API}/documents", files=parts({"inbox": True}, content)), 201)
    # Above the limit of files, which is the fixture's: 5 MB.
    answer = clerk.post(f"{API}/documents", files=parts({"inbox": True}, b"x" * 5_000_001))
    problem(answer, 413, "too-large")


@pytest.mark.parametrize("value", ["1", '"x"', "W/", '"' + "9" * 19 + '"', "\xff"])
def test_a_state_that_cannot_be_one(world: World, registrar: Any, nowhere: dict[str, str], value: str) -> None:
    for route in routes(world):
        if "if-match" in route.parameters("header") and route.method != "POST":
            headers: Any = {"If-Match": value.encode("latin-1")}
            answer = registrar.request(route.method, route.address(nowhere), json={}, headers=headers)
            assert "If-Match" in places(problem(answer, 422, "invalid-input")) or route.method == "PUT", route.name


def test_numbers_and_letters_that_no_column_holds(world: World, registrar: Any, nowhere: dict[str, str]) -> None:
    for route in routes(world):
        for name in route.parameters("query"):
            for value in ("\x00", "9" * 30, "-1", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "%"):
                answer = registrar.request(route.method, route.address(nowhere, **{name: value}))
                if answer.status_code >= 400:
                    assert answer.status_code < 500, (route.name, name, value, answer.text)
                    assert answer.headers["content-type"] == "application/problem+json"
