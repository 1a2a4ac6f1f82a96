"""One call for procedures: all of it or nothing, errors with their place, a second call that changes nothing."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from eakte.models import Base
from eakte.operations.procedure_parts import MOST_DOCUMENTS
from tests.api.world import API, World, done, places, problem

Files = dict[str, bytes]


def call(client: TestClient, metadata: Any, files: Files, **headers: str) -> httpx2.Response:
    """The metadata first, then the files in the order given."""
    parts: list[Any] = [("metadata", (None, json.dumps(metadata), "application/json"))]
    parts += [(name, (f"{name}.txt", content, "text/plain")) for name, content in files.items()]
    return client.post(f"{API}/procedures", files=parts, headers=headers)


def application(**more: Any) -> dict[str, Any]:
    """A building application: a dossier, a case in it, two letters."""
    return {
        "dossier": {
            "plan_class": "632.2",
            "title": "Bauantrag",
            "parties": [{"role": "Bauherrin", "name": "Eva Weiß"}],
        },
        "case": {"title": "Antrag", "parties": [{"role": "Architekt", "name": "Jan Groß"}]},
        "documents": [
            {"file": "plan", "title": "Lageplan", "kind": "incoming", "sender": "Eva Weiß"},
            {"file": "letter", "title": "Eingangsbestätigung", "kind": "outgoing", "addressee": "Eva Weiß"},
        ],
        **more,
    }


LETTERS: Files = {"letter": b"Wir bestaetigen.", "plan": b"Der Plan."}
"""In another order than the documents."""


def counts(world: World) -> dict[str, int]:
    """Rows of every table, so that nothing can stay behind unseen."""
    with world.backends.transactions.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def blobs(world: World) -> set[str]:
    return {stat.name for stat in world.backends.blobs.names()}


def test_a_whole_procedure_is_one_act(world: World) -> None:
    clerk = world.client("clerk63")
    before = counts(world)["audit_entry"]
    made = done(call(clerk, application(), LETTERS), 201)
    assert counts(world)["audit_entry"] == before + 1
    assert made["case"]["dossier"] == made["dossier"]["id"]
    assert [(each["title"], each["filename"]) for each in made["documents"]] == [
        ("Lageplan", "plan.txt"), ("Eingangsbestätigung", "letter.txt"),
    ]  # fmt: skip
    assert {each["case"] for each in made["documents"]} == {made["case"]["id"]}
    assert [(each["role"], each["case"]) for each in made["parties"]] == [
        ("Bauherrin", None), ("Architekt", made["case"]["id"]),
    ]  # fmt: skip
    plan = made["documents"][0]["id"]
    assert clerk.get(f"{API}/documents/{plan}/content").content == b"Der Plan."
    (entry,) = world.audit(subject=plan, tag="record:procedure:file")
    assert entry["subject"] == made["case"]["id"]
    named = {made["dossier"]["id"], *(each["id"] for kind in ("parties", "documents") for each in made[kind])}
    assert set(entry["details"]["subjects"]) == named
    assert "Lageplan" not in json.dumps(entry)
    world.process(made["documents"][0])
    assert done(clerk.get(f"{API}/documents/{plan}"), 200)["state"] == "ready"


def test_names_find_letters_of_that_person_alone(world: World) -> None:
    clerk = world.client("clerk63")
    parts = {
        "dossier": {"plan_class": "632.2", "title": "Ohne Namen"},
        "documents": [
            {"file": "a", "sender": "Zacharias Quellmann", "title": "A"},
            {"file": "b", "addressee": "Stadt", "further_addressees": ["Frau Quellmann"], "kind": "outgoing"},
            {"file": "c", "sender": "Sonstwer", "title": "Quellmann"},
        ],
    }
    made = done(call(clerk, parts, {"a": b"a", "b": b"b", "c": b"c"}), 201)["documents"]
    found = done(clerk.get(f"{API}/documents", params={"name": "quellmann"}), 200)["items"]
    assert {each["id"] for each in found} == {made[0]["id"], made[1]["id"]}
    assert done(world.client("clerk10").get(f"{API}/documents", params={"name": "quellmann"}), 200)["items"] == []
    assert places(problem(clerk.get(f"{API}/documents", params={"name": "qu"}), 422, "invalid-input")) == {"name"}


@pytest.mark.parametrize(
    ("spoil", "files", "at"),
    [
        (lambda said: said["documents"][1].update(sender="x\x07"), LETTERS, "documents[1].sender"),
        (lambda said: said["documents"][0].update(received_on="gestern"), LETTERS, "documents[0].received_on"),
        (lambda said: said["documents"][0].update(received_on="2999-01-01"), LETTERS, "documents[0].received_on"),
        (lambda said: said["documents"][0].update(kind="brief"), LETTERS, "documents[0].kind"),
        (lambda said: said["documents"][0].update(file="letter"), LETTERS, "documents[0].file"),
        (lambda said: said["documents"][1].update(file="metadata"), LETTERS, "documents[1].file"),
        (lambda said: said["case"]["parties"][0].update(country="Deutschland"), LETTERS, "case.parties[0].country"),
        (lambda said: said["case"].update(title=" "), LETTERS, "case.title"),
        (lambda said: said["case"].update(ordinal=1), LETTERS, "case.id"),
        (lambda said: said["dossier"].update(plan_class="999"), LETTERS, "dossier.plan_class"),
        (lambda said: said["dossier"].update(colour="rot"), LETTERS, "dossier.colour"),
        (lambda said: said["dossier"].pop("title"), LETTERS, "dossier.title"),
        (lambda _said: None, {"plan": b"Der Plan."}, "documents[1].file"),
        (lambda _said: None, {**LETTERS, "more": b"!"}, "more"),
        (lambda _said: None, {"letter": b"", "plan": b"x" * 5_000_001}, "documents[0].file"),
        (lambda _said: None, {"letter": b"x" * 2_500_001, "plan": b"x" * 2_500_000}, "documents[0].file"),
        (
            lambda said: said.update(documents=[{"file": str(number)} for number in range(MOST_DOCUMENTS + 1)]),
            LETTERS,
            "documents",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place_and_leaves_nothing(
    world: World, spoil: Any, files: Files, at: str
) -> None:
    said = application()
    spoil(said)
    before = counts(world), blobs(world)
    answer = call(world.client("clerk63"), said, files)
    status, kind = (413, "too-large") if max(map(len, files.values())) > 2_000_000 else (422, "invalid-input")
    assert places(problem(answer, status, kind)) == {at}
    assert (counts(world), blobs(world)) == before


def test_who_may_not_file_there_is_refused_whole(world: World) -> None:
    clerk = world.client("clerk63")
    closed = world.dossier()["id"]
    done(clerk.post(f"{API}/dossiers/{closed}/close", json={}), 200)
    said = {"dossier": {"id": closed}, "documents": [{"file": "plan"}]}
    before = blobs(world)
    for login, refusal in (
        ("clerk63", (409, "wrong-state")),
        ("registrar", (403, "not-allowed")),
        ("clerk10", (404, "not-found")),
        ("admin", (404, "not-found")),
    ):
        problem(call(world.client(login), said, {"plan": b"x"}), *refusal)
    problem(call(world.client(), said, {"plan": b"x"}), 401, "not-signed-in")
    assert blobs(world) == before


def test_a_second_call_changes_nothing(world: World) -> None:
    clerk = world.client("clerk63")
    said = application()
    said["dossier"]["external"] = {"system": "bau", "id": "A-1"}
    said["case"]["external"] = {"system": "bau", "id": "V-1"}
    said["documents"][0]["external"] = {"system": "bau", "id": "D-1"}
    first = done(call(clerk, said, LETTERS), 201)
    before = counts(world), blobs(world)
    second = done(call(clerk, said, LETTERS), 200)
    assert (counts(world), blobs(world)) == before
    for kind in ("dossier", "case"):
        assert second[kind]["id"] == first[kind]["id"]
    assert [each["id"] for each in second["documents"]] == [each["id"] for each in first["documents"]]
    # A new case of the same dossier, named by its key; the document with a key is not filed twice.
    said["case"]["external"]["id"] = "V-2"
    other = done(call(clerk, said, LETTERS), 201)
    assert (other["dossier"]["id"], other["case"]["ordinal"]) == (first["dossier"]["id"], 2)
    assert other["documents"][0]["id"] == first["documents"][0]["id"]
    assert other["documents"][1]["case"] == other["case"]["id"]
    problem(call(world.client("head63"), said, LETTERS), 403, "not-allowed")


def test_more_documents_come_into_what_is_there(world: World) -> None:
    clerk = world.client("clerk63")
    made = done(call(clerk, application(), LETTERS), 201)
    keyed = {"file": "a", "external": {"system": "mehr", "id": "1"}}
    said: dict[str, Any] = {"dossier": {"id": made["dossier"]["id"]}, "case": {"ordinal": 1}, "documents": [keyed]}
    (one,) = done(call(clerk, said, {"a": b"1"}), 201)["documents"]
    assert one["case"] == made["case"]["id"]
    assert done(call(clerk, said, {"a": b"1"}), 200)["documents"][0]["id"] == one["id"]
    said["documents"].append({"file": "b"})
    before = blobs(world)
    both = done(call(clerk, said, {"b": b"2", "a": b"1"}), 201)["documents"]
    assert both[0]["id"] == one["id"]
    assert len(blobs(world) - before) == 1
    elsewhere = {"dossier": {"id": world.dossier()["id"]}, "documents": [keyed]}
    assert places(problem(call(clerk, elsewhere, {"a": b"1"}), 422, "invalid-input")) == {"documents[0].external"}


def test_a_key_of_idempotency_gives_the_same_answer_also_when_the_place_has_changed(world: World) -> None:
    clerk = world.client("clerk63")
    key = {"Idempotency-Key": "bau-17"}
    first = call(clerk, application(), LETTERS, **key)
    made = done(first, 201)
    done(clerk.post(f"{API}/dossiers/{made['dossier']['id']}/close", json={"close_cases": True}), 200)
    before = counts(world), blobs(world)
    again = call(clerk, application(), LETTERS, **key)
    assert (again.status_code, again.json()) == (201, made)
    assert again.headers["idempotency-replayed"] == "true"
    problem(call(clerk, application(), {**LETTERS, "plan": b"Ein anderer."}, **key), 409, "key-reused")
    assert (counts(world), blobs(world)) == before


def test_calls_with_the_same_keys_at_once_make_one_and_never_wait_for_each_other(world: World) -> None:
    place = world.dossier(external={"system": "zugleich", "id": "1"})["id"]
    keys = [{"file": f"f{number}", "external": {"system": "zugleich", "id": str(number)}} for number in range(20)]
    files = {str(each["file"]): b"x" for each in keys}
    answers: list[httpx2.Response] = []

    def send(documents: list[dict[str, Any]]) -> None:
        said = {"dossier": {"id": place}, "documents": documents}
        answers.append(call(world.client("clerk63"), said, files))

    threads = [threading.Thread(target=send, args=(order,)) for order in (keys, keys[::-1], keys, keys[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.status_code for each in answers) == [200, 200, 200, 201]
    assert len({frozenset(made["id"] for made in each.json()["documents"]) for each in answers}) == 1


def test_from_templates(world: World) -> None:
    registrar, clerk = world.client("registrar"), world.client("clerk63")
    template = {
        "name": "Antrag", "kind": "dossier", "title": "Antrag {ort}", "plan_class": "632.2", "unit": "63",
        "cases": [{"title": "Prüfung {ort}", "cases": [{"title": "Statik"}]}],
        "roles": [{"role": "A", "required": True}],
    }  # fmt: skip
    whole = done(registrar.post(f"{API}/templates", json=template), 201)["id"]
    case = {"name": "Widerspruch", "kind": "case", "title": "Widerspruch {von}", "cases": [{"title": "Anhörung"}]}
    part = done(registrar.post(f"{API}/templates", json=case), 201)["id"]
    said: dict[str, Any] = {
        "dossier": {"template": whole, "values": {"ort": "Weg 1"}, "parties": [{"role": "A", "name": "Eva Weiß"}]},
        "case": {"ordinal": 1},
        "documents": [{"file": "a"}],
    }
    made = done(call(clerk, said, {"a": b"1"}), 201)
    assert [each["title"] for each in made["cases"]] == ["Prüfung Weg 1", "Statik"]
    assert made["documents"][0]["case"] == made["cases"][0]["id"] == made["case"]["id"]
    said["dossier"]["parties"] = []
    assert places(problem(call(clerk, said, {"a": b"1"}), 422, "invalid-input")) == {"dossier.parties"}
    into: dict[str, Any] = {
        "dossier": {"id": made["dossier"]["id"]},
        "case": {"template": part, "values": {"von": "Groß"}, "external": {"system": "vorlage", "id": "W1"}},
    }
    second = done(call(clerk, into, {}), 201)
    assert [each["title"] for each in second["cases"]] == ["Widerspruch Groß", "Anhörung"]
    assert done(call(clerk, into, {}), 200)["case"]["id"] == second["case"]["id"]
    into["case"] = {"template": whole}
    assert places(problem(call(clerk, into, {}), 422, "invalid-input")) == {"case.template"}
