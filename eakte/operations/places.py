"""Where a document can be filed: open dossiers that a person works in, with open cases, found by a few letters."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eakte.access import rule_for
from eakte.models import Case, Dossier, DossierReference, RecentDossier
from eakte.operations.references import normalised_spelling
from eakte.terms import Actor

"""Dossiers whose rights are compared for one answer."""
MOST_CASES = 8
"""Open cases named for each dossier, the youngest."""


@dataclass(frozen=True, slots=True)
class FilingPlace:
    """An open dossier with its open cases, youngest first."""

    dossier: Dossier
    cases: Sequence[Case]


def find_places(
    session: Session, actor: Actor, asked: str, *, here: uuid.UUID | None = None, limit: int = 6
) -> list[FilingPlace]:
    """Places by any number the dossier has or had, else by a part of number or title; without letters those used last.

    `here` stands first where nothing is asked. Only what the actor may file into.
    """
    statement = select(Dossier).where(rule_for(session, actor).writable(), Dossier.closed_on.is_(None))
    text = asked.strip()[:200]
    if text:
        named = select(DossierReference.dossier_id).where(DossierReference.key == normalised_spelling(text))
        hits = (
            Dossier.title.icontains(text, autoescape=True),
            Dossier.reference_number.icontains(text, autoescape=True),
        )
        exact = Dossier.id.in_(named)
        statement = statement.where(or_(exact, *hits)).order_by(exact.desc(), Dossier.reference_sort.desc(), Dossier.id)
        found = list(session.scalars(statement.limit(limit)))
    else:
        used = statement.join(RecentDossier, RecentDossier.dossier_id == Dossier.id)
        used = used.where(RecentDossier.user_id == actor.user_id).order_by(RecentDossier.at.desc())
        first = list(session.scalars(statement.where(Dossier.id == here))) if here else []
        found = [*first, *(each for each in session.scalars(used.limit(limit)) if each.id != here)]
    found = found[:limit]
    cases = _open_cases(session, (each.id for each in found))
    return [FilingPlace(each, cases.get(each.id, ())[:MOST_CASES]) for each in found]


def _open_cases(session: Session, dossiers: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Case]]:
    rows = session.scalars(
        select(Case).where(Case.dossier_id.in_(dossiers), Case.closed_on.is_(None)).order_by(Case.ordinal.desc())
    )
    found: dict[uuid.UUID, list[Case]] = {}
    for row in rows:
        found.setdefault(row.dossier_id, []).append(row)
    return found
