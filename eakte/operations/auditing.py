"""The log after the act: giving entries their places in the tree, signing heads, proving, listing, exporting."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from eakte.audit import UNTOLD, Ledger, Tag
from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.models import AuditEntry, AuditHead, AuditPseudonym, AuditSubject
from eakte.terms import SYSTEM, now
from eakte.transaction import Transaction, Transactions
from retention.merkle import Frontier
from storage.blobs import BlobStore
from storage.errors import BlobConflict

logger = logging.getLogger(__name__)

SEQUENCER_LOCK = 0x6C6F67
"""Advisory lock ("log" in ASCII): one sequencer at a time, whichever machine it runs on."""

BATCH = 5000
SLACK = timedelta(days=1)
HEADS = "audit/heads"


def sequence(transactions: Transactions, blobs: BlobStore) -> int:
    """Give all committed entries their numbers, sign the new head, and keep every head as a blob. Returns how many.

    The head is committed before its blob is written: a blob without its row could contradict what is signed next. What
    a crash leaves unpublished is published by the next run, from the row, with the same bytes.
    """
    total = 0
    while True:
        with transactions.begin(SYSTEM) as tx:
            tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEQUENCER_LOCK})
            placed = _sequence_batch(tx, transactions.ledger)
        total += placed
        if placed < BATCH:
            break
    publish_heads(transactions, blobs)
    return total


def continues(transactions: Transactions, head_names: Sequence[str]) -> bool:
    """Whether the database's newest head is at least as new as the newest one kept as a blob.

    Where it is not, somebody took heads away: sequencing on would sign a second history over the first, so who verifies
    asks this before.
    """
    kept = max((int(name.rpartition("/")[2].partition(".")[0]) for name in head_names), default=0)
    with transactions.read() as session:
        newest = session.scalar(select(func.max(AuditHead.size))) or 0
    return newest >= kept


def publish_heads(transactions: Transactions, blobs: BlobStore) -> None:
    """Write heads that are only in the database into the blob store, out of reach of SQL."""
    with transactions.read() as session:
        waiting = session.scalars(select(AuditHead).where(~AuditHead.published).order_by(AuditHead.size)).all()
    for head in waiting:
        name = f"{HEADS}/{head.size:015}.json"
        try:
            blobs.put(name, iter([head_document(head)]))
        except BlobConflict:
            # The database was put back to an older state, or forged. The kept head stays and the verifier names it.
            logger.exception("another head of this size is kept already", extra={"blob": name})
            continue
        with transactions.begin(SYSTEM) as tx:
            tx.session.execute(update(AuditHead).where(AuditHead.size == head.size).values(published=True))


def head_document(head: AuditHead) -> bytes:
    """A head as it is kept outside the database (docs/audit.md)."""
    value = {
        "root": head.root.hex(),
        "signature": head.signature.hex(),
        "signed_at": head.signed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "size": head.size,
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Period:
    """Moments between which entries were written; `until` itself is outside."""

    since: datetime | None = None
    until: datetime | None = None


def list_entries(
    session: Session,
    *,
    subject: uuid.UUID | None = None,
    actor: str | None = None,
    tag: str | None = None,
    period: Period | None = None,
    after: str | None = None,
    limit: int = 100,
) -> tuple[list[AuditEntry], str | None]:
    """Sequenced entries, newest first, one page by key. Filters by subject also find acts with many subjects."""
    statement = select(AuditEntry).where(AuditEntry.number.is_not(None)).order_by(AuditEntry.number.desc())
    if subject is not None:
        others = select(AuditSubject.entry_id).where(AuditSubject.subject == subject)
        statement = statement.where(or_(AuditEntry.subject == subject, AuditEntry.id.in_(others)))
    if actor is not None:
        statement = statement.where(AuditEntry.actor == actor)
    if tag is not None:
        statement = statement.where(AuditEntry.tag == tag)
    if period is not None:
        statement = statement.where(*_within(session, period))
    if after is not None:
        if not after.isascii() or not after.isdigit() or len(after) > 18:  # noqa: PLR2004 - digits of a bigint
            raise InvalidInput(errors=[FieldError("after", _("Diese Seite gibt es nicht."))])
        statement = statement.where(AuditEntry.number < int(after))
    rows = list(session.scalars(statement.limit(limit + 1)))
    following = str(rows[limit - 1].number) if len(rows) > limit else None
    return rows[:limit], following


def _within(session: Session, period: Period) -> Iterator[ColumnElement[bool]]:
    """The entries of a period, and a bound of their numbers, by which an index leads there.

    Ids are made in the order of time, numbers nearly so: no act is open for the day by which the bound is wider.
    """
    if period.since is not None:
        yield AuditEntry.at >= period.since
        yield AuditEntry.number >= _number_at(session, period.since - SLACK, default=0)
    if period.until is not None:
        yield AuditEntry.at < period.until
        yield AuditEntry.number <= _number_at(session, period.until + SLACK, default=2**62)


def _number_at(session: Session, moment: datetime, *, default: int) -> int:
    """The number of the first entry whose id was made at a moment or later."""
    milliseconds = max(0, min(int(moment.timestamp() * 1000), 2**48 - 1))
    first = uuid.UUID(int=milliseconds << 80)
    found = select(AuditEntry.number).where(AuditEntry.id >= first, AuditEntry.number.is_not(None))
    return session.scalar(found.order_by(AuditEntry.id).limit(1)) or default


def history(session: Session, subject: uuid.UUID, *, limit: int = 50) -> Sequence[AuditEntry]:
    """The acts on a record, newest first, sequenced or not: what its readers may see. Looks are not among them."""
    others = select(AuditSubject.entry_id).where(AuditSubject.subject == subject)
    return session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.kind == "record",
            AuditEntry.tag.not_in(UNTOLD),
            or_(AuditEntry.subject == subject, AuditEntry.id.in_(others)),
        )
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    ).all()


def export(session: Session) -> Iterator[dict[str, Any]]:
    """All sequenced entries in order, in the shape that the leaf is made of, with number and leaf hash."""
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.number.is_not(None))
        .order_by(AuditEntry.number)
        .execution_options(yield_per=1000)
    )
    for row in rows:
        yield entry_document(row)


def erase_pseudonyms(tx: Transaction, *, months: int) -> int:
    """Forget who stands behind the pseudonyms of access entries that are older than this many months (DSGVO Art. 17).

    The entries stay, and so does the proof of the log; nobody can say any more whom they name. Returns how many.
    """
    month = now().year * 12 + now().month - 1 - months
    last_kept = f"{month // 12:04}-{month % 12 + 1:02}"
    erased = tx.session.execute(
        delete(AuditPseudonym).where(AuditPseudonym.month < last_kept).returning(AuditPseudonym.pseudonym)
    ).all()
    if erased:
        tx.record(Tag.PSEUDONYM_ERASE, None, {"pseudonyms": len(erased), "before": last_kept})
    return len(erased)


def entry_document(row: AuditEntry) -> dict[str, Any]:
    """An entry in the words of the API."""
    return {
        "number": row.number,
        "id": str(row.id),
        "at": row.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "kind": row.kind,
        "actor": row.actor,
        "tag": row.tag,
        "subject": str(row.subject) if row.subject else None,
        "details": row.details,
        "leaf_hash": row.leaf_hash.hex(),
    }


def _sequence_batch(tx: Transaction, ledger: Ledger) -> int:
    head = tx.session.scalar(select(AuditHead).order_by(AuditHead.size.desc()).limit(1))
    frontier = Frontier.from_bytes(head.frontier) if head else Frontier()
    rows = tx.session.execute(
        select(AuditEntry.id, AuditEntry.leaf_hash)
        .where(AuditEntry.number.is_(None))
        .order_by(AuditEntry.id)
        .limit(BATCH)
    ).all()
    if not rows:
        return 0
    first = frontier.size + 1
    # One statement for the whole batch: unnest pairs ids with their numbers.
    tx.session.execute(
        text(
            "UPDATE audit_entry SET number = placed.number"
            " FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS bigint[])) AS placed(id, number)"
            " WHERE audit_entry.id = placed.id"
        ),
        {"ids": [row.id for row in rows], "numbers": list(range(first, first + len(rows)))},
    )
    frontier = frontier.extend(row.leaf_hash for row in rows)
    signed_at = now()
    root = frontier.root()
    tx.session.add(
        AuditHead(
            size=frontier.size,
            root=root,
            signed_at=signed_at,
            signature=ledger.sign_head(frontier.size, root, signed_at),
            frontier=frontier.to_bytes(),
        )
    )
    return len(rows)


def unsequenced(session: Session) -> int:
    """How many committed entries wait for their place."""
    return session.scalar(select(func.count()).where(AuditEntry.number.is_(None))) or 0
