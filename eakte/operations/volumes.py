"""Volumes (Bände) of a dossier: what is filed belongs to the last one. Earlier documents stay where they are."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.audit import Tag
from eakte.language import _
from eakte.models import Volume
from eakte.operations.checking import optional_line
from eakte.operations.dossiers import readable_dossier, require_open, writable_dossier
from eakte.terms import Actor, today
from eakte.transaction import Transaction


def open_volume(
    tx: Transaction, dossier_id: uuid.UUID, *, title: str | None = None, revision: int | None = None
) -> Volume:
    """Begin the next volume of an open dossier; the one before ends on the same day.

    What was filed before the first volume has none. Raises NotFound, NotAllowed, WrongState, StaleRevision.
    """
    dossier = writable_dossier(tx, dossier_id, revision)
    require_open(dossier)
    last = _last(tx.session, dossier.id)
    if last is not None:
        last.closed_on = today()
    volume = Volume(
        dossier_id=dossier.id,
        ordinal=last.ordinal + 1 if last else 1,
        title=optional_line(title, at="title", label=_("Bezeichnung")),
        opened_on=today(),
    )
    tx.session.add(volume)
    tx.session.flush()
    dossier.revision += 1
    tx.record(Tag.DOSSIER_VOLUME, dossier.id, {"ordinal": volume.ordinal})
    return volume


def current_volume(session: Session, dossier_id: uuid.UUID) -> uuid.UUID | None:
    """The volume into which documents of a dossier are filed now."""
    last = _last(session, dossier_id)
    return last.id if last else None


def list_volumes(session: Session, actor: Actor, dossier_id: uuid.UUID) -> list[Volume]:
    """The volumes of a readable dossier, first to last. They are few."""
    readable_dossier(session, actor, dossier_id, Want.CONTENT)
    return list(session.scalars(select(Volume).where(Volume.dossier_id == dossier_id).order_by(Volume.ordinal)))


def _last(session: Session, dossier_id: uuid.UUID) -> Volume | None:
    return session.scalar(
        select(Volume).where(Volume.dossier_id == dossier_id).order_by(Volume.ordinal.desc()).limit(1)
    )
