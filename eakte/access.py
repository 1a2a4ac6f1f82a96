"""Who may see what. One rule object gives the SQL predicate, the search rights and the answer to "why may X see this?".

The rule of an actor is a set of *scopes* (unit × level under one number) for content and another for metadata, plus the
shares and exclusions that stand in their tables. Everything that lists, finds or opens asks this module; no operation
writes a filter of its own. An empty rule matches nothing: forgetting to grant hides, it never shows.

Sources: docs/access.md; §§ 20, 21 VwVfG (exclusion beats every grant), § 35 SGB I, § 30 AO (protected).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from eakte.models import AccessScope, Case, Document, Dossier, DossierExclusion, DossierShare, Unit
from eakte.terms import Actor, Level, Role, today
from indexing.search import Rights


class Want(StrEnum):
    """What is asked for: to know that a thing exists and what it is called, or to read what is in it."""

    METADATA = "metadata"
    CONTENT = "content"


READERS = (Role.CLERK, Role.REGISTRAR)
"""Roles that read: dossiers of their unit and what is shared. The others read only by a mandate (docs/access.md)."""

INBOX = 3
"""Stands in a scope where dossiers have their level: the inbox of a unit. It is read like internal dossiers, but who
knows the metadata of dossiers everywhere does not know what lies unfiled in another unit."""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What one actor may see.

    Attributes:
        user_id: whose shares and exclusions count; None has none.
        content: scope numbers whose dossiers may be read.
        metadata: scope numbers whose dossiers may be known; always holds `content`.
        inbox_units: units whose inbox may be read.
    """

    user_id: uuid.UUID | None
    content: frozenset[int]
    metadata: frozenset[int]
    inbox_units: frozenset[uuid.UUID]

    def scopes(self, want: Want) -> frozenset[int]:
        """The scope numbers for what is wanted."""
        return self.content if want is Want.CONTENT else self.metadata

    def dossiers(self, want: Want) -> ColumnElement[bool]:
        """The predicate over `Dossier` rows."""
        granted = or_(
            Dossier.scope_number.in_(self.scopes(want)), Dossier.id.in_(self._shared(DossierShare.dossier_id))
        )
        return and_(granted, self._not_excluded())

    def documents(self, want: Want) -> ColumnElement[bool]:
        """The predicate over `Document` rows outer-joined with `Dossier` (inbox documents have none)."""
        in_dossier = or_(
            Dossier.scope_number.in_(self.scopes(want)),
            Dossier.id.in_(self._shared(DossierShare.dossier_id)),
            Document.case_id.in_(self._shared(DossierShare.case_id)),
        )
        in_inbox = Document.inbox_unit_id.in_(self.inbox_units)
        return or_(and_(Document.dossier_id.is_not(None), in_dossier, self._not_excluded()), in_inbox)

    def search_rights(self, session: Session, want: Want) -> Rights:
        """The same rule as small integers for the search index."""
        if self.user_id is None:
            return Rights(scopes=self.scopes(want), dossiers=frozenset(), excepted=frozenset())
        shared = session.scalars(
            select(Dossier.number)
            .where(Dossier.id.in_(self._shared(DossierShare.dossier_id)))
            .union_all(select(Case.number).where(Case.id.in_(self._shared(DossierShare.case_id))))
        )
        excepted = session.scalars(
            select(Dossier.number)
            .join(DossierExclusion, DossierExclusion.dossier_id == Dossier.id)
            .where(DossierExclusion.user_id == self.user_id)
        )
        return Rights(scopes=self.scopes(want), dossiers=frozenset(shared), excepted=frozenset(excepted))

    def _shared(self, column: InstrumentedAttribute[uuid.UUID | None]) -> Select[uuid.UUID | None]:
        return select(column).where(
            DossierShare.user_id == self.user_id,
            column.is_not(None),
            or_(DossierShare.until.is_(None), DossierShare.until >= today()),
        )

    def _not_excluded(self) -> ColumnElement[bool]:
        excluded = select(DossierExclusion.dossier_id).where(DossierExclusion.user_id == self.user_id)
        return Dossier.id.not_in(excluded)


NOTHING = AccessRule(user_id=None, content=frozenset(), metadata=frozenset(), inbox_units=frozenset())
"""The rule of those who have none."""


def rule_for(session: Session, actor: Actor) -> AccessRule:
    """The rule of an actor, made from a few small tables; kept for the life of the session (one request).

    Clerks and registrars read their unit and those below up to their level. The registrar also knows the metadata of
    everything below "protected": without that nobody can keep a plan free of doubles.
    """
    if not actor.has(*READERS) or actor.user_id is None:
        return NOTHING
    if actor.unit_id is None:
        return AccessRule(actor.user_id, frozenset(), frozenset(), frozenset())
    key = ("eakte.rule", actor.user_id)
    cached = session.info.get(key)
    if isinstance(cached, AccessRule):
        return cached
    units = units_below(session, actor.unit_id)
    scopes = session.execute(select(AccessScope.number, AccessScope.unit_id, AccessScope.level)).all()
    inboxes = units if actor.level >= Level.INTERNAL else frozenset()
    content = frozenset(
        number
        for number, unit, level in scopes
        if (unit in inboxes if level == INBOX else unit in units and level <= actor.level)
    )
    known = frozenset(number for number, _unit, level in scopes if level < Level.PROTECTED)
    rule = AccessRule(
        user_id=actor.user_id,
        content=content,
        metadata=content | known if actor.has(Role.REGISTRAR) else content,
        inbox_units=inboxes,
    )
    session.info[key] = rule
    return rule


def units_below(session: Session, unit_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """The unit and all below it. Units are few (hundreds), so one recursive query is cheap."""
    tree = select(Unit.id).where(Unit.id == unit_id).cte(recursive=True)
    tree = tree.union(select(Unit.id).join(tree, Unit.parent_id == tree.c.id))
    return frozenset(session.scalars(select(tree.c.id)))


def may_write(rule: AccessRule, actor: Actor, dossier: Dossier) -> bool:
    """Whether the actor may change a dossier: who reads it by unit and level works in it. A share only reads."""
    return actor.has(*READERS) and dossier.scope_number in rule.content
