"""One act = one transaction = one audit event. This module holds the only commit of the service.

A `Transaction` carries the session and the actor; an operation calls `record` for what it did and `enqueue` for the
work that follows, and both commit or vanish with the rows. Three rules are enforced here, not by habit:

- a write to a record table without a recorded act is refused before the commit (`UnauditedWrite`);
- a job is inserted on the transaction's own connection, so no crash can separate a document from its processing;
- the commit happens when the `with` block ends, before anybody is answered; an exception rolls everything back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from psycopg.pq import TransactionStatus
from sqlalchemy import Update, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from eakte.audit import Ledger, Tag
from eakte.database import Database, domain_errors
from eakte.errors import UnauditedWrite
from eakte.models import AuditEntry, AuditSubject, FormerValue, Record
from eakte.terms import Actor

_DERIVED = {
    mapper.local_table: mapper.class_.derived for mapper in Record.registry.mappers if issubclass(mapper.class_, Record)
}
"""Each record table with the columns that may change without an event."""
_TOUCHED = "eakte.touched"
_RECORDED = "eakte.recorded"


class Transaction:
    """An open act. Operations take it as first argument; they never commit."""

    def __init__(self, session: Session, actor: Actor, ledger: Ledger, jobs: procrastinate.App) -> None:
        self.session = session
        self.actor = actor
        self._ledger = ledger
        self._jobs = jobs

    def record(
        self,
        tag: Tag,
        subject: uuid.UUID | None,
        details: Mapping[str, Any] | None = None,
        *,
        subjects: Sequence[uuid.UUID] = (),
        pseudonym: str | None = None,
    ) -> AuditEntry:
        """Write the audit event of this act. `subjects` are further objects whose history shall find it."""
        content = dict(details or {})
        if self.actor.machine:
            content["machine_user"] = self.actor.machine
        entry = self._ledger.entry(
            tag,
            actor=pseudonym or (str(self.actor.user_id) if self.actor.user_id else self.actor.name),
            subject=subject,
            details=content,
            subjects=subjects,
        )
        self.session.add(entry)
        # Entries before their subjects: the two have no ORM relationship that would order them.
        self.session.flush()
        self.session.add_all(AuditSubject(subject=other, entry_id=entry.id) for other in dict.fromkeys(subjects))
        self.session.info[_RECORDED] = True
        return entry

    def remember(self, entry: AuditEntry, object_id: uuid.UUID, field: str, value: str | None) -> None:
        """Keep what a field held before the act, or its reason, beside the log: the log holds no personal content."""
        self.session.add(FormerValue(entry_id=entry.id, object_id=object_id, field=field, value=value))

    def enqueue(
        self, task: str, *, queue: str, priority: int = 0, queueing_lock: str | None = None, **arguments: Any
    ) -> None:
        """Insert a job in this transaction. With a queueing lock, a job that already waits makes this one unnecessary.

        The savepoint is needed: a refused insert would otherwise end the whole transaction.
        """
        self.session.flush()
        if queueing_lock is None:
            self._defer(task, arguments, queue=queue, priority=priority)
            return
        try:
            with self.session.begin_nested():
                self._defer(task, arguments, queue=queue, priority=priority, queueing_lock=queueing_lock)
        except AlreadyEnqueued:
            return

    def _defer(self, task: str, arguments: Mapping[str, Any], **options: Any) -> None:
        # The session sends SAVEPOINT only when its connection is asked for inside the block, so it is asked for here.
        connection = self.session.connection().connection.driver_connection
        self._jobs.configure_task(task, allow_unknown=True, connection=connection, **options).defer(**arguments)


class Transactions:
    """Opens transactions for actors. One for each process, made by `eakte.bootstrap`."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self.database = database
        self.ledger = ledger
        # Never opened: jobs are only ever inserted on a transaction's own connection.
        self._jobs = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

    @contextmanager
    def begin(self, actor: Actor) -> Iterator[Transaction]:
        """An act of `actor`: committed when the block ends, rolled back when it raises.

        Raises Unavailable when the database is lost; then nothing of the act remains.
        """
        with domain_errors(), self.database.session() as session:
            _watch(session)
            with session.begin():
                yield Transaction(session, actor, self.ledger, self._jobs)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only look at the database."""
        with self.database.reading() as session:
            yield session

    def record_apart(
        self, actor: Actor, tag: Tag, subject: uuid.UUID | None, details: Mapping[str, Any] | None = None
    ) -> None:
        """An event in a transaction of its own: a refused act rolls back, the fact that it was tried must not."""
        with self.begin(actor) as tx:
            tx.record(tag, subject, details)


def _record_changed(row: object) -> bool:
    """Whether anything but derived columns of a record changed; asked while the flush still knows the history."""
    if not isinstance(row, Record):
        return False
    return any(attribute.history.has_changes() for attribute in inspect(row).attrs if attribute.key not in row.derived)


def _updated_columns(statement: Update) -> set[str]:
    # SQLAlchemy has no public name for the columns of an UPDATE; an unknown form counts as a change of records.
    values = getattr(statement, "_values", None)
    return {column.key for column in values} if values else {"*"}


def _watch(session: Session) -> None:
    """Refuse the commit of this session when record tables changed and no act was recorded."""

    def after_flush(flushed: Session, _context: UOWTransaction) -> None:
        appeared = (*flushed.new, *flushed.deleted)
        if any(isinstance(row, Record) for row in appeared) or any(_record_changed(row) for row in flushed.dirty):
            flushed.info[_TOUCHED] = True

    def on_execute(state: ORMExecuteState) -> None:
        if not (state.is_insert or state.is_update or state.is_delete):
            return
        statement = state.statement
        table = getattr(statement, "table", None)
        if table not in _DERIVED:
            return
        if isinstance(statement, Update) and _DERIVED[table] >= _updated_columns(statement):
            return
        state.session.info[_TOUCHED] = True

    def before_commit(committing: Session) -> None:
        if committing.in_nested_transaction():
            return
        committing.flush()
        if committing.info.get(_TOUCHED) and not committing.info.get(_RECORDED):
            raise UnauditedWrite
        # PostgreSQL answers COMMIT of a failed transaction by rolling back, without an error: nothing would be kept
        # although the caller was told so. It comes to this when somebody caught a database error without a savepoint.
        driver: Any = committing.connection().connection.driver_connection
        if driver.info.transaction_status is TransactionStatus.INERROR:
            raise RuntimeError("the transaction has failed before its commit")

    event.listen(session, "after_flush", after_flush)
    event.listen(session, "do_orm_execute", on_execute)
    event.listen(session, "before_commit", before_commit)
