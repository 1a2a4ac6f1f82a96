"""Changes of the filing plan in time: what a class says from a day on, and what that does to running terms.

A new rule may reach back to terms that run already. Those are counted again by a job, in batches, each an act of its
own, because a class may have a hundred thousand dossiers.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import ALWAYS, VERSIONED, Dossier, PlanClass, PlanClassVersion
from eakte.operations.checking import line, optional_line, remember_reason
from eakte.operations.closing import count_term, facts_of
from eakte.operations.fields import checked_definitions
from eakte.operations.plan import LONGEST_DESCRIPTION, writable_class
from eakte.operations.plan_rules import COUNTED, checked_columns, class_rules, version_on, versions_of
from eakte.operations.queueing import enqueue_recount
from eakte.operations.units import find_unit
from eakte.terms import SYSTEM, Actor, Role, today
from eakte.transaction import Transaction, Transactions
from retention.periods import assess_versions, kept_longer

BATCH = 100
"""Dossiers of one act of counting again."""


@dataclass(frozen=True, slots=True)
class ClassChange:
    """What shall hold from `valid_from` on (today unless said); `said` names values as `create_class` does."""

    said: Mapping[str, Any]
    valid_from: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of the rules does to closed dossiers: how many become due earlier, later, or as before."""

    earlier: int
    later: int
    same: int


def change_class(tx: Transaction, class_id: uuid.UUID, change: ClassChange, *, revision: int) -> PlanClass:
    """Let a class say something else from a day on; what it said before stays answerable.

    A day in the past corrects the plan as of then; what later versions say otherwise stays. Raises NotFound,
    NotAllowed, StaleRevision and InvalidInput naming the field.
    """
    row = writable_class(tx, class_id, revision)
    columns, day = _columns(tx.session, change.said), change.valid_from or today()
    before = apply_change(tx, row, change)
    entry = tx.record(Tag.PLAN_CLASS_CHANGE, row.id, {"fields": sorted(columns), "valid_from": day.isoformat()})
    for name, value in before.items():
        tx.remember(entry, row.id, name, None if value is None else str(value))
    remember_reason(tx, entry, row.id, change.reason)
    if COUNTED & columns.keys():
        enqueue_recount(tx, row.id)
    return row


def apply_change(tx: Transaction, row: PlanClass, change: ClassChange) -> dict[str, Any]:
    """Write the versions of a change, as part of an act that records it; answers what stood there before."""
    columns = _columns(tx.session, change.said)
    stored = versions_of(tx.session, [row.id])[row.id]
    day = change.valid_from or today()
    planned = _planned(row.id, stored, columns, day)
    by_day = {version.valid_from: version for version in stored}
    before: dict[str, Any] = {}
    for version in planned:
        known = by_day.get(version.valid_from)
        if known is None:
            before |= {name: getattr(version_on(stored, day), name) for name in columns}
            tx.session.add(version)
            continue
        for name in columns:
            if getattr(known, name) != getattr(version, name):
                before[f"{name} ab {_day(known.valid_from)}"] = getattr(known, name)
                setattr(known, name, getattr(version, name))
    tx.session.flush()
    _show(row, versions_of(tx.session, [row.id])[row.id])
    row.revision += 1
    return before


def preview_change(session: Session, actor: Actor, class_id: uuid.UUID, change: ClassChange) -> Preview:
    """What `change_class` would do to the terms of closed dossiers in the branch; nothing is changed."""
    if not actor.has(Role.REGISTRAR):
        raise NotAllowed(_("Den Aktenplan pflegt die Registratur."))
    if session.get(PlanClass, class_id) is None:
        raise NotFound
    stored = versions_of(session, [class_id])[class_id]
    planned = _planned(class_id, stored, _columns(session, change.said), change.valid_from or today())
    counts: Counter[str] = Counter()
    for branch_id in branch_of(session, class_id):
        plan_class = session.get_one(PlanClass, branch_id)
        rules = class_rules(session, plan_class, {class_id: planned})
        closed = select(Dossier).where(Dossier.plan_class_id == branch_id, Dossier.closed_on.is_not(None))
        for dossier in session.scalars(closed.execution_options(yield_per=500)):
            found = assess_versions(rules, facts_of(session, dossier)) if rules else None
            end = kept_longer(found, dossier.keep_until).end if found else None
            counts[_moved(dossier.retention_end, end)] += 1
    return Preview(earlier=counts["earlier"], later=counts["later"], same=counts["same"])


def take_effect(transactions: Transactions) -> int:
    """Show in the rows of the plan the versions that hold from today on. Returns how many classes changed."""
    with transactions.read() as session:
        begun = select(PlanClassVersion.plan_class_id).where(
            PlanClassVersion.valid_from > ALWAYS, PlanClassVersion.valid_from <= today()
        )
        ids = session.scalars(begun.distinct()).all()
    if not ids:
        return 0
    with transactions.begin(SYSTEM) as tx:
        rows = tx.session.scalars(select(PlanClass).where(PlanClass.id.in_(ids)).with_for_update()).all()
        versions = versions_of(tx.session, [row.id for row in rows])
        changed = [row for row in rows if _show(row, versions[row.id])]
        for row in changed:
            row.revision += 1
        if changed:
            tx.record(Tag.PLAN_TAKE_EFFECT, None, {}, subjects=[row.id for row in changed])
    return len(changed)


def recount_branch(transactions: Transactions, class_id: uuid.UUID) -> int:
    """Count the terms of all closed dossiers of a branch again. Returns how many changed."""
    changed_in_all, after = 0, uuid.UUID(int=0)
    with transactions.read() as session:
        branch = branch_of(session, class_id)
    while True:
        with transactions.begin(SYSTEM) as tx:
            dossiers = tx.session.scalars(
                select(Dossier)
                .where(Dossier.plan_class_id.in_(branch), Dossier.closed_on.is_not(None), Dossier.id > after)
                .order_by(Dossier.id)
                .limit(BATCH)
                .with_for_update()
            ).all()
            if not dossiers:
                return changed_in_all
            after = dossiers[-1].id
            counts: Counter[str] = Counter()
            changed = []
            for dossier in dossiers:
                before = (dossier.retention_end, dossier.retention_offer_by, dossier.retention_rule, dossier.grace_end)
                count_term(tx.session, dossier)
                now = (dossier.retention_end, dossier.retention_offer_by, dossier.retention_rule, dossier.grace_end)
                if before != now:
                    dossier.revision += 1
                    counts[_moved(before[0], now[0])] += 1
                    changed.append(dossier.id)
            if changed:
                tx.record(Tag.PLAN_RECOUNT, class_id, dict(counts), subjects=changed)
                changed_in_all += len(changed)


def _columns(session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that change, checked."""
    plain: dict[str, Any] = {}
    for name, value in said.items():
        match name:
            case "title":
                plain[name] = line(value, at=name, label=_("Titel"))
            case "description":
                plain[name] = optional_line(value, at=name, label=_("Beschreibung"), longest=LONGEST_DESCRIPTION)
            case "unit":
                plain["unit_id"] = find_unit(session, value).id if value else None
            case "files_allowed":
                plain[name] = bool(value)
            case "fields":
                plain[name] = checked_definitions(value or [])
            case _:
                plain |= checked_columns({name: value})
    if not plain:
        raise InvalidInput(_("Es ist nichts zu ändern."))
    if plain.keys() & {"term", "anchor", "rounding"}:
        # How far a rule reaches back is said for this rule; it is no property that the next one keeps.
        plain.setdefault("applies_to", None)
    return plain


def _planned(
    class_id: uuid.UUID, stored: Sequence[PlanClassVersion], columns: Mapping[str, Any], day: date
) -> list[PlanClassVersion]:
    """The versions as they would be, as copies: from `day` on the new values, later ones only where they followed."""
    base = version_on(stored, day)
    planned = [_copy(class_id, version, version.valid_from) for version in stored]
    if all(version.valid_from != day for version in planned):
        planned.append(_copy(class_id, base, day))
    planned.sort(key=lambda version: version.valid_from)
    for version in planned:
        for name, value in columns.items():
            follows = version.valid_from > day and getattr(version, name) == getattr(base, name)
            if version.valid_from == day or (follows and name != "applies_to"):
                setattr(version, name, value)
    return planned


def _copy(class_id: uuid.UUID, version: PlanClassVersion, valid_from: date) -> PlanClassVersion:
    said = {name: getattr(version, name) for name in VERSIONED}
    return PlanClassVersion(plan_class_id=class_id, valid_from=valid_from, **said)


def _show(row: PlanClass, versions: Sequence[PlanClassVersion]) -> bool:
    """Let the row show what holds today; whether that is something else than before."""
    holding = version_on(versions, today())
    changed = [name for name in VERSIONED if getattr(row, name) != getattr(holding, name)]
    for name in changed:
        setattr(row, name, getattr(holding, name))
    row.valid_from = None if holding.valid_from == ALWAYS else holding.valid_from
    return bool(changed)


def branch_of(session: Session, class_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """A class and all below it."""
    tree = select(PlanClass.id).where(PlanClass.id == class_id).cte(recursive=True)
    tree = tree.union(select(PlanClass.id).join(tree, PlanClass.parent_id == tree.c.id))
    return session.scalars(select(tree.c.id)).all()


def _moved(before: date | None, now: date | None) -> str:
    """No end at all counts as later than any."""
    if before == now:
        return "same"
    return "earlier" if (now or date.max) < (before or date.max) else "later"


def _day(valid_from: date) -> str:
    return "immer" if valid_from == ALWAYS else valid_from.isoformat()
