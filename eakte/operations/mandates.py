"""Audit mandates (Prüfauftrag): an auditor reads the dossiers of units up to a level, and single ones, until a day.

The giver is named and is neither IT nor an auditor. A mandate reads, never writes, and each look is logged with it.
Plan classes are no scope of a mandate: the index knows rights by unit, level and dossier, and a class would have to be
copied into thousands of rows; the dossiers of a class are named one by one, or their units.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eakte.access import Want, headed_units, rule_for
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _, msgid
from eakte.models import AuditMandate, Dossier, MandateDossier, MandateUnit
from eakte.operations.accounts import named_user
from eakte.operations.checking import line
from eakte.operations.dossiers import is_registrar, level_for, readable_dossier
from eakte.operations.paging import Page, by_id
from eakte.operations.units import find_unit
from eakte.terms import Actor, Level, Role, now, today
from eakte.transaction import Transaction

LONGEST_REASON = 1000
MOST_DOSSIERS = 300
_BY_WHOM = msgid("Einen Prüfauftrag erteilt die Registratur oder die Leitung der Organisationseinheiten.")


@dataclass(frozen=True, slots=True)
class MandateWords:
    """What a caller says: the auditor by id or login, units by id or number, the level of their dossiers."""

    auditor: str
    reason: str
    until: date
    units: Sequence[str] = ()
    dossiers: Sequence[uuid.UUID] = ()
    level: str = "internal"


@dataclass(frozen=True, slots=True)
class MandateView:
    """A mandate with its scope; of the single dossiers only those that the viewer may know."""

    row: AuditMandate
    units: Sequence[uuid.UUID]
    dossiers: Sequence[uuid.UUID]


def give_mandate(tx: Transaction, words: MandateWords) -> MandateView:
    """Give a mandate: the registrar for any unit, a head for the own ones and up to the own level.

    Raises NotFound for a dossier that the giver may not know, NotAllowed, InvalidInput naming the field.
    """
    if tx.actor.user_id is None:
        raise NotAllowed(_("Einen Prüfauftrag erteilt eine Person."))
    if tx.actor.has(Role.ADMIN, Role.AUDITOR):
        raise NotAllowed(_("Einen Prüfauftrag erteilt weder die IT noch die Prüfung selbst."))
    if not is_registrar(tx.actor) and not headed_units(tx.session, tx.actor.user_id):
        raise NotAllowed(_(_BY_WHOM))  # before the auditor is looked up: whether there is such an account is no answer
    auditor = named_user(tx.session, words.auditor, at="auditor")
    level = level_for(words.level)
    units = sorted({find_unit(tx.session, each, at="units").id for each in words.units})
    dossiers = [readable_dossier(tx.session, tx.actor, each) for each in sorted(set(words.dossiers))]
    errors = []
    if Role.AUDITOR not in auditor.roles:
        errors.append(FieldError("auditor", _("Dieses Konto prüft nicht.")))
    if words.until < today():
        errors.append(FieldError("until", _("Der letzte Tag liegt in der Vergangenheit.")))
    if not units and not dossiers:
        errors.append(FieldError("units", _("Was geprüft wird, fehlt: Organisationseinheiten oder Akten.")))
    if len(dossiers) > MOST_DOSSIERS:
        errors.append(FieldError("dossiers", _("Höchstens %(most_dossiers)s Akten.", most_dossiers=MOST_DOSSIERS)))
    if errors:
        raise InvalidInput(errors=errors)
    reason = line(words.reason, at="reason", label=_("Grund"), longest=LONGEST_REASON)
    _may_give(tx, units, dossiers, level)
    row = AuditMandate(
        auditor_id=auditor.id, level=int(level), until=words.until, reason=reason, given_by=tx.actor.user_id
    )
    tx.session.add(row)
    tx.session.flush()
    tx.session.add_all(MandateUnit(mandate_id=row.id, unit_id=each) for each in units)
    tx.session.add_all(MandateDossier(mandate_id=row.id, dossier_id=each.id) for each in dossiers)
    tx.session.flush()
    details = {"until": words.until.isoformat(), "level": level.word, "auditor": str(auditor.id)}
    tx.record(Tag.MANDATE_GIVE, row.id, details, subjects=[*units, *(each.id for each in dossiers)])
    return MandateView(row, units, [each.id for each in dossiers])


def end_mandate(tx: Transaction, mandate_id: uuid.UUID) -> AuditMandate:
    """End a mandate at once: by who gave it or a registrar. Raises NotFound alike for unknown ones and others'."""
    row = tx.session.get(AuditMandate, mandate_id, with_for_update=True)
    if row is None or not (is_registrar(tx.actor) or row.given_by == tx.actor.user_id):
        raise NotFound
    if row.ended_at is None and row.until >= today():
        row.ended_at, row.ended_by = now(), tx.actor.user_id
        tx.record(Tag.MANDATE_END, row.id, {"auditor": str(row.auditor_id)})
    return row


def list_mandates(
    session: Session, actor: Actor, *, ended: bool = False, after: str | None, limit: int
) -> Page[MandateView]:
    """The mandates that one has or gave; all of them for a registrar and for those who watch over the log."""
    statement = select(AuditMandate)
    if not (is_registrar(actor) or actor.has(Role.AUDITOR)):
        mine = or_(AuditMandate.auditor_id == actor.user_id, AuditMandate.given_by == actor.user_id)
        statement = statement.where(mine)
    if not ended:
        statement = statement.where(AuditMandate.ended_at.is_(None), AuditMandate.until >= today())
    page = by_id(session, statement, AuditMandate.id, after=after, limit=limit)
    return Page([_view(session, actor, row) for row in page.items], page.next)


def _may_give(tx: Transaction, units: Sequence[uuid.UUID], dossiers: Sequence[Dossier], level: Level) -> None:
    if is_registrar(tx.actor):
        return
    named = {*units, *(dossier.unit_id for dossier in dossiers)}
    if not named <= headed_units(tx.session, tx.actor.user_id) or level > tx.actor.level:
        raise NotAllowed(_(_BY_WHOM))


def _view(session: Session, actor: Actor, row: AuditMandate) -> MandateView:
    units = session.scalars(select(MandateUnit.unit_id).where(MandateUnit.mandate_id == row.id)).all()
    known = rule_for(session, actor).dossiers(Want.METADATA)
    named = select(MandateDossier.dossier_id).where(MandateDossier.mandate_id == row.id)
    dossiers = session.scalars(select(Dossier.id).where(Dossier.id.in_(named), known).order_by(Dossier.id)).all()
    return MandateView(row, units, dossiers)
