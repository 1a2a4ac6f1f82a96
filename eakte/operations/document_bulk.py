"""One act on many documents: moved, changed, cancelled or resubmitted together, all or none.

It is one transaction and one entry in the log that names them all. What stands in the way is told for each document;
those that may not be known are told of like those that were never there. Dossiers are locked before documents, each in
the order of their ids, so two such acts wait for each other and never both.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Want, rule_for
from eakte.audit import Tag
from eakte.errors import (
    Conflict,
    DocumentCancelled,
    EakteError,
    FieldError,
    InvalidInput,
    ManyRefused,
    NotAllowed,
    NotFound,
    WrongState,
)
from eakte.language import _
from eakte.models import AuditEntry, Case, Document, Dossier, FormerValue, Resubmission
from eakte.operations.cancelling import apply_cancelling
from eakte.operations.checking import line
from eakte.operations.document_changes import apply_changes, clean_changes, require_changeable, require_not_held
from eakte.operations.documents import note_inbox
from eakte.operations.dossiers import readable_case, require_open, writable_dossier
from eakte.operations.queueing import enqueue_indexing
from eakte.operations.resubmissions import Reminder, checked_reminder
from eakte.operations.volumes import current_volume
from eakte.terms import Actor, new_id
from eakte.transaction import Transaction

MOST = 300
"""Documents of one act."""

Former = Mapping[str, str | None]
"""What stood in the fields of a document before the act."""


def readable_documents(session: Session, actor: Actor, ids: Sequence[uuid.UUID]) -> list[Document]:
    """Those of these documents that the actor may read, as they were named."""
    rule = rule_for(session, actor)
    rows = session.scalars(
        select(Document)
        .outerjoin(Dossier, Dossier.id == Document.dossier_id)
        .where(Document.id.in_(ids[:MOST]), rule.documents(Want.CONTENT))
    )
    order = {each: number for number, each in enumerate(ids)}
    return sorted(rows, key=lambda row: order[row.id])


def change_documents(tx: Transaction, ids: Sequence[uuid.UUID], changes: Mapping[str, Any]) -> list[Document]:
    """Change the same metadata of many documents; those that say so already stay as they are."""
    clean_changes(changes)

    def change(document: Document) -> Former:
        require_changeable(document)
        return apply_changes(tx, document, changes)

    rows = _locked(tx, ids)
    before = _each(rows, change)
    changed = [row for row in rows if before[row.id]]
    if changed:
        _record(
            tx,
            Tag.DOCUMENT_CHANGE,
            changed,
            before,
            {"fields": sorted({name for each in before.values() for name in each})},
        )
    return rows


def cancel_documents(tx: Transaction, ids: Sequence[uuid.UUID], *, reason: str) -> list[Document]:
    """Cancel many documents for one reason."""
    line(reason, at="reason", label=_("Grund"))

    def cancel(document: Document) -> Former:
        apply_cancelling(tx, document, reason)
        return {}

    rows = _locked(tx, ids)
    _record(tx, Tag.DOCUMENT_CANCEL, rows, _each(rows, cancel), {})
    return rows


def move_documents(
    tx: Transaction, ids: Sequence[uuid.UUID], *, dossier: uuid.UUID | None = None, case: uuid.UUID | None = None
) -> list[Document]:
    """File documents into another dossier or case, from a dossier or an inbox; final ones too: they were misplaced.

    The actor works in both places. Data fields stay as they are (docs/adr/0012). Raises NotFound, NotAllowed,
    WrongState for the target as filing there would, ManyRefused naming documents.
    """
    if (dossier is None) == (case is None):
        raise InvalidInput(errors=[FieldError("dossier", _("Genau eines von dossier und case ist nötig."))])
    target_case = readable_case(tx.session, tx.actor, case) if case else None
    target = target_case.dossier_id if target_case else dossier or uuid.UUID(int=0)
    rows = _locked(tx, ids, [target])
    if target_case is not None:
        tx.session.refresh(target_case)
        if target_case.closed_on is not None:
            raise WrongState(_("Der Vorgang ist geschlossen."))
    volume = current_volume(tx.session, target)

    def move(document: Document) -> Former:
        if document.cancelled_at is not None:
            raise DocumentCancelled
        require_not_held(tx, document)
        if (document.dossier_id, document.case_id) == (target, case):
            raise WrongState(_("Das Dokument liegt schon dort."))
        before = {"dossier": document.dossier_id, "case": document.case_id, "inbox": document.inbox_unit_id}
        if document.dossier_id != target:
            document.volume_id = volume
        document.dossier_id, document.case_id, document.inbox_unit_id = target, case, None
        document.revision += 1
        return {name: str(value) for name, value in before.items() if value is not None}

    places = {row.dossier_id for row in rows if row.dossier_id}
    before = _each(rows, move)
    to = {"to": str(target), **({"case": str(case)} if case else {})}
    _record(tx, Tag.DOCUMENT_MOVE, rows, before, to, beside=[*places, *([case] if case else [])])
    return rows


def move_back(tx: Transaction, entry: AuditEntry) -> list[Document]:
    """The opposite of `move_documents`: each document to where it lay before, an unfiled one into its inbox again.

    Raises WrongState where one lies elsewhere by now, NotAllowed for an inbox that the actor does not work in, and what
    filing into the former places raises.
    """
    former: dict[uuid.UUID, dict[str, uuid.UUID]] = {}
    for value in tx.session.scalars(select(FormerValue).where(FormerValue.entry_id == entry.id)):
        former.setdefault(value.object_id, {})[value.field] = uuid.UUID(value.value or "")
    rows = _locked(tx, list(former), {each["dossier"] for each in former.values() if "dossier" in each})
    _require_open_places(tx, former)
    left = (entry.details["to"], entry.details.get("case", "None"))

    def back(document: Document) -> Former:
        if (str(document.dossier_id), str(document.case_id)) != left:
            raise WrongState(_("Das Dokument liegt inzwischen anderswo."))
        if document.cancelled_at is not None:
            raise DocumentCancelled
        require_not_held(tx, document)
        place = former[document.id]
        before = {"dossier": left[0], "case": str(document.case_id) if document.case_id else None}
        if document.dossier_id != place.get("dossier"):
            document.volume_id = current_volume(tx.session, place["dossier"]) if "dossier" in place else None
        document.dossier_id, document.case_id = place.get("dossier"), place.get("case")
        document.inbox_unit_id = place.get("inbox")
        document.revision += 1
        return {name: value for name, value in before.items() if value is not None}

    before = _each(rows, back)
    beside = {uuid.UUID(each) for each in left if each != "None"}
    _record(tx, Tag.DOCUMENT_MOVE, rows, before, {"undoes": str(entry.id)}, beside=beside)
    return rows


def _require_open_places(tx: Transaction, former: Mapping[uuid.UUID, Mapping[str, uuid.UUID]]) -> None:
    """Raise WrongState for a case that was closed or moved meanwhile, NotAllowed for an inbox of others."""
    cases = {each["case"]: each.get("dossier") for each in former.values() if "case" in each}
    for case in tx.session.scalars(select(Case).where(Case.id.in_(cases)).execution_options(populate_existing=True)):
        if case.closed_on is not None or case.dossier_id != cases[case.id]:
            raise WrongState(
                _("Der Vorgang „%(title)s“ ist inzwischen geschlossen oder in einer anderen Akte.", title=case.title)
            )
    inboxes = {each["inbox"] for each in former.values() if "inbox" in each}
    if not inboxes <= set(rule_for(tx.session, tx.actor).inbox_units):
        raise NotAllowed(_("In diesen Posteingang dürfen Sie nichts legen."))


def resubmit_documents(tx: Transaction, ids: Sequence[uuid.UUID], said: Reminder) -> list[Document]:
    """The same resubmission for each of many documents."""
    # Whom it reminds is looked up after the documents: only who works there learns whether there is such an account.
    rows = _locked(tx, ids)
    values = checked_reminder(tx, said)
    made: list[uuid.UUID] = []

    def remind(document: Document) -> Former:
        if document.cancelled_at is not None:
            raise DocumentCancelled
        made.append(new_id())
        tx.session.add(Resubmission(id=made[-1], document_id=document.id, **values))
        return {}

    before = _each(rows, remind)
    _record(tx, Tag.RESUBMISSION_CREATE, rows, before, {"due_on": said.due_on.isoformat()}, beside=made)
    return rows


def _locked(tx: Transaction, ids: Sequence[uuid.UUID], targets: Collection[uuid.UUID] = ()) -> list[Document]:
    """The documents in the order of their ids, locked, each where the actor works; the target dossiers beside them."""
    wanted = sorted(set(ids))
    if not 1 <= len(wanted) <= MOST:
        raise InvalidInput(errors=[FieldError("documents", _("Nötig sind 1 bis %(most)s Dokumente.", most=MOST))])
    rule = rule_for(tx.session, tx.actor)
    statement = select(Document).outerjoin(Dossier, Dossier.id == Document.dossier_id).where(Document.id.in_(wanted))
    known = {row.id: row for row in tx.session.scalars(statement.where(rule.documents(Want.METADATA)))}
    read = {row.id for row in tx.session.scalars(statement.where(rule.documents(Want.CONTENT)))}
    places = {row.id: (row.dossier_id, row.case_id, row.inbox_unit_id) for row in known.values()}
    closed = _dossiers_that_refuse(tx, {row.dossier_id for row in known.values() if row.id in read}, targets)
    refused: dict[uuid.UUID, EakteError] = {}
    for each in wanted:
        if each not in known:
            refused[each] = NotFound()
        elif each not in read:
            refused[each] = NotAllowed(_("Sie sehen, dass es dieses Dokument gibt, dürfen es aber nicht lesen."))
        elif known[each].dossier_id in closed:
            refused[each] = closed[known[each].dossier_id]
    _refuse(refused)
    for unit in {row.inbox_unit_id for row in known.values()}:
        note_inbox(tx, unit)
    lock = select(Document).where(Document.id.in_(wanted)).order_by(Document.id).with_for_update()
    rows = list(tx.session.scalars(lock.execution_options(populate_existing=True)))
    _refuse({row.id: Conflict() for row in rows if places[row.id] != (row.dossier_id, row.case_id, row.inbox_unit_id)})
    return rows


def _dossiers_that_refuse(
    tx: Transaction, sources: Iterable[uuid.UUID | None], targets: Collection[uuid.UUID]
) -> dict[uuid.UUID | None, EakteError]:
    """Lock the dossiers; those that are closed or not the actor's to work in, with the error. Raises a target's."""
    refusing: dict[uuid.UUID | None, EakteError] = {}
    for each in sorted({source for source in sources if source} | set(targets)):
        try:
            require_open(writable_dossier(tx, each))
        except (NotFound, NotAllowed, WrongState) as error:
            if each in targets:
                raise
            refusing[each] = error
    return refusing


def _each(rows: Sequence[Document], act: Callable[[Document], Former]) -> dict[uuid.UUID, Former]:
    before: dict[uuid.UUID, Former] = {}
    refused: dict[uuid.UUID, EakteError] = {}
    for row in rows:
        try:
            before[row.id] = act(row)
        except (WrongState, InvalidInput) as error:
            refused[row.id] = error
    _refuse(refused)
    return before


def _refuse(refused: Mapping[uuid.UUID, EakteError]) -> None:
    """Raise ManyRefused, or NotAllowed, where a document is refused: each with its rule, or with its fields."""
    errors = []
    for document, error in refused.items():
        at = f"documents.{document}"
        errors += [FieldError(f"{at}.{each.at}", each.message) for each in error.errors]
        if not error.errors:
            errors.append(FieldError(at, f"{error.title} {error.detail or ''}".strip()))
    if any(isinstance(error, NotAllowed) for error in refused.values()):
        raise NotAllowed(ManyRefused.said(), errors=errors)  # such tries are kept in the log
    if errors:
        raise ManyRefused(errors=errors)


def _record(
    tx: Transaction,
    tag: Tag,
    rows: Sequence[Document],
    before: Mapping[uuid.UUID, Former],
    details: Mapping[str, Any],
    *,
    beside: Iterable[uuid.UUID] = (),
) -> None:
    places = {row.dossier_id for row in rows if row.dossier_id}
    subjects = [*(row.id for row in rows), *sorted(places | set(beside))]
    entry = tx.record(tag, None, {"documents": len(rows), **details}, subjects=subjects)
    for row in rows:
        for name, value in before[row.id].items():
            tx.remember(entry, row.id, name, value)
    enqueue_indexing(tx)
