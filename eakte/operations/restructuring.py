"""Units merge and split, each in one act that may be looked at before.

A dossier names its unit by a scope number only, and so does its entry in the index. Merging hands the scopes over: a
few rows, whatever the unit holds. Splitting gives some dossiers the scopes of another unit; their entries are written
again from their stored terms by the job that indexes (docs/adr/0014).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from eakte.access import INBOX, Want, forget_rules, rule_for, units_below
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import (
    AccessScope,
    Document,
    Dossier,
    DossierShare,
    MandateUnit,
    PlanClass,
    Resubmission,
    Unit,
    User,
)
from eakte.operations.account_changes import follow_unit
from eakte.operations.checking import line, remember_reason, same_revision
from eakte.operations.dossiers import is_registrar, readable_dossier
from eakte.operations.plan import find_class
from eakte.operations.plan_changes import ClassChange, apply_change, branch_of
from eakte.operations.queueing import enqueue_indexing
from eakte.operations.units import find_unit, require_open_unit, scope_number
from eakte.terms import Actor, Level, today
from eakte.transaction import Transaction

MOST_NAMED = 300


@dataclass(frozen=True, slots=True)
class Split:
    """What goes to another unit: all dossiers of branches of the plan, single ones, people, by id or login."""

    plan_classes: Sequence[str] = ()
    dossiers: Sequence[uuid.UUID] = ()
    users: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """What an act on a unit changes.

    Dossiers and documents are those that the asker may know: protected ones of other units go along uncounted, because
    a number would tell of them. `mandates` end for this unit.
    """

    dossiers: int
    documents: int
    inbox_documents: int
    people: int
    plan_classes: int
    units_below: int = 0
    mandates: int = 0


def preview_merge(session: Session, actor: Actor, unit_id: uuid.UUID, *, into: str) -> Effect:
    """What `merge_unit` would change; nothing is changed. Raises what it raises."""
    unit, _target = _two_units(session, actor, unit_id, into, at="into")
    known, below = _known(session, actor, _of_unit(unit.id)), Unit.parent_id == unit.id
    return Effect(
        dossiers=known[0],
        documents=known[1],
        inbox_documents=_count(session, Document, Document.inbox_unit_id == unit.id),
        people=_count(session, User, User.unit_id == unit.id),
        plan_classes=_count(session, PlanClass, PlanClass.unit_id == unit.id),
        units_below=_count(session, Unit, below & Unit.closed_on.is_(None)),
        mandates=_count(session, MandateUnit, MandateUnit.unit_id == unit.id),
    )


def merge_unit(tx: Transaction, unit_id: uuid.UUID, *, into: str, reason: str, revision: int | None = None) -> Unit:
    """Let a unit become part of another: its dossiers, inbox, people, classes, shares and the units below go there.

    The unit is closed and stays for what once named it. An audit mandate for it is not widened to the other unit: it no
    longer opens anything there. Raises NotFound, NotAllowed, InvalidInput, WrongState, StaleRevision.
    """
    session = tx.session
    unit, target = _two_units(session, tx.actor, unit_id, into, at="into")
    for each in sorted((unit, target), key=lambda row: row.id):
        session.refresh(each, with_for_update=True)
        require_open_unit(each)
    same_revision(revision, unit.revision)
    reason = line(reason, at="reason", label=_("Grund"))
    counted = preview_merge(session, tx.actor, unit_id, into=into)
    session.execute(update(AccessScope).where(AccessScope.unit_id == unit.id).values(unit_id=target.id))
    session.execute(update(DossierShare).where(DossierShare.unit_id == unit.id).values(unit_id=target.id))
    session.execute(update(Resubmission).where(Resubmission.unit_id == unit.id).values(unit_id=target.id))
    _move_inbox(tx, unit, target)
    session.execute(update(Unit).where(Unit.parent_id == unit.id).values(parent_id=target.id))
    people = follow_unit(session.scalars(select(User).where(User.unit_id == unit.id)).all(), target.id)
    classes = session.scalars(select(PlanClass).where(PlanClass.unit_id == unit.id).with_for_update()).all()
    for row in classes:
        apply_change(tx, row, ClassChange({"unit": str(target.id)}))
    unit.head_id, unit.closed_on, unit.successor_id = None, today(), target.id
    # Below the other one: what somebody files into its inbox at this very moment is seen there.
    unit.parent_id = target.id
    unit.revision += 1
    target.revision += 1
    session.flush()
    details = {"into": str(target.id), "people": len(people), "plan_classes": len(classes)}
    beside = [target.id, *people, *(row.id for row in classes)]
    entry = tx.record(Tag.UNIT_MERGE, unit.id, details | {"inbox": counted.inbox_documents}, subjects=beside)
    remember_reason(tx, entry, unit.id, reason)
    _seen_anew(tx)
    return unit


def preview_split(session: Session, actor: Actor, unit_id: uuid.UUID, split: Split, *, to: str) -> Effect:
    """What `split_unit` would change; nothing is changed. Raises what it raises."""
    unit, _target = _two_units(session, actor, unit_id, to, at="to")
    known = _known(session, actor, _chosen(session, actor, unit, split))
    people = len(_people(session, unit, split))
    return Effect(dossiers=known[0], documents=known[1], inbox_documents=0, people=people, plan_classes=0)


def split_unit(
    tx: Transaction, unit_id: uuid.UUID, split: Split, *, to: str, reason: str, revision: int | None = None
) -> Unit:
    """Give some dossiers and people of a unit to another one, which may have been made for them.

    Raises NotFound, NotAllowed, InvalidInput, WrongState, StaleRevision.
    """
    session = tx.session
    unit, target = _two_units(session, tx.actor, unit_id, to, at="to")
    session.refresh(unit, with_for_update=True)
    same_revision(revision, unit.revision)
    require_open_unit(unit)
    reason = line(reason, at="reason", label=_("Grund"))
    chosen = _chosen(session, tx.actor, unit, split)
    people = _people(session, unit, split)
    moved = _move_dossiers(tx, chosen, target)
    gone = follow_unit(people, target.id)
    unit.revision += 1
    target.revision += 1
    session.flush()
    details = {"to": str(target.id), "dossiers": moved, "people": len(gone)}
    entry = tx.record(Tag.UNIT_SPLIT, unit.id, details, subjects=[target.id, *gone])
    remember_reason(tx, entry, unit.id, reason)
    _seen_anew(tx)
    return unit


def _two_units(session: Session, actor: Actor, unit_id: uuid.UUID, other: str, *, at: str) -> tuple[Unit, Unit]:
    if not is_registrar(actor):
        raise NotAllowed(_("Organisationseinheiten fasst die Registratur zusammen und teilt sie."))
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound
    require_open_unit(unit)
    target = find_unit(session, other, at=at)
    if target.id in units_below(session, unit.id):
        raise InvalidInput(errors=[FieldError(at, _("Nötig ist eine andere Organisationseinheit, keine darunter."))])
    return unit, target


def _of_unit(unit_id: uuid.UUID) -> ColumnElement[bool]:
    mine = (AccessScope.unit_id == unit_id, AccessScope.level != INBOX)
    return Dossier.scope_number.in_(select(AccessScope.number).where(*mine))


def _chosen(session: Session, actor: Actor, unit: Unit, split: Split) -> ColumnElement[bool]:
    if not (split.plan_classes or split.dossiers or split.users):
        raise InvalidInput(errors=[FieldError("plan_classes", _("Was in die andere Einheit geht, fehlt."))])
    if max(len(split.plan_classes), len(split.dossiers), len(split.users)) > MOST_NAMED:
        raise InvalidInput(
            errors=[FieldError("dossiers", _("Höchstens %(most_named)s auf einmal.", most_named=MOST_NAMED))]
        )
    classes = [find_class(session, each, at="plan_classes").id for each in split.plan_classes]
    branches = [each for named in classes for each in branch_of(session, named)]
    single = [readable_dossier(session, actor, each).id for each in split.dossiers]
    return _of_unit(unit.id) & or_(Dossier.plan_class_id.in_(branches), Dossier.id.in_(single))


def _people(session: Session, unit: Unit, split: Split) -> Sequence[User]:
    found = session.scalars(select(User).where(User.login.in_(split.users), User.unit_id == unit.id)).all()
    if missing := sorted(set(split.users) - {user.login for user in found}):
        message = _("In dieser Organisationseinheit arbeitet kein Konto %(login)s.", login=missing[0][:50])
        raise InvalidInput(errors=[FieldError("users", message)])
    return found


def _known(session: Session, actor: Actor, chosen: ColumnElement[bool]) -> tuple[int, int]:
    """How many of these dossiers, and of the documents in them, the actor may know; the service knows all."""
    mine = [chosen] if actor.user_id is None else [chosen, rule_for(session, actor).dossiers(Want.METADATA)]
    dossiers = _count(session, Dossier, *mine)
    documents = select(func.count(Document.id)).join(Dossier, Dossier.id == Document.dossier_id).where(*mine)
    return dossiers, session.scalar(documents) or 0


def _count(session: Session, kind: type, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(kind).where(*where)) or 0


def _move_inbox(tx: Transaction, unit: Unit, target: Unit) -> None:
    moved = update(Document).where(Document.inbox_unit_id == unit.id)
    tx.session.execute(moved.values(inbox_unit_id=target.id, revision=Document.revision + 1))
    enqueue_indexing(tx)


def _move_dossiers(tx: Transaction, chosen: ColumnElement[bool], target: Unit) -> int:
    """Give dossiers the scopes of a unit, level by level; their entries are written again. How many there are."""
    unsynchronised = {"synchronize_session": False}
    inside = update(Document).where(Document.dossier_id.in_(select(Dossier.id).where(chosen)))
    tx.session.execute(inside.values(revision=Document.revision + 1), execution_options=unsynchronised)
    moved = 0
    for level in Level:
        order = update(Dossier).where(chosen, Dossier.confidentiality == int(level))
        now = {"scope_number": scope_number(tx.session, target.id, level), "revision": Dossier.revision + 1}
        done = tx.session.execute(order.values(now).returning(Dossier.id), execution_options=unsynchronised)
        moved += len(done.all())
    enqueue_indexing(tx)
    return moved


def _seen_anew(tx: Transaction) -> None:
    """What this session has read of units and rights may be otherwise now."""
    tx.session.flush()
    tx.session.expire_all()
    forget_rules(tx.session)
