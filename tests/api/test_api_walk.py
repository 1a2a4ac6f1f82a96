"""Every route, for every role, on an object of its own unit and of another: nothing is told that may not be known.

The routes come from the application itself, so a new one is walked without anybody thinking of it; a path or a field
that `tests/api/routes.py` does not know fails the walk until somebody says what stands there.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from eakte.audit import Tag
from eakte.operations.accounts import create_token, create_user
from eakte.operations.crossing import End, refer
from eakte.terms import SYSTEM, Level, Role, Scope, new_id, today
from tests.api.routes import IN_FIELDS, IN_PATHS, SECRET, Route, routes
from tests.api.world import API, World, done, excluded, parts
from tests.support.service import Municipality

EXCLUDED = "excluded63"
"""Would read everything in unit 63, and is shut out of the hidden dossiers (§§ 20, 21 VwVfG)."""
PEOPLE = [*(login for login, *_rest in Municipality.PEOPLE), EXCLUDED]

INBOX_READERS = {"clerk63", "head63", EXCLUDED}
"""The inbox of a unit belongs to the unit, level internal."""

# Who may know (metadata) and who may read (content) the hidden dossiers, by docs/access.md and records.
KNOW = {"internal": {"clerk63", "head63", "registrar"}, "protected": {"head63"}}
READ = {"internal": {"clerk63", "head63"}, "protected": {"head63"}}
KEEP = {"admin": {"session", "token"}, "registrar": {"deputation", "mandate"}}
"""Whose task it is to know these of everybody."""
ROUTES_OF_CONTENT = ("/history", "/content", "/rendition", "/text", "/versions", "/image", "/words")

# Without a part in common: the search takes compounds apart.
WORDS = {
    "internal": ("Zwergenaufstand", "Koboldpost", "Geisterzug"),
    "protected": ("Riesenkrach", "Nixengesang", "Hexenbesen"),
}
UNHEARD, NOWHERE = "Quastenflosser", str(new_id())
"""A word and an id that stand nowhere."""


@dataclass(frozen=True)
class Hidden:
    """A dossier of unit 63 with everything in it, and a document in that unit's inbox.

    `secret` stands in every title, text, sender and file name of the dossier, `letter` in those of the inbox,
    `withdrawn` in those of a cancelled document of the dossier. A dossier of unit 10 refers to the hidden one.
    """

    level: str
    secret: str
    letter: str
    withdrawn: str
    things: dict[str, str]
    waiting: str
    cancelled: str
    referring: str
    number: str
    external: dict[str, str]

    def of(self, kind: str) -> list[str]:
        """The hidden ones of a kind; of documents also the one in the inbox and the cancelled one."""
        return [self.things[kind], *([self.waiting, self.cancelled] if kind == "document" else [])]


@dataclass(frozen=True)
class People:
    """The municipality with one person more, what they may work with, and what they were told of what never was."""

    world: World
    own: dict[str, dict[str, str]]
    never: dict[str, Any] = field(default_factory=dict)

    def mine(self, login: str) -> dict[str, str]:
        """Things of the account's own unit."""
        return self.own[EXCLUDED if login == EXCLUDED else "clerk10"]


@pytest.fixture(scope="module")
def people(world: World) -> People:
    with world.backends.transactions.begin(SYSTEM) as tx:
        unit = uuid.UUID(world.town.units["63"])
        person = create_user(
            tx, login=EXCLUDED, display_name="Xaver", roles=[Role.CLERK], unit_id=unit, level=Level.PROTECTED
        )
        world.town.users[EXCLUDED] = str(person.id)
        _row, world.town.tokens[EXCLUDED] = create_token(tx, user=person, name="test", scopes=tuple(Scope))
    return People(world, {login: world.things(login, title="Eigenes") for login in ("clerk10", EXCLUDED)})


@pytest.fixture(scope="module", params=["internal", "protected"])
def hidden(request: pytest.FixtureRequest, people: People) -> Hidden:
    world, level = people.world, request.param
    secret, letter, withdrawn = WORDS[level]
    external = {"system": f"Verfahren {level}", "id": "4711"}
    things = world.things("head63", title=secret, confidentiality=level)
    head, dossier = world.client("head63"), things["dossier"]
    keyed = world.dossier("head63", secret, confidentiality=level, external=external)["id"]
    waiting = world.document({"inbox": True}, letter.encode(), f"{letter}.txt", "head63", title=letter)
    gone = world.document({"dossier": dossier}, withdrawn.encode(), f"{withdrawn}.txt", "head63", title=withdrawn)
    done(head.post(f"{API}/documents/{gone['id']}/cancel", json={"reason": withdrawn}), 200)
    for document in (things["document"], waiting["id"], gone["id"]):
        world.process(done(head.get(f"{API}/documents/{document}"), 200))
    # Whomever a reminder is for: it tells what it reminds of, so only who may read that sees it.
    for place in ({"dossier": dossier}, {"case": things["case"]}, {"document": things["document"]}):
        for whom in ({"unit": "10"}, {"unit": "63"}, *({"user": login} for login in PEOPLE)):
            said = {**place, **whom, "due_on": today().isoformat(), "note": secret}
            done(head.post(f"{API}/resubmissions", json=said), 201)
    said = {"document": waiting["id"], "user": "clerk10", "due_on": today().isoformat(), "note": letter}
    done(head.post(f"{API}/resubmissions", json=said), 201)
    referring = world.dossier("clerk10", "Nachbarsache")["id"]
    # As if somebody who may know both had made it: here nobody may.
    with world.backends.transactions.begin(SYSTEM) as tx:
        refer(tx, source=End(uuid.UUID(dossier)), target=End(uuid.UUID(referring)), note=secret)
        tx.record(Tag.DENY, None)  # makes this an act
        who = uuid.UUID(world.town.users[EXCLUDED])
        for each in (dossier, things["neighbour"], keyed):
            tx.session.add(excluded(who, uuid.UUID(each)))
    number = done(head.get(f"{API}/dossiers/{dossier}"), 200)["reference_number"]
    return Hidden(level, secret, letter, withdrawn, things, waiting["id"], gone["id"], referring, number, external)


def questions(
    route: Route, hidden: Hidden, login: str, mine: dict[str, str]
) -> Iterator[tuple[dict[str, str], str, dict[str, str], str]]:
    """Questions about what is hidden, each with the same about what was never there, and the words that differ."""
    named = route.parameters("query")
    for name in named:
        if name in IN_FIELDS and not (name == "subject" and login == "auditor"):  # the log is theirs
            place = {"dossier": mine["dossier"]} if name in {"parent", "volume"} else {}
            for known in hidden.of(IN_FIELDS[name]):
                yield {**place, name: known}, known, {**place, name: NOWHERE}, NOWHERE
    texts = {"reference": (hidden.number, "999.9-99999/1999"), "name": (hidden.secret, UNHEARD)}
    for name in set(texts) & set(named):
        yield {name: texts[name][0]}, texts[name][0], {name: texts[name][1]}, texts[name][1]
    if "external_id" in named:
        key, system = hidden.external["id"], {"external_system": hidden.external["system"]}
        yield {**system, "external_id": key}, key, {**system, "external_id": "4712"}, "4712"
    if "q" in named:
        for word in (hidden.secret, hidden.letter, hidden.withdrawn):
            yield {"q": word, "cancelled": "true"}, word, {"q": UNHEARD, "cancelled": "true"}, UNHEARD


def plain(answer: Any, *ids: str) -> tuple[int, str, dict[str, str]]:
    """An answer without what was asked for and without the number of a problem."""
    text = answer.text
    for each in ids:
        text = text.replace(each, "")
    body = json.loads(text) if "json" in answer.headers.get("content-type", "") else text
    if isinstance(body, dict):
        body.pop("instance", None)
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return answer.status_code, json.dumps(body), headers


def asked(client: Any, route: Route, address: str, body: dict[str, Any] | None) -> Any:
    """The route's answer, on the state that was read where it asks for one."""
    headers = {"If-Match": '"1"'} if "if-match" in route.parameters("header") else {}
    if route.uploads:
        return client.request(route.method, address, files=parts(body, b"a"), headers=headers)
    return client.request(route.method, address, json=body, headers=headers)


def placed(body: dict[str, Any], where: tuple[str, ...], value: str) -> dict[str, Any]:
    """The body with this id at this place, and no other at its level that would contradict it."""
    name, *deeper = where
    if deeper:
        return {**body, name: placed(body.get(name) or {}, tuple(deeper), value)}
    if name == "id":
        return {name: value}
    others = {key: each for key, each in body.items() if key not in {"dossier", "case", "document"}}
    return {**others, name: [value] if name.endswith("s") else value}


Request = tuple[str, dict[str, Any] | None, str]
"""Address, body, and the word of it that differs."""


def pairs(route: Route, hidden: Hidden, login: str, mine: dict[str, str]) -> Iterator[tuple[Request, Request]]:
    """Requests about what is hidden, each with the same about what was never there."""
    body = route.body(mine, 50, login)
    for kind in route.kinds() & (SECRET - KEEP.get(login, set())):
        for known in hidden.of(kind):
            absent = route.address({**mine, kind: NOWHERE}), body, NOWHERE
            yield (route.address({**mine, kind: known}), body, known), absent
    for one, known, other, absent_word in questions(route, hidden, login, mine):
        yield (route.address(mine, **one), body, known), (route.address(mine, **other), body, absent_word)
    for where in route.fields():
        kind = "case" if where == ("parent",) else IN_FIELDS[where[-2 if where[-1] == "id" else -1]]
        for known in hidden.of(kind):
            absent = route.address(mine), placed(body or {}, where, NOWHERE), NOWHERE
            yield (route.address(mine), placed(body or {}, where, known), known), absent


def all_pairs(
    people: People, hidden: Hidden, login: str, mine: dict[str, str]
) -> Iterator[tuple[Route, tuple[Request, Request]]]:
    """Those of all routes."""
    for route in routes(people.world):
        yield from ((route, pair) for pair in pairs(route, hidden, login, mine))


def test_every_role_is_walked() -> None:
    assert {role for _login, role, _unit, _level in Municipality.PEOPLE} == set(Role)


def test_every_route_is_known_to_the_walk(world: World) -> None:
    walked = routes(world)
    assert len(walked) > 70
    for route in walked:
        assert route.kinds() <= set(IN_PATHS.values())


@pytest.mark.parametrize("login", PEOPLE)
def test_what_may_not_be_known_is_like_what_was_never_there(people: People, hidden: Hidden, login: str) -> None:
    mine, compared = people.mine(login), 0
    with people.world.client(login) as client:
        for route, ((address, body, known), (other, other_body, absent)) in all_pairs(people, hidden, login, mine):
            inbox = known in {hidden.waiting, hidden.letter}
            if login in (INBOX_READERS if inbox else KNOW[hidden.level]):
                continue
            answer = asked(client, route, address, body)
            assert answer.status_code < 500, (route.name, answer.text)
            never = f"{login} {route.method} {other} {other_body}"
            if never not in people.never:
                people.never[never] = plain(asked(client, route, other, other_body), absent)
            assert plain(answer, known) == people.never[never], (route.name, address, body)
            compared += 1
    assert compared > 100 or login in KNOW[hidden.level]


def addresses(route: Route, hidden: Hidden, *, everywhere: bool) -> Iterator[str]:
    """A GET route with questions that list what there is; `everywhere` also with the hidden ids wherever one goes.

    For whom they are hidden those are compared with what was never there, which cannot tell anything.
    """
    named = set(route.parameters("query"))
    places: list[dict[str, str]] = [{}]
    places += [{name: hidden.things[IN_FIELDS[name]]} for name in named & set(IN_FIELDS) if everywhere]
    places += [{"dossier": hidden.referring}] if "dossier" in named else []
    places += [{"inbox": "true"}, {"inbox": "true", "unit": "63"}] if "inbox" in named else []
    places += [{"mine": "true", "limit": "200"}] if "mine" in named else []
    if "q" in named:
        places += [{"q": word} for word in (hidden.secret, hidden.letter, hidden.withdrawn)]
        places += [{"q": hidden.secret, "unit": "63", "class": "632.2"}, {"unit": "63"}]
    elif "class" in named:
        places += [{"class": "632.2", "unit": "63"}, {"state": "open"}]
    for document in hidden.of("document") if "document" in route.kinds() else [""]:
        for place in places:
            yield route.address({**hidden.things, "document": document}, **place)
            if "cancelled" in named:
                yield route.address({**hidden.things, "document": document}, **place, cancelled="true")


@pytest.mark.parametrize("login", PEOPLE)
def test_nothing_is_told_to_whom_it_is_hidden(people: People, hidden: Hidden, login: str) -> None:
    knows, reads, seen = login in KNOW[hidden.level], login in READ[hidden.level], set()
    walked = [
        (route, address)
        for route in routes(people.world)
        if route.method == "GET" and (knows or not route.kinds() & SECRET)
        for address in addresses(route, hidden, everywhere=knows)
    ]
    with people.world.client(login) as client:
        for route, address in walked:
            answer = client.get(address)
            assert answer.status_code < 500, address
            if login not in INBOX_READERS:
                assert hidden.letter not in answer.text, address
                assert hidden.waiting not in answer.text, address
            if not knows:
                assert not {word for word in (hidden.secret, hidden.withdrawn) if word in answer.text}, address
                # The log names ids to those who watch over it, and nothing else.
                assert login == "auditor" or hidden.things["dossier"] not in answer.text, address
            if not reads and hidden.things["document"] in address and address.endswith(ROUTES_OF_CONTENT):
                assert answer.status_code == 403, address
            if "cancelled=true" not in address and "cancelled" in route.parameters("query"):
                assert hidden.cancelled not in answer.text, address
            seen |= {word for word in (hidden.secret, hidden.letter, hidden.withdrawn) if word in answer.text}
    # The walk would find it: those who may know it are told.
    assert (hidden.secret in seen) == knows
    assert (hidden.withdrawn in seen) == knows
    assert (hidden.letter in seen) == (login in INBOX_READERS)


@pytest.mark.parametrize("login", PEOPLE)
def test_no_count_betrays_what_is_hidden(people: People, hidden: Hidden, login: str) -> None:
    for word, document, visible in (
        (hidden.secret, hidden.things["document"], login in KNOW[hidden.level]),
        (hidden.letter, hidden.waiting, login in INBOX_READERS),
        (hidden.withdrawn, hidden.cancelled, False),
    ):
        answer = done(people.world.client(login).get(f"{API}/search", params={"q": word}), 200)
        found = [hit["document"]["id"] for hit in answer["hits"]]
        assert found == ([document] if visible else [])
        assert answer["total"] == len(found)
        assert all(sum(value["count"] for value in facet) <= len(found) for facet in answer["facets"].values())
        for hit in answer["hits"]:
            assert login in READ[hidden.level] or document == hidden.waiting or hit["passages"] == []
