"""The numbers of what is shared with a person, kept by the process: there may be fifty thousand of them.

They change with the person's shares, which a trigger of the database answers with a new stamp, and with the day.
"""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.database import kept_of
from eakte.models import Case, Dossier, DossierShare, ShareStamp
from eakte.terms import today


def shared_with(session: Session, user_id: uuid.UUID) -> frozenset[int]:
    """Numbers of the dossiers and cases that are shared with a person today."""
    stamp = session.scalar(select(ShareStamp.stamp).where(ShareStamp.user_id == user_id))
    if stamp is None:
        return frozenset()
    kept, key = kept_of(session), (user_id, stamp, today())
    numbers = kept.get(key)
    if numbers is None:
        # Read after the stamp: shares that came in between are too new for it, never too old.
        numbers = _read(session, user_id)
        kept.put(key, numbers)
    return numbers


def together(session: Session, shared: frozenset[int], others: frozenset[int]) -> frozenset[int]:
    """All of both. The same object while both stay as they are: what the index has made of it stays good."""
    if not (shared and others):
        return shared or others
    kept, key = kept_of(session), (shared, others)
    numbers = kept.get(key)
    if numbers is None:
        numbers = shared | others
        kept.put(key, numbers)
    return numbers


def _read(session: Session, user_id: uuid.UUID) -> frozenset[int]:
    mine = (DossierShare.user_id == user_id, DossierShare.ended_at.is_(None), DossierShare.until >= today())
    dossiers = select(Dossier.number).join(DossierShare, DossierShare.dossier_id == Dossier.id).where(*mine)
    cases = select(Case.number).join(DossierShare, DossierShare.case_id == Case.id).where(*mine)
    return frozenset(session.scalars(dossiers.union_all(cases)))
