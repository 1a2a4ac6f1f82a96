"""Uploads as no program of ours sends them: an answer that says what is wrong, never a fault, nothing half filed."""

from __future__ import annotations

import json

import pytest

from tests.api.world import API, World, done, problem
from tests.support.service import upload

PLACE = {"inbox": True}
HEAD = b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n'
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def part(content: bytes, disposition: str = 'name="file"; filename="a.txt"') -> bytes:
    return b"\r\n--b\r\nContent-Disposition: form-data; " + disposition.encode() + b"\r\n\r\n" + content


def kept(world: World) -> tuple[set[str], int]:
    with world.backends.database.engine.begin() as connection:
        documents: int = connection.exec_driver_sql("SELECT count(*) FROM document").scalar_one()
    return {stat.name for stat in world.backends.blobs.names() if not stat.name.startswith("audit/")}, documents


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (HEAD + b'{"inbox": true, "title": "' + b"x" * (10 << 20), {"metadata"}),
        (HEAD + b"[" * 100_000, {"metadata"}),
        (HEAD + b'{"inbox": true}' + part(b"eins") + part(b"zwei") + b"\r\n--b--\r\n", {"file"}),
        (HEAD + b'{"inbox": true}' + part(b"eins") + part(b"zwei", 'name="metadata"') + b"\r\n--b--\r\n", {"file"}),
        (b"--b\r\nContent-Disposition: form-data; " + b"x" * (4 << 20), set()),
        (b"--b\r\n" + b"X-A: b\r\n" * (1 << 19), set()),
    ],
    ids=["10 MB of metadata", "nested metadata", "two files", "metadata again", "a header of 4 MB", "many headers"],
)
def test_it_is_refused_and_nothing_stays(world: World, body: bytes, wrong: set[str]) -> None:
    before = kept(world)
    answer = problem(world.client("clerk63").post(f"{API}/documents", content=body, headers=FORM), 422, "invalid-input")
    assert {each["at"] for each in answer.get("errors", [])} == wrong
    assert kept(world) == before


def test_an_empty_file_is_filed_and_says_that_it_is_empty(world: World) -> None:
    document = done(upload(world.client("clerk63"), PLACE, b"", "leer.pdf"), 201)
    world.process(document)
    shown = done(world.client("clerk63").get(f"{API}/documents/{document['id']}"), 200)
    assert (shown["state"], shown["size"], shown["text"]["reason"]) == ("ready", 0, "Die Datei ist leer.")


def test_the_senders_media_type_is_not_believed(world: World) -> None:
    body = HEAD + json.dumps(PLACE).encode()
    body += b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
    body += b"Content-Type: text/html; \xff\x00" + b"x" * 1000 + b"\r\n\r\nBrief\r\n--b--\r\n"
    answer = world.client("clerk63").post(f"{API}/documents", content=body, headers=FORM)
    assert answer.status_code in {201, 422}, answer.text


def test_a_body_without_a_length_is_taken(world: World) -> None:
    def pieces() -> list[bytes]:
        body = HEAD + json.dumps(PLACE).encode() + part(b"Brief") + b"\r\n--b--\r\n"
        return [body[start : start + 7] for start in range(0, len(body), 7)]

    answer = world.client("clerk63").post(f"{API}/documents", content=iter(pieces()), headers=FORM)
    assert done(answer, 201)["size"] == 5
