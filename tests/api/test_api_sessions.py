"""Sign-in by cookie follows the rule of the pages: what changes something must come from our own page."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from eakte.operations.sessions import SignedIn
from eakte.operations.signing_in import sign_in
from tests.api.world import API, World, done, problem
from tests.support.service import PASSWORD, upload

BODY = {"plan_class": "632.2", "title": "Vom Browser"}
OWN = "http://localhost"


@pytest.fixture(scope="module")
def session(world: World) -> SignedIn:
    signed = sign_in(world.backends.transactions, login="clerk63", password=PASSWORD, hours=1)
    assert isinstance(signed, SignedIn)
    return signed


def browser(world: World, session: SignedIn, **headers: str) -> TestClient:
    return TestClient(
        world.app, base_url=OWN, cookies={"eakte": session.secret}, headers=headers, raise_server_exceptions=False
    )


def test_reading_needs_the_cookie_only(world: World, session: SignedIn) -> None:
    assert browser(world, session).get(f"{API}/dossiers").status_code == 200
    assert browser(world, session, Origin="https://boese.example").get(f"{API}/dossiers").status_code == 200
    bad = TestClient(world.app, base_url=OWN, cookies={"eakte": "erfunden"})
    problem(bad.get(f"{API}/dossiers"), 401, "not-signed-in")


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, False),
        ({"X-CSRF-Token": "erraten"}, False),
        ({"X-CSRF-Token": "RIGHT"}, True),
        ({"X-CSRF-Token": "RIGHT", "Origin": OWN}, True),
        ({"X-CSRF-Token": "RIGHT", "Origin": "https://boese.example"}, False),
        ({"X-CSRF-Token": "RIGHT", "Origin": "null"}, False),
        ({"X-CSRF-Token": "RIGHT", "Origin": "http://localhost.boese.example"}, False),
        ({"X-CSRF-Token": "RIGHT", "Origin": "http://boese.example/localhost"}, False),
        ({"Origin": OWN}, False),
        ({"X-CSRF-Token": "ä"}, False),
    ],
)
def test_changing_needs_our_own_page(world: World, session: SignedIn, headers: dict[str, str], passes: bool) -> None:
    sent: Any = {name: value.replace("RIGHT", session.csrf).encode() for name, value in headers.items()}
    client = browser(world, session)
    answers = [
        client.post(f"{API}/dossiers", json=BODY, headers=sent),
        upload(client, {"inbox": True}, b"x", **sent),
    ]
    for answer in answers:
        if passes:
            done(answer, 201)
        else:
            problem(answer, 403, "cross-site-request")


def test_a_token_needs_no_page_and_wins_over_the_cookie(world: World, session: SignedIn) -> None:
    token = {"Authorization": f"Bearer {world.town.tokens['clerk10']}"}
    made = done(browser(world, session, **token).post(f"{API}/dossiers", json=BODY), 201)
    assert made["unit"] == world.town.units["10"]
    problem(browser(world, session, Authorization="Bearer falsch").get(f"{API}/dossiers"), 401, "not-signed-in")


def test_a_session_has_no_scopes_of_machines(world: World, session: SignedIn) -> None:
    assert browser(world, session).get("/metrics").status_code in {200, 403}
    problem(browser(world, session).get(f"{API}/audit"), 403, "scope-missing")


def test_probes_tell_details_to_those_who_may_know(world: World) -> None:
    assert world.client().get("/healthz").text == "ok\n"
    far = TestClient(world.app, base_url=OWN, client=("203.0.113.7", 50000), raise_server_exceptions=False)
    assert far.get("/readyz").json() == {"ready": True, "missing": []}
    problem(far.get("/metrics"), 403, "scope-missing")
    near = TestClient(world.app, base_url=OWN, client=("127.0.0.1", 50000))
    assert {check["name"] for check in near.get("/readyz").json()["checks"]} == {"database", "storage", "search"}
    assert "checks" not in near.get("/readyz", headers={"X-Forwarded-For": "203.0.113.7"}).json()
    assert "eakte_documents" in near.get("/metrics").text
    assert 'eakte_files_wrong{kind="missing"} 0.0' in near.get("/metrics").text
    with_token = {"Authorization": f"Bearer {world.town.tokens['admin']}"}
    assert "checks" in far.get("/readyz", headers=with_token).json()
    assert far.get("/metrics", headers=with_token).headers["content-type"].startswith("text/plain; version=0.0.4")
