"""Every GET route, for every role, on an object of its own unit and of another: nothing is told that may not be known.

The routes come from the application itself, so a new one is walked without anybody thinking of it.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from eakte.operations.crossing import End, refer
from eakte.terms import SYSTEM, Role, new_id, today
from tests.api.world import API, World, done, same_refusal
from tests.support.service import Municipality

PEOPLE = [login for login, *_rest in Municipality.PEOPLE]

INBOX_READERS = {"clerk63", "head63"}
"""The inbox of a unit belongs to the unit, level internal."""

# Who may know (metadata) and who may read (content) the hidden dossiers, by docs/access.md and records.
KNOW = {"internal": {"clerk63", "head63", "registrar"}, "protected": {"head63"}}
READ = {"internal": {"clerk63", "head63"}, "protected": {"head63"}}
ROUTES_OF_CONTENT = ("/history", "/content", "/rendition", "/text", "/versions", "/image", "/words")


# Without a part in common: the search takes compounds apart.
WORDS = {"internal": ("Zwergenaufstand", "Koboldpost"), "protected": ("Riesenkrach", "Nixengesang")}


@dataclass(frozen=True)
class Hidden:
    """Ids of a dossier of unit 63 with everything in it, of a document in that unit's inbox, and of a template.

    A dossier of unit 10 (`neighbour`) refers to the hidden one.

    `secret` stands in every title, text, sender and file name of the dossier, `letter` in those of the inbox.
    """

    level: str
    secret: str
    letter: str
    dossier: str
    case: str
    document: str
    waiting: str
    party: str
    template: str
    neighbour: str
    reminder: str


@pytest.fixture(scope="module", params=["internal", "protected"])
def hidden(request: pytest.FixtureRequest, world: World) -> Hidden:
    secret, letter = WORDS[request.param]
    dossier = world.dossier("head63", secret, confidentiality=request.param)
    case = world.case(dossier["id"], secret, "head63")
    document = world.document(
        {"case": case["id"]}, f"Betrifft: {secret}.".encode(), f"{secret}.txt", "head63", title=secret, sender=secret
    )
    waiting = world.document({"inbox": True}, letter.encode(), f"{letter}.txt", "head63", title=letter)
    world.process(document)
    world.process(waiting)
    head, registrar = world.client("head63"), world.client("registrar")
    said = {"dossier": dossier["id"], "role": "Antragsteller", "name": secret}
    party = done(head.post(f"{API}/parties", json=said), 201)
    done(head.post(f"{API}/dossiers/{dossier['id']}/volumes", json={"title": secret}), 201)
    # Whomever a reminder is for: it tells what it reminds of, so only who may read that sees it.
    for place in ({"dossier": dossier["id"]}, {"case": case["id"]}, {"document": document["id"]}):
        for whom in ({"unit": "10"}, {"unit": "63"}, *({"user": login} for login in PEOPLE)):
            said = {**place, **whom, "due_on": today().isoformat(), "note": secret}
            reminder = done(head.post(f"{API}/resubmissions", json=said), 201)
    said = {"document": waiting["id"], "user": "clerk10", "due_on": today().isoformat(), "note": letter}
    done(head.post(f"{API}/resubmissions", json=said), 201)
    said = {"name": f"Vorlage {request.param}", "kind": "dossier", "title": "Ohne Namen"}
    template = done(registrar.post(f"{API}/templates", json=said), 201)
    neighbour = world.dossier("clerk10", "Nachbarsache")
    # As if somebody who may know both had made it: here nobody may.
    with world.backends.transactions.begin(SYSTEM) as tx:
        ends = (uuid.UUID(dossier["id"]), uuid.UUID(neighbour["id"]))
        refer(tx, source=End(ends[0]), target=End(ends[1]), note=secret)
    return Hidden(
        request.param, secret, letter, dossier["id"], case["id"], document["id"], waiting["id"],
        party["id"], template["id"], neighbour["id"], reminder["id"],
    )  # fmt: skip


def get_routes(world: World) -> list[tuple[str, dict[str, Any]]]:
    found = world.app.openapi()["paths"]
    return [(path, methods["get"]) for path, methods in found.items() if "get" in methods]


def addresses(world: World, hidden: Hidden) -> list[str]:
    """Every GET route with the hidden ids in every place that takes an id."""
    one_class = done(world.client("clerk63").get(f"{API}/plan-classes"), 200)["items"][0]["id"]
    values = {
        "dossier_id": hidden.dossier,
        "case_id": hidden.case,
        "page": "1",
        "class_id": one_class,
        "party_id": hidden.party,
        "template_id": hidden.template,
        "resubmission_id": hidden.reminder,
    }
    found = []
    for path, operation in get_routes(world):
        for document in (hidden.document, hidden.waiting):
            names = {name: {**values, "document_id": document}[name] for name in _places(path)}
            plain = path.format(**names)
            found.append(plain)
            queries = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
            if "dossier" in queries:
                found += [f"{plain}?dossier={each}" for each in (hidden.dossier, hidden.neighbour)]
            if "name" in queries:
                found.append(f"{plain}?name={hidden.secret}")
            if "reference" in queries:
                number = done(world.client("head63").get(f"{API}/dossiers/{hidden.dossier}"), 200)["reference_number"]
                found.append(f"{plain}?reference={quote(number)}")
            if "case" in queries:
                found.append(f"{plain}?case={hidden.case}")
            if "document" in queries:
                found.append(f"{plain}?document={document}")
            if "mine" in queries:
                found.append(f"{plain}?mine=true&limit=200")
            if "inbox" in queries:
                found += [f"{plain}?inbox=true", f"{plain}?inbox=true&unit=63"]
            if "q" in queries:
                found += [f"{plain}?q={word}" for word in (hidden.secret, hidden.letter)]
                found += [f"{plain}?q={hidden.secret}&unit=63&class=632.2", f"{plain}?unit=63"]
            if "class" in queries and "q" not in queries:
                found += [f"{plain}?class=632.2&unit=63", f"{plain}?state=open"]
    return sorted(set(found))


def _places(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def test_every_role_is_walked() -> None:
    assert {role for _login, role, _unit, _level in Municipality.PEOPLE} == set(Role)


@pytest.mark.parametrize("login", PEOPLE)
def test_nothing_is_told_to_whom_it_is_hidden(world: World, hidden: Hidden, login: str) -> None:
    client = world.client(login)
    seen: set[str] = set()
    for address in addresses(world, hidden):
        answer = client.get(address)
        assert answer.status_code < 500, address
        if login not in INBOX_READERS:
            assert hidden.letter not in answer.text, address
            assert hidden.waiting not in answer.text, address
        if login not in KNOW[hidden.level]:
            assert hidden.secret not in answer.text, address
            # The log names ids to those who watch over it, and nothing else.
            assert login == "auditor" or hidden.dossier not in answer.text, address
        if login not in READ[hidden.level] and hidden.document in address and address.endswith(ROUTES_OF_CONTENT):
            assert answer.status_code in {403, 404}, address
        seen |= {word for word in (hidden.secret, hidden.letter) if word in answer.text}
    # The walk would find it: those who may know it are told.
    assert (hidden.secret in seen) == (login in KNOW[hidden.level])
    assert (hidden.letter in seen) == (login in INBOX_READERS)


@pytest.mark.parametrize("login", PEOPLE)
def test_no_count_betrays_what_is_hidden(world: World, hidden: Hidden, login: str) -> None:
    for word, document, visible in (
        (hidden.secret, hidden.document, login in KNOW[hidden.level]),
        (hidden.letter, hidden.waiting, login in INBOX_READERS),
    ):
        answer = done(world.client(login).get(f"{API}/search", params={"q": word}), 200)
        found = [hit["document"]["id"] for hit in answer["hits"]]
        assert found == ([document] if visible else [])
        assert answer["total"] == len(found)
        assert all(sum(value["count"] for value in facet) <= len(found) for facet in answer["facets"].values())
        for hit in answer["hits"]:
            assert login in READ[hidden.level] or document == hidden.waiting or hit["passages"] == []


@pytest.mark.parametrize("login", PEOPLE)
def test_no_act_betrays_what_is_hidden(world: World, hidden: Hidden, login: str) -> None:
    """Who may not know a document, case or dossier is refused like for one that was never there."""
    acts: list[tuple[str, dict[str, Any]]] = [
        ("documents/{}/check-out", {}),
        ("documents/{}/release", {"reason": "x"}),
        ("documents/{}/finalize", {}),
        ("documents/{}/cancel", {"reason": "x"}),
        ("documents/{}/versions/1/restore", {}),
        ("documents/bulk", {"documents": ["{}"], "cancel": {"reason": "x"}}),
        ("documents/bulk", {"documents": ["{}"], "change": {"title": "x"}}),
        ("resubmissions", {"document": "{}", "due_on": today().isoformat(), "note": "x"}),
    ]
    places: list[tuple[str, list[tuple[str, dict[str, Any]]]]] = []
    if login not in KNOW[hidden.level]:
        due = {"due_on": today().isoformat(), "note": "x"}
        places.append((hidden.document, acts))
        places.append((hidden.reminder, [("resubmissions/{}/done", {})]))
        places.append((hidden.dossier, [("resubmissions", {"dossier": "{}", **due})]))
        places.append((hidden.case, [("resubmissions", {"case": "{}", **due})]))
    if login not in INBOX_READERS:
        places.append((hidden.waiting, acts))
    client = world.client(login)
    for known, doors in places:
        for path, body in doors:
            answers = []
            for each in (known, str(new_id())):
                sent = json.loads(json.dumps(body).replace("{}", each)) if body else {}
                answer = client.post(f"{API}/{path.format(each)}", json=sent)
                assert 400 <= answer.status_code < 500, path
                answers.append(json.loads(answer.text.replace(each, "")))
            assert same_refusal(*answers), (path, answers)
