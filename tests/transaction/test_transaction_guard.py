"""A write to a record table without a recorded act never reaches the database, however it is written."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import UnauditedWrite
from eakte.models import Base, Blob, Document, Dossier, Operational, ProcessingProgress, Record, SignInThrottle, Version
from eakte.terms import SYSTEM, new_id, now
from eakte.transaction import _changes_records
from tests.operations.office import Office

Write = Callable[[Session, uuid.UUID], object]


def blob(name: str = "slipped-in") -> Blob:
    return Blob(name=name, size=0, sha256=b"", blocks=b"")


VALUES = {"name": "slipped-in", "size": 0, "sha256": b"", "blocks": b"", "created_at": now()}


def _change_and_flush(session: Session, document: uuid.UUID) -> None:
    session.get_one(Document, document).title = "anders"
    session.flush()


def _delete(session: Session, document: uuid.UUID) -> None:
    session.delete(session.scalars(select(Version).where(Version.document_id == document)).one())


def _in_savepoint(session: Session, document: uuid.UUID) -> None:
    with session.begin_nested():
        session.get_one(Document, document).title = "anders"


def _derived_and_more(session: Session, document: uuid.UUID) -> None:
    row = session.get_one(Document, document)
    row.state, row.title = "ready", "anders"


WRITES: dict[str, Write] = {
    "an object added": lambda s, _d: s.add(blob()),
    "objects added": lambda s, _d: s.add_all([blob()]),
    "an object merged": lambda s, _d: s.merge(blob()),
    "an attribute set": lambda s, d: setattr(s.get_one(Document, d), "title", "anders"),
    "an attribute set and flushed": _change_and_flush,
    "an attribute set in a savepoint": _in_savepoint,
    "a derived attribute and another one set": _derived_and_more,
    "an object deleted": _delete,
    "INSERT of an entity": lambda s, _d: s.execute(insert(Blob).values(**VALUES)),
    "INSERT of many": lambda s, _d: s.execute(insert(Blob), [VALUES]),
    "INSERT with RETURNING": lambda s, _d: s.scalars(insert(Blob).returning(Blob), [VALUES]).all(),
    "INSERT into a table": lambda s, _d: s.execute(insert(Base.metadata.tables["blob"]).values(**VALUES)),
    "INSERT ON CONFLICT": lambda s, _d: s.execute(
        postgres_insert(Blob).values(**VALUES).on_conflict_do_update(index_elements=["name"], set_={"size": 1})
    ),
    "INSERT from a question": lambda s, _d: s.execute(
        insert(Blob).from_select(
            ["name", "size", "sha256", "blocks", "created_at"],
            select(Blob.name + "2", Blob.size, Blob.sha256, Blob.blocks, Blob.created_at),
        )
    ),
    "UPDATE of an entity": lambda s, d: s.execute(update(Document).where(Document.id == d).values(title="anders")),
    "UPDATE of many by key": lambda s, d: s.execute(update(Document), [{"id": d, "title": "anders"}]),
    "UPDATE of a table": lambda s, _d: s.execute(update(Base.metadata.tables["document"]).values(title="anders")),
    "UPDATE of derived and other columns": lambda s, _d: s.execute(update(Document).values(state="ready", title="x")),
    "UPDATE in an order": lambda s, _d: s.execute(update(Document).ordered_values((Document.title, "anders"))),
    "UPDATE by query": lambda s, _d: s.query(Document).update({"title": "anders"}),
    "DELETE of an entity": lambda s, _d: s.execute(delete(Version)),
    "DELETE from a table": lambda s, _d: s.execute(delete(Base.metadata.tables["document_version"])),
    "DELETE by query": lambda s, _d: s.query(Version).delete(),
    "bulk_save_objects": lambda s, _d: s.bulk_save_objects([blob()]),
    "bulk_insert_mappings": lambda s, _d: s.bulk_insert_mappings(Blob, [VALUES]),
    "bulk_update_mappings": lambda s, d: s.bulk_update_mappings(Document, [{"id": d, "title": "x"}]),
    "a statement on the connection": lambda s, _d: s.connection().execute(insert(Blob).values(**VALUES)),
    "SQL as text": lambda s, _d: s.execute(text("UPDATE document SET title = 'anders'")),
    "SQL as text on the connection": lambda s, _d: s.connection().exec_driver_sql("DELETE FROM document_version"),
    "a change inside a question": lambda s, _d: s.execute(
        text("WITH gone AS (DELETE FROM document_version RETURNING 1) SELECT * FROM gone")
    ),
    "a statement inside a question": lambda s, _d: s.execute(
        select(update(Document).values(title="anders").returning(Document.id).cte())
    ),
}


@dataclass
class World:
    office: Office
    document: uuid.UUID

    def state(self) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        for table in ("document", "document_version", "blob"):
            rows += self.office.sql(f"SELECT to_jsonb({table})::text FROM {table} ORDER BY 1")  # noqa: S608 - own names
        return rows


@pytest.fixture(scope="module")
def world(shared_office: Office) -> World:
    return World(shared_office, shared_office.file(dossier=shared_office.dossier()))


@pytest.mark.parametrize("way", WRITES)
def test_a_write_without_an_act_is_refused_and_leaves_nothing(world: World, way: str) -> None:
    before = world.state()
    with pytest.raises(UnauditedWrite), world.office.backends.transactions.begin(SYSTEM) as tx:
        WRITES[way](tx.session, world.document)
    assert world.state() == before


def test_the_same_writes_are_fine_with_an_act(world: World) -> None:
    with world.office.backends.transactions.begin(SYSTEM) as tx:
        tx.session.add(blob("recorded"))
        tx.record(Tag.DOCUMENT_PROCESS, world.document)
    assert world.office.sql("SELECT 1 FROM blob WHERE name = 'recorded'") == [(1,)]


def test_an_act_of_the_transaction_before_does_not_count(world: World) -> None:
    before = world.state()
    transactions = world.office.backends.transactions
    with transactions.begin(SYSTEM) as tx:
        tx.record(Tag.DOCUMENT_PROCESS, world.document)
    with pytest.raises(UnauditedWrite), transactions.begin(SYSTEM) as tx:
        tx.session.add(blob())
    assert world.state() == before


@pytest.mark.parametrize(
    "write",
    [
        lambda s, d: setattr(s.get_one(Document, d), "state", "processing"),
        lambda s, d: s.execute(update(Document).where(Document.id == d).values(state="processing", indexed_revision=0)),
        lambda s, _d: s.execute(update(Document).values(state_reason=None)),
        lambda s, _d: s.connection().execute(update(Document).values(state_reason=None)),
    ],
    ids=["attribute", "statement", "one column", "on the connection"],
)
def test_derived_columns_need_no_act(world: World, write: Write) -> None:
    with world.office.backends.transactions.begin(SYSTEM) as tx:
        write(tx.session, world.document)


def test_setting_an_attribute_to_what_it_is_needs_no_act(world: World) -> None:
    with world.office.backends.transactions.begin(SYSTEM) as tx:
        document = tx.session.get_one(Document, world.document)
        document.title = str(document.title)


def test_reading_and_locking_need_no_act(world: World) -> None:
    with world.office.backends.transactions.begin(SYSTEM) as tx:
        tx.session.scalars(select(Document).with_for_update()).all()
        tx.session.execute(text("SELECT title, 'UPDATE document SET x' FROM document FOR UPDATE")).all()


def test_operational_tables_need_no_act(world: World) -> None:
    with world.office.backends.transactions.begin(SYSTEM) as tx:
        tx.session.execute(
            postgres_insert(SignInThrottle).values(sha256=b"x", failures=1, failed_at=now()).on_conflict_do_nothing()
        )
        tx.session.execute(update(SignInThrottle).values(failures=2))
        tx.session.execute(delete(ProcessingProgress))


def test_every_table_is_a_record_or_operational() -> None:
    tables = {
        mapper.local_table for mapper in Base.registry.mappers if issubclass(mapper.class_, (Record, Operational))
    }
    assert set(Base.metadata.tables.values()) == tables
    assert not any(
        issubclass(mapper.class_, Record) and issubclass(mapper.class_, Operational) for mapper in Base.registry.mappers
    )


def test_derived_columns_exist() -> None:
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Record):
            assert mapper.class_.derived <= set(mapper.class_.__table__.columns.keys()), mapper.class_


def test_a_read_only_session_cannot_write(world: World) -> None:
    before = world.state()
    with pytest.raises(Exception, match="read-only transaction"), world.office.backends.transactions.read() as session:
        session.execute(update(Dossier).values(title="x"))
    assert world.state() == before
    with world.office.backends.transactions.begin(SYSTEM) as tx:  # the pool's connection writes again
        tx.record(Tag.DOCUMENT_PROCESS, new_id())


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("UPDATE document SET state=%(a)s WHERE title = %(b)s", False),
        ("UPDATE document SET state=CASE WHEN (title = %(x)s) THEN 'y' ELSE f(a, b) END, state_reason=NULL", False),
        ('update "document" as d set "state" = 1', False),
        ("UPDATE document SET state=%(a)s, title=%(b)s", True),
        ("UPDATE document SET (state, title) = (1, 2)", True),
        ("UPDATE ONLY document SET title=1 WHERE state = 2", True),
        ("INSERT INTO document (state) VALUES (1)", True),
        ("MERGE INTO document USING x ON true WHEN MATCHED THEN DELETE", True),
        ("TRUNCATE TABLE document", True),
        ("SELECT 1 FROM document FOR UPDATE OF document", False),
        ("INSERT INTO web_session (id) VALUES (1) ON CONFLICT DO UPDATE SET state = 1", False),
        ("SELECT 'it''s DELETE FROM document'", False),
        ("WITH a AS (UPDATE blob SET size = 1 RETURNING 1) SELECT 1", True),
        ("UPDATE audit_entry SET number = 1", False),
    ],
)
def test_statements_are_judged_as_they_are_sent(statement: str, *, changes: bool) -> None:
    assert _changes_records(statement) is changes
