"""A case that lies in the wrong dossier goes to the right one, with all in it: sub-cases, documents, parties."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select, update

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, WrongState
from eakte.language import _
from eakte.models import Case, CrossReference, Document, Party
from eakte.operations.checking import same_revision
from eakte.operations.dossiers import readable_case, require_open, writable_dossier
from eakte.operations.queueing import enqueue_indexing
from eakte.operations.volumes import current_volume
from eakte.transaction import Transaction


def move_case(
    tx: Transaction,
    case_id: uuid.UUID,
    *,
    dossier: uuid.UUID,
    revision: int | None = None,
    undoes: uuid.UUID | None = None,
) -> Case:
    """Put a case into another open dossier, under the next number there; the actor works in both.

    Its shares, resubmissions and external key stay its own; data fields stay as they are, like those of documents that
    are moved (docs/adr/0012). `undoes` names the act that is taken back. Raises NotFound, NotAllowed, WrongState,
    StaleRevision, InvalidInput.
    """
    case = readable_case(tx.session, tx.actor, case_id)
    source = case.dossier_id
    if source == dossier:
        raise InvalidInput(errors=[FieldError("target", _("Der Vorgang liegt schon in dieser Akte."))])
    # In the order of their ids: two such acts wait for each other and never both.
    for each in sorted((source, dossier)):
        require_open(writable_dossier(tx, each))
    tx.session.refresh(case, with_for_update=True)
    same_revision(revision, case.revision)
    if case.dossier_id != source:
        raise WrongState(_("Der Vorgang liegt inzwischen in einer anderen Akte."))
    if case.parent_id is not None:
        raise WrongState(_("Ein Teilvorgang wird mit seinem Vorgang verschoben."))
    below = tx.session.scalars(select(Case).where(Case.parent_id == case.id).order_by(Case.ordinal).with_for_update())
    cases = [case, *below]
    ids = [each.id for each in cases]
    documents = _documents(tx, ids)
    before = {each.id: each.ordinal for each in cases}
    last = tx.session.scalar(select(func.max(Case.ordinal)).where(Case.dossier_id == dossier)) or 0
    for number, each in enumerate(cases, start=last + 1):
        each.dossier_id, each.ordinal = dossier, number
        each.revision += 1
    tx.session.flush()
    values = {"dossier_id": dossier, "volume_id": current_volume(tx.session, dossier)}
    tx.session.execute(
        update(Document).where(Document.id.in_(documents)).values(**values, revision=Document.revision + 1)
    )
    tx.session.execute(update(Party).where(Party.case_id.in_(ids)).values(dossier_id=dossier))
    for column, place in (
        (CrossReference.source_case_id, "source_dossier_id"),
        (CrossReference.target_case_id, "target_dossier_id"),
    ):
        tx.session.execute(update(CrossReference).where(column.in_(ids)).values({place: dossier}))
    details = {"from": str(source), "to": str(dossier), "documents": len(documents)}
    entry = tx.record(
        Tag.CASE_MOVE,
        case.id,
        details | ({"undoes": str(undoes)} if undoes else {}),
        subjects=[source, dossier, *ids[1:], *documents],
    )
    for each in cases:
        tx.remember(entry, each.id, "dossier", str(source))
        tx.remember(entry, each.id, "ordinal", str(before[each.id]))
    enqueue_indexing(tx)
    return case


def _documents(tx: Transaction, cases: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    """The documents of cases, locked. Raises WrongState where another person writes a next version."""
    rows = tx.session.scalars(
        select(Document).where(Document.case_id.in_(cases)).order_by(Document.id).with_for_update()
    ).all()
    held = [row.title for row in rows if row.checked_out_by not in {None, tx.actor.user_id}]
    if held:
        raise WrongState(_("„%(title)s“ ist ausgecheckt. Der Vorgang bleibt so lange in seiner Akte.", title=held[0]))
    return [row.id for row in rows]
