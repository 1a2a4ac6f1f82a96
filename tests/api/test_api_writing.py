"""Writing once and on the state that was read: ETag, If-Match, Idempotency-Key, uploads."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest

from tests.api.world import API, World, done, places, problem
from tests.support.service import upload


def test_a_change_needs_the_state_that_was_read(world: World) -> None:
    clerk = world.client("clerk63")
    document = world.document({"dossier": world.dossier()["id"]}, title="Entwurf")
    path = f"{API}/documents/{document['id']}"
    tag = clerk.get(path).headers["etag"]
    assert tag == f'"{document["revision"]}"'
    problem(clerk.patch(path, json={"title": "Antrag"}), 428, "revision-missing")
    assert places(problem(clerk.patch(path, json={}, headers={"If-Match": "abc"}), 422, "invalid-input")) == {
        "If-Match"
    }
    changed = clerk.patch(path, json={"title": "Antrag"}, headers={"If-Match": tag})
    assert done(changed, 200)["title"] == "Antrag"
    assert changed.headers["etag"] != tag
    refused = problem(clerk.patch(path, json={"title": "Zweiter"}, headers={"If-Match": tag}), 412, "stale-revision")
    assert "Stand" in refused["detail"]
    assert done(clerk.get(path), 200)["title"] == "Antrag"


def test_closing_on_an_old_state_is_refused_where_one_is_named(world: World) -> None:
    clerk = world.client("clerk63")
    dossier = world.dossier()
    path = f"{API}/dossiers/{dossier['id']}"
    tag = clerk.get(path).headers["etag"]
    closed = clerk.post(f"{path}/close", json={}, headers={"If-Match": tag})
    assert done(closed, 200)["state"] == "closed"
    assert closed.headers["etag"] == clerk.get(path).headers["etag"] != tag
    problem(clerk.post(f"{path}/reopen", json={"reason": "x"}, headers={"If-Match": tag}), 412, "stale-revision")
    assert clerk.post(f"{path}/reopen", json={"reason": "x"}).status_code == 200


def test_versions_are_added_to_the_state_that_was_read(world: World) -> None:
    clerk = world.client("clerk63")
    document = world.document({"dossier": world.dossier()["id"]}, b"eins")
    path = f"{API}/documents/{document['id']}"
    files: Any = {"metadata": (None, "{}", "application/json"), "file": ("zwei.txt", b"zwei", "text/plain")}
    added = clerk.post(f"{path}/versions", files=files, headers={"If-Match": f'"{document["revision"]}"'})
    assert (done(added, 201)["version"], added.json()["filename"]) == (2, "zwei.txt")
    stale = clerk.post(f"{path}/versions", files=files, headers={"If-Match": f'"{document["revision"]}"'})
    problem(stale, 412, "stale-revision")
    assert done(clerk.post(f"{path}/versions", files=files), 201)["version"] == 3
    assert [each["number"] for each in done(clerk.get(f"{path}/versions"), 200)["items"]] == [3, 2, 1]
    assert clerk.get(f"{path}/content", params={"v": 1}).content == b"eins"
    assert clerk.get(f"{path}/content").content == b"zwei"
    problem(clerk.get(f"{path}/content", params={"v": 4}), 404, "not-found")


def blobs(world: World) -> set[str]:
    return {stat.name for stat in world.backends.blobs.names()}


def test_refused_uploads_leave_no_bytes(world: World) -> None:
    clerk = world.client("clerk63")
    dossier = world.dossier()
    document = world.document({"dossier": dossier["id"]})
    before = blobs(world)
    files: Any = {"metadata": (None, "{}", "application/json"), "file": ("a.txt", b"a", "text/plain")}
    stale = {"If-Match": '"99"'}
    problem(clerk.post(f"{API}/documents/{document['id']}/versions", files=files, headers=stale), 412, "stale-revision")
    problem(upload(clerk, {"dossier": dossier["id"]}, b"x" * 5_000_001), 413, "too-large")
    problem(upload(world.client("registrar"), {"dossier": dossier["id"]}, b"x"), 403, "not-allowed")
    assert blobs(world) == before
    assert upload(clerk, {"dossier": dossier["id"]}, b"x" * 5_000_000).status_code == 201


@pytest.mark.parametrize(
    ("metadata", "wrong"),
    [
        ({}, {"dossier"}),
        ({"dossier": str(uuid.uuid4()), "inbox": True}, {"dossier"}),
        ({"inbox": True, "kind": "Brief"}, {"kind"}),
        ({"inbox": True, "received_on": "2999-01-01"}, {"received_on"}),
        ({"inbox": True, "received_on": "gestern"}, {"received_on"}),
        ({"inbox": True, "absender": "x"}, {"absender"}),
        ({"inbox": True, "title": "a\u0000"}, {"title"}),
        ({"inbox": True, "unit": "99"}, {"unit"}),
    ],
)
def test_wrong_metadata_is_named_before_the_file_is_taken(
    world: World, metadata: dict[str, Any], wrong: set[str]
) -> None:
    before = blobs(world)
    answer = problem(upload(world.client("clerk63"), metadata, b"x"), 422, "invalid-input")
    assert places(answer) == wrong
    assert blobs(world) == before


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"no multipart at all"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n[1]\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"inbox": true}\r\n--b--\r\n',
        ),
        (  # the file part never ends: a broken transfer is no shorter file
            "multipart/form-data; boundary=b",
            (
                b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"inbox": true}\r\n'
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf a fi'
            ),
        ),
    ],
)
def test_a_body_of_another_form_stores_nothing(world: World, content_type: str, body: bytes) -> None:
    before = blobs(world)
    answer = world.client("clerk63").post(f"{API}/documents", content=body, headers={"Content-Type": content_type})
    problem(answer, 422, "invalid-input")
    assert blobs(world) == before


def test_the_same_request_again_gets_the_same_answer(world: World) -> None:
    clerk = world.client("clerk63")
    key = {"Idempotency-Key": "anlegen-1"}
    body = {"plan_class": "632.2", "title": "Einmal"}
    first = clerk.post(f"{API}/dossiers", json=body, headers=key)
    again = clerk.post(f"{API}/dossiers", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    problem(clerk.post(f"{API}/dossiers", json={**body, "title": "Anders"}, headers=key), 409, "key-reused")
    problem(
        clerk.post(f"{API}/cases", json={"dossier": first.json()["id"], "title": "a"}, headers=key), 409, "key-reused"
    )
    other = world.client("head63").post(f"{API}/dossiers", json=body, headers=key)
    assert other.json()["id"] != first.json()["id"]
    bad = clerk.post(f"{API}/dossiers", json=body, headers={"Idempotency-Key": "x" * 201})
    assert places(problem(bad, 422, "invalid-input")) == {"Idempotency-Key"}


def test_a_repeated_upload_is_filed_once(world: World) -> None:
    clerk = world.client("clerk63")
    place = {"dossier": world.dossier()["id"]}
    first = upload(clerk, place, b"Brief", **{"Idempotency-Key": "brief-1"})
    before = blobs(world)
    again = upload(clerk, place, b"Brief", **{"Idempotency-Key": "brief-1"})
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    problem(upload(clerk, place, b"anderer Brief", **{"Idempotency-Key": "brief-1"}), 409, "key-reused")
    assert blobs(world) == before
    assert len(done(clerk.get(f"{API}/documents", params=place), 200)["items"]) == 1


def test_two_requests_at_once_with_one_key_create_one(world: World) -> None:
    dossier = world.dossier(title="Gleichzeitig")
    start = threading.Barrier(6)
    answers: list[Any] = []

    def send() -> None:
        clerk = world.client("clerk63")
        start.wait(timeout=30)
        answers.append(
            clerk.post(
                f"{API}/cases",
                json={"dossier": dossier["id"], "title": "Einer"},
                headers={"Idempotency-Key": "zugleich"},
            )
        )

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    cases = world.client("clerk63").get(f"{API}/cases", params={"dossier": dossier["id"]})
    assert len(done(cases, 200)["items"]) == 1


def test_a_failed_request_does_not_use_up_its_key(world: World) -> None:
    clerk = world.client("clerk63")
    key = {"Idempotency-Key": "zweiter-versuch"}
    problem(clerk.post(f"{API}/dossiers", json={"plan_class": "99", "title": "a"}, headers=key), 422, "invalid-input")
    assert clerk.post(f"{API}/dossiers", json={"plan_class": "632.2", "title": "a"}, headers=key).status_code == 201


def test_a_known_external_key_answers_what_it_names(world: World) -> None:
    external = {"system": "Fachverfahren", "id": "4711"}
    first = world.dossier(external=external)
    clerk = world.client("clerk63")
    again = clerk.post(f"{API}/dossiers", json={"plan_class": "632.2", "title": "Anderer Titel", "external": external})
    assert done(again, 200) == first
    stranger = world.client("clerk10")
    body = {"plan_class": "632.2", "title": "x", "external": external}
    problem(stranger.post(f"{API}/dossiers", json=body), 403, "not-allowed")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Prüfung – Übersicht (€) 漢字.pdf", "Prüfung – Übersicht (€) 漢字.pdf"),
        ("u\u0308ber.pdf", "über.pdf"),
        ("C:\\Users\\amt\\Bescheid.pdf", "Bescheid.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..", "unbenannt"),
        ("a\u0007b.txt", "ab.txt"),
        ("Rechnung\u202efdp.exe", "Rechnungfdp.exe"),  # right-to-left override: it would show as "Rechnungexe.pdf"
        ("", "unbenannt"),
        ("\u200b\u2066", "unbenannt"),
        ("lang" * 100 + ".pdf", ("lang" * 100)[:188] + ".pdf"),
    ],
)
def test_file_names_arrive_as_they_are_called(world: World, sent: str, kept: str) -> None:
    boundary = b"----grenze"
    body = (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"inbox": true}\r\n'
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="file"; filename="'
        + sent.replace("\\", "\\\\").encode() + b'"\r\n\r\nx\r\n--' + boundary + b"--\r\n"
    )  # fmt: skip
    answer = world.client("clerk63").post(
        f"{API}/documents", content=body, headers={"Content-Type": "multipart/form-data; boundary=----grenze"}
    )
    assert done(answer, 201)["filename"] == kept
