"""Making an actor's rule from a few small tables: units, scopes, deputations, mandates."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access.rule import INBOX, NOTHING, READERS, AccessRule, Mandate, Post
from eakte.models import AccessScope, AuditMandate, Deputation, MandateUnit, Unit, User
from eakte.terms import Actor, Level, Role, today

_KEY = "eakte.rule"


class _Town:
    """Units and scopes. Units are few (hundreds), so both are read whole."""

    def __init__(self, session: Session) -> None:
        known = select(Unit.id, Unit.parent_id, AccessScope.number, AccessScope.level)
        rows: Sequence[tuple[uuid.UUID, uuid.UUID | None, int | None, int | None]] = session.execute(
            known.outerjoin(AccessScope, AccessScope.unit_id == Unit.id)
        ).all()
        self.above: Mapping[uuid.UUID, uuid.UUID | None] = {unit: parent for unit, parent, _number, _level in rows}
        self.scopes = [
            (number, unit, level)
            for unit, _parent, number, level in rows
            if number is not None and level is not None  # a unit that gave its scopes to another has none
        ]

    def below(self, tops: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
        """The units and all below them."""
        wanted = frozenset(tops)
        return frozenset(unit for unit in self.above if not wanted.isdisjoint(_line(self.above, unit)))

    def post(self, unit_id: uuid.UUID, level: Level) -> Post:
        """Work in a unit up to a level."""
        units = self.below([unit_id])
        return Post(unit_id, units, level, self.dossiers_of(units, level) | self._inboxes(units, level))

    def dossiers_of(self, units: frozenset[uuid.UUID], level: Level) -> frozenset[int]:
        """The scopes of dossiers of some units up to a level."""
        return frozenset(
            number for number, unit, each in self.scopes if each != INBOX and unit in units and each <= level
        )

    def _inboxes(self, units: frozenset[uuid.UUID], level: Level) -> frozenset[int]:
        if level < Level.INTERNAL:
            return frozenset()
        return frozenset(number for number, unit, each in self.scopes if each == INBOX and unit in units)


def rule_for(session: Session, actor: Actor) -> AccessRule:
    """The rule of an actor; kept for the life of the session (one request).

    Clerks and registrars read their unit and those below up to their level, in the units of whom they represent up to
    "internal" (or what the deputation says), and what is shared. The registrar also knows the metadata of everything
    below "protected": without that nobody can keep a plan free of doubles. An auditor reads by a mandate, the archive
    what was offered to it.
    """
    if actor.user_id is None or not actor.has(*READERS, Role.AUDITOR, Role.ARCHIVE):
        return NOTHING
    rules = session.info.setdefault(_KEY, {})
    if actor.user_id not in rules:
        rules[actor.user_id] = _make(session, actor, actor.user_id)
    rule: AccessRule = rules[actor.user_id]
    return rule


def forget_rules(session: Session) -> None:
    """Make rules anew in this session, after an act that changes them."""
    session.info.pop(_KEY, None)


def _make(session: Session, actor: Actor, user_id: uuid.UUID) -> AccessRule:
    town = _Town(session)
    reads = actor.has(*READERS)
    posts: list[Post] = []
    if reads and actor.unit_id is not None:
        posts.append(town.post(actor.unit_id, actor.level))
    if reads:
        posts += _deputy_posts(session, town, user_id)
    everywhere = frozenset(number for number, _unit, level in town.scopes if level < Level.PROTECTED)
    return AccessRule(
        user_id=user_id,
        posts=tuple(posts),
        known=everywhere if actor.has(Role.REGISTRAR) and actor.unit_id is not None else frozenset(),
        mandates=_mandates(session, town, user_id) if actor.has(Role.AUDITOR) else (),
        shares=reads,
        offers=actor.has(Role.ARCHIVE),
    )


def _deputy_posts(session: Session, town: _Town, user_id: uuid.UUID) -> list[Post]:
    """The posts of those whom a person represents today. A deputy's deputy represents nobody but the deputy."""
    rows = session.execute(
        select(Deputation, User)
        .join(User, User.id == Deputation.person_id)
        .where(
            Deputation.deputy_id == user_id,
            Deputation.ended_at.is_(None),
            Deputation.from_on <= today(),
            Deputation.until >= today(),
            # Whoever left, or reads no longer, has nothing to be represented in.
            User.active,
            User.roles.overlap([role.value for role in READERS]),
        )
        .order_by(Deputation.id)
    )
    posts = []
    for deputation, person in rows:
        level = min(Level(person.level), Level.PROTECTED if deputation.protected else Level.INTERNAL)
        if person.unit_id is not None:
            posts.append(replace(town.post(person.unit_id, level), person=person.id, until=deputation.until))
    return posts


def _mandates(session: Session, town: _Town, user_id: uuid.UUID) -> tuple[Mandate, ...]:
    mandates = session.scalars(
        select(AuditMandate)
        .where(AuditMandate.auditor_id == user_id, AuditMandate.ended_at.is_(None), AuditMandate.until >= today())
        .order_by(AuditMandate.id)
    ).all()
    units: dict[uuid.UUID, list[uuid.UUID]] = {}
    if mandates:
        named = select(MandateUnit).where(MandateUnit.mandate_id.in_([mandate.id for mandate in mandates]))
        for row in session.scalars(named):
            units.setdefault(row.mandate_id, []).append(row.unit_id)
    return tuple(
        Mandate(each.id, town.dossiers_of(town.below(units.get(each.id, ())), Level(each.level)), each.until)
        for each in mandates
    )


def units_below(session: Session, unit_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """The unit and all below it."""
    return _Town(session).below([unit_id])


def headed_units(session: Session, user_id: uuid.UUID | None) -> frozenset[uuid.UUID]:
    """The units of which a person is the head, and all below them: a mark of the unit, which no deputy has."""
    if user_id is None:
        return frozenset()
    tops = session.scalars(select(Unit.id).where(Unit.head_id == user_id, Unit.closed_on.is_(None))).all()
    return _Town(session).below(tops) if tops else frozenset()


def is_head(session: Session, actor: Actor, unit_id: uuid.UUID | None) -> bool:
    """Whether the actor is the head of a unit or of one above it."""
    return unit_id is not None and unit_id in headed_units(session, actor.user_id)


def _line(above: Mapping[uuid.UUID, uuid.UUID | None], unit: uuid.UUID) -> Iterable[uuid.UUID]:
    """A unit and those above it."""
    at: uuid.UUID | None = unit
    while at is not None:
        yield at
        at = above.get(at)
