"""`eakte serve` dies after the commit and before the answer; who asks again with the same key gets the answer kept."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from eakte.terms import today
from tests.journeys import doors
from tests.support.postgres import drop_database, new_database
from tests.support.service import Municipality, Service, data_folder, upload
from tests.support.withholding import Withholding, withholding

pytestmark = [pytest.mark.journey, pytest.mark.fault]
WORD = "Wolpertinger"
DOSSIERS: LiteralString = "SELECT count(*) FROM dossier WHERE title LIKE 'Wolpertinger%'"
DOCUMENTS: LiteralString = "SELECT count(*) FROM document WHERE title LIKE 'Wolpertinger%'"
ENTRIES: LiteralString = "SELECT count(*) FROM audit_entry WHERE kind = 'record'"
Request = Callable[[httpx2.Client], httpx2.Response]
CONTENT = b"Der Brief." * 1000
NUMBERS = {"EAKTE_REFERENCE_PATTERN": "{year}/{class} Nr. {n}", "EAKTE_LETTER_PATTERN": "{unit} | {reference}"}


@dataclass
class Stand:
    """The service on a database of its own, which it reaches through the proxy."""

    service: Service
    town: Municipality
    database: str
    proxy: Withholding

    def ask(self, request: Request) -> Any:
        """What comes of a request: the answer, or that there was none."""
        with self.service.client(self.town.tokens["clerk63"]) as client:
            try:
                return request(client)
            except httpx2.TransportError as error:
                return error

    def count(self, question: LiteralString) -> int:
        """The number that a question gives."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(question).fetchone()
        return int(row[0]) if row else 0


@pytest.fixture(scope="module")
def stand(postgres_admin: str, migrated: str) -> Iterator[Stand]:
    database = new_database(postgres_admin, copy_of=migrated)
    with data_folder() as folder, withholding(database, WORD) as proxy:
        # The patterns of numbers are the municipality's own.
        service = Service(folder, EAKTE_DATABASE_URL=proxy.url, **NUMBERS)
        service.start()
        with service.backends() as opened:
            town = Municipality(opened)
        try:
            yield Stand(service, town, database, proxy)
        finally:
            service.kill_everything()
    drop_database(postgres_admin, database)


def dossier(client: httpx2.Client) -> httpx2.Response:
    body = {"plan_class": "632.2", "title": f"{WORD} in Akten"}
    return client.post("/api/v1/dossiers", json=body, headers={"Idempotency-Key": "akte"})


def letter(client: httpx2.Client) -> httpx2.Response:
    return upload(
        client, {"inbox": True, "title": f"{WORD} im Brief"}, CONTENT, "brief.txt", **{"Idempotency-Key": "brief"}
    )


def get(path: str) -> Request:
    return lambda client: client.get(f"/api/v1/{path}")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9\r\n\r\n", 400),
        (b"GET /api/v1/units HTTP/1.1\r\nHost: a\r\nb@d : x\r\n\r\n", 400),
        (b"GET /api/v1/units HTTP/1.1\r\nHost: a\r\nCookie: " + b"x" * 100_000, 431),
        (b"GET /api/v1/" + b"x" * 100_000, 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100, 400),
        (b"POST /api/v1/units HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    ],
    ids=["nonsense", "a version", "a header", "long headers", "a long address", "TLS", "a length"],
)
def test_what_is_no_request_is_answered_as_a_problem(stand: Stand, sent: bytes, status: int) -> None:
    address = urlsplit(stand.service.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0].split()[1] == str(status), answer
    assert {"content-type: application/problem+json", "connection: close", "x-content-type-options: nosniff"} <= set(
        lines
    )
    told = json.loads(body)
    assert (told["type"], told["status"]) == (f"urn:eakte:problem:http-{status}", status)
    assert told["title"]
    assert told["instance"].startswith("urn:uuid:")


def test_who_lost_the_answer_gets_it_again(stand: Stand) -> None:
    before, service = stand.count(ENTRIES), stand.service
    with ThreadPoolExecutor(2) as pool:
        lost = [pool.submit(stand.ask, request) for request in (dossier, letter)]
        assert all(stand.proxy.withheld.acquire(timeout=60) for _ in lost)
        # Committed, and nobody has been told.
        assert (stand.count(DOSSIERS), stand.count(DOCUMENTS)) == (1, 1)
        service.kill()
        assert all(isinstance(each.result(60), httpx2.TransportError) for each in lost)
    service.environment["EAKTE_DATABASE_URL"] = stand.database
    doors.start_over_tls(service)
    doors.sign_in_over_tls(service, "head63")
    for request, kind in ((dossier, "dossiers"), (letter, "documents")):
        again = stand.ask(request)
        assert again.status_code == 201, again.text
        assert again.headers["idempotency-replayed"] == "true"
        shown = stand.ask(get(f"{kind}/{again.json()['id']}"))
        assert (shown.json(), shown.headers["etag"]) == (again.json(), again.headers["etag"])
        if kind == "dossiers":
            number = f"{today().year}/632.2 Nr. 1"
            told = stand.ask(get(f"dossiers/{shown.json()['id']}/letter-reference")).json()
            assert (shown.json()["reference_number"], told) == (number, {"letter_reference": f"63 | {number}"})
    content = stand.ask(get(f"documents/{again.json()['id']}/content"))
    assert content.content == CONTENT
    assert len([each for each in (service.folder / "blobs").rglob("original*") if each.is_file()]) == 1
    assert (stand.count(DOSSIERS), stand.count(DOCUMENTS), stand.count(ENTRIES) - before) == (1, 1, 2)
