"""The application in this process, over the small municipality, with a way to work jobs off without a worker."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from fastapi.testclient import TestClient

from eakte.api.app import create_app
from eakte.bootstrap import Backends, update_index
from eakte.operations.auditing import sequence
from eakte.operations.processing import process_version
from indexing.recognition import Recogniser
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
        return TestClient(self.app, headers=headers, raise_server_exceptions=False, base_url="http://localhost")

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
