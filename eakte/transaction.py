"""One act = one transaction = one audit event. This module holds the only commit of the service.

A `Transaction` carries the session and the actor; an operation calls `record` for what it did and `enqueue` for the
work that follows, and both commit or vanish with the rows. Three rules are enforced here, not by habit:

- a write to a record table without a recorded act is refused before the commit (`UnauditedWrite`);
- a job is inserted on the transaction's own connection, so no crash can separate a document from its processing;
- the commit happens when the `with` block ends, before anybody is answered; an exception rolls everything back.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from psycopg import OperationalError
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session, SessionTransaction

from eakte.audit import Ledger, Tag
from eakte.database import DATABASE_SILENT, Database, domain_errors
from eakte.errors import UnauditedWrite, Unavailable
from eakte.language import _
from eakte.models import AuditEntry, AuditPseudonym, AuditSubject, FormerValue, Record
from eakte.terms import Actor, now

_DERIVED = {
    str(mapper.class_.__tablename__): mapper.class_.derived
    for mapper in Record.registry.mappers
    if issubclass(mapper.class_, Record)
}
"""Each record table with the columns that may change without an event; an attribute is named like its column."""
_TOUCHED = "eakte.touched"
_RECORDED = "eakte.recorded"


class Transaction:
    """An open act. Operations take it as first argument; they never commit."""

    def __init__(self, session: Session, actor: Actor, ledger: Ledger, jobs: procrastinate.App) -> None:
        self.session = session
        self.actor = actor
        self._for: set[uuid.UUID] = set()
        self._ledger = ledger
        self._jobs = jobs

    def act_for(self, person: uuid.UUID | None) -> None:
        """Let the entries of this act name the person whom the actor represents; None represents nobody."""
        if person is not None:
            self._for.add(person)

    def record(
        self,
        tag: Tag,
        subject: uuid.UUID | None,
        details: Mapping[str, Any] | None = None,
        *,
        subjects: Sequence[uuid.UUID] = (),
    ) -> AuditEntry:
        """Write the audit event of this act. `subjects` are further objects whose history shall find it.

        Access entries name the person by a pseudonym that is new each month; who stands behind it is kept apart and can
        be erased while the log stays whole (DSGVO).
        """
        content = dict(details or {})
        if self.actor.machine:
            content["machine_user"] = self.actor.machine
        if self._for:
            content["for"] = sorted(self._named(tag, person) for person in self._for)
        entry = self._ledger.entry(
            tag,
            actor=self._name_in_log(tag),
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

    def _name_in_log(self, tag: Tag) -> str:
        user_id = self.actor.user_id
        if user_id is None:
            return self.actor.name
        return self._named(tag, user_id)

    def _named(self, tag: Tag, user_id: uuid.UUID) -> str:
        return str(user_id) if tag.kind == "record" else _pseudonym(self.session, user_id)

    def remember(self, entry: AuditEntry, object_id: uuid.UUID, field: str, value: str | None) -> None:
        """Keep what a field held before the act, or its reason, beside the log: the log holds no personal content."""
        self.session.add(FormerValue(entry_id=entry.id, object_id=object_id, field=field, value=value))

    def enqueue(
        self,
        task: str,
        *,
        queue: str,
        priority: int = 0,
        lock: str | None = None,
        queueing_lock: str | None = None,
        **arguments: Any,
    ) -> None:
        """Insert a job in this transaction. With a queueing lock, a job that already waits makes this one unnecessary.

        `lock` lets one job of that name run at a time; jobs by name do not know what their handler says of it. The
        savepoint is needed: a refused insert would otherwise end the whole transaction. Raises Unavailable.
        """
        self.session.flush()
        if queueing_lock is None:
            self._defer(task, arguments, queue=queue, priority=priority, lock=lock)
            return
        try:
            with self.session.begin_nested():
                self._defer(task, arguments, queue=queue, priority=priority, lock=lock, queueing_lock=queueing_lock)
        except AlreadyEnqueued:
            return

    def _defer(self, task: str, arguments: Mapping[str, Any], **options: Any) -> None:
        # The session sends SAVEPOINT only when its connection is asked for inside the block, so it is asked for here.
        connection = self.session.connection().connection.driver_connection
        try:
            self._jobs.configure_task(task, allow_unknown=True, connection=connection, **options).defer(**arguments)
        except ConnectorException as error:
            # The queue speaks to the driver past SQLAlchemy, so `domain_errors` does not see its errors as they are.
            if isinstance(error.__cause__, OperationalError):
                raise Unavailable(_(DATABASE_SILENT)) from error
            raise


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
    def rehearse(self, actor: Actor) -> Iterator[Transaction]:
        """An act that is taken back when the block ends: it raises what the act itself would, and leaves nothing."""
        with domain_errors(), self.database.session() as session:
            try:
                yield Transaction(session, actor, self.ledger, self._jobs)
            finally:
                session.rollback()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only look at the database."""
        with self.database.reading() as session:
            yield session

    def record_apart(
        self,
        actor: Actor,
        tag: Tag,
        subject: uuid.UUID | None,
        details: Mapping[str, Any] | None = None,
        *,
        subjects: Sequence[uuid.UUID] = (),
    ) -> None:
        """An event in a transaction of its own: a refused act rolls back, the fact that it was tried must not."""
        with self.begin(actor) as tx:
            tx.record(tag, subject, details, subjects=subjects)


def _pseudonym(session: Session, user_id: uuid.UUID) -> str:
    month = f"{now():%Y-%m}"
    known = select(AuditPseudonym.pseudonym).where(AuditPseudonym.user_id == user_id, AuditPseudonym.month == month)
    found = session.scalar(known.limit(1))
    if found is None:
        found = "p:" + secrets.token_hex(12)
        session.add(AuditPseudonym(pseudonym=found, user_id=user_id, month=month))
    return found


_LITERAL = re.compile(r"'(?:[^']|'')*'")
_WRITE = re.compile(
    r'\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE)\s+(?:ONLY\s+|TABLE\s+)*"?(\w+)', re.IGNORECASE
)
_SET = re.compile(r"\s*(?:AS\s+\w+\s+)?SET\s(.*)", re.IGNORECASE | re.DOTALL)
_END_OF_SET = re.compile(r"\s(?:WHERE|FROM|RETURNING)\s", re.IGNORECASE)
_IN_PARENTHESES = re.compile(r"\([^()]*\)")


@lru_cache(maxsize=4000)
def _changes_records(statement: str) -> bool:
    """Whether a statement, as it is sent, changes more of a record table than its derived columns."""
    plain = _LITERAL.sub("", statement)
    for write in _WRITE.finditer(plain):
        derived = _DERIVED.get(write[2].lower())
        if derived is None:
            continue
        if write[1].upper() != "UPDATE" or not _columns_set(plain[write.end() :]) <= derived:
            return True
    return False


def _columns_set(after_table: str) -> set[str]:
    """The columns that an UPDATE sets; an unknown form is none of the derived ones."""
    if (match := _SET.match(after_table.lstrip('"'))) is None:
        return {"?"}
    assignments = match[1]
    while _IN_PARENTHESES.search(assignments):
        assignments = _IN_PARENTHESES.sub("", assignments)
    assignments = _END_OF_SET.split(assignments, maxsplit=1)[0]
    return {each.partition("=")[0].strip().strip('"') for each in assignments.split(",")}


def _watch(session: Session) -> None:
    """Refuse the commit of this session when record tables changed and no act was recorded.

    The statements are watched where they leave for the database, so it does not matter how they were made.
    """

    def after_begin(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
        if not event.contains(connection, "before_cursor_execute", sent):
            event.listen(connection, "before_cursor_execute", sent)

    def sent(
        _connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        if _changes_records(statement):
            session.info[_TOUCHED] = True

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

    event.listen(session, "after_begin", after_begin)
    event.listen(session, "before_commit", before_commit)
