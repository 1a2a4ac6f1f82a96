"""A small town for tests of operations: a copy of one prepared database each, accounts without passwords, no worker."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy import select

from eakte.access import Want
from eakte.bootstrap import Backends, open_backends, update_index
from eakte.models import Case, Document, Dossier, DossierExclusion, DossierShare, Unit, User, Version
from eakte.operations import processing
from eakte.operations.accounts import actor_of, create_user
from eakte.operations.closing import close_dossier
from eakte.operations.documents import current_version, readable_document
from eakte.operations.filing import Draft, file_document, store_original
from eakte.operations.opening import NewCase, NewDossier, create_case, create_dossier
from eakte.operations.plan import create_class
from eakte.operations.plan_rules import RetentionWords
from eakte.operations.searching import Question, Result, find
from eakte.operations.units import create_unit
from eakte.settings import Settings
from eakte.terms import SYSTEM, Actor, Level, Role, Scope, new_id, today
from indexing.passages import windows
from indexing.processing import Processed
from indexing.terms import terms_to_bytes
from indexing.words import PageWords, Word, page_text, write_words
from tests.support.postgres import drop_database, new_database

PATTERN = "{class}-{n:05}/{year}"
UNITS = (("10", "Hauptamt", None), ("63", "Bauordnung", None), ("631", "Bauaufsicht", "63"))
PEOPLE = (
    ("clerk63", (Role.CLERK,), "63", Level.INTERNAL),
    ("clerk631", (Role.CLERK,), "631", Level.INTERNAL),
    ("head63", (Role.CLERK,), "63", Level.PROTECTED),
    ("clerk10", (Role.CLERK,), "10", Level.INTERNAL),
    ("open63", (Role.CLERK,), "63", Level.OPEN),
    ("registrar", (Role.REGISTRAR,), "10", Level.PROTECTED),
    ("archive", (Role.ARCHIVE,), "63", Level.PROTECTED),
    ("approver", (Role.APPROVER,), "63", Level.PROTECTED),
    ("auditor", (Role.AUDITOR,), "63", Level.PROTECTED),
    ("admin", (Role.ADMIN,), "63", Level.PROTECTED),
    ("S1", (Role.STATION,), "63", Level.PROTECTED),
)
PLAN = (
    ("6", "Bauen", None, RetentionWords(term="P10Y", legal_basis="Aktenordnung", appraisal="B")),
    ("63", "Bauordnung", "6", None),
    ("632", "Genehmigungen", "63", RetentionWords(term="P30Y", legal_basis="NBauO", transfer_grace="P6M")),
    ("632.1", "Bauvoranfragen", "632", None),
    ("632.2", "Bauanträge", "632", None),
    ("634", "Bußgelder", "63", None),
    ("02", "Urkunden", None, RetentionWords(term="permanent", appraisal="A")),
    ("03", "Personal", None, RetentionWords(term="P5Y", anchor="event:Austritt", rounding="year")),
    ("09", "Sonstiges", None, None),
)
CLOSED_TO_FILES = frozenset({"6", "63", "632"})


@dataclass
class Office:
    """The town in open backends. `people` are the accounts by login, ready to act."""

    backends: Backends
    people: dict[str, Actor]
    units: dict[str, uuid.UUID]
    url: str
    folder: Path
    _filed: int = field(default=0)

    def dossier(
        self, by: str = "clerk63", *, plan_class: str = "632.2", title: str = "Lindenweg 12", **said: Any
    ) -> uuid.UUID:
        """A new dossier; `said` as in NewDossier."""
        with self.backends.transactions.begin(self.people[by]) as tx:
            row, _new = create_dossier(tx, NewDossier(plan_class=plan_class, title=title, **said), pattern=PATTERN)
            return row.id

    def case(self, dossier: uuid.UUID, by: str = "clerk63", title: str = "Anhörung") -> uuid.UUID:
        """A new case."""
        with self.backends.transactions.begin(self.people[by]) as tx:
            return create_case(tx, NewCase(dossier=dossier, title=title))[0].id

    def close(self, dossier: uuid.UUID, by: str = "clerk63", **said: Any) -> Dossier:
        """Close a dossier."""
        with self.backends.transactions.begin(self.people[by]) as tx:
            return close_dossier(tx, dossier, **said)

    def file(
        self, by: str = "clerk63", *, content: bytes | None = None, filename: str = "brief.pdf", **said: Any
    ) -> uuid.UUID:
        """A filed document; `said` as in Draft. Each has other bytes unless they are given."""
        self._filed += 1
        stored = store_original(
            self.backends.blobs,
            iter([content or f"Brief {self._filed}".encode()]),
            screen=None,
            filename=filename,
            media_type="application/pdf",
            limit=10**7,
        )
        with self.backends.transactions.begin(self.people[by]) as tx:
            return file_document(tx, Draft(**said), stored).id

    def read(self, document: uuid.UUID, *texts: str) -> None:
        """Leave a document as processing does that found these pages' texts."""
        version = self.version(document)
        task = processing._begin(self.backends.transactions, document, version.number)
        assert task is not None
        with tempfile.TemporaryDirectory(prefix="eakte-test-") as folder:
            words = Path(folder) / "words"
            pages = [page_of(number, text) for number, text in enumerate(texts, start=1)]
            write_words(words, pages)
            base = f"{document}/{version.number}"
            run = new_id().hex
            terms = terms_to_bytes(windows([page_text(page) for page in pages]))
            written = {
                "words": processing._put_file(self.backends.blobs, f"{base}/words.{run}", words),
                "images": processing._put(self.backends.blobs, f"{base}/pages.{run}", iter([b"images"])),
                "terms": processing._put(self.backends.blobs, f"{base}/terms.{run}", iter([terms])),
            }
            result = Processed(
                media_type="application/pdf",
                pages=len(texts),
                text_state="born-digital",
                text_reason=None,
                rendition_state="none",
                rendition_flavour=None,
                rendition_reason="Test",
                rendition=None,
                rendition_is_original=False,
                words=words,
                images=words,
                warnings=(),
            )
            processing._finish(self.backends.transactions, task, result, written, [1000, 1400] * len(texts))

    def give_up(self, document: uuid.UUID, reason: str = "Nicht lesbar.") -> None:
        """Leave a document as processing does that failed."""
        task = processing._begin(self.backends.transactions, document, self.version(document).number)
        assert task is not None
        processing.fail(self.backends.transactions, task, reason)

    def index(self) -> int:
        """Bring the index up to date."""
        return update_index(self.backends)

    def search(self, by: str, text: str = "", **said: Any) -> Result:
        """What a person finds."""
        with self.backends.transactions.read() as session:
            return find(
                session, self.backends.blobs, self.backends.search, self.people[by], Question(text=text, **said)
            )

    def titles(self, by: str, text: str = "", **said: Any) -> list[str]:
        """The titles of the documents that a person finds."""
        return [hit.document.title for hit in self.search(by, text, **said).hits]

    def share(self, login: str, **where: Any) -> None:
        """Give one person access (`dossier_id` or `case_id`, `until`), as a row: also what no act would give."""
        said = {"until": today() + timedelta(days=30), **where}
        self._as_if(DossierShare(user_id=self.people[login].user_id, **said))

    def exclude(self, login: str, dossier: uuid.UUID) -> None:
        """Shut a person out of a dossier."""
        self._as_if(
            DossierExclusion(user_id=self.people[login].user_id, dossier_id=dossier, ground="vwvfg-21", reason="x")
        )

    def _as_if(self, row: DossierShare | DossierExclusion) -> None:
        with self.backends.database.session() as session:
            session.add(row)
            session.commit()

    def row(self, document: uuid.UUID) -> Document:
        """A document's row."""
        with self.backends.transactions.read() as session:
            return session.get_one(Document, document)

    def version(self, document: uuid.UUID) -> Version:
        """A document's current version."""
        with self.backends.transactions.read() as session:
            return current_version(session, session.get_one(Document, document))

    def dossier_row(self, dossier: uuid.UUID) -> Dossier:
        """A dossier's row."""
        with self.backends.transactions.read() as session:
            return session.get_one(Dossier, dossier)

    def case_row(self, case: uuid.UUID) -> Case:
        """A case's row."""
        with self.backends.transactions.read() as session:
            return session.get_one(Case, case)

    def knows(self, login: str, document: uuid.UUID, want: Want = Want.CONTENT) -> None:
        """Raise what opening the document raises."""
        with self.backends.transactions.read() as session:
            readable_document(session, self.people[login], document, want)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What somebody with the database's password can do."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def count(self, table: str) -> int:
        """Rows of a table."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            assert row is not None
            return int(row[0])

    def blob_file(self, name: str) -> Path:
        """Where the local store keeps a blob; only for damaging it."""
        return next(path for path in (self.folder / "blobs").rglob("*") if path.is_file() and str(path).endswith(name))


def page_of(number: int, text: str) -> PageWords:
    """A page of the word layer with this text in one line."""
    words = [Word(word, (index, 0, index + 1, 10), None, 0) for index, word in enumerate(text.split())]
    return PageWords(page=number, width=1000, height=1400, words=tuple(words))


def _furnish(backends: Backends) -> None:
    with backends.transactions.begin(SYSTEM) as tx:
        units: dict[str | None, uuid.UUID | None] = {None: None}
        for number, name, above in UNITS:
            units[number] = create_unit(tx, number=number, name=name, parent_id=units[above]).id
        for login, roles, unit, level in PEOPLE:
            create_user(tx, login=login, display_name=login.title(), roles=roles, unit_id=units[unit], level=level)
        for number, title, parent, words in PLAN:
            create_class(
                tx,
                number=number,
                title=title,
                parent=parent,
                unit=None,
                files_allowed=number not in CLOSED_TO_FILES,
                words=words,
            )


def _drop(admin_url: str, url: str) -> None:
    """The server's own vacuum may just be at work in it, and only a superuser could end that."""
    for _ in range(100):
        try:
            drop_database(admin_url, url)
        except psycopg.errors.InsufficientPrivilege:
            with psycopg.connect(admin_url) as connection:
                connection.execute("SELECT pg_sleep(0.1)")
        else:
            return


@pytest.fixture(scope="session")
def prepared_office(postgres_admin: str, migrated: str) -> Iterator[tuple[str, Path]]:
    """The database that every office is a copy of, and the key of its log."""
    url = new_database(postgres_admin, copy_of=migrated)
    with tempfile.TemporaryDirectory(prefix="eakte-test-") as folder:
        key = Path(folder) / "audit.key"
        settings = Settings(data_dir=Path(folder), database_url=SecretStr(url), audit_key_file=key)
        with open_backends(settings, say=lambda _sentence: None) as opened:
            _furnish(opened)
        yield url, key
    drop_database(postgres_admin, url)


@contextmanager
def opened_office(postgres_admin: str, prepared: tuple[str, Path], search_url: str | None = None) -> Iterator[Office]:
    """A fresh copy of the prepared office; the index is embedded unless a server is named."""
    template, key = prepared
    url = new_database(postgres_admin, copy_of=template)
    with tempfile.TemporaryDirectory(prefix="eakte-test-") as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=SecretStr(url),
            audit_key_file=key,
            search_url=SecretStr(search_url) if search_url else None,
        )
        with open_backends(settings, say=lambda _sentence: None) as opened:
            with opened.transactions.read() as session:
                users = session.scalars(select(User)).all()
                people = {user.login: actor_of(user, scopes=frozenset(Scope), access_key=new_id()) for user in users}
                units = {unit.number: unit.id for unit in session.scalars(select(Unit))}
            yield Office(opened, people, units, url, Path(folder))
    _drop(postgres_admin, url)


@pytest.fixture
def office(postgres_admin: str, prepared_office: tuple[str, Path]) -> Iterator[Office]:
    """An office of a test's own."""
    with opened_office(postgres_admin, prepared_office) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_office(postgres_admin: str, prepared_office: tuple[str, Path]) -> Iterator[Office]:
    """One office for all tests of a module that leave it as it was."""
    with opened_office(postgres_admin, prepared_office) as opened:
        yield opened
