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
from urllib.parse import urlsplit

import pytest

from eakte.client import Client, EakteProblem, File, Paper
from eakte.client.said import CasePart, DossierPart
from eakte.client.shapes import External
from eakte.operations.storing import verify_blobs
from tests.journeys import papers, records
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
    service: Service, municipality: Municipality, procedure: Client, corpora: Path
) -> None:
    with service.client(municipality.tokens["registrar"]) as registrar:
        office = records.Office(service, municipality, procedure, registrar)
        records.take_over_a_plan(office, corpora / "fileplan")
        dossier = records.open_from_the_template(office, records.make_classes_and_a_template(office))
        documents = records.write_documents(office, dossier)
        records.act_on_many(office, dossier, documents)
        records.hand_over(office, dossier)
