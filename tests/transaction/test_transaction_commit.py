"""The commit: what fails there is never told as success, and what belongs together commits or vanishes together."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from fastapi import Depends, Request
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from eakte.api import dependencies
from eakte.api.app import create_app
from eakte.audit import Tag
from eakte.database import Database
from eakte.errors import SetupFailed, Unavailable
from eakte.models import Document, Dossier, User
from eakte.operations.accounts import create_token
from eakte.operations.filing import Draft, file_document, store_original
from eakte.operations.opening import NewDossier, create_dossier
from eakte.operations.queueing import INDEX, enqueue_indexing, enqueue_processing
from eakte.terms import SYSTEM, Scope, new_id
from eakte.transaction import Transaction, Transactions
from tests.operations.office import PATTERN, Office


class Stopped(Exception):
    """The act ends before its commit."""


@pytest.fixture
def refusing(office: Office) -> Iterator[None]:
    """Every new dossier is refused by the database at the commit and not before, as a full disk would do it."""
    office.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'at the commit'; END $$"
    )
    office.sql(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON dossier DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    yield
    office.sql("DROP TRIGGER refuse ON dossier")


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    """The real application, asked as a clerk's machine."""
    with office.backends.transactions.begin(SYSTEM) as tx:
        user = tx.session.scalars(select(User).where(User.login == "clerk63")).one()
        _row, secret = create_token(tx, user=user, name="test", scopes=tuple(Scope))
    headers = {"Authorization": f"Bearer {secret}"}
    with TestClient(create_app(office.backends), headers=headers, raise_server_exceptions=False) as opened:
        yield opened


NEW = {"plan_class": "632.2", "title": "Lindenweg 12"}


def leftovers(office: Office) -> dict[str, int]:
    return {table: office.count(table) for table in ("dossier", "reference_counter", "idempotency_key")}


@pytest.mark.usefixtures("refusing")
def test_a_commit_that_fails_raises_and_leaves_nothing(office: Office) -> None:
    reached = False
    entries = office.count("audit_entry")

    def act() -> None:
        nonlocal reached
        with office.backends.transactions.begin(office.people["clerk63"]) as tx:
            create_dossier(tx, NewDossier(plan_class="632.2", title="x"), pattern=PATTERN)
            reached = True

    with pytest.raises(SQLAlchemyError, match="at the commit"):
        act()
    assert reached
    assert not any(leftovers(office).values())
    assert office.count("audit_entry") == entries


@pytest.mark.usefixtures("refusing")
def test_a_commit_that_fails_is_never_answered_with_success(office: Office, client: TestClient) -> None:
    answer = client.post("/api/v1/dossiers", json=NEW, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Lindenweg" not in answer.text
    assert not any(leftovers(office).values())


@pytest.mark.usefixtures("refusing")
def test_the_test_before_would_notice_a_commit_after_the_answer(office: Office) -> None:
    """FastAPI's own default ends a `yield` dependency after the response: the trap that `scope="function"` closes."""
    app = create_app(office.backends)

    @app.post("/late")
    def trap(tx: Transaction = Depends(begin_late, scope="request")) -> dict[str, str]:
        create_dossier(tx, NewDossier(plan_class="632.2", title="x"), pattern=PATTERN)
        return {}

    app.state.actor = office.people["clerk63"]
    with TestClient(app, raise_server_exceptions=False) as opened:
        answer = opened.post("/late")
    assert answer.status_code == 200, "FastAPI changed: the guard may be simpler now"
    assert office.count("dossier") == 0


def begin_late(request: Request) -> Iterator[Transaction]:
    with request.app.state.backends.transactions.begin(request.app.state.actor) as tx:
        yield tx


def dependants(office: Office) -> Iterator[Any]:
    """What each route of the application asks for, below everything that includes routes."""
    waiting = list(create_app(office.backends).routes)
    while waiting:
        route: Any = waiting.pop()
        if hasattr(route, "original_router"):
            waiting += route.original_router.routes
        elif hasattr(route, "dependant"):
            found = [route.dependant]
            while found:
                dependant = found.pop()
                found += dependant.dependencies
                yield dependant


def test_every_route_takes_the_transaction_that_ends_before_the_answer(office: Office) -> None:
    scopes = [each.scope for each in dependants(office) if each.call in {dependencies.begin, dependencies.look}]
    assert len(scopes) > 10
    assert set(scopes) == {"function"}


def test_an_error_after_the_write_rolls_back(office: Office, client: TestClient) -> None:
    answer = client.post("/api/v1/dossiers", json=NEW | {"medium": "stone"}, headers={"Idempotency-Key": "two"})
    assert answer.status_code == 422
    assert not any(leftovers(office).values())
    again = client.post("/api/v1/dossiers", json=NEW, headers={"Idempotency-Key": "two"})
    assert again.status_code == 201


def jobs(office: Office) -> list[tuple[object, ...]]:
    return office.sql("SELECT task_name, status FROM procrastinate_jobs ORDER BY id")


def test_a_document_and_its_job_commit_together_or_not_at_all(office: Office) -> None:
    dossier = office.dossier()
    stored = store_original(
        office.backends.blobs, iter([b"x"]), screen=None, filename="a", media_type="text/plain", limit=9
    )
    with suppress(Stopped), office.backends.transactions.begin(office.people["clerk63"]) as tx:
        file_document(tx, Draft(dossier=dossier), stored)
        assert tx.session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one() == 1
        raise Stopped
    assert jobs(office) == []
    assert office.count("document") == office.count("blob") == 0
    with office.backends.transactions.begin(office.people["clerk63"]) as tx:
        file_document(tx, Draft(dossier=dossier), stored)
        assert jobs(office) == [], "nobody else sees the job before the row"
    assert jobs(office) == [("eakte.process", "todo")]
    assert office.count("document") == 1


class TestQueueingLock:
    def test_one_waiting_job_serves_for_many_acts(self, office: Office) -> None:
        for _ in range(3):
            with office.backends.transactions.begin(SYSTEM) as tx:
                enqueue_indexing(tx)
        assert jobs(office) == [(INDEX, "todo")]

    def test_the_second_of_one_act_changes_nothing_and_the_act_goes_on(self, office: Office) -> None:
        with office.backends.transactions.begin(SYSTEM) as tx:
            enqueue_indexing(tx)
            enqueue_indexing(tx)
            enqueue_processing(tx, new_id(), 1)
            tx.record(Tag.SIGN_OUT, None)
        assert [name for name, _status in jobs(office)] == [INDEX, "eakte.process"]
        assert office.sql("SELECT 1 FROM audit_entry WHERE tag = 'access:session:sign-out'") == [(1,)]

    def test_what_was_written_before_the_refused_job_is_kept(self, office: Office) -> None:
        """The savepoint takes back the job alone, not the act."""
        with office.backends.transactions.begin(SYSTEM) as tx:
            enqueue_indexing(tx)
        with office.backends.transactions.begin(office.people["clerk63"]) as tx:
            create_dossier(tx, NewDossier(plan_class="632.2", title="x"), pattern=PATTERN)
            enqueue_indexing(tx)
        assert office.count("dossier") == 1

    def test_of_two_acts_at_once_the_second_waits_and_does_without(self, office: Office) -> None:
        first_has_it, go_on = threading.Event(), threading.Event()

        def first() -> None:
            with office.backends.transactions.begin(SYSTEM) as tx:
                enqueue_indexing(tx)
                first_has_it.set()
                assert go_on.wait(30)

        def second() -> None:
            with office.backends.transactions.begin(SYSTEM) as tx:
                enqueue_indexing(tx)
                tx.record(Tag.SIGN_OUT, None)

        with ThreadPoolExecutor(2) as pool:
            one = pool.submit(first)
            assert first_has_it.wait(30)
            two = pool.submit(second)
            waiting(office)
            go_on.set()
            one.result(30)
            two.result(30)
        assert jobs(office) == [(INDEX, "todo")]

    def test_when_the_first_of_two_rolls_back_the_second_has_the_job(self, office: Office) -> None:
        first_has_it, go_on = threading.Event(), threading.Event()

        def first() -> None:
            with office.backends.transactions.begin(SYSTEM) as tx:
                enqueue_indexing(tx)
                first_has_it.set()
                assert go_on.wait(30)
                raise Stopped

        def second() -> None:
            with office.backends.transactions.begin(SYSTEM) as tx:
                enqueue_indexing(tx)

        with ThreadPoolExecutor(2) as pool:
            one = pool.submit(first)
            assert first_has_it.wait(30)
            two = pool.submit(second)
            waiting(office)
            go_on.set()
            with pytest.raises(Stopped):
                one.result(30)
            two.result(30)
        assert jobs(office) == [(INDEX, "todo")]


def waiting(office: Office) -> None:
    """Until somebody in the office's database waits for a lock of another."""
    with psycopg.connect(office.url, autocommit=True) as connection:
        for _ in range(3000):
            found = connection.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            ).fetchone()
            if found is not None and found[0]:
                return
    raise AssertionError("nobody waits")


def cut_off(office: Office) -> None:
    """Ends every connection of the service to its database, as a restart of PostgreSQL does."""
    office.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


class TestLostDatabase:
    def test_an_act_whose_connection_is_lost_is_unavailable_and_gone(self, office: Office) -> None:
        def act() -> None:
            with office.backends.transactions.begin(office.people["clerk63"]) as tx:
                create_dossier(tx, NewDossier(plan_class="632.2", title="x"), pattern=PATTERN)
                cut_off(office)

        with pytest.raises(Unavailable):
            act()
        assert office.count("dossier") == 0

    def test_the_next_act_has_a_new_connection(self, office: Office) -> None:
        office.dossier()
        cut_off(office)
        office.dossier()
        assert office.count("dossier") == 2

    def test_a_read_whose_connection_is_lost_is_unavailable(self, office: Office) -> None:
        def look() -> None:
            with office.backends.transactions.read() as session:
                session.scalars(select(Dossier)).all()
                cut_off(office)
                session.scalars(select(Document)).all()

        with pytest.raises(Unavailable):
            look()

    def test_a_server_that_does_not_answer_is_unavailable(self, office: Office) -> None:
        database = Database("postgresql://nobody@127.0.0.1:9/nothing")
        transactions = Transactions(database, office.backends.transactions.ledger)
        with pytest.raises(Unavailable), transactions.begin(SYSTEM) as tx:
            tx.record(Tag.SIGN_OUT, None)
        with pytest.raises(Unavailable), transactions.read() as session:
            session.scalars(select(Dossier)).all()
        with pytest.raises(Unavailable):
            database.check()
        database.close()

    def test_the_answer_over_http_is_unavailable_and_not_success(self, office: Office, client: TestClient) -> None:
        """The database goes while the request is inside its act."""
        held, go_on = threading.Event(), threading.Event()

        def holding() -> None:
            with psycopg.connect(office.url, application_name="holder") as connection:
                connection.execute("LOCK TABLE dossier IN ACCESS EXCLUSIVE MODE")
                held.set()
                assert go_on.wait(60)

        with ThreadPoolExecutor(2) as pool:
            holder = pool.submit(holding)
            assert held.wait(30)
            asked = pool.submit(client.post, "/api/v1/dossiers", json=NEW)
            waiting(office)
            office.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'eakte'"
            )
            answer = asked.result(60)
            go_on.set()
            holder.result(30)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert office.count("dossier") == 0


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "", "sqlite:///x.db", "postgresql:/"])
def test_a_url_that_is_not_postgresql_is_said_so(url: str) -> None:
    with pytest.raises(SetupFailed, match="postgresql://"):
        Database(url)


def test_a_refused_act_leaves_its_denial(office: Office) -> None:
    clerk = office.people["clerk63"]
    subject = uuid.uuid4()
    with suppress(Stopped), office.backends.transactions.begin(clerk) as tx:
        tx.record(Tag.DOSSIER_CLOSE, subject)
        office.backends.transactions.record_apart(clerk, Tag.DENY, subject, {"reason": "not-allowed"})
        raise Stopped
    rows = office.sql("SELECT tag FROM audit_entry WHERE subject = %s", subject)
    assert rows == [("access:object:deny",)]
