"""Uploads over the wire: nothing of a stranger's on disk, two gigabytes in flat memory, nothing of a broken one."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.journeys import doors
from tests.support.service import Municipality, Service, until

pytestmark = pytest.mark.journey
PATH = "/api/v1/documents"
BOUNDARY = "grenze-zwischen-den-teilen"
PIECE = bytes(1 << 20)
GROWTH = 150 * 10**6


def head(metadata: str) -> bytes:
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{metadata}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="gross.bin"\r\n\r\n'
    ).encode()


TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


def connect(service: Service, token: str, length: int) -> http.client.HTTPConnection:
    address = urlsplit(service.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    connection.putrequest("POST", PATH)
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    return connection


def files(folder: Path) -> set[str]:
    """Every file of the blob store, finished or not; the log publishes its heads there whenever it likes."""
    return {str(path) for path in (folder / "blobs").rglob("*") if path.is_file() and "/audit/" not in str(path)}


def documents(service: Service, token: str) -> int:
    """How many there are, once all of them are processed and nothing more is written for them."""
    with service.client(token) as client:

        def states() -> list[str]:
            rows = client.get(PATH, params={"inbox": "true", "limit": 200}).raise_for_status().json()["items"]
            return [row["state"] for row in rows]

        until(lambda: {"received", "processing"}.isdisjoint(states()), seconds=120, what="all documents processed")
        return len(states())


KEY = {"Idempotency-Key": "vor dem Absturz"}
BODY = {"plan_class": "632.1", "title": "Vor dem Absturz"}


def ask_and_not_listen(service: Service, token: str) -> http.client.HTTPConnection:
    """Ask for a dossier and never read the answer."""
    address = urlsplit(service.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **KEY}
    connection.request("POST", "/api/v1/dossiers", body=json.dumps(BODY), headers=headers)
    return connection


def dossiers(service: Service, token: str) -> list[str]:
    """Those of the class in which that one is."""
    with service.client(token) as client:
        rows = client.get("/api/v1/dossiers", params={"class": BODY["plan_class"]}).raise_for_status().json()["items"]
        return [row["id"] for row in rows]


def test_a_strangers_upload_is_not_even_read(service: Service, municipality: Municipality) -> None:
    documents(service, municipality.tokens["clerk63"])
    before = files(service.folder)
    size = 200 * 10**6
    started = time.monotonic()
    connection = connect(service, "eakte_falsch", size)
    sent = 0
    try:
        connection.send(head('{"inbox": true}'))
        while sent < size:
            connection.send(PIECE)
            sent += len(PIECE)
    except OSError:
        pass  # the server closed: that is what it shall do
    try:
        answer = connection.getresponse()
    except OSError:
        answer = None  # what was in flight when it closed may take the answer with it (TCP reset)
    seconds = time.monotonic() - started
    connection.close()
    assert answer is None or answer.status == 401
    assert sent < size / 4, "the body was read although nobody was allowed to send it"
    assert seconds < 10
    assert files(service.folder) == before


def test_a_stranger_who_waits_hears_the_refusal(service: Service, municipality: Municipality) -> None:
    del municipality
    connection = connect(service, "eakte_falsch", 200 * 10**6)
    answer = connection.getresponse()  # before a single byte of the body
    assert (answer.status, answer.getheader("content-type")) == (401, "application/problem+json")
    connection.close()


def test_a_huge_upload_takes_flat_memory(service: Service, municipality: Municipality) -> None:
    embedded = service.environment.get("EAKTE_DATABASE_URL") is None
    size = 2 * 2**30 if embedded else 2**28
    assert service.process is not None
    server = psutil.Process(service.process.pid)
    with service.client(municipality.tokens["clerk63"]) as client:
        client.get("/api/v1/units").raise_for_status()
    memory = server.memory_info().rss
    reset_peak(server.pid)
    start = head('{"inbox": true}')
    connection = connect(service, municipality.tokens["clerk63"], len(start) + size + len(TAIL))
    connection.send(start)
    digest = hashlib.sha256()
    for piece in varied(size):
        digest.update(piece)
        connection.send(piece)
    connection.send(TAIL)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert answer.status == 201, body
    assert (body["size"], body["sha256"]) == (size, digest.hexdigest())
    grown = peak(server.pid) - memory
    assert grown < GROWTH, f"grew by {grown / 1e6:.0f} MB"
    received = hashlib.sha256()
    with (
        service.client(municipality.tokens["clerk63"]) as client,
        client.stream("GET", f"{PATH}/{body['id']}/content") as stream,
    ):
        for chunk in stream.iter_bytes():
            received.update(chunk)
    assert received.hexdigest() == digest.hexdigest()
    assert peak(server.pid) - memory < GROWTH


def varied(size: int) -> Iterator[bytes]:
    """Pieces that differ from one another, so that a repeated or lost one shows in the digest."""
    noise = os.urandom(1 << 20)
    for number in range(size >> 20):
        yield number.to_bytes(8, "big") + noise[8:]


def reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM starts anew (proc(5))


def peak(pid: int) -> int:
    line = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_a_broken_transfer_leaves_nothing(service: Service, municipality: Municipality) -> None:
    token = municipality.tokens["clerk63"]
    count, before = documents(service, token), files(service.folder)
    connection = connect(service, token, 50 * 10**6)
    connection.send(head('{"inbox": true}'))
    for _ in range(8):
        connection.send(PIECE)
    # What S3 keeps of a broken upload is looked at by the driver's own tests.
    in_folder = "EAKTE_STORAGE_URL" not in service.environment
    if in_folder:
        until(lambda: files(service.folder) != before, seconds=20, what="the upload under way")
    assert connection.sock is not None
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close by reset
    connection.close()
    if in_folder:
        until(lambda: files(service.folder) == before, seconds=20, what="nothing of the broken upload left")
    assert documents(service, token) == count


def test_what_a_killed_server_leaves_is_swept_and_answers_are_kept(
    service: Service, municipality: Municipality
) -> None:
    """On real servers the same is shown where the answer of the database is held back (`test_answers_lost.py`)."""
    if service.environment.get("EAKTE_DATABASE_URL") is not None:
        pytest.skip("the blob store is the same")
    token = municipality.tokens["clerk63"]
    count, before = documents(service, token), files(service.folder)
    connection = connect(service, token, 50 * 10**6)
    connection.send(head('{"inbox": true}') + PIECE * 4)
    until(lambda: files(service.folder) != before, seconds=20, what="the upload under way")
    unread = ask_and_not_listen(service, token)
    until(lambda: dossiers(service, token), seconds=20, what="the dossier that nobody was told of")
    service.kill_everything()
    connection.close()
    unread.close()
    doors.start_over_tls(service)
    doors.sign_in_over_tls(service, "head63")
    with service.client(token) as client:
        again = [client.post("/api/v1/dossiers", json=said, headers=KEY) for said in (BODY, {**BODY, "title": "x"})]
    assert [each.status_code for each in again] == [201, 409]
    assert again[0].headers["idempotency-replayed"] == "true"
    assert [again[0].json()["id"]] == dossiers(service, token)
    assert documents(service, token) == count
    with service.backends() as opened:
        assert opened.blobs.sweep(timedelta(0)) >= 1
    assert files(service.folder) == before
    report = json.loads(service.command("storage", "verify", "--json").stdout)
    assert (report["missing"], report["damaged"], report["ok"]) == ([], [], report["checked"])
