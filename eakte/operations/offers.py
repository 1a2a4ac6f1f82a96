"""What the archive may look at: exactly the dossiers offered to it, from the offer until it is withdrawn.

Parts of the acts that offer, destroy or hand over, which record them: whoever has the role archive reads these
dossiers whatever their unit or level, and each look is logged. An exclusion beats this too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from eakte.models import OfferedLook
from eakte.terms import now
from eakte.transaction import Transaction


def offer_look(tx: Transaction, dossiers: Iterable[uuid.UUID]) -> None:
    """Let the archive read dossiers, as part of an act that records it; those that are offered stay so."""
    rows = [{"dossier_id": each, "offered_at": now()} for each in sorted(set(dossiers))]
    if rows:
        tx.session.execute(insert(OfferedLook).values(rows).on_conflict_do_nothing())


def withdraw_look(tx: Transaction, dossiers: Iterable[uuid.UUID]) -> None:
    """Let the archive read dossiers no longer, as part of an act that records it; others are fine."""
    tx.session.execute(delete(OfferedLook).where(OfferedLook.dossier_id.in_(sorted(set(dossiers)))))
