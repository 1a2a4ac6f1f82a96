"""Taking back what one has just done, or what stands in a history as one's own act."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from eakte.api.dependencies import get_backends
from eakte.audit import Tag
from eakte.errors import InvalidInput, StaleRevision, WrongState
from eakte.models import FormerValue
from eakte.operations.taking_back import take_back
from eakte.transaction import Transaction
from eakte.web.pages.asking import Sent, Submitted, go, own_place

router = APIRouter(include_in_schema=False)


@router.post("/zuruecknehmen/{entry_id}")
def undo(request: Request, sent: Sent, entry_id: uuid.UUID) -> Response:
    """Do the opposite; where that is not possible any more nothing happens, and the page says so."""
    backends = get_backends(request)
    try:
        with backends.transactions.begin(sent.actor) as tx:
            address = sent.once(tx, lambda: _taken_back(tx, sent, entry_id, backends.settings.reference_pattern))
    except (WrongState, StaleRevision, InvalidInput):
        return go(own_place(sent.text("zurueck"), "/"), ok="nicht-zurueck")
    return go(address)


def _taken_back(tx: Transaction, sent: Submitted, entry_id: uuid.UUID, pattern: str) -> str:
    entry = take_back(tx, entry_id, pattern=pattern)
    back = own_place(sent.text("zurueck"), "/")
    unfiled = select(FormerValue.object_id).where(FormerValue.entry_id == entry.id, FormerValue.field == "inbox")
    letters = tx.session.scalars(unfiled.limit(2)).all()
    if len(letters) == 1:
        back = f"/posteingang/{letters[0]}"
    elif entry.tag == Tag.CASE_MOVE:
        back = f"/akten/{entry.details['from']}"
    return f"{back}?ok=zurueckgenommen"
