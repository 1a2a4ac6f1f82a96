"""Every refusal of the API: its status, its words, and what it does not give away."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from eakte.language import speaking
from eakte.terms import today
from tests.api.world import API, World, done, parts, places, problem, same_refusal
from tests.support.foreign import Marked
from tests.support.postgres import drop_database
from tests.support.service import upload

LATER = (today() + timedelta(days=30)).isoformat()


def nothing() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("header", [None, "Bearer eakte_wrong", "Basic YTpi", "Bearer", "Bearer " + "x" * 5000])
def test_without_a_valid_token_nothing_is_told(world: World, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    for path in ("/dossiers", f"/documents/{nothing()}", "/search?q=a", "/audit", "/plan-classes"):
        answer = world.client().get(API + path, headers=headers)
        problem(answer, 401, "not-signed-in")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    problem(world.client().post(f"{API}/dossiers", json={}, headers=headers), 401, "not-signed-in")


def test_a_revoked_token_ends_at_once(world: World) -> None:
    mine = world.client("clerk63")
    made = done(mine.post(f"{API}/tokens", json={"user": "clerk63", "name": "a", "scopes": ["read"]}), 201)
    key = {"Authorization": f"Bearer {made['token']}"}
    assert world.client().get(f"{API}/units", headers=key).status_code == 200
    assert mine.delete(f"{API}/tokens/{made['id']}").status_code == 204
    problem(world.client().get(f"{API}/units", headers=key), 401, "not-signed-in")


def test_what_may_not_be_known_answers_like_what_is_not_there(world: World) -> None:
    secret = world.dossier("clerk63", "Geheimes Vorhaben")
    case = world.case(secret["id"])
    document = world.document({"dossier": secret["id"]}, title="Geheimes Schreiben")
    stranger = world.client("clerk10")
    for known, absent in (
        (f"/dossiers/{secret['id']}", f"/dossiers/{nothing()}"),
        (f"/cases/{case['id']}", f"/cases/{nothing()}"),
        (f"/cases?dossier={secret['id']}", f"/cases?dossier={nothing()}"),
        (f"/documents?dossier={secret['id']}", f"/documents?dossier={nothing()}"),
        *(
            (f"/documents/{document['id']}{part}", f"/documents/{nothing()}{part}")
            for part in ("", "/content", "/rendition", "/text", "/versions", "/pages/1/image", "/pages/1/words")
        ),
    ):
        unreadable = problem(stranger.get(API + known), 404, "not-found")
        missing = problem(stranger.get(API + absent), 404, "not-found")
        assert same_refusal(unreadable, missing), known
    for method, path, body in (
        ("POST", "/dossiers/{}/close", {}),
        ("POST", "/dossiers/{}/reopen", {"reason": "x"}),
        ("POST", "/dossiers/{}/events", {"name": "Austritt", "on": "2020-01-01"}),
    ):
        unreadable = problem(stranger.request(method, API + path.format(secret["id"]), json=body), 404, "not-found")
        missing = problem(stranger.request(method, API + path.format(nothing()), json=body), 404, "not-found")
        assert same_refusal(unreadable, missing), path
    unreadable = problem(upload(stranger, {"dossier": secret["id"]}, b"x"), 404, "not-found")
    assert same_refusal(unreadable, problem(upload(stranger, {"dossier": nothing()}, b"x"), 404, "not-found"))


def test_what_may_be_known_but_not_read_is_forbidden(world: World) -> None:
    dossier = world.dossier("clerk63")
    document = world.document({"dossier": dossier["id"]})
    registrar = world.client("registrar")  # unit 10: knows the metadata of all units below "protected"
    assert done(registrar.get(f"{API}/dossiers/{dossier['id']}"), 200)["title"] == dossier["title"]
    assert done(registrar.get(f"{API}/documents/{document['id']}"), 200)["title"] == document["title"]
    for part in ("content", "text", "rendition", "versions", "pages/1/image", "pages/1/words"):
        problem(registrar.get(f"{API}/documents/{document['id']}/{part}"), 403, "not-allowed")
    problem(registrar.get(f"{API}/documents", params={"dossier": dossier["id"]}), 403, "not-allowed")
    problem(upload(registrar, {"dossier": dossier["id"]}, b"x"), 403, "not-allowed")
    problem(registrar.post(f"{API}/dossiers/{dossier['id']}/close", json={}), 403, "not-allowed")
    problem(world.client("clerk63").post(f"{API}/plan-classes", json={"number": "9", "title": "x"}), 403, "not-allowed")
    problem(world.client("clerk63").get(f"{API}/users"), 403, "not-allowed")
    problem(world.client("clerk63").get(f"{API}/audit"), 403, "not-allowed")


def test_a_narrow_token_is_refused_and_the_try_is_kept(world: World) -> None:
    made = world.client("clerk63").post(
        f"{API}/tokens", json={"user": "clerk63", "name": "nur lesen", "scopes": ["read"]}
    )
    key = {"Authorization": f"Bearer {done(made, 201)['token']}"}
    nobody = world.client()
    before = len(world.audit(tag="access:object:deny"))
    body = {"plan_class": "632.2", "title": "x"}
    problem(nobody.post(f"{API}/dossiers", json=body, headers=key), 403, "scope-missing")
    problem(nobody.get(f"{API}/audit", headers=key), 403, "scope-missing")
    kept = world.audit(tag="access:object:deny")
    assert len(kept) == before + 2
    assert [entry["details"]["path"] for entry in kept[:2]] == [f"{API}/audit", f"{API}/dossiers"]
    assert kept[0]["actor"] == kept[1]["actor"]
    assert kept[0]["actor"].startswith("p:")  # access entries name a pseudonym


def test_a_wider_token_than_ones_own_cannot_be_made(world: World) -> None:
    read = done(
        world.client("clerk63").post(f"{API}/tokens", json={"user": "clerk63", "name": "a", "scopes": ["write"]}), 201
    )
    key = {"Authorization": f"Bearer {read['token']}"}
    body = {"user": "clerk63", "name": "b", "scopes": ["audit"]}
    problem(world.client().post(f"{API}/tokens", json=body, headers=key), 403, "not-allowed")


WHO = "{login}"
"""Stands where a request names an account."""


@pytest.mark.parametrize("login", ["clerk63", "S1", "admin", "archive", "auditor"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/tokens", {"user": WHO, "name": "x", "scopes": ["read"]}),
        ("GET", f"/deputies?user={WHO}", None),
        ("POST", "/deputies", {"person": WHO, "deputy": "clerk10", "until": LATER}),
        ("POST", "/mandates", {"auditor": WHO, "units": ["63"], "until": LATER, "reason": "x"}),
        ("GET", f"/dossiers/{{dossier}}/access?user={WHO}", None),
        ("POST", "/exclusions", {"dossier": "{dossier}", "user": WHO, "ground": "vwvfg-21", "reason": "x"}),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("/") else "",
)
def test_whether_there_is_an_account_is_no_answer(
    world: World, login: str, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """Whose matter it is not hears the same of a colleague and of nobody; who keeps the accounts knows them."""
    if (login, path) == ("admin", "/tokens"):
        return
    dossier = world.dossier()["id"]
    refusals = []
    for user in ("head63", world.town.users["head63"], "gibtesnicht", nothing()):
        said = json.loads(json.dumps(body).replace(WHO, user).replace("{dossier}", dossier))
        address = path.replace(WHO, user).replace("{dossier}", dossier)
        answer = world.client(login).request(method, API + address, json=said)
        assert answer.status_code in {403, 404}, (user, answer.text)
        refusals.append(answer.json())
    assert all(same_refusal(refusals[0], each) for each in refusals)


@pytest.mark.parametrize("login", ["S1", "admin"])
def test_who_may_not_do_an_act_does_not_learn_for_whom_it_could_be(world: World, login: str) -> None:
    """Whether the act is allowed at all is asked before the colleague whom it names is looked up."""
    letter = world.document({"dossier": world.dossier()["id"]})["id"]
    named: list[tuple[str, Callable[[str], dict[str, Any]]]] = [
        ("/deputies", lambda user: {"deputy": user, "until": LATER}),
        (
            "/documents/bulk",
            lambda user: {"documents": [letter], "resubmit": {"due_on": LATER, "note": "x", "user": user}},
        ),
        ("/resubmissions", lambda user: {"document": letter, "due_on": LATER, "note": "x", "user": user}),
    ]
    for path, body in named:
        answers = [world.client(login).post(API + path, json=body(user)) for user in ("head63", "gibtesnicht")]
        assert {each.status_code for each in answers} <= {403, 404, 409, 422}, path
        assert same_refusal(*(each.json() for each in answers)), path


def test_the_state_forbids(world: World) -> None:
    clerk = world.client("clerk63")
    dossier = world.dossier()
    case = world.case(dossier["id"], "Offener Vorgang")
    body = problem(clerk.post(f"{API}/dossiers/{dossier['id']}/close", json={}), 409, "cases-open")
    assert body["errors"] == [{"at": f"cases.{case['id']}", "message": "Offener Vorgang"}]
    assert "Offener Vorgang" in body["detail"]
    document = world.document({"dossier": dossier["id"]})
    closed = done(clerk.post(f"{API}/dossiers/{dossier['id']}/close", json={"close_cases": True}), 200)
    assert closed["state"] == "closed"  # the class gives half a year of grace
    assert done(clerk.get(f"{API}/cases/{case['id']}"), 200)["state"] == "closed"
    for answer in (
        upload(clerk, {"dossier": dossier["id"]}, b"x"),
        upload(clerk, {"case": case["id"]}, b"x"),
        clerk.post(f"{API}/cases", json={"dossier": dossier["id"], "title": "x"}),
        clerk.post(f"{API}/dossiers/{dossier['id']}/close", json={}),
        clerk.post(f"{API}/cases/{case['id']}/reopen", json={"reason": "x"}),
        clerk.patch(f"{API}/documents/{document['id']}", json={"title": "x"}, headers={"If-Match": "*"}),
        clerk.post(f"{API}/documents/{document['id']}/versions", files=parts({}, b"x")),
        clerk.post(f"{API}/documents/{document['id']}/retry"),
    ):
        # `If-Match: *` names no state that was read, so it is no If-Match at all for a PATCH.
        kind = "revision-missing" if answer.request.method == "PATCH" else "wrong-state"
        problem(answer, 428 if answer.request.method == "PATCH" else 409, kind)
    again = clerk.post(f"{API}/dossiers/{dossier['id']}/reopen", json={"reason": "Nachtrag"})
    assert done(again, 200)["state"] == "open"
    problem(clerk.post(f"{API}/dossiers/{dossier['id']}/reopen", json={"reason": "x"}), 409, "wrong-state")


def test_a_day_that_would_destroy_early_needs_registrar_and_reason(world: World) -> None:
    dossier = world.dossier("clerk10")
    path = f"{API}/dossiers/{dossier['id']}/close"
    for day in (LATER, "2001-02-03"):
        if day != LATER:
            world.document({"dossier": dossier["id"]}, login="clerk10")
        problem(world.client("clerk10").post(path, json={"closed_on": day, "reason": "x"}), 403, "not-allowed")
        problem(world.client("registrar").post(path, json={"closed_on": day}), 403, "not-allowed")
    closed = done(world.client("registrar").post(path, json={"closed_on": "2001-02-03", "reason": "Altakte"}), 200)
    assert closed["closed_on"] == "2001-02-03"


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/dossiers", {}, {"plan_class", "title"}),
        ("/dossiers", {"plan_class": "632.2", "title": "a", "tilte": "b"}, {"tilte"}),
        ("/dossiers", {"plan_class": "nirgends", "title": "a"}, {"plan_class"}),
        ("/dossiers", {"plan_class": "632", "title": "a"}, {"plan_class"}),
        ("/dossiers", {"plan_class": "632.2", "title": " "}, {"title"}),
        ("/dossiers", {"plan_class": "632.2", "title": "a\u0007"}, {"title"}),
        ("/dossiers", {"plan_class": "632.2", "title": "a", "confidentiality": "geheim"}, {"confidentiality"}),
        ("/dossiers", {"plan_class": "632.2", "title": "a", "unit": "99"}, {"unit"}),
        ("/dossiers", {"plan_class": "632.2", "title": "a", "external": {"system": "x"}}, {"external.id"}),
        ("/dossiers", {"plan_class": "632.2", "title": "x" * 501}, {"title"}),
        ("/cases", {"dossier": "keine-id", "title": "a"}, {"dossier"}),
        ("/tokens", {"user": "clerk63", "name": "a", "scopes": ["alles"]}, {"scopes"}),
    ],
)
def test_wrong_input_is_named_by_field(world: World, path: str, body: dict[str, Any], wrong: set[str]) -> None:
    answer = problem(world.client("clerk63").post(API + path, json=body), 422, "invalid-input")
    assert places(answer) == wrong


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"number": "7", "title": "a", "retention": {"term": "10 Jahre"}}, {"retention.term"}),
        ({"number": "7", "title": "a", "retention": {"term": "P10Y", "frist": "x"}}, {"retention.frist"}),
        ({"number": "7", "title": "a", "retention": {"term": "P10Y", "anchor": "irgendwann"}}, {"retention.anchor"}),
        ({"number": "632.2", "title": "a"}, {"number"}),
        ({"number": "7", "title": "a", "parent": "nirgends"}, {"parent"}),
        ({"number": "7", "title": "a", "appraisal": "X"}, {"appraisal"}),
    ],
)
def test_a_wrong_plan_class_is_refused(world: World, body: dict[str, Any], wrong: set[str]) -> None:
    answer = problem(world.client("registrar").post(f"{API}/plan-classes", json=body), 422, "invalid-input")
    assert places(answer) == wrong


def test_lists_and_search_name_wrong_questions(world: World) -> None:
    clerk = world.client("clerk63")
    for path, wrong in (
        ("/dossiers?limit=0", "limit"),
        ("/dossiers?limit=201", "limit"),
        ("/dossiers?after=quatsch", "after"),
        ("/dossiers?state=egal", "state"),
        ("/dossiers?class=nirgends", "class"),
        ("/documents", "dossier"),
        ("/documents?inbox=true&after=WzFd", "after"),
        ("/units?after=quatsch", "after"),
        ("/search?q=a&from=gestern", "from"),
        ("/search?q=a&sort=egal", "sort"),
        ("/search?q=a&after=quatsch", "after"),
        ("/documents/keine-id", "document_id"),
    ):
        assert places(problem(clerk.get(API + path), 422, "invalid-input")) == {wrong}, path


def test_the_address_and_the_method(world: World) -> None:
    problem(world.client("clerk63").get(f"{API}/nirgends"), 404, "http-404")
    answer = world.client("clerk63").put(f"{API}/dossiers", json={})
    problem(answer, 405, "http-405")
    assert set(answer.headers["allow"].split(", ")) >= {"GET"} or "POST" in answer.headers["allow"]
    answer = world.client("clerk63").post(
        f"{API}/dossiers", content=b'{"plan_class": ', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_without_search_everything_else_goes_on(fresh: World) -> None:
    dossier = fresh.dossier()
    fresh.document({"dossier": dossier["id"]})
    fresh.backends.search.close()
    clerk = fresh.client("clerk63")
    for path in (fresh.backends.settings.data_dir / "index").rglob("*"):
        if path.is_file():
            path.unlink()
    answer = clerk.get(f"{API}/search", params={"q": "Brief"})
    problem(answer, 503, "search-unavailable")
    assert answer.headers["retry-after"]
    assert done(clerk.get(f"{API}/dossiers"), 200)["items"]
    ready = fresh.client("admin").get("/readyz")
    assert (ready.status_code, ready.json()["missing"]) == (200, ["search"])
    fresh.document({"dossier": dossier["id"]})


def test_without_the_database_the_service_says_so(fresh: World, postgres_admin: str) -> None:
    clerk = fresh.client("clerk63")
    drop_database(postgres_admin, fresh.backends.database.url)
    answer = clerk.get(f"{API}/dossiers")
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    problem(clerk.post(f"{API}/dossiers", json={"plan_class": "632.2", "title": "a"}), 503, "unavailable")
    assert clerk.get("/healthz").status_code == 200
    ready = clerk.get("/readyz")
    assert ready.status_code == 503
    assert "database" in ready.json()["missing"]


@pytest.fixture(scope="module")
def foreign(world: World) -> World:
    """The application to somebody who speaks another language, as a middleware would decide it for each request."""
    other = World(world.backends, world.town)
    inner = other.app

    async def spoken(scope: Scope, receive: Receive, send: Send) -> None:
        with speaking(Marked()):
            await inner(scope, receive, send)

    other.app = spoken  # type: ignore[assignment] # an application, as its clients use one
    return other


def sentences(problem: Mapping[str, Any]) -> list[str]:
    told = [problem["title"], problem.get("detail"), *(each["message"] for each in problem.get("errors") or ())]
    return [each for each in told if each is not None]


def test_problems_are_told_in_the_language_of_the_request(foreign: World) -> None:
    dossier = foreign.dossier()
    client = foreign.client("clerk63")
    answers = {
        401: foreign.client().get(f"{API}/dossiers"),
        403: client.get(f"{API}/audit"),
        404: client.get(f"{API}/dossiers/{'0' * 8}-0000-4000-8000-{'0' * 12}"),
        405: client.delete(f"{API}/search"),
        409: client.post(f"{API}/dossiers/{dossier['id']}/reopen", json={"reason": "Nachtrag"}),
        412: client.patch(f"{API}/dossiers/{dossier['id']}", json={"title": "Neu"}, headers={"If-Match": '"999"'}),
        428: client.patch(f"{API}/dossiers/{dossier['id']}", json={"title": "Neu"}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert all(re.fullmatch(r"⟦.+⟧", each) for each in sentences(answer.json())), answer.text
    refused = {
        "a rule of ours": ({"plan_class": "632.2", "title": " "}, "⟦⟦Betreff⟧ fehlt.⟧"),
        "a value of ours": ({"plan_class": "9.9.9", "title": "A"}, "⟦Die Aktenplaneinheit 9.9.9 gibt es nicht.⟧"),
        "a form of pydantic's": ({"plan_class": "632.2"}, "⟦Field required⟧"),
        "one with a value": ({"plan_class": "632.2", "title": "A", "unit": 5}, "⟦Input should be a valid string⟧"),
    }
    for body, message in refused.values():
        answer = client.post(f"{API}/dossiers", json=body)
        assert (answer.status_code, sentences(answer.json())) == (422, ["⟦Einige Angaben passen nicht.⟧", message])
    assert "⟦" not in client.get(f"{API}/dossiers/{dossier['id']}").text
