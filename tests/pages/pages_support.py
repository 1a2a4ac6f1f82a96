"""The pages over the application in this process: people with their cookies, and forms as a browser would send them."""

from __future__ import annotations

import re
import secrets
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from eakte.bootstrap import Backends, update_index
from eakte.models import Document, DossierShare
from eakte.operations.processing import process_version
from eakte.terms import today
from eakte.web.pages import install
from indexing.recognition import Recogniser
from tests.api.world import API, World, done
from tests.support.asgi import client_of
from tests.support.service import PASSWORD, Municipality

HOME = "http://localhost"
TOKEN = re.compile(r'name="csrf" value="([^"]*)"')
PAGE_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]*)"')
ERROR = re.compile(r'<p class="kern-error" id="([^"]+)-error">.*?<span>(.*?)</span>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
SECRET = "Zitronenfalter"
"""A word in the title, sender, file name and text of what nobody else may know."""


class Route(NamedTuple):
    """An address of the pages with its method."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Place:
    """A dossier with a case, a document, a resubmission and a party."""

    dossier: str
    reference: str
    case: str
    document: str
    resubmission: str
    party: str


class Answer:
    """What came back, as a person sees it."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = response.status_code
        self.headers = response.headers
        self.html: str = response.text if "text/html" in response.headers.get("content-type", "") else ""

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return str(self.headers["location"])

    @property
    def text(self) -> str:
        """The words of the page."""
        return " ".join(unescape(TAG.sub(" ", self.html)).split())

    @property
    def errors(self) -> dict[str, str]:
        """The sentence at each field."""
        return {field: unescape(sentence) for field, sentence in ERROR.findall(self.html)}

    def value(self, element: str) -> str:
        """What stands in an input."""
        found = re.search(rf'<input[^>]* id="{element}"[^>]*>', self.html)
        assert found, element
        value = re.search(r' value="([^"]*)"', found[0])
        return unescape(value[1]) if value else ""


class Person:
    """Somebody at a browser."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self._csrf: tuple[str | None, str] | None = None

    def get(self, path: str, **headers: str) -> Answer:
        """Open an address."""
        return Answer(self.client.get(path, headers=headers))

    def post(self, path: str, *, files: Any = None, headers: Any = None, **fields: str) -> Answer:
        """Send a form of our own page: with its token and a fresh key, unless the fields say otherwise."""
        data = {"csrf": self.csrf, "idempotency": secrets.token_hex(8), **fields}
        return Answer(self.client.post(path, data=data, files=files, headers=headers))

    @property
    def csrf(self) -> str:
        """The token in our pages. It stays as long as the session, so it is looked up once for each."""
        session = self.client.cookies.get("eakte")
        if not self._csrf or self._csrf[0] != session:
            self._csrf = (session, self.token())
        return self._csrf[1]

    def token(self) -> str:
        """The token as our pages have it now; nothing without a session."""
        found = PAGE_TOKEN.search(self.client.get("/konto").text)
        return found[1] if found else ""


class Pages(World):
    """The application with its pages."""

    def __init__(self, backends: Backends, town: Municipality) -> None:
        super().__init__(backends, town)
        install(self.app)
        self._people: dict[str, Person] = {}

    def visitor(self, base_url: str = HOME) -> Person:
        """Somebody who is not signed in."""
        client = client_of(self.app, raise_server_exceptions=False, base_url=base_url, follow_redirects=False)
        return Person(client)

    def sign_in(self, login: str) -> Person:
        """A fresh session of an account."""
        person = self.visitor()
        assert enter(person, login).status == 303
        return person

    def person(self, login: str) -> Person:
        """The session of an account that tests share; a new one where a test of sessions has ended it."""
        if login not in self._people or not self._people[login].token():
            self._people[login] = self.sign_in(login)
        return self._people[login]

    def place(self, login: str = "clerk63", title: str = "Lindenweg 12", **values: Any) -> Place:
        """A dossier with a case, a document, something to be reminded of and a party."""
        dossier = self.dossier(login, title, **values)
        case = self.case(dossier["id"], f"Anhörung {title}", login)
        document = self.document({"case": case["id"]}, login=login, title=f"Schreiben {title}", sender=title)
        reminder = self.resubmission(login, f"Rückruf {title}", dossier=dossier["id"])
        words = {"dossier": dossier["id"], "role": "Nachbar", "kind": "organisation", "name": f"Verein {title}"}
        party = done(self.client(login).post(f"{API}/parties", json=words), 201)["id"]
        return Place(dossier["id"], dossier["reference_number"], case["id"], document["id"], reminder, party)

    def resubmission(self, login: str, note: str, **place: str) -> str:
        """A resubmission for today."""
        body = {"due_on": today().isoformat(), "note": note, **place}
        return str(done(self.client(login).post(f"{API}/resubmissions", json=body), 201)["id"])

    def share(self, dossier: str, login: str) -> None:
        """Let somebody else read a dossier."""
        row = DossierShare(
            dossier_id=uuid.UUID(dossier), user_id=uuid.UUID(self.town.users[login]), until=today() + timedelta(days=30)
        )
        with Session(self.backends.database.engine) as session, session.begin():
            session.add(row)

    def process_all(self, dossier: str) -> None:
        """What a worker would do for all documents of a dossier; one recogniser for all is faster."""
        with self.backends.transactions.read() as session:
            waiting = session.scalars(select(Document.id).where(Document.dossier_id == uuid.UUID(dossier))).all()
        recogniser = Recogniser(1)
        try:
            for document in waiting:
                process_version(
                    self.backends.transactions,
                    self.backends.blobs,
                    recogniser,
                    screen=None,
                    document_id=document,
                    number=1,
                    max_attempts=1,
                    stopping=threading.Event(),
                )
        finally:
            recogniser.close()
        self.index()

    def fail(self, document: str, reason: str = "Die Datei ist verschlüsselt.") -> None:
        """Let a document stand as one whose processing failed."""
        values = {"state": "failed", "state_reason": reason}
        self.change(update(Document).where(Document.id == uuid.UUID(document)).values(values))

    def change(self, statement: Update) -> None:
        """Put the database into a state that would take long to come by itself."""
        with self.backends.database.engine.begin() as connection:
            connection.execute(statement)

    def index(self) -> None:
        """Bring the index up to date."""
        update_index(self.backends)


def enter(person: Person, login: str, password: str = PASSWORD, **fields: str) -> Answer:
    """Fill in the sign-in page."""
    found = TOKEN.search(person.client.get("/anmelden").text)
    assert found
    data = {"csrf": found[1], "username": login, "password": password, **fields}
    return Answer(person.client.post("/anmelden", data=data))


def page_routes(app: FastAPI) -> Iterator[Route]:
    """Every address for people: what is not under the API's and the machines' addresses."""
    for context in iter_route_contexts(app.routes):
        path = context.path or ""
        if path.startswith(("/api/", "/healthz", "/readyz", "/metrics", "/openapi")):
            continue
        for method in sorted(context.methods or ()):
            if method != "HEAD":
                yield Route(method, path)
