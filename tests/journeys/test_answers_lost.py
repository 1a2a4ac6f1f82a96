"""`eakte serve` dies after the commit and before the answer; who asks again with the same key gets the answer kept."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from tests.support.postgres import drop_database, new_database
from tests.support.service import Municipality, Service, data_folder, upload
from tests.support.withholding import Withholding, withholding

pytestmark = [pytest.mark.journey, pytest.mark.fault]
WORD = "Wolpertinger"
HERE = {
    "dossier": "SELECT count(*) FROM dossier WHERE title LIKE 'Wolpertinger%'",
    "document": "SELECT count(*) FROM document WHERE title LIKE 'Wolpertinger%'",
}
ENTRIES = "SELECT count(*) FROM audit_entry"
CONTENT = b"Der Brief." * 1000


@pytest.fixture(scope="module")
def stand(postgres_admin: str) -> Iterator[tuple[Service, Municipality, str]]:
    """The service on a database of its own."""
    database = new_database(postgres_admin)
    with data_folder() as folder:
        service = Service(folder, EAKTE_DATABASE_URL=database)
        service.command("migrate")
        service.start()
        with service.backends() as opened:
            town = Municipality(opened)
        try:
            yield service, town, database
        finally:
            service.kill_everything()
    drop_database(postgres_admin, database)


def dossier(client: httpx2.Client, title: str, **headers: str) -> httpx2.Response:
    return client.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": title}, headers=headers)


def letter(client: httpx2.Client, title: str, **headers: str) -> httpx2.Response:
    return upload(client, {"inbox": True, "title": title}, CONTENT, "brief.txt", **headers)


def count(database: str, question: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type] # a literal of this file
    return int(row[0]) if row else 0


@pytest.mark.parametrize(("kind", "ask"), [("dossier", dossier), ("document", letter)])
def test_who_lost_the_answer_gets_it_again(
    stand: tuple[Service, Municipality, str], kind: str, ask: Callable[..., httpx2.Response]
) -> None:
    service, town, database = stand
    key = {"Idempotency-Key": f"{kind} nach dem Absturz"}
    title = f"{WORD} {kind}"
    service.stop()
    with withholding(database, title) as proxy:
        service.environment["EAKTE_DATABASE_URL"] = proxy.url
        service.start()
        before = count(database, ENTRIES)
        with dying(service, proxy, lambda client: ask(client, title, **key), town):
            assert count(database, HERE[kind]) == 1
        service.environment["EAKTE_DATABASE_URL"] = database
    service.start()
    with service.client(town.tokens["clerk63"]) as clerk:
        again = ask(clerk, title, **key)
        assert again.status_code == 201, again.text
        assert again.headers["idempotency-replayed"] == "true"
        shown = clerk.get(f"/api/v1/{kind}s/{again.json()['id']}")
        assert (shown.json(), shown.headers["etag"]) == (again.json(), again.headers["etag"])
        if kind == "document":
            assert clerk.get(f"/api/v1/documents/{again.json()['id']}/content").content == CONTENT
            originals = [each for each in (service.folder / "blobs").rglob("original*") if each.is_file()]
            assert len(originals) == 1
    assert count(database, HERE[kind]) == 1
    # The act, and that the content was looked at.
    assert count(database, ENTRIES) == before + 1 + (kind == "document")


@contextlib.contextmanager
def dying(
    service: Service, proxy: Withholding, ask: Callable[[httpx2.Client], Any], town: Municipality
) -> Iterator[None]:
    """Ask, and kill the service once the database has committed; the block runs while nobody has been told."""
    outcome: list[object] = []

    def asking() -> None:
        with service.client(town.tokens["clerk63"]) as client:
            try:
                outcome.append(ask(client))
            except httpx2.TransportError as error:
                outcome.append(error)

    thread = threading.Thread(target=asking)
    thread.start()
    assert proxy.committed.wait(60)
    yield
    service.kill()
    thread.join(60)
    assert isinstance(outcome[0], httpx2.TransportError), outcome


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
def test_what_is_no_request_is_answered_as_a_problem(
    stand: tuple[Service, Municipality, str], sent: bytes, status: int
) -> None:
    address = urlsplit(stand[0].url)
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
