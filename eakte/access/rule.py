"""The rule of one actor and its three forms: predicate, search rights, and what may be written.

Each source of a right is said once (`Post`, `Mandate`, the predicates over the tables of shares and offers), and each
form is put together from the same ones; `eakte.access.reasons` answers from them too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from eakte.access.numbers import shared_with, together
from eakte.models import Case, Document, Dossier, DossierExclusion, DossierShare, MandateDossier, OfferedLook
from eakte.terms import Level, Role, today
from indexing.search import Rights


class Want(StrEnum):
    """What is asked for: to know that a thing exists and what it is called, or to read what is in it."""

    METADATA = "metadata"
    CONTENT = "content"


READERS = (Role.CLERK, Role.REGISTRAR)
"""Roles that read: dossiers of their unit and what is shared. An auditor reads by a mandate, the archive what was
offered, the others nothing (docs/access.md)."""

INBOX = 3
"""Stands in a scope where dossiers have their level: the inbox of a unit. It is read like internal dossiers, but who
knows the metadata of dossiers everywhere does not know what lies unfiled in another unit."""


@dataclass(frozen=True, slots=True)
class Post:
    """Where somebody works: a unit and those below it, up to a level, in one's own name or for another.

    Attributes:
        unit_id: the unit at the top.
        units: that unit and all below.
        level: the highest level of dossiers.
        scopes: the scope numbers of all that, inboxes among them.
        person: whose deputy the actor is here; None in one's own name. What that person is excluded from is not here.
        until: the last day of a deputation.
    """

    unit_id: uuid.UUID
    units: frozenset[uuid.UUID]
    level: Level
    scopes: frozenset[int]
    person: uuid.UUID | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Mandate:
    """What an audit mandate opens by unit and level; its single dossiers stand in their table."""

    mandate_id: uuid.UUID
    scopes: frozenset[int]
    until: date


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What one actor may see.

    Attributes:
        user_id: whose shares and exclusions count; None has none.
        posts: where the actor works.
        known: scope numbers whose dossiers may be known without being read.
        mandates: what an auditor reads by mandate.
        shares: whether shares count.
        offers: whether what was offered to the archive may be read.
    """

    user_id: uuid.UUID | None
    posts: tuple[Post, ...] = ()
    known: frozenset[int] = frozenset()
    mandates: tuple[Mandate, ...] = ()
    shares: bool = False
    offers: bool = False

    @property
    def inbox_units(self) -> frozenset[uuid.UUID]:
        """Units whose inbox may be read."""
        return frozenset(unit for post in self.posts if post.level >= Level.INTERNAL for unit in post.units)

    @property
    def worked(self) -> frozenset[int]:
        """Scope numbers in which the actor works."""
        return _all(post.scopes for post in self.posts)

    def scopes(self, want: Want) -> frozenset[int]:
        """The scope numbers for what is wanted, whether or not an exclusion takes single dossiers out."""
        return self.worked | self._free(want)

    def dossiers(self, want: Want) -> ColumnElement[bool]:
        """The predicate over `Dossier` rows."""
        granted = or_(self._by_scope(want), self._by_share(DossierShare.dossier_id, Dossier.id), self._single())
        return and_(granted, self._not_excluded())

    def documents(self, want: Want) -> ColumnElement[bool]:
        """The predicate over `Document` rows outer-joined with `Dossier` (inbox documents have none)."""
        in_dossier = or_(
            self._by_scope(want),
            self._by_share(DossierShare.dossier_id, Dossier.id),
            self._by_share(DossierShare.case_id, Document.case_id),
            self._single(),
        )
        in_inbox = Document.inbox_unit_id.in_(self.inbox_units)
        return or_(and_(Document.dossier_id.is_not(None), in_dossier, self._not_excluded()), in_inbox)

    def writable(self) -> ColumnElement[bool]:
        """The predicate over `Dossier` rows in which the actor works: by unit and level, for oneself or as a deputy."""
        return and_(or_(false(), *(self._post(post) for post in self.posts)), self._not_excluded())

    def granting(self) -> ColumnElement[bool]:
        """The predicate over `DossierShare` rows joined with their `Dossier`: those that are for the actor."""
        for_units = (self._for_unit(post) for post in self.posts)
        mine = or_(DossierShare.user_id == self.user_id, *for_units) if self.shares else false()
        return and_(mine, self._not_excluded())

    def search_rights(self, session: Session, want: Want) -> Rights:
        """The same rule as small integers for the search index."""
        if self.user_id is None:
            return Rights()
        return Rights(
            scopes=self.scopes(want),
            dossiers=self._numbers(session),
            excepted=frozenset(session.scalars(select(Dossier.number).where(excluded(self.user_id)))),
            withheld=self._withheld(session, want),
        )

    def _numbers(self, session: Session) -> frozenset[int]:
        """The numbers of single dossiers and cases."""
        if self.user_id is None:
            return frozenset()
        numbers = shared_with(session, self.user_id) if self.shares else frozenset()
        others = [select(Dossier.number).where(self._single())] if self.mandates or self.offers else []
        if self.posts:
            # Few, so they are asked for each time: what a unit is given depends on the level, which may change.
            for_units = or_(*(self._for_unit(post) for post in self.posts))
            others += [
                select(Dossier.number)
                .join(DossierShare, DossierShare.dossier_id == Dossier.id)
                .where(running(), for_units),
                select(Case.number)
                .join(DossierShare, DossierShare.case_id == Case.id)
                .join(Dossier, Dossier.id == Case.dossier_id)
                .where(running(), for_units),
            ]
        single = frozenset(session.scalars(union_all(*others))) if others else frozenset()
        return together(session, numbers, single)

    def _withheld(self, session: Session, want: Want) -> frozenset[int]:
        """Dossiers that the scopes would allow, did they not come from a person who is excluded there."""
        persons = [post.person for post in self.posts if post.person is not None]
        if not persons:
            return frozenset()
        barred = select(DossierExclusion.dossier_id).where(standing(), DossierExclusion.user_id.in_(persons))
        numbers = select(Dossier.number).where(Dossier.id.in_(barred), not_(self._by_scope(want)))
        return frozenset(session.scalars(numbers))

    def _free(self, want: Want) -> frozenset[int]:
        """Scopes that count whoever else is excluded."""
        own = _all(post.scopes for post in self.posts if post.person is None)
        own |= _all(mandate.scopes for mandate in self.mandates)
        return own | self.known if want is Want.METADATA else own

    def _by_scope(self, want: Want) -> ColumnElement[bool]:
        for_others = (self._post(post) for post in self.posts if post.person is not None)
        return or_(Dossier.scope_number.in_(self._free(want)), *for_others)

    @staticmethod
    def _post(post: Post) -> ColumnElement[bool]:
        mine = Dossier.scope_number.in_(post.scopes)
        return mine if post.person is None else and_(mine, not_(excluded(post.person)))

    def _by_share(
        self, column: InstrumentedAttribute[uuid.UUID | None], of: InstrumentedAttribute[uuid.UUID | None]
    ) -> ColumnElement[bool]:
        """Whether a dossier or case is shared: looked up in an index for each row.

        OFFSET 0 is what keeps it so. Without it the planner, which does not see that a list needs fifty rows of a
        hundred thousand, would hash all of a person's shares for each page.
        """
        if not self.shares:
            return false()
        here = select(DossierShare.id).where(column == of, running())
        person = here.where(DossierShare.user_id == self.user_id).offset(0).correlate(Dossier, Document).exists()
        if not self.posts:
            return person
        units = here.where(DossierShare.unit_id.is_not(None), or_(*(self._for_unit(post) for post in self.posts)))
        return or_(person, units.correlate(Dossier, Document).exists())

    @staticmethod
    def _for_unit(post: Post) -> ColumnElement[bool]:
        """What is shared with a unit is read there up to the own level: one person of it does not speak for all."""
        shared = and_(DossierShare.unit_id.in_(post.units), Dossier.confidentiality <= int(post.level))
        return shared if post.person is None else and_(shared, not_(excluded(post.person)))

    def _single(self) -> ColumnElement[bool]:
        """Single dossiers of mandates, and what was offered to the archive."""
        sources = []
        if self.mandates:
            ids = [mandate.mandate_id for mandate in self.mandates]
            named = select(MandateDossier.dossier_id).where(MandateDossier.mandate_id.in_(ids))
            sources.append(Dossier.id.in_(named))
        if self.offers:
            sources.append(Dossier.id.in_(select(OfferedLook.dossier_id)))
        return or_(false(), *sources)

    def _not_excluded(self) -> ColumnElement[bool]:
        return not_(excluded(self.user_id))


NOTHING = AccessRule(user_id=None)
"""The rule of those who have none."""


def may_write(session: Session, rule: AccessRule, dossier: Dossier) -> bool:
    """Whether the actor may change a dossier: who reads it by unit and level works in it. A share only reads."""
    return session.scalar(select(Dossier.id).where(Dossier.id == dossier.id, rule.writable())) is not None


def excluded(user_id: uuid.UUID | None) -> ColumnElement[bool]:
    """The predicate over `Dossier` rows from which a person is shut out."""
    mine = select(DossierExclusion.id).where(
        DossierExclusion.dossier_id == Dossier.id, DossierExclusion.user_id == user_id, standing()
    )
    return mine.correlate(Dossier).exists()


def standing() -> ColumnElement[bool]:
    """The predicate over exclusions that hold."""
    return DossierExclusion.lifted_at.is_(None)


def running() -> ColumnElement[bool]:
    """The predicate over shares that hold today."""
    return and_(DossierShare.ended_at.is_(None), DossierShare.until >= today())


def _all(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset(number for each in sets for number in each)
