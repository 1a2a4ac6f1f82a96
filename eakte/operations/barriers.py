"""Barriers that people report, for the administration to take care of. No records, so no audit events."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import BarrierReport
from eakte.operations.checking import optional_line
from eakte.operations.paging import Page, by_id
from eakte.terms import Actor, Role, now
from eakte.transaction import Transaction

LONGEST = 4_000


def report_barrier(tx: Transaction, *, text: str, page: str | None, reach: str | None) -> BarrierReport:
    """Say what one could not do, on which page, and where an answer is wanted. Raises InvalidInput."""
    said = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not said or len(said) > LONGEST or "\0" in said:
        raise InvalidInput(
            errors=[
                FieldError("text", _("Bitte beschreiben Sie die Barriere (bis %(longest)s Zeichen).", longest=LONGEST))
            ]
        )
    row = BarrierReport(
        user_id=tx.actor.user_id,
        text=said,
        page=optional_line(page, at="page", label=_("Seite"), longest=500),
        reach=optional_line(reach, at="reach", label=_("Erreichbar"), longest=200),
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def finish_report(tx: Transaction, report_id: uuid.UUID) -> None:
    """Say that somebody took care. Raises NotAllowed for all but the administration, NotFound."""
    _require_admin(tx.actor)
    row = tx.session.get(BarrierReport, report_id, with_for_update=True)
    if row is None:
        raise NotFound
    row.done_at = row.done_at or now()


def list_reports(session: Session, actor: Actor, *, after: str | None, limit: int) -> Page[BarrierReport]:
    """All reports, newest first, for the administration."""
    _require_admin(actor)
    return by_id(session, select(BarrierReport), BarrierReport.id, after=after, limit=limit, newest_first=True)


def _require_admin(actor: Actor) -> None:
    if not actor.has(Role.ADMIN):
        raise NotAllowed(_("Meldungen über Barrieren bearbeitet die Administration."))
