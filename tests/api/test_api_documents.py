"""Documents in full, through the API: names and dates, check-out, final, cancelled; many at once; resubmissions."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest

from eakte.bootstrap import update_index
from eakte.terms import new_id, today
from tests.api.test_api_lists import follow
from tests.api.test_api_records import before, patch
from tests.api.world import API, World, done, places, problem
from tests.support.service import upload

MAIL = """From: Erika Muster <erika@example.org>
To: bauamt@example.org
Subject: Ganz anderer Betreff
Date: Mon, 02 Mar 2026 10:00:00 +0100
Content-Type: text/plain

Hiermit lege ich Widerspruch ein.
"""


def version(client: Any, document: dict[str, Any], content: bytes, key: str | None = None, **said: Any) -> Any:
    files = {
        "metadata": (None, json.dumps(said), "application/json"),
        "file": ("v.txt", content, "application/octet-stream"),
    }
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{API}/documents/{document['id']}/versions", files=files, headers=headers)


def acts(world: World, document: str, by: str = "clerk63") -> list[dict[str, Any]]:
    return follow(world.client(by), f"{API}/documents/{document}/history?limit=2")


class TestNamesAndDates:
    def test_all_that_is_said_is_shown_changed_found_and_kept_in_the_history(self, world: World) -> None:
        clerk, dossier = world.client("clerk63"), world.dossier()
        said: dict[str, Any] = {
            "kind": "outgoing", "written_on": "2026-03-01", "sent_on": "2026-03-02", "received_on": None,
            "sender": "Bauordnung", "addressee": "Erika Muster", "further_addressees": ["Zwickelbau GmbH", "Kreis"],
        }  # fmt: skip
        document = world.document({"dossier": dossier["id"]}, **said)
        path = f"{API}/documents/{document['id']}"
        assert {name: document[name] for name in said} == said
        assert document["further_senders"] == []
        world.process(document)
        found = done(clerk.get(f"{API}/search", params={"q": "Zwickelbau"}), 200)["hits"]
        assert [hit["document"]["id"] for hit in found] == [document["id"]]
        changes = {"further_addressees": ["Kreis"], "further_senders": ["Zweites Amt"], "sent_on": "2026-03-03"}
        changed = done(patch(clerk, path, changes), 200)
        assert {name: changed[name] for name in changes} == changes
        asked = {"dossier": dossier["id"], "contains": "zweites", "kind": "outgoing"}
        assert [each["id"] for each in done(clerk.get(f"{API}/documents", params=asked), 200)["items"]] == [
            document["id"]
        ]
        update_index(world.backends)
        assert done(clerk.get(f"{API}/search", params={"q": "Zwickelbau"}), 200)["total"] == 0
        happened = acts(world, document["id"])
        assert [each["tag"].rpartition(":")[2] for each in happened] == ["change", "process", "file"]
        assert before(happened[0]) == {
            "further_addressees": "Zwickelbau GmbH; Kreis", "further_senders": None, "sent_on": "2026-03-02",
        }  # fmt: skip
        problem(world.client("registrar").get(f"{path}/history"), 403, "not-allowed")

    @pytest.mark.parametrize(
        ("said", "at"),
        [
            ({"further_senders": ["Amt"]}, "further_senders"),
            ({"addressee": "x", "further_addressees": ["Amt", " "]}, "further_addressees.1"),
            ({"sender": "x", "further_senders": ["x"] * 51}, "further_senders"),
        ],
    )
    def test_bad_names_are_refused_by_place(self, world: World, said: dict[str, Any], at: str) -> None:
        clerk, place = world.client("clerk63"), {"dossier": world.dossier()["id"]}
        assert places(problem(upload(clerk, {**place, **said}, b"x"), 422, "invalid-input")) == {at}
        document = world.document(place)
        answer = patch(clerk, f"{API}/documents/{document['id']}", said)
        assert places(problem(answer, 422, "invalid-input")) == {at}


class TestOneDocument:
    def test_out_and_in_again(self, world: World) -> None:
        clerk, head = world.client("clerk63"), world.client("head63")
        document = world.document({"dossier": world.dossier()["id"]}, b"eins")
        path = f"{API}/documents/{document['id']}"
        problem(clerk.post(f"{path}/check-out", headers={"If-Match": '"9"'}), 412, "stale-revision")
        answer = clerk.post(f"{path}/check-out", headers={"If-Match": f'"{document["revision"]}"'})
        out = done(answer, 200)["checked_out"]
        assert answer.headers["etag"] == f'"{document["revision"] + 1}"'
        assert (set(out), out["name"]) == ({"by", "name", "since"}, "Clerk63")
        (listed,) = done(head.get(f"{API}/documents", params={"dossier": document["dossier"]}), 200)["items"]
        assert listed["checked_out"] == out
        refused = problem(version(head, document, b"zwei"), 409, "document-checked-out")
        assert refused["detail"].startswith("Clerk63 bearbeitet es seit ")
        assert head.get(f"{path}/content").content == b"eins"
        two = done(version(clerk, document, b"zwei", comment="Entwurf"), 201)
        assert (two["version"], two["checked_out"]) == (2, None)
        key = {"Idempotency-Key": str(new_id())}
        three = done(head.post(f"{path}/versions/1/restore", json={"comment": "zurück"}, headers=key), 201)
        assert done(head.post(f"{path}/versions/1/restore", json={"comment": "zurück"}, headers=key), 201) == three
        assert (three["version"], head.get(f"{path}/content").content) == (3, b"eins")
        listed = done(clerk.get(f"{path}/versions"), 200)["items"]
        assert [(each["number"], each["comment"], each["restored_from"]) for each in listed] == [
            (3, "zurück", 1), (2, "Entwurf", None), (1, None, None),
        ]  # fmt: skip
        done(clerk.post(f"{path}/check-out"), 200)
        problem(world.client("registrar").post(f"{path}/release", json={}), 422, "invalid-input")
        released = done(world.client("registrar").post(f"{path}/release", json={"reason": "Urlaub"}), 200)
        assert released["checked_out"] is None
        assert before(acts(world, document["id"])[0]) == {"checked_out_by": "Clerk63", "reason": "Urlaub"}

    def test_final_stays_as_it_is_whatever_is_read_in_it_later(self, world: World) -> None:
        clerk = world.client("clerk63")
        document = world.document({"dossier": world.dossier()["id"]}, MAIL.encode(), "post.eml")
        path = f"{API}/documents/{document['id']}"
        final = done(clerk.post(f"{path}/finalize"), 200)["final"]
        assert set(final) == {"by", "at"}
        world.process(document)
        read = done(clerk.get(path), 200)
        assert (read["title"], read["sender"], read["state"]) == ("post", None, "ready")
        for answer in (
            version(clerk, document, b"neu"),
            patch(clerk, path, {"title": "Anders"}),
            clerk.post(f"{path}/check-out"),
            clerk.post(f"{path}/finalize"),
        ):
            refused = problem(answer, 409, "document-final")
            assert refused["title"] == "Das Dokument ist abgeschlossen und wird nicht mehr geändert."

    def test_a_check_in_whose_answer_was_lost_is_answered_again(self, world: World) -> None:
        """Also when somebody else made the document final meanwhile."""
        clerk, dossier = world.client("clerk63"), world.dossier()
        document = world.document({"dossier": dossier["id"]})
        key = str(new_id())
        first = version(clerk, document, b"zwei", key)
        done(world.client("head63").post(f"{API}/documents/{document['id']}/finalize"), 200)
        again = version(clerk, document, b"zwei", key)
        assert done(again, 201) == done(first, 201)
        assert again.headers["idempotency-replayed"] == "true"

    def test_cancelled_it_is_there_when_asked_for(self, world: World) -> None:
        clerk, dossier = world.client("clerk63"), world.dossier()
        external = {"system": "Stornoprobe", "id": "1"}
        document = world.document({"dossier": dossier["id"]}, b"Kranichflug", external=external)
        world.process(document)
        path = f"{API}/documents/{document['id']}"
        assert places(problem(clerk.post(f"{path}/cancel", json={"reason": ""}), 422, "invalid-input")) == {"reason"}
        cancelled = done(clerk.post(f"{path}/cancel", json={"reason": "Doppelt"}), 200)["cancelled"]
        assert (set(cancelled), cancelled["reason"]) == ({"by", "at", "reason"}, "Doppelt")
        for asked, count in (({}, 0), ({"cancelled": True}, 1)):
            params = {"dossier": dossier["id"], **asked}
            assert len(done(clerk.get(f"{API}/documents", params=params), 200)["items"]) == count
            assert done(clerk.get(f"{API}/search", params={"q": "Kranichflug", **asked}), 200)["total"] == count
        # The key stays its own, so a second call makes no second document.
        again = upload(clerk, {"dossier": dossier["id"], "external": external}, b"Kranichflug")
        assert done(again, 200)["cancelled"] == cancelled
        problem(clerk.post(f"{path}/cancel", json={"reason": "x"}), 409, "document-cancelled")
        assert done(clerk.get(path), 200)["cancelled"] == cancelled


def bulk(client: Any, documents: list[Any], key: str | None = None, **act: Any) -> Any:
    ids = [each["id"] if isinstance(each, dict) else str(each) for each in documents]
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{API}/documents/bulk", json={"documents": ids, **act}, headers=headers)


class TestMany:
    def test_each_act_is_one_entry_that_names_them_all(self, world: World) -> None:
        clerk, one, two = world.client("clerk63"), world.dossier(), world.dossier()
        case = world.case(two["id"])
        documents = [
            world.document({"dossier": one["id"]}, title="Aus der Akte"),
            world.document({"inbox": True}, title="Aus dem Eingang"),
        ]
        ids = {each["id"] for each in documents}

        def entry() -> dict[str, Any]:
            found = [e for e in world.audit(subject=documents[0]["id"]) if documents[1]["id"] in str(e["details"])]
            assert all(ids <= set(each["details"]["subjects"]) for each in found)
            assert all(each["subject"] is None for each in found)
            return found[0]

        key = str(new_id())
        moved = done(bulk(clerk, documents, key, move={"case": case["id"]}), 200)
        assert done(bulk(clerk, documents, key, move={"case": case["id"]}), 200) == moved
        assert {each["id"] for each in moved["documents"]} == ids
        assert {one["id"], two["id"], case["id"]} <= set(entry()["details"]["subjects"])
        listed = done(clerk.get(f"{API}/documents", params={"case": case["id"]}), 200)["items"]
        assert {each["id"]: (each["dossier"], each["inbox"]) for each in listed} == dict.fromkeys(
            ids, (two["id"], None)
        )
        assert before(acts(world, documents[0]["id"])[0]) == {"dossier": one["id"]}
        done(bulk(clerk, documents, change={"kind": "internal", "title": "Aus der Akte"}), 200)
        assert entry()["tag"] == "record:document:change"
        assert [before(acts(world, each["id"])[0]) for each in documents] == [
            {"kind": "incoming"}, {"kind": "incoming", "title": "Aus dem Eingang"},
        ]  # fmt: skip
        due = {"due_on": today().isoformat(), "note": "Rückruf"}
        done(bulk(clerk, documents, resubmit=due), 200)
        reminders = follow(clerk, f"{API}/resubmissions?dossier={two['id']}&limit=1")
        assert {each["document"] for each in reminders} == ids
        assert {each["id"] for each in reminders} <= set(entry()["details"]["subjects"])
        done(bulk(clerk, documents, cancel={"reason": "Irrläufer"}), 200)
        assert entry()["tag"] == "record:document:cancel"
        assert done(clerk.get(f"{API}/documents", params={"case": case["id"]}), 200)["items"] == []

    def test_all_or_none_and_each_reason_by_document(self, world: World) -> None:
        clerk, dossier = world.client("clerk63"), world.dossier()
        free, final, gone, taken = (world.document({"dossier": dossier["id"]}) for _each in range(4))
        foreign = world.document({"dossier": world.dossier("clerk10")["id"]}, login="clerk10")
        done(clerk.post(f"{API}/documents/{final['id']}/finalize"), 200)
        done(clerk.post(f"{API}/documents/{gone['id']}/cancel", json={"reason": "x"}), 200)
        done(world.client("head63").post(f"{API}/documents/{taken['id']}/check-out"), 200)
        unknown = str(new_id())
        count = len(world.audit(subject=free["id"]))
        refused = problem(bulk(clerk, [free, final, foreign, unknown], change={"title": "x"}), 409, "many-refused")
        assert places(refused) == {f"documents.{each}" for each in (foreign["id"], unknown)}
        assert len({each["message"] for each in refused["errors"]}) == 1
        refused = problem(bulk(clerk, [free, final, gone, taken], change={"title": "x"}), 409, "many-refused")
        assert places(refused) == {f"documents.{each['id']}" for each in (final, gone)}
        refused = problem(bulk(clerk, [free, final, gone, taken], cancel={"reason": "x"}), 409, "many-refused")
        assert places(refused) == {f"documents.{each['id']}" for each in (gone, taken)}
        refused = problem(bulk(clerk, [free], change={"further_senders": ["x"]}), 409, "many-refused")
        assert places(refused) == {f"documents.{free['id']}.further_senders"}
        # The registrar knows the documents of the unit and does not work in them; the try is kept.
        refused = problem(bulk(world.client("registrar"), [free], cancel={"reason": "x"}), 403, "not-allowed")
        assert places(refused) == {f"documents.{free['id']}"}
        assert done(clerk.get(f"{API}/documents/{free['id']}"), 200) == free
        done(clerk.post(f"{API}/dossiers/{dossier['id']}/close", json={}), 200)
        target = world.dossier()
        refused = problem(bulk(clerk, [free], move={"dossier": target["id"]}), 409, "many-refused")
        assert places(refused) == {f"documents.{free['id']}"}
        problem(bulk(clerk, [free], move={"dossier": foreign["dossier"]}), 404, "not-found")
        assert len(world.audit(subject=free["id"])) == count

    @pytest.mark.parametrize(
        ("act", "at"),
        [
            ({}, "move"),
            ({"cancel": {"reason": "x"}, "change": {}}, "move"),
            ({"move": {}}, "dossier"),
            ({"change": {"kind": "brief"}}, "kind"),
            ({"cancel": {"reason": " "}}, "reason"),
            ({"resubmit": {"due_on": "2020-01-01", "note": "x"}}, "due_on"),
        ],
    )
    def test_what_is_wrong_for_all_is_told_once(self, world: World, act: dict[str, Any], at: str) -> None:
        documents = [world.document({"inbox": True}) for _each in range(2)]
        assert places(problem(bulk(world.client("clerk63"), documents, **act), 422, "invalid-input")) == {at}
        many = [new_id() for _each in range(301)]
        problem(bulk(world.client("clerk63"), many, cancel={"reason": "x"}), 422, "invalid-input")

    def test_moves_there_and_back_at_once_end(self, world: World) -> None:
        """Both lock two dossiers and many documents; who comes second finds them moved, and is told so."""
        one, two = world.dossier(), world.dossier()
        documents = [world.document({"dossier": each["id"]}) for each in (one, two) for _turn in range(3)]
        start, statuses = threading.Barrier(6), list[int]()

        def move(turn: int) -> None:
            clerk = world.client("clerk63")
            start.wait(timeout=30)
            mine, target = (documents[:3], two) if turn % 2 else (documents[3:], one)
            order = list(reversed(mine)) if turn % 3 else mine
            statuses.append(bulk(clerk, order, move={"dossier": target["id"]}).status_code)

        threads = [threading.Thread(target=move, args=(turn,)) for turn in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 200, 409, 409, 409, 409]


class TestResubmissions:
    def test_mine_are_due_by_day_until_they_are_done(self, world: World) -> None:
        clerk, head = world.client("clerk63"), world.client("head63")
        dossier = world.dossier(title="Wiedervorlageakte")
        case = world.case(dossier["id"])
        document = world.document({"case": case["id"]})
        path = f"{API}/resubmissions"

        def make(days: int, **said: Any) -> dict[str, Any]:
            due = (today() + timedelta(days=days)).isoformat()
            body = {"dossier": dossier["id"], "due_on": due, "note": f"in {days}", **said}
            return dict(done(clerk.post(path, json={k: v for k, v in body.items() if v is not None}), 201))

        later = make(9, unit="63")
        own = make(0)
        other = make(3, case=case["id"], dossier=None, user="head63")
        paper = make(3, document=document["id"], dossier=None)
        assert (own["title"], own["reference_number"]) == ("Wiedervorlageakte", dossier["reference_number"])
        assert (other["user"] is not None, later["user"]) == (True, None)

        def ids(client: Any, asked: str) -> list[str]:
            made = {each["id"] for each in (later, own, other, paper)}
            return [each["id"] for each in follow(client, f"{path}?{asked}&limit=1") if each["id"] in made]

        assert ids(clerk, "mine=true") == [own["id"], paper["id"], later["id"]]
        assert ids(clerk, f"mine=true&until={today()}") == [own["id"]]
        assert ids(head, "mine=true") == [other["id"], later["id"]]
        assert ids(clerk, f"dossier={dossier['id']}") == [each["id"] for each in (own, other, paper, later)]
        assert ids(clerk, f"case={case['id']}") == [other["id"], paper["id"]]
        assert ids(clerk, f"document={document['id']}") == [paper["id"]]
        changed = done(patch(clerk, f"{path}/{own['id']}", {"note": "Frist läuft", "unit": "63"}), 200)
        assert (changed["note"], changed["user"], changed["revision"]) == ("Frist läuft", None, 2)
        problem(clerk.patch(f"{path}/{own['id']}", json={"note": "x"}), 428, "revision-missing")
        finished = done(head.post(f"{path}/{own['id']}/done"), 200)
        assert set(finished["done"]) == {"by", "at"}
        problem(clerk.post(f"{path}/{own['id']}/done"), 409, "wrong-state")
        problem(patch(clerk, f"{path}/{own['id']}", {"note": "x"}), 409, "wrong-state")
        assert ids(clerk, "mine=true") == [paper["id"], later["id"]]
        assert ids(clerk, "mine=true&done=true") == [own["id"], paper["id"], later["id"]]
        done(clerk.post(f"{API}/documents/{document['id']}/cancel", json={"reason": "x"}), 200)
        assert ids(clerk, "mine=true") == [later["id"]]
        done(clerk.post(f"{API}/dossiers/{dossier['id']}/close", json={"close_cases": True}), 200)
        problem(
            clerk.post(path, json={"dossier": dossier["id"], "due_on": later["due_on"], "note": "x"}),
            409,
            "wrong-state",
        )
        done(clerk.post(f"{path}/{later['id']}/done"), 200)
        tags = {each["tag"] for each in world.audit(subject=dossier["id"])}
        assert {f"record:resubmission:{act}" for act in ("create", "change", "done")} <= tags
        assert "Frist läuft" not in str(world.audit(subject=own["id"]))

    @pytest.mark.parametrize(
        ("said", "at"),
        [
            ({"due_on": "2020-01-01"}, "due_on"),
            ({"note": " "}, "note"),
            ({"user": "niemand"}, "user"),
            ({"unit": "999"}, "unit"),
            ({"unit": "63", "user": "clerk63"}, "user"),
            ({"case": "01999999-0000-7000-8000-000000000000"}, "dossier"),
        ],
    )
    def test_bad_ones_are_refused_by_place(self, world: World, said: dict[str, Any], at: str) -> None:
        body = {"dossier": world.dossier()["id"], "due_on": today().isoformat(), "note": "x", **said}
        answer = world.client("clerk63").post(f"{API}/resubmissions", json=body)
        assert places(problem(answer, 422, "invalid-input")) == {at}
