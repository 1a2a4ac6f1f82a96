"""Why somebody may see a dossier: the sources of the same rule, each with where it comes from and how long it holds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eakte.access.rule import AccessRule, Want, excluded, running, standing
from eakte.models import Case, Dossier, DossierExclusion, DossierShare, MandateDossier, OfferedLook
from eakte.terms import Level


class Source(StrEnum):
    """Where a right comes from; `EXCLUSION` is the one that takes all others away."""

    UNIT = "unit"
    DEPUTY = "deputy"
    REGISTRAR = "registrar"
    SHARE = "share"
    UNIT_SHARE = "unit-share"
    MANDATE = "mandate"
    OFFER = "offer"
    EXCLUSION = "exclusion"


@dataclass(frozen=True, slots=True)
class Reason:
    """One source of a right.

    Attributes:
        source: which.
        want: how far it reaches; None for an exclusion, which reaches everything.
        writes: whether one may work in the dossier by it.
        unit_id: of whom works there: the unit at the top of those inherited. Of a share with a unit: that unit.
        level: up to which level that holds.
        person: whom the actor represents.
        case_id: the only case that is shared.
        until: the last day, where there is one.
        row_id: the share, mandate or exclusion.
    """

    source: Source
    want: Want | None = Want.CONTENT
    writes: bool = False
    unit_id: uuid.UUID | None = None
    level: Level | None = None
    person: uuid.UUID | None = None
    case_id: uuid.UUID | None = None
    until: date | None = None
    row_id: uuid.UUID | None = None


def why(session: Session, rule: AccessRule, dossier: Dossier) -> Sequence[Reason]:
    """All reasons why an actor may see a dossier or a case of it; none where it may not, or the exclusion alone."""
    if rule.user_id is None:
        return []
    forbidding = session.scalar(
        select(DossierExclusion.id).where(
            DossierExclusion.user_id == rule.user_id, DossierExclusion.dossier_id == dossier.id, standing()
        )
    )
    if forbidding is not None:
        return [Reason(Source.EXCLUSION, None, row_id=forbidding)]
    found = [*_posts(session, rule, dossier)]
    if dossier.scope_number in rule.known:
        found.append(Reason(Source.REGISTRAR, Want.METADATA))
    found += _shares(session, rule, dossier)
    found += _mandates(session, rule, dossier)
    if rule.offers and session.get(OfferedLook, dossier.id) is not None:
        found.append(Reason(Source.OFFER))
    return found


def represented(session: Session, rule: AccessRule, dossier: Dossier) -> uuid.UUID | None:
    """For whom the actor works in a dossier; None where one's own post suffices."""
    found = list(_posts(session, rule, dossier))
    if any(reason.person is None for reason in found):
        return None
    return next((reason.person for reason in found), None)


def represented_in(rule: AccessRule, unit_id: uuid.UUID) -> uuid.UUID | None:
    """For whom the actor works in the inbox of a unit; None where one's own post suffices."""
    posts = [post for post in rule.posts if post.level >= Level.INTERNAL and unit_id in post.units]
    if any(post.person is None for post in posts):
        return None
    return next((post.person for post in posts), None)


def _posts(session: Session, rule: AccessRule, dossier: Dossier) -> Iterator[Reason]:
    for post in rule.posts:
        if dossier.scope_number not in post.scopes or _barred(session, post.person, dossier):
            continue
        source = Source.UNIT if post.person is None else Source.DEPUTY
        yield Reason(source, writes=True, unit_id=post.unit_id, level=post.level, person=post.person, until=post.until)


def _barred(session: Session, person: uuid.UUID | None, dossier: Dossier) -> bool:
    if person is None:
        return False
    return session.scalar(select(Dossier.id).where(Dossier.id == dossier.id, excluded(person))) is not None


def _shares(session: Session, rule: AccessRule, dossier: Dossier) -> Iterator[Reason]:
    if not rule.shares:
        return
    of_case = DossierShare.case_id.in_(select(Case.id).where(Case.dossier_id == dossier.id))
    rows = session.scalars(
        select(DossierShare)
        .where(or_(DossierShare.dossier_id == dossier.id, of_case), running())
        .order_by(DossierShare.until.desc(), DossierShare.id)
    ).all()
    for row in rows:
        if row.user_id == rule.user_id:
            yield Reason(Source.SHARE, case_id=row.case_id, until=row.until, row_id=row.id)
        elif row.unit_id is not None:
            for post in rule.posts:
                fits = row.unit_id in post.units and dossier.confidentiality <= post.level
                if fits and not _barred(session, post.person, dossier):
                    yield Reason(
                        Source.UNIT_SHARE,
                        unit_id=row.unit_id,
                        level=post.level,
                        person=post.person,
                        case_id=row.case_id,
                        until=min(row.until, post.until) if post.until else row.until,
                        row_id=row.id,
                    )


def _mandates(session: Session, rule: AccessRule, dossier: Dossier) -> Iterator[Reason]:
    ids = [mandate.mandate_id for mandate in rule.mandates]
    named = select(MandateDossier.mandate_id).where(
        MandateDossier.mandate_id.in_(ids), MandateDossier.dossier_id == dossier.id
    )
    single = set(session.scalars(named)) if ids else set()
    for mandate in rule.mandates:
        if mandate.mandate_id in single or dossier.scope_number in mandate.scopes:
            yield Reason(Source.MANDATE, until=mandate.until, row_id=mandate.mandate_id)
