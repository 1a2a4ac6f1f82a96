"""A specialist procedure's day, with the client: hand over, repeat, be refused, find by key, close, sign.

And the day of those who keep the records: plan, templates, dossiers, documents, many at once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from eakte.client import Client, EakteProblem, File, Paper
from eakte.client.said import CasePart, DossierPart
from eakte.client.shapes import External
from eakte.operations.storing import verify_blobs
from eakte.terms import today
from tests.journeys import crowd, papers, plans, records
from tests.support.openssl import judge
from tests.support.service import Municipality, Service

pytestmark = pytest.mark.journey

LETTER = papers.written_pdf()
KEY: External = {"system": "bauportal", "id": "2026/8"}
DOSSIER: DossierPart = {
    "plan_class": "632.2",
    "title": "Bauantrag Ulmenweg 8",
    "external": KEY,
    "parties": [{"role": "Bauherrin", "name": "Šárka Müller-Groß", "city": "Rodenbeck"}],
}
CASE: CasePart = {"title": "Prüfung des Antrags", "external": {"system": "bauportal", "id": "2026/8-1"}}


def handed_over() -> list[Paper]:
    return [
        Paper(File(LETTER, "Antrag.pdf"), {"title": "Antrag", "sender": "Šárka Müller-Groß"}),
        Paper(File(papers.TEXT, "Vermerk.txt"), {"title": "Vermerk", "kind": "internal"}),
    ]


@pytest.fixture
def procedure(service: Service, municipality: Municipality) -> Iterator[Client]:
    with Client(service.url, municipality.tokens["clerk63"]) as client:
        yield client


def test_a_procedure_from_the_application_to_the_signed_answer(
    service: Service, municipality: Municipality, procedure: Client, tmp_path: Path
) -> None:
    filed = procedure.procedure(DOSSIER, CASE, handed_over())
    dossier, case = filed["dossier"]["id"], filed["cases"][0]["id"]
    assert [each["filename"] for each in filed["documents"]] == ["Antrag.pdf", "Vermerk.txt"]
    assert {each["case"] for each in filed["documents"]} == {case}
    assert [each["id"] for each in procedure.parties.list(name="muller gross")] == [filed["parties"][0]["id"]]

    again = procedure.procedure(DOSSIER, CASE, handed_over())
    assert again["dossier"]["id"] == dossier
    assert again["cases"] == []
    assert {each["id"] for each in again["documents"]} == {each["id"] for each in filed["documents"]}
    assert {name.split("/")[0] for name in originals(service)} == {each["id"] for each in filed["documents"]}

    for document in filed["documents"]:
        assert procedure.documents.wait(document["id"])["state"] == "ready"
    assert filed["documents"][0]["id"] in {hit["document"]["id"] for hit in procedure.hits("Genehmigung")}
    assert procedure.documents.content(filed["documents"][0]["id"], tmp_path / "a").read_bytes() == LETTER
    assert [each["title"] for each in procedure.documents.list(name="müller-groß")] == ["Antrag"]

    with Client(service.url, municipality.tokens["head63"]) as other, pytest.raises(EakteProblem) as foreign:
        other.dossiers.put(KEY, "632.2", "Meins")
    assert (foreign.value.status, foreign.value.kind) == (403, "not-allowed")
    assert procedure.dossiers.put(KEY, "632.2", "Bauantrag Ulmenweg 8 und 10")["id"] == dossier
    assert procedure.cases.find({"system": "bauportal", "id": "2026/8-1"}) == procedure.cases.get(case)

    answer = procedure.documents.file(File(LETTER, "Bescheid.pdf"), case=case, kind="outgoing")
    signed = procedure.documents.sign(answer["id"])
    assert signed["final"]
    assert procedure.documents.sign(answer["id"])["revision"] == signed["revision"]
    with pytest.raises(EakteProblem, match="abgeschlossen"):
        procedure.documents.add_version(answer["id"], File(b"anders", "Bescheid.pdf"))
    (signature,) = procedure.documents.signatures(answer["id"], 1)
    assert signature["valid"]
    kept = procedure.documents.content(answer["id"], tmp_path / "b").read_bytes()
    given = base64.b64decode(signature["signature"])
    assert judge(tmp_path, signature=given, content=kept, certificate=signature["certificate"] or "")

    with pytest.raises(EakteProblem, match="offene Vorgänge"):
        procedure.dossiers.close(dossier)
    closed = procedure.dossiers.close(dossier, close_cases=True)
    assert closed["retention"]["end"]
    assert procedure.procedure(DOSSIER, CASE, handed_over())["dossier"]["state"] == closed["state"]
    assert procedure.dossiers.reopen(dossier, "Widerspruch")["closed_on"] is None
    tags = [each["tag"] for each in procedure.dossiers.history(dossier)]
    assert tags[-1] == "record:procedure:file"
    assert tags[:2] == ["record:dossier:reopen", "record:dossier:close"]
    with service.backends() as opened:
        assert {each.kind.value for each in verify_blobs(opened.transactions, opened.blobs)} == {"ok"}


def test_a_procedure_from_a_template_kept_longer_shared_and_handed_over(
    service: Service, municipality: Municipality, procedure: Client
) -> None:
    with (
        service.client(municipality.tokens["registrar"]) as registrar,
        service.client(municipality.tokens["clerk63"]) as clerk,
        Client(service.url, municipality.tokens["registrar"]) as keeper,
        Client(service.url, municipality.tokens["clerk10"]) as other,
    ):
        said = {"name": "Abbruch", "kind": "dossier", "title": "Abbruch {wo}", "plan_class": "632.1", "unit": "63"}
        cases = {"cases": [{"title": "Anzeige"}], "roles": [{"role": "Eigentümer", "required": True}]}
        template = registrar.post("/api/v1/templates", json={**said, **cases}).raise_for_status().json()["id"]
        part: DossierPart = {"template": template, "values": {"wo": "Kai 4"}, "external": {**KEY, "id": "ab-1"}}
        with pytest.raises(EakteProblem) as refused:
            procedure.procedure(part, {"ordinal": 1}, handed_over())
        assert [fault.at for fault in refused.value.faults] == ["dossier.parties"]
        part["parties"] = [{"role": "Eigentümer", "name": "Reederei Nord", "kind": "organisation"}]
        filed = procedure.procedure(part, {"ordinal": 1}, handed_over())
        dossier, letters = filed["dossier"], [each["id"] for each in filed["documents"]]
        assert dossier["title"] == "Abbruch Kai 4"
        assert {each["case"] for each in filed["documents"]} == {filed["cases"][0]["id"]}
        # What lay in the inbox becomes part of it, and what was filed by mistake is cancelled, not deleted.
        waiting = procedure.documents.file(File(papers.TEXT, "Nachtrag.txt"), inbox=True)["id"]
        procedure.documents.move_all([waiting], case=filed["cases"][0]["id"])
        procedure.documents.cancel(letters[1], "Irrläufer")
        lying = [each["id"] for each in procedure.documents.list(dossier=dossier["id"])]
        assert set(lying) == {letters[0], waiting}

        closed = procedure.dossiers.close(dossier["id"], close_cases=True)
        late = today().replace(year=today().year + 40, month=6, day=15)
        assert closed["retention"]["end"] == f"{today().year + 30}-12-31"
        with pytest.raises(EakteProblem) as clerks:
            procedure.dossiers.keep_until(dossier["id"], late, "Klage")
        assert clerks.value.status == 403
        kept = keeper.dossiers.keep_until(dossier["id"], late, "Klage vor dem Verwaltungsgericht")
        assert kept["retention"]["end"] == late.isoformat()
        back = keeper.dossiers.keep_until(dossier["id"], None, "Klage zurückgenommen")
        assert back["retention"]["end"] == closed["retention"]["end"]

        share = {"dossier": dossier["id"], "unit": "10", "until": today().isoformat(), "reason": "Beteiligung"}
        assert clerk.post("/api/v1/shares", json=share).status_code == 201
        assert other.dossiers.get(dossier["id"])["confidentiality"] == "internal"
        assert procedure.dossiers.classify(dossier["id"], "open", "Öffentlich ausgelegt")["confidentiality"] == "open"
        moved = keeper.dossiers.reassign(dossier["id"], "10", "Neue Zuständigkeit")
        assert moved["unit"] == municipality.units["10"]
        with pytest.raises(EakteProblem) as gone:
            procedure.dossiers.get(dossier["id"])
        assert gone.value.status == 404
        tags = [each["tag"].removeprefix("record:") for each in other.dossiers.history(dossier["id"])]
        assert tags[:5] == [
            "dossier:reassign",
            "dossier:classify",
            "share:give",
            "dossier:extend-retention",
            "dossier:extend-retention",
        ]


def originals(service: Service) -> set[str]:
    """The files of all documents, with a row or without."""
    with service.backends() as opened:
        return {stat.name for stat in opened.blobs.names() if "/original" in stat.name}


def test_a_refused_call_leaves_nothing(service: Service, procedure: Client) -> None:
    dossier = procedure.dossiers.create("632.2", "Ohne Folgen")["id"]
    before = originals(service)
    for spoilt, at in (
        ([Paper(File(b"x", "x.txt"), {"received_on": "2999-01-01"})], "documents[2].received_on"),
        ([Paper(File(b"x", "x.txt"), {"external": {"system": "bauportal", "id": ""}})], "documents[2].external.id"),
    ):
        with pytest.raises(EakteProblem) as refused:
            procedure.procedure({"id": dossier}, {"title": "Nachforderung"}, [*handed_over(), *spoilt])
        assert (refused.value.status, [fault.at for fault in refused.value.faults]) == (422, [at])
    assert list(procedure.cases.list(dossier)) == []
    assert list(procedure.documents.list(dossier=dossier)) == []
    assert originals(service) == before


def test_what_stands_in_the_way_is_told_before_the_files_are_taken(
    service: Service, municipality: Municipality, procedure: Client
) -> None:
    closed = procedure.dossiers.create("632.2", "Geschlossen")["id"]
    procedure.dossiers.close(closed)
    said = json.dumps({"dossier": {"id": closed}, "documents": [{"file": "a"}]})
    begun = (
        f'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{said}\r\n'
        '--b\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\nDie ersten von vielen Bytes'
    )
    for token, status in (
        ("unbekannt", 401),
        (municipality.tokens["clerk10"], 404),
        (municipality.tokens["clerk63"], 409),
    ):
        assert answered_without_the_rest(service, token, begun) == status


def answered_without_the_rest(service: Service, token: str, begun: str) -> int:
    """The status that comes although the end of a long body never does."""
    address = urlsplit(service.url)
    head = (
        f"POST /api/v1/procedures HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000000\r\n\r\n"
    )
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=30) as connection:
        connection.sendall((head + begun).encode())
        return int(connection.recv(4096).split()[1])


def test_the_log_knows_the_signature(service: Service, municipality: Municipality, procedure: Client) -> None:
    dossier = procedure.dossiers.create("632.2", "Siegel")["id"]
    document = procedure.documents.file(File(b"Text", "a.txt"), dossier=dossier)["id"]
    procedure.documents.sign(document)
    (signature,) = procedure.documents.signatures(document, 1)
    service.command("audit", "verify")
    with service.client(municipality.tokens["auditor"]) as auditor:
        answer = auditor.get("/api/v1/audit", params={"subject": document, "tag": "record:document:sign"})
    (entry,) = answer.raise_for_status().json()["entries"]
    assert entry["details"]["signature_sha256"] == hashlib.sha256(base64.b64decode(signature["signature"])).hexdigest()
    assert entry["details"]["certificate_sha256"] == signature["certificate_sha256"]


def test_records_from_the_plan_to_another_unit(
    service: Service, municipality: Municipality, procedure: Client, corpora: Path, tmp_path: Path
) -> None:
    with service.client(municipality.tokens["registrar"]) as registrar:
        office = records.Office(service, municipality, procedure, registrar)
        plans.take_over_a_plan(office, corpora / "fileplan")
        plans.take_over_other_files(office, tmp_path)
        plans.change_the_plan_in_time(office)
        dossier = records.open_from_the_templates(office, *records.make_classes_and_templates(office))
        documents = records.write_documents(office, dossier)
        records.act_on_many(office, dossier, documents)
        records.hand_over(office, dossier)


def test_lists_are_turned_by_keys_and_refusals_are_problems(
    service: Service, municipality: Municipality, procedure: Client
) -> None:
    """A page begins where the last one ended, whatever comes in between; the last one names no next."""
    assert len(crowd.numbers_of_a_crowd(service, municipality, clients=8, wanted=24)) == 27
    case = procedure.cases.create(procedure.dossiers.create("632.1", "Blättern")["id"], title="Seiten")
    for number in range(5):
        procedure.documents.file(File(f"Seite {number}".encode(), f"{number}.txt"), case=case["id"])
        procedure.cases.create(case["dossier"], title=f"Vorgang {number}")
        procedure.parties.add({"role": "Nachbar", "name": f"Erika Nachbar{'in' * number}"}, case=case["id"])
        procedure.resubmissions.create(today(), f"Blatt {number}", case=case["id"])
    clerk, registrar, auditor = (
        service.client(municipality.tokens[login]) for login in ("clerk63", "registrar", "auditor")
    )
    nobody = service.client()
    lists = [
        (clerk, "dossiers"),
        (clerk, f"cases?dossier={case['dossier']}"),
        (clerk, f"documents?case={case['id']}"),
        (clerk, f"parties?case={case['id']}"),
        (clerk, f"resubmissions?case={case['id']}"),
        (clerk, f"dossiers/{case['dossier']}/history"),
        (clerk, "plan-classes"),
        (clerk, "units"),
        (registrar, "users"),
    ]
    with clerk, registrar, auditor, nobody:
        for client, path in lists:
            whole = [named(each) for each in turned(client, f"/api/v1/{path}", 200)]
            few = [named(each) for each in turned(client, f"/api/v1/{path}", max(2, len(whole) // 5))]
            assert few == whole, path
            assert len(set(few)) == len(few) > 2, path
        log = [each["number"] for each in turned(auditor, "/api/v1/audit", 50)]
        assert log == list(range(log[0], 0, -1)), "each entry once, while others are written"
        first = clerk.get("/api/v1/documents", params={"case": case["id"], "limit": 2}).json()
        later = procedure.documents.file(File(b"Neu", "neu.txt"), case=case["id"])["id"]
        rest = [each["id"] for each in turned(clerk, first["next"], None)]
        assert len(first["items"]) + len(rest) == 5
        assert later not in rest, "newest first: what comes in meanwhile moves nothing"
        body = {"plan_class": "632.1", "title": "x"}
        one, old = f"/api/v1/dossiers/{case['dossier']}", {"If-Match": '"99"'}
        refusals = [
            (clerk.get("/api/v1/gibt-es-nicht"), 404),
            (clerk.get(f"/api/v1/dossiers/{case['id']}"), 404),
            (clerk.get("/api/v1/dossiers?after=%00"), 422),
            (clerk.delete("/api/v1/dossiers"), 405),
            (clerk.post("/api/v1/dossiers", content=b"{"), 422),
            (clerk.post("/api/v1/dossiers", json={**body, "unbekannt": 1}), 422),
            (clerk.patch(one, json={"title": "x"}), 428),
            (clerk.patch(one, json={"title": "x"}, headers=old), 412),
            (nobody.get("/api/v1/dossiers"), 401),
        ]
        made = [clerk.post("/api/v1/dossiers", json=body, headers={"Idempotency-Key": "einmal"}) for _ in range(2)]
        assert [each.json()["id"] for each in made] == [made[0].json()["id"]] * 2
        assert made[1].headers["idempotency-replayed"] == "true"
        other = clerk.post("/api/v1/dossiers", json={**body, "title": "y"}, headers={"Idempotency-Key": "einmal"})
        for answer, status in (*refusals, (other, 409)):
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
            told = answer.json()
            assert told["type"].startswith("urn:eakte:problem:")
            assert (told["status"], bool(told["title"]), told["instance"][:9]) == (status, True, "urn:uuid:")


def named(row: dict[str, Any]) -> str:
    """What stands for a row of a list; an act in a history has no id there."""
    return str(row.get("id") or f"{row['at']} {row['tag']}")


def turned(client: httpx2.Client, path: str, limit: int | None) -> Iterator[dict[str, Any]]:
    """All that a list has, page by page, as its `next` says."""
    following: str | None = f"{path}{'&' if '?' in path else '?'}limit={limit}" if limit else path
    while following is not None:
        told = client.get(following).raise_for_status().json()
        yield from told["items"] if "items" in told else told["entries"]
        following = told.get("next")
