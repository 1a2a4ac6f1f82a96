"""Who may do what, through the real API: access given and ended, exclusion, deputies, mandates, offers, units."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from eakte.audit import Tag
from eakte.models import Document
from eakte.operations.auditing import sequence
from eakte.operations.offers import offer_look, withdraw_look
from eakte.terms import SYSTEM, new_id, today
from tests.support.service import PASSWORD, Municipality, Service, until, upload, wait_ready

pytestmark = pytest.mark.journey
API = "/api/v1"
TOMORROW = (today() + timedelta(days=1)).isoformat()
WORD = "Pfannkuchenlinde"


class Town:
    """Clients by login, one dossier of unit 63 with a letter in a case, found by `WORD`, and a second dossier."""

    def __init__(self, service: Service, municipality: Municipality) -> None:
        self.service = service
        self.municipality = municipality
        self._clients: dict[str, httpx2.Client] = {}
        clerk = self["clerk63"]
        self.dossier = self.made("head63", "dossiers", plan_class="632.2", title=f"Widerspruch {WORD}")["id"]
        self.case = self.made("clerk63", "cases", dossier=self.dossier, title="Anhörung")["id"]
        self.document = self.filed(clerk, case=self.case)
        self.other = self.made("clerk63", "dossiers", plan_class="632.1", title="Voranfrage")["id"]

    def __getitem__(self, login: str) -> httpx2.Client:
        if login not in self._clients:
            self._clients[login] = self.service.client(self.municipality.tokens[login])
        return self._clients[login]

    def made(self, login: str, path: str, status: int = 201, /, **body: Any) -> dict[str, Any]:
        answer = self[login].post(f"{API}/{path}", json=body)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def filed(self, client: httpx2.Client, **metadata: Any) -> str:
        answer = upload(client, {"title": "Schreiben", **metadata}, f"Betrifft: {WORD}.".encode(), "brief.txt")
        assert answer.status_code == 201, answer.text
        wait_ready(client, answer.json()["id"])
        return str(answer.json()["id"])

    def sees(self, login: str) -> tuple[int, int, int]:
        """What the dossier answers, what the letter's bytes answer, and how many documents the search counts."""
        client = self[login]
        found = client.get(f"{API}/search", params={"q": WORD}).raise_for_status().json()
        statuses = [
            client.get(f"{API}/{path}").status_code
            for path in (f"dossiers/{self.dossier}", f"documents/{self.document}/content")
        ]
        assert len(found["hits"]) == found["total"]
        assert all(sum(each["count"] for each in values) <= found["total"] for values in found["facets"].values())
        return statuses[0], statuses[1], found["total"]

    def why(self, by: str, user: str) -> dict[str, Any]:
        answer = self[by].get(f"{API}/dossiers/{self.dossier}/access", params={"user": user})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def log(self, tag: Tag) -> list[dict[str, Any]]:
        """Entries, newest first, placed in the log at once."""
        with self.service.backends() as opened:
            sequence(opened.transactions, opened.blobs)
        answer = self["auditor"].get(f"{API}/audit", params={"tag": tag.value, "limit": 50})
        return list(answer.raise_for_status().json()["entries"])

    def behind(self) -> bool:
        """Whether the index is behind the database."""
        with self.service.backends() as opened, opened.transactions.read() as session:
            waiting = select(Document.id).where(Document.indexed_revision < Document.revision).limit(1)
            return session.scalar(waiting) is not None

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


HIDDEN = (404, 404, 0)
OPEN = (200, 200, 1)


@pytest.fixture(scope="module")
def town(service: Service, municipality: Municipality) -> Any:
    made = Town(service, municipality)
    yield made
    made.close()


def test_who_reads_by_unit_and_level_who_only_knows_and_who_does_neither(town: Town) -> None:
    assert town.sees("head63") == town.sees("clerk63") == OPEN
    # The registrar of another unit keeps the plan free of doubles: knows that it is there, and reads nothing of it.
    assert town.sees("registrar") == (200, 403, 1)
    hit = town["registrar"].get(f"{API}/search", params={"q": WORD}).json()["hits"][0]
    assert (hit["dossier"]["title"], hit["passages"]) == (f"Widerspruch {WORD}", [])
    for login in ("clerk10", "admin", "approver", "auditor", "archive", "S1"):
        assert town.sees(login) == HIDDEN, login
        assert town[login].get(f"{API}/dossiers").json()["items"] == []
    # Whoever works above works below, not the other way round, and up to the own level.
    below = town.made("clerk63", "dossiers", plan_class="632.2", title="Unten", unit="631")["id"]
    shut = town.made("head63", "dossiers", plan_class="632.2", title="Personal", confidentiality="protected")["id"]
    answers = {
        (login, each): town[login].get(f"{API}/dossiers/{each}").status_code
        for login in ("clerk63", "head63", "clerk10")
        for each in (below, shut)
    }
    assert answers == {
        ("clerk63", below): 200,
        ("clerk63", shut): 404,
        ("head63", below): 200,
        ("head63", shut): 200,
        ("clerk10", below): 404,
        ("clerk10", shut): 404,
    }
    # Nothing else tells: the same bytes again are no double, a reference to it is one to nothing.
    own = town.made("clerk10", "dossiers", plan_class="632.2", title="Eigene")["id"]
    first, again = (
        upload(town[login], {"dossier": place}, b"Anlage.", "a.txt").json()
        for login, place in (("clerk63", town.other), ("clerk10", own))
    )
    assert (again["sha256"], again["warnings"], again["source"]) == (first["sha256"], [], None)
    refused = [
        town["clerk10"].post(f"{API}/cross-references", json={"source": {"dossier": own}, "target": {"dossier": each}})
        for each in (town.dossier, str(new_id()))
    ]
    assert {each.status_code for each in refused} == {404}
    assert refused[0].json()["title"] == refused[1].json()["title"]


def test_access_is_given_explained_and_ended(town: Town) -> None:
    assert town.sees("clerk10") == HIDDEN
    refused = town["clerk10"].post(
        f"{API}/shares", json={"dossier": town.dossier, "user": "clerk10", "until": TOMORROW}
    )
    assert refused.status_code == 404
    said = {"dossier": town.dossier, "user": "clerk10", "until": today().isoformat(), "reason": "Stellungnahme"}
    share = town.made("clerk63", "shares", **said)
    assert town.sees("clerk10") == OPEN
    assert town.made("clerk63", "shares", 200, **{**said, "until": TOMORROW})["id"] == share["id"]
    assert town["clerk10"].get(f"{API}/shares?mine=true").json()["items"][0]["until"] == TOMORROW
    # It reads and does not write, and does not pass on.
    document = f"{API}/documents/{town.document}"
    tag = town["clerk10"].get(document).headers["etag"]
    assert town["clerk10"].patch(document, json={"title": "x"}, headers={"If-Match": tag}).status_code == 403
    assert town["clerk10"].get(f"{API}/shares?dossier={town.dossier}").status_code == 403
    given = {"dossier": town.dossier, "user": "clerk10", "until": TOMORROW}
    assert town["clerk10"].post(f"{API}/shares", json=given).status_code == 403

    answer = town.why("registrar", "clerk10")
    assert (answer["metadata"], answer["content"], answer["write"]) == (True, True, False)
    assert [(each["source"], each["until"], each["id"]) for each in answer["reasons"]] == [
        ("share", TOMORROW, share["id"])
    ]
    assert town.why("registrar", "clerk63")["reasons"][0]["source"] == "unit"
    assert town["clerk10"].get(f"{API}/dossiers/{town.dossier}/access?user=head63").status_code == 403
    assert town["clerk10"].get(f"{API}/dossiers/{town.dossier}/access").json()["reasons"] == answer["reasons"]

    assert town["clerk63"].delete(f"{API}/shares/{share['id']}").status_code == 204
    assert town.sees("clerk10") == HIDDEN
    assert town["clerk10"].get(f"{API}/dossiers/{town.dossier}/access").status_code == 404
    assert town["clerk10"].get(f"{API}/shares?mine=true").json()["items"] == []
    kept = town["clerk63"].get(f"{API}/shares", params={"dossier": town.dossier, "ended": True}).json()["items"]
    assert kept[0]["ended"]["by"] == town.municipality.users["clerk63"]


def test_a_case_for_a_unit_opens_its_documents_alone(town: Town) -> None:
    share = town.made("clerk63", "shares", case=town.case, unit="10", until=TOMORROW)
    assert town.sees("clerk10") == (404, 200, 1)
    # A protected dossier is not opened to whom the level shuts out.
    closed = town.made("head63", "dossiers", plan_class="632.2", title="Geschützt", confidentiality="protected")["id"]
    town.made("head63", "shares", dossier=closed, unit="10", until=TOMORROW)
    assert town["clerk10"].get(f"{API}/dossiers/{closed}").status_code == 404
    assert town["registrar"].get(f"{API}/dossiers/{closed}").status_code == 200  # unit 10, level protected
    assert town["clerk63"].delete(f"{API}/shares/{share['id']}").status_code == 204
    assert town.sees("clerk10") == HIDDEN


def test_who_is_excluded_learns_nothing(town: Town) -> None:
    clerk, head = town["clerk63"], town["head63"]
    before = clerk.get(f"{API}/dossiers/{town.dossier}/history").json()["items"]
    said = {"dossier": town.dossier, "user": "clerk63", "ground": "vwvfg-20", "reason": "Schwager"}
    assert head.post(f"{API}/exclusions", json=said).status_code == 403
    exclusion = town.made("registrar", "exclusions", **said)
    assert town.sees("clerk63") == HIDDEN
    for path in (
        "dossiers/{}",
        "dossiers/{}/history",
        "dossiers/{}/access",
        "shares?dossier={}",
        "exclusions?dossier={}",
    ):
        answers = [clerk.get(f"{API}/{path.format(each)}") for each in (town.dossier, str(new_id()))]
        assert [each.status_code for each in answers] == [404, 404], path
        assert answers[0].json()["title"] == answers[1].json()["title"]
    # Nobody's act is refused because of it, and no grant beats it.
    share = town.made("head63", "shares", dossier=town.dossier, user="clerk63", until=TOMORROW)
    due = {"dossier": town.dossier, "user": "clerk63", "due_on": TOMORROW, "note": "Bitte prüfen"}
    assert head.post(f"{API}/resubmissions", json=due).status_code == 201
    assert town.sees("clerk63") == HIDDEN
    for mine in ("shares?mine=true", "resubmissions?mine=true"):
        assert town.dossier not in clerk.get(f"{API}/{mine}").text
    assert [each["source"] for each in town.why("registrar", "clerk63")["reasons"]] == ["exclusion"]
    assert clerk.post(f"{API}/exclusions/{exclusion['id']}/lift", json={"reason": "x"}).status_code == 404

    lifted = town["registrar"].post(f"{API}/exclusions/{exclusion['id']}/lift", json={"reason": "Irrtum"})
    assert lifted.json()["lifted"]["reason"] == "Irrtum"
    assert town.sees("clerk63") == OPEN
    assert head.delete(f"{API}/shares/{share['id']}").status_code == 204
    history = clerk.get(f"{API}/dossiers/{town.dossier}/history").json()["items"]
    told = [each["tag"] for each in history[: len(history) - len(before)]]
    assert not {Tag.DOSSIER_EXCLUDE.value, Tag.DOSSIER_READMIT.value} & set(told)
    assert len(town.log(Tag.DOSSIER_EXCLUDE)) == len(town.log(Tag.DOSSIER_READMIT)) == 1


def test_a_deputy_works_for_whom_it_represents(town: Town) -> None:
    said = {"deputy": "clerk10", "until": TOMORROW}
    assert town["clerk10"].post(f"{API}/deputies", json={**said, "person": "clerk63"}).status_code == 403
    deputation = town.made("clerk63", "deputies", **said)
    assert town.sees("clerk10") == OPEN
    # What the represented is excluded from, the deputation does not open.
    shut = {"dossier": town.other, "user": "clerk63", "ground": "vwvfg-21", "reason": "Nachbar"}
    town.made("registrar", "exclusions", **shut)
    assert town["clerk10"].get(f"{API}/dossiers/{town.other}").status_code == 404
    case = town.made("clerk10", "cases", dossier=town.dossier, title="Vertretungsweise")
    entry = town.log(Tag.CASE_CREATE)[0]
    assert entry["actor"] == town.municipality.users["clerk10"]
    assert entry["details"]["for"] == [town.municipality.users["clerk63"]]
    history = town["head63"].get(f"{API}/cases/{case['id']}/history").json()["items"]
    assert (history[0]["who"], history[0]["represented"]) == ("Clerk10", ["Clerk63"])
    assert town.why("registrar", "clerk10")["reasons"][0]["represents"] == town.municipality.users["clerk63"]
    assert town["clerk63"].delete(f"{API}/deputies/{deputation['id']}").status_code == 204
    assert town.sees("clerk10") == HIDDEN


def test_an_auditor_reads_by_mandate_and_each_look_is_logged(town: Town) -> None:
    assert town.sees("auditor") == HIDDEN
    said = {"auditor": "auditor", "units": ["63"], "until": TOMORROW, "reason": "Jahresprüfung"}
    for nobody in ("admin", "auditor", "clerk63"):
        assert town[nobody].post(f"{API}/mandates", json=said).status_code == 403
    mandate = town.made("registrar", "mandates", **said)
    assert town.sees("auditor") == OPEN
    read = town.log(Tag.DOCUMENT_READ)[0]
    assert (read["subject"], read["details"]["mandates"]) == (town.document, [mandate["id"]])
    assert town.why("auditor", "clerk63")["content"] is True
    due = {"dossier": town.dossier, "due_on": TOMORROW, "note": "x"}
    assert town["auditor"].post(f"{API}/resubmissions", json=due).status_code == 403
    assert town["registrar"].delete(f"{API}/mandates/{mandate['id']}").status_code == 204
    assert town.sees("auditor") == HIDDEN


def test_the_archive_reads_exactly_what_was_offered(town: Town) -> None:
    assert town.sees("archive") == HIDDEN
    offered = uuid.UUID(town.dossier)
    with town.service.backends() as opened:
        with opened.transactions.begin(SYSTEM) as tx:
            offer_look(tx, [offered])
            tx.record(Tag.DOSSIER_EVENT, offered)
        assert town.sees("archive") == OPEN
        assert town["archive"].get(f"{API}/dossiers/{town.other}").status_code == 404
        assert town.log(Tag.DOCUMENT_READ)[0]["details"]["offered"] == [town.dossier]
        with opened.transactions.begin(SYSTEM) as tx:
            withdraw_look(tx, [offered])
            tx.record(Tag.DOSSIER_EVENT, offered)
    assert town.sees("archive") == HIDDEN


def test_roles_that_read_come_from_registrar_and_head(town: Town) -> None:
    units = {each["number"]: each for each in town["registrar"].get(f"{API}/units").json()["items"]}
    path, tag = f"{API}/units/{units['63']['id']}", {"If-Match": f'"{units["63"]["revision"]}"'}
    assert town["admin"].patch(path, json={"head": "head63"}, headers=tag).status_code == 403
    assert town["head63"].patch(path, json={"head": "head63"}, headers=tag).status_code == 403
    assert town["registrar"].patch(path, json={"head": "head63"}, headers=tag).status_code == 200

    new = {"login": "neue63", "display_name": "Neue", "roles": ["clerk"], "unit": "63", "password": PASSWORD}
    assert town["admin"].post(f"{API}/users", json=new).status_code == 403
    assert town["admin"].post(f"{API}/users", json={**new, "login": "it", "roles": ["admin"]}).status_code == 201
    person = town.made("head63", "users", **new)
    for beyond in ({"roles": ["registrar"]}, {"unit": "10"}, {"roles": ["auditor"]}):
        refused = town["head63"].post(f"{API}/users", json={**new, "login": "neue64", **beyond})
        assert refused.status_code == 403, beyond

    def change(by: str, user: str, revision: int, **body: Any) -> int:
        tag = {"If-Match": f'"{revision}"'}
        return town[by].patch(f"{API}/users/{user}", json=body, headers=tag).status_code

    mine = town.municipality.users
    assert change("admin", person["id"], person["revision"], roles=["registrar"]) == 403
    assert change("admin", person["id"], person["revision"], level="protected") == 403
    assert change("admin", mine["admin"], 1, roles=["clerk"]) == 403
    assert change("registrar", mine["registrar"], 1, roles=["registrar", "auditor"]) == 403
    assert change("registrar", mine["admin"], 1, roles=["admin", "clerk"]) == 422
    assert change("head63", person["id"], person["revision"], level="open") == 200
    assert change("admin", person["id"], person["revision"] + 1, active=False) == 200
    assert change("admin", person["id"], person["revision"] + 2, active=True) == 403

    # A key acts as its account: that of a machine that reads is not IT's to give.
    machine = {**new, "login": "verfahren", "machine": True, "operator": "Karin Thieme", "password": None}
    town.made("registrar", "users", **machine)
    key = {"user": "verfahren", "name": "x", "scopes": ["read"]}
    assert town["admin"].post(f"{API}/tokens", json=key).status_code == 403
    assert town["registrar"].post(f"{API}/tokens", json=key).status_code == 201
    # The head excludes in the own unit.
    shut = {"dossier": town.other, "user": "clerk10", "ground": "vwvfg-21", "reason": "x"}
    assert town["head63"].post(f"{API}/exclusions", json=shut).status_code == 201


def test_units_merge_and_split_in_one_act(town: Town) -> None:
    """The index is not written again for a merger: what it holds is found by whom the scope belongs to now."""
    registrar = town["registrar"]
    old = town.made("registrar", "units", number="64", name="Denkmalpflege")
    new = {"login": "clerk64", "display_name": "Clerk64", "roles": ["clerk"], "unit": "64", "password": PASSWORD}
    person = town.made("registrar", "users", **new)
    # The dossier with its letter becomes theirs, so that the index has it under the number of unit 64.
    town.made("registrar", f"dossiers/{town.dossier}/reassign", 200, unit="64", reason="x")
    until(lambda: not town.behind(), what="the index has followed")
    assert town.sees("clerk63") == HIDDEN

    plan = {"into": "63"}
    preview = registrar.post(f"{API}/units/{old['id']}/merge-preview", json=plan).json()
    counted = {name: preview[name] for name in ("dossiers", "documents", "people", "inbox_documents")}
    assert counted == {"dossiers": 1, "documents": 1, "people": 1, "inbox_documents": 0}
    assert town["admin"].post(f"{API}/units/{old['id']}/merge", json={**plan, "reason": "x"}).status_code == 403
    merged = registrar.post(f"{API}/units/{old['id']}/merge", json={**plan, "reason": "Neugliederung"}).json()
    assert (merged["merged_into"], merged["closed_on"]) == (town.municipality.units["63"], today().isoformat())
    assert town.sees("clerk63") == OPEN
    assert not town.behind()
    found = town["clerk63"].get(f"{API}/search", params={"q": WORD, "unit": "64"}).json()
    assert [each["value"] for each in found["facets"]["unit"]] == [town.municipality.units["63"]]
    users = {each["id"]: each for each in registrar.get(f"{API}/users").json()["items"]}
    assert users[person["id"]]["unit"] == town.municipality.units["63"]
    # What still names the closed unit reaches the one that has it now; nothing new stays in it.
    body = {"plan_class": "632.2", "title": "Neu", "unit": "64"}
    assert town.made("clerk63", "dossiers", **body)["unit"] == town.municipality.units["63"]
    assert registrar.post(f"{API}/units/{old['id']}/merge", json={**plan, "reason": "x"}).status_code == 409

    town.made("registrar", "units", number="65", name="Vorfragen")
    order = {"to": "65", "plan_classes": ["632.2"], "users": ["clerk64"]}
    unit = f"{API}/units/{town.municipality.units['63']}"
    preview = registrar.post(f"{unit}/split-preview", json=order).json()
    assert (preview["dossiers"] >= 2, preview["people"]) == (True, 1)
    assert registrar.post(f"{unit}/split", json={**order, "reason": "Neue Abteilung"}).status_code == 200
    assert town["clerk63"].get(f"{API}/dossiers/{town.dossier}").status_code == 404
    until(lambda: not town.behind(), what="the index has followed")
    assert town.sees("clerk63") == HIDDEN
