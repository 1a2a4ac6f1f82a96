"""The application in this process, over the small municipality, with a way to work jobs off without a worker."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from eakte.api.app import create_app
from eakte.bootstrap import Backends, update_index
from eakte.models import DossierExclusion
from eakte.operations.accounts import find_user
from eakte.operations.auditing import sequence
from eakte.operations.processing import process_version
from eakte.operations.sessions import Visit, open_session
from eakte.operations.units import create_unit
from eakte.terms import SYSTEM, new_id, today
from indexing.recognition import Recogniser
from tests.support.asgi import client_of
from tests.support.service import Municipality, upload

API = "/api/v1"
PROBLEM = "application/problem+json"


class World:
    """Clients by login over one application."""

    def __init__(self, backends: Backends, town: Municipality) -> None:
        self.backends = backends
        self.town = town
        self.app = create_app(backends)

    def client(self, login: str | None = None) -> TestClient:
        """A client with the token of an account; without one nobody. A fault is an answer, as it is for a browser."""
        headers = {"Authorization": f"Bearer {self.town.tokens[login]}"} if login else {}
        return client_of(self.app, headers=headers, raise_server_exceptions=False, base_url="http://localhost")

    def dossier(self, login: str = "clerk63", title: str = "Lindenweg 12", **values: Any) -> dict[str, Any]:
        """A new dossier."""
        body = {"plan_class": "632.2", "title": title, **values}
        return dict(done(self.client(login).post(f"{API}/dossiers", json=body), 201))

    def case(self, dossier: str, title: str = "Anhörung", login: str = "clerk63") -> dict[str, Any]:
        """A new case."""
        return dict(done(self.client(login).post(f"{API}/cases", json={"dossier": dossier, "title": title}), 201))

    def document(
        self,
        place: dict[str, Any],
        content: bytes = b"Inhalt",
        filename: str = "brief.txt",
        login: str = "clerk63",
        **metadata: Any,
    ) -> dict[str, Any]:
        """A filed document, not processed."""
        return dict(done(upload(self.client(login), {**place, **metadata}, content, filename), 201))

    def things(self, login: str, **values: Any) -> dict[str, str]:
        """A dossier of the account with one of everything in it, and what stands beside it: ids by kind."""
        client, word = self.client(login), values.get("title", "Wort")
        dossier = self.dossier(login, **values)["id"]
        case = self.case(dossier, word, login)["id"]
        document = self.document({"case": case}, word.encode(), f"{word}.txt", login, title=word, sender=word)["id"]
        again = parts({}, word.encode() * 2, f"{word}.txt")
        done(client.post(f"{API}/documents/{document}/versions", files=again), 201)
        neighbour = self.dossier(login, **values)["id"]
        said = {"dossier": dossier, "role": "Antragsteller", "name": word}
        made = {
            "party": ("parties", said),
            "volume": (f"dossiers/{dossier}/volumes", {"title": word}),
            "resubmission": ("resubmissions", {"case": case, "due_on": today().isoformat(), "note": word}),
            "reference": (
                "cross-references",
                {"source": {"dossier": dossier}, "target": {"dossier": neighbour}, "note": word},
            ),
            "token": ("tokens", {"user": login, "name": "Schlüssel", "scopes": ["read"]}),
            "share": ("shares", {"dossier": dossier, "unit": "631", "until": today().isoformat(), "reason": word}),
        }
        with self.backends.transactions.begin(SYSTEM) as tx:
            person = find_user(tx.session, login)
            unit = create_unit(tx, number=f"w{new_id().hex[-8:]}", name="Zweigstelle", parent_id=None)
            exclusion = excluded(uuid.UUID(self.town.users["S1"]), uuid.UUID(dossier))
            tx.session.add(exclusion)
            session = str(
                open_session(tx, person, method="password", hours=1, visit=Visit(browser=word)).actor.access_key
            )
        return {
            "dossier": dossier,
            "neighbour": neighbour,
            "case": case,
            "document": document,
            "session": str(session),
            "user": self.town.users[login],
            "unit": str(unit.id),
            "exclusion": str(exclusion.id),
            # Neither opens anything yet: it would be what others may not see.
            "deputation": self._deputation(login),
            "mandate": self._mandate(str(unit.id)),
            "system": f"verfahren-{login}",
            "external": "1",
            "class": self.plan_class(),
            "template": self.template(),
            "one": "1",
            **{kind: done(client.post(f"{API}/{path}", json=body), 201)["id"] for kind, (path, body) in made.items()},
        }

    def _deputation(self, login: str) -> str:
        """One that begins in a year."""
        day = (today() + timedelta(days=365)).isoformat()
        said = {"deputy": "clerk10" if login == "registrar" else "registrar", "from_on": day, "until": day}
        return str(done(self.client(login).post(f"{API}/deputies", json=said), 201)["id"])

    def _mandate(self, unit: str) -> str:
        """One over a unit without dossiers."""
        said = {"auditor": "auditor", "units": [unit], "until": today().isoformat(), "reason": "Prüfung"}
        return str(done(self.client("registrar").post(f"{API}/mandates", json=said), 201)["id"])

    def plan_class(self) -> str:
        """The id of a class that takes files."""
        classes = done(self.client("registrar").get(f"{API}/plan-classes"), 200)["items"]
        return next(str(each["id"]) for each in classes if each["number"] == "632.2")

    def template(self) -> str:
        """A new template of a case."""
        body = {"name": f"Vorlage {new_id()}", "kind": "case", "title": "Ohne Namen"}
        return str(done(self.client("registrar").post(f"{API}/templates", json=body), 201)["id"])

    def count(self, table: str) -> int:
        """Rows of a table."""
        with self.backends.database.engine.begin() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608 - tests

    def process(self, document: dict[str, Any]) -> None:
        """What a worker would do for the document."""
        recogniser = Recogniser(1)
        try:
            process_version(
                self.backends.transactions,
                self.backends.blobs,
                recogniser,
                screen=None,
                document_id=uuid.UUID(document["id"]),
                number=document["version"],
                max_attempts=1,
                stopping=threading.Event(),
            )
        finally:
            recogniser.close()
        update_index(self.backends)

    def audit(self, **filters: str) -> list[dict[str, Any]]:
        """Entries of the log, newest first."""
        sequence(self.backends.transactions, self.backends.blobs)
        answer = self.client("auditor").get(f"{API}/audit", params={"limit": "200", **filters})
        return list(done(answer, 200)["entries"])


Parts = dict[str, tuple[str | None, str | bytes, str]]


def parts(metadata: Any, content: bytes, filename: str = "a.txt") -> Parts:
    """The parts of an upload in their order."""
    return {
        "metadata": (None, json.dumps(metadata), "application/json"),
        "file": (filename, content, "text/plain"),
    }


def done(answer: Any, status: int) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """The problem details of a refusal (RFC 9457), complete and alike everywhere."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body = dict(answer.json())
    assert body["type"] == f"urn:eakte:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["instance"].startswith("urn:uuid:")
    assert set(body) <= {"type", "title", "status", "detail", "instance", "errors"}
    assert all(set(each) == {"at", "message"} for each in body.get("errors", []))
    return body


def places(body: dict[str, Any]) -> set[str]:
    """The fields that a problem names."""
    return {each["at"] for each in body["errors"]}


def same_refusal(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether two problems cannot be told apart, their number aside."""
    return {**first, "instance": ""} == {**second, "instance": ""}


def excluded(person: uuid.UUID, dossier: uuid.UUID) -> DossierExclusion:
    """A row as the act makes it, for a dossier that nobody here may write."""
    ground = "vwvfg-20"
    return DossierExclusion(id=new_id(), user_id=person, dossier_id=dossier, ground=ground, reason="Angehöriger")
