"""Every request that creates may be repeated with its key: one object, one entry of the log, the same answer."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import procrastinate
import pytest
from sqlalchemy import update

from eakte.jobs import make_app
from eakte.models import IdempotencyKey
from eakte.operations.idempotency import KEPT
from eakte.terms import SYSTEM, new_id, now
from indexing.recognition import Recogniser
from tests.api.routes import Route, routes
from tests.api.world import API, World, done, parts, problem
from tests.support.service import upload

WHO = "registrar"
"""May do all that creates, in a unit of its own."""


def send(world: World, route: Route, things: dict[str, str], n: int, key: str, content: bytes = b"Brief") -> Any:
    """A request of this route; `n` makes the body another."""
    body, headers = route.body(things, n, WHO), {"Idempotency-Key": key}
    address = route.address(things)
    if not route.uploads:
        return world.client(WHO).post(address, json=body, headers=headers)
    return world.client(WHO).post(address, files=parts(body, content), headers=headers)


def kept(world: World) -> tuple[int, set[str]]:
    """How many entries the log has, and the blobs."""
    names = {stat.name for stat in world.backends.blobs.names() if not stat.name.startswith("audit/")}
    return world.count("audit_entry"), names


def test_every_request_that_creates_may_be_repeated(world: World) -> None:
    things = world.things(WHO)
    creating = [each for each in routes(world) if each.method == "POST" and "201" in each.operation["responses"]]
    creating.sort(key=lambda each: each.path.endswith("/sign"))  # what is signed is not changed any more
    assert len(creating) > 12
    for number, route in enumerate(creating, 10):
        assert "Idempotency-Key" in route.parameters("header"), route.name
        varies = route.schema() is not None
        assert not varies or route.body(things, 1, WHO) != route.body(things, 2, WHO), f"{route.name}: say what differs"
        key, (before, _blobs) = f"wiederholt-{route.name}", kept(world)
        first = send(world, route, things, number, key)
        assert first.status_code == 201, (route.name, first.text)
        stand = kept(world)
        assert stand[0] == before + 1, f"{route.name}: one act is one entry"
        again = send(world, route, things, number, key)
        assert (again.status_code, again.json()) == (201, first.json()), route.name
        assert again.headers.get("etag") == first.headers.get("etag"), route.name
        assert again.headers["idempotency-replayed"] == "true", route.name
        if varies:
            problem(send(world, route, things, number + 100, key), 409, "key-reused")
        if route.uploads:
            problem(send(world, route, things, number, key, b"ein anderer Brief"), 409, "key-reused")
        assert kept(world) == stand, f"{route.name}: repeating leaves nothing"


def test_what_makes_two_uploads_the_same(world: World) -> None:
    """The meaning of the metadata, the name, type and bytes of the file; not how the parts were put together."""
    clerk, dossier = world.client("clerk63"), world.dossier()["id"]
    headers = {"Idempotency-Key": "gleich", "Content-Type": "multipart/form-data; boundary=b"}

    def body(metadata: str, name: str = "brief.txt", content: str = "Brief", kind: str = "text/plain") -> bytes:
        return (
            f'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{metadata}\r\n'
            f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
            f"{content}\r\n--b--\r\n"
        ).encode()

    said = json.dumps({"dossier": dossier, "title": "Ä"})
    first = done(clerk.post(f"{API}/documents", content=body(said), headers=headers), 201)
    spelled = f'{{ "title": "\\u00c4", "kind": "incoming", "dossier": "{dossier.upper()}" }}'
    other = body(spelled).replace(b"--b", b"--another")
    again = clerk.post(
        f"{API}/documents",
        content=other,
        headers={**headers, "Content-Type": "multipart/form-data; boundary=another"},
    )
    assert done(again, 201) == first
    for different in (
        body(json.dumps({"dossier": dossier, "title": "B"})),
        body(said, name="anders.txt"),
        body(said, content="brief"),
        body(said, kind="application/pdf"),
    ):
        problem(clerk.post(f"{API}/documents", content=different, headers=headers), 409, "key-reused")


def test_the_answer_is_kept_whatever_became_of_the_place(world: World) -> None:
    clerk, dossier = world.client("clerk63"), world.dossier()["id"]
    key = {"Idempotency-Key": "danach-geschlossen"}
    first = done(upload(clerk, {"dossier": dossier}, b"Brief", **key), 201)
    done(clerk.post(f"{API}/dossiers/{dossier}/close", json={}), 200)
    assert done(upload(clerk, {"dossier": dossier}, b"Brief", **key), 201) == first
    problem(upload(clerk, {"dossier": dossier}, b"Brief", **{"Idempotency-Key": "neu"}), 409, "wrong-state")


def stored_under(world: World, key: str) -> str:
    with world.backends.database.engine.begin() as connection:
        statement = "SELECT encode(request_sha256, 'hex') || body::text FROM idempotency_key WHERE key = %s"
        return str(connection.exec_driver_sql(statement, (key,)).scalar_one())


def test_no_row_tells_a_secret_that_was_repeated(world: World) -> None:
    """An access key is shown again to the credential that made it, and to nobody who reads the database."""
    clerk, key = world.client("clerk63"), {"Idempotency-Key": "neuer-schluessel"}
    body = {"user": "clerk63", "name": "a", "scopes": ["read", "write"]}
    first = done(clerk.post(f"{API}/tokens", json=body, headers=key), 201)
    assert done(clerk.post(f"{API}/tokens", json=body, headers=key), 201)["token"] == first["token"]
    assert first["token"] not in stored_under(world, key["Idempotency-Key"])
    other = world.client()
    other.headers["Authorization"] = f"Bearer {first['token']}"
    problem(other.post(f"{API}/tokens", json=body, headers=key), 409, "key-reused")
    registrar, key = world.client("registrar"), {"Idempotency-Key": "neues-konto"}
    person = {"login": "neu.konto", "display_name": "Neu", "roles": ["clerk"], "unit": "63"}
    first = done(registrar.post(f"{API}/users", json={**person, "password": "eines von vielen"}, headers=key), 201)
    again = registrar.post(f"{API}/users", json={**person, "password": "eines von vielen"}, headers=key)
    assert done(again, 201) == first
    changed = registrar.post(f"{API}/users", json={**person, "password": "ein ganz anderes"}, headers=key)
    problem(changed, 409, "key-reused")


@pytest.mark.parametrize("key", ["", "x" * 201, "a\u0085b"])
def test_a_key_that_is_none_is_named(world: World, key: str) -> None:
    """ASGI hands over headers as Latin-1; what stands in them is checked before it comes to the database."""
    body = {"plan_class": "632.2", "title": "x"}
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = world.client("clerk63").post(f"{API}/dossiers", json=body, headers=headers)  # type: ignore[arg-type]
    assert [each["at"] for each in problem(answer, 422, "invalid-input")["errors"]] == ["Idempotency-Key"]


def test_old_answers_are_forgotten_by_the_job_and_young_ones_are_not(world: World) -> None:
    clerk, body = world.client("clerk63"), {"plan_class": "632.2", "title": "Alt und neu"}
    first = {
        key: done(clerk.post(f"{API}/dossiers", json=body, headers={"Idempotency-Key": key}), 201)["id"]
        for key in ("alt", "jung")
    }
    assert timedelta(days=7) == KEPT, "docs/repeating.md says so"
    with world.backends.transactions.begin(SYSTEM) as tx:
        for key, age in (("alt", KEPT + timedelta(hours=1)), ("jung", KEPT - timedelta(hours=1))):
            aged = update(IdempotencyKey).where(IdempotencyKey.key == key).values(created_at=now() - age)
            tx.session.execute(aged)
    recogniser = Recogniser(1)
    try:
        app = make_app(world.backends, recogniser, procrastinate.PsycopgConnector(), threading.Event())
        task = app.tasks["eakte.forget-keys"]
        assert task.name in {name for name, _identifier in app.periodic_registry.periodic_tasks}
        task.func(timestamp=0)
    finally:
        recogniser.close()
    for key, same in (("alt", False), ("jung", True)):
        answer = clerk.post(f"{API}/dossiers", json=body, headers={"Idempotency-Key": key})
        assert (done(answer, 201)["id"] == first[key]) == same


def test_a_key_is_one_persons(world: World) -> None:
    key, body = {"Idempotency-Key": str(new_id())}, {"plan_class": "632.2", "title": "x"}
    mine = done(world.client("clerk63").post(f"{API}/dossiers", json=body, headers=key), 201)
    other = done(world.client("head63").post(f"{API}/dossiers", json=body, headers=key), 201)
    assert mine["id"] != other["id"]
