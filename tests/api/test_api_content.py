"""Content: the bytes as received, ranges, headers that keep them harmless, and never a damaged byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from storage.errors import BlobDamaged
from tests.api.world import API, World, done, problem

LETTER = "Sehr geehrte Frau Müller,\nIhr Antrag nach § 15 liegt uns vor.\n".encode() * 40
BLOCK = 4 * 2**20


@pytest.fixture(scope="module")
def letter(world: World) -> dict[str, Any]:
    """A processed text document."""
    document = world.document({"dossier": world.dossier()["id"]}, LETTER, "Bürgermeisterin – Prüfung.txt")
    world.process(document)
    return dict(done(world.client("clerk63").get(f"{API}/documents/{document['id']}"), 200))


def content(world: World, document: dict[str, Any], part: str = "content", **headers: str) -> Any:
    return world.client("clerk63").get(f"{API}/documents/{document['id']}/{part}", headers=headers)


def test_the_bytes_as_received(world: World, letter: dict[str, Any]) -> None:
    answer = content(world, letter)
    assert (answer.status_code, answer.content) == (200, LETTER)
    assert answer.headers["content-length"] == str(len(LETTER))
    assert answer.headers["etag"] == f'"{letter["sha256"]}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        'inline; filename="B_rgermeisterin _ Pr_fung.txt"; '
        "filename*=UTF-8''B%C3%BCrgermeisterin%20%E2%80%93%20Pr%C3%BCfung.txt"
    )


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=100-", 100, len(LETTER) - 1),
        ("bytes=-7", len(LETTER) - 7, len(LETTER) - 1),
        ("bytes=-999999999", 0, len(LETTER) - 1),
        (f"bytes=5-{10**15}", 5, len(LETTER) - 1),
    ],
)
def test_one_range(world: World, letter: dict[str, Any], asked: str, first: int, last: int) -> None:
    answer = content(world, letter, Range=asked)
    assert (answer.status_code, answer.content) == (206, LETTER[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(LETTER)}"
    assert answer.headers["content-length"] == str(last + 1 - first)


@pytest.mark.parametrize("asked", [f"bytes={len(LETTER)}-", "bytes=9-3", "bytes=-0", f"bytes={10**17}-{10**17}"])
def test_a_range_outside(world: World, letter: dict[str, Any], asked: str) -> None:
    answer = content(world, letter, Range=asked)
    problem(answer, 416, "range")
    assert answer.headers["content-range"] == f"bytes */{len(LETTER)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "zeilen=1-2", "bytes=a-b", "bytes=-", "bytes=" + "9" * 30 + "-"])
def test_what_is_no_single_range_is_answered_with_the_whole(world: World, letter: dict[str, Any], asked: str) -> None:
    answer = content(world, letter, Range=asked)
    assert (answer.status_code, answer.content) == (200, LETTER)


def test_a_range_of_another_state_is_answered_with_the_whole(world: World, letter: dict[str, Any]) -> None:
    tag = content(world, letter).headers["etag"]
    assert content(world, letter, Range="bytes=0-3", **{"If-Range": tag}).status_code == 206
    assert content(world, letter, Range="bytes=0-3", **{"If-Range": '"anders"'}).content == LETTER


def test_what_is_known_is_not_sent_again(world: World, letter: dict[str, Any]) -> None:
    tag = content(world, letter).headers["etag"]
    for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        answer = content(world, letter, **{"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    assert content(world, letter, **{"If-None-Match": '"anders"'}).status_code == 200


@pytest.mark.parametrize(
    ("filename", "body"),
    [
        ("seite.html", b"<html><script>alert(1)</script></html>"),
        ("bild.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("daten.xml", b'<?xml version="1.0"?><a/>'),
        ("makro.js", b"alert(1)"),
        ("brief.txt", b"<html><script>alert(1)</script></html>"),
    ],
)
def test_nothing_that_runs_is_shown(world: World, filename: str, body: bytes) -> None:
    document = world.document({"dossier": world.dossier()["id"]}, body, filename)
    for _ in ("as received", "processed: the media type is known now"):
        answer = content(world, document)
        assert answer.content == body
        shown = answer.headers["content-type"].partition(";")[0]
        if shown != "text/plain":
            assert shown == "application/octet-stream"
            assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert "no-store" in answer.headers["cache-control"]
        world.process(document)


def test_every_face_of_a_document_is_kept_harmless(world: World, letter: dict[str, Any]) -> None:
    for part in ("content", "rendition", "text", "pages/1/image"):
        answer = content(world, letter, part)
        assert answer.status_code == 200, part
        assert answer.headers["x-content-type-options"] == "nosniff", part
        assert answer.headers["content-security-policy"].startswith("sandbox"), part
        assert answer.headers["cache-control"].startswith("private"), part


def test_pages_words_and_text(world: World, letter: dict[str, Any]) -> None:
    words = done(content(world, letter, "pages/1/words"), 200)
    assert set(words) == {"page", "width", "height", "words", "hits"}
    assert words["hits"] == []
    assert words["page"] == 1
    for word in words["words"]:
        left, top, right, bottom = word["box"]
        assert 0 <= left < right <= words["width"]
        assert 0 <= top < bottom <= words["height"]
        assert word["confidence"] is None or 0 <= word["confidence"] <= 100
    assert "Müller" in " ".join(word["text"] for word in words["words"])
    fitting = done(content(world, letter, "pages/1/words?q=müller"), 200)
    assert fitting | {"hits": []} == words
    assert {fitting["words"][hit["word"]]["text"].strip(".,") for hit in fitting["hits"]} == {"Müller"}
    for hit in fitting["hits"]:
        left, top, right, bottom = fitting["words"][hit["word"]]["box"]
        assert hit["x"] < left < right < hit["x"] + hit["width"]
        assert hit["y"] < top < bottom < hit["y"] + hit["height"]
    problem(content(world, letter, f"pages/1/words?q={'x' * 501}"), 422, "invalid-input")
    assert len(content(world, letter, "text").text.split("\f")) == letter["pages"]
    assert content(world, letter, "rendition").content.startswith(b"%PDF")
    assert content(world, letter, "rendition").headers["content-type"] == "application/pdf"
    for part in ("pages/99/words", "pages/0/words", "pages/-1/image", "pages/99/image"):
        problem(content(world, letter, part), 404, "not-found")


def test_what_is_not_processed_has_no_pages_yet(world: World) -> None:
    document = world.document({"dossier": world.dossier()["id"]})
    for part in ("text", "rendition", "pages/1/image", "pages/1/words"):
        problem(content(world, document, part), 404, "not-found")


def test_a_look_is_logged_once_for_person_document_and_token(world: World) -> None:
    first = world.document({"dossier": world.dossier()["id"]})
    second = world.document({"dossier": first["dossier"]})
    made = world.client("clerk63").post(f"{API}/tokens", json={"user": "clerk63", "name": "b", "scopes": ["read"]})
    other = {"Authorization": f"Bearer {done(made, 201)['token']}"}

    def looks(document: dict[str, Any]) -> list[dict[str, Any]]:
        return world.audit(subject=document["id"], tag="access:document:read")

    for path in (f"/documents/{first['id']}", f"/documents/{first['id']}/versions", "/documents?inbox=true"):
        world.client("clerk63").get(API + path)
    assert looks(first) == []  # lists and metadata are no look
    for _ in range(3):
        content(world, first)
        content(world, first, Range="bytes=0-1")
    assert len(looks(first)) == 1
    world.client("head63").get(f"{API}/documents/{first['id']}/content")
    world.client().get(f"{API}/documents/{first['id']}/content", headers=other)
    entries = looks(first)
    assert len(entries) == 3
    assert {entry["actor"][:2] for entry in entries} == {"p:"}  # a pseudonym, the same for both tokens of a person
    assert len({entry["actor"] for entry in entries}) == 2
    assert looks(second) == []
    problem(world.client("clerk10").get(f"{API}/documents/{second['id']}/content"), 404, "not-found")
    assert looks(second) == []


def flip(world: World, name: str, position: int) -> None:
    found: list[Path] = [
        path for path in world.backends.settings.data_dir.rglob("*") if path.is_file() and str(path).endswith(name)
    ]
    assert len(found) == 1
    path = found[0]
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(position)
        byte = file.read(1)
        file.seek(position)
        file.write(bytes([byte[0] ^ 1]))


def stored(world: World, document: dict[str, Any], kind: str) -> str:
    names = [stat.name for stat in world.backends.blobs.names(f"{document['id']}/")]
    return next(name for name in names if f"/{kind}." in name)


def test_a_damaged_block_is_never_served(world: World) -> None:
    body = bytes(range(256)) * (BLOCK // 256) + b"Ende"
    document = world.document({"dossier": world.dossier()["id"]}, body, "gross.bin")
    flip(world, stored(world, document, "original"), BLOCK + 1)  # in the second block
    answer = content(world, document, Range=f"bytes=0-{BLOCK - 1}")
    assert answer.content == body[:BLOCK]  # the first is whole
    for asked in (f"bytes={BLOCK}-", "bytes=-1"):
        problem(content(world, document, Range=asked), 500, "content-damaged")
    strict = TestClient(world.app, headers=dict(world.client("clerk63").headers))
    with pytest.raises(BlobDamaged):  # a real server breaks the transfer off before its length
        strict.get(f"{API}/documents/{document['id']}/content")


def test_a_file_without_pages_has_an_empty_text_and_no_page(world: World) -> None:
    document = world.document({"dossier": world.dossier()["id"]}, bytes(range(256)), "unbekannt.bin")
    world.process(document)
    answer = content(world, document, "text")
    assert (answer.status_code, answer.text) == (200, "")
    problem(content(world, document, "pages/1/image"), 404, "not-found")
    problem(content(world, document, "pages/1/words"), 404, "not-found")
    problem(content(world, document, "rendition"), 404, "not-found")


@pytest.mark.parametrize("kind", ["words", "pages", "rendition", "original"])
def test_damage_of_any_part_is_told(world: World, kind: str) -> None:
    document = world.document({"dossier": world.dossier()["id"]}, LETTER, "brief.txt")
    world.process(document)
    flip(world, stored(world, document, kind), 50)
    part = {"words": "pages/1/words", "pages": "pages/1/image", "rendition": "rendition", "original": "content"}[kind]
    problem(content(world, document, part), 500, "content-damaged")
    if kind == "words":
        problem(content(world, document, "text"), 500, "content-damaged")
        found = done(world.client("clerk63").get(f"{API}/search", params={"q": "Antrag"}), 200)
        assert any(hit["document"]["id"] == document["id"] and hit["passages"] == [] for hit in found["hits"])


def test_a_lost_file_is_told(world: World) -> None:
    document = world.document({"dossier": world.dossier()["id"]})
    world.backends.blobs.delete(stored(world, document, "original"))
    problem(content(world, document), 500, "content-damaged")
