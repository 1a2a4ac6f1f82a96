"""Where somebody opens dossiers: the own unit and those below it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from eakte.access import units_below
from eakte.operations.units import list_units
from eakte.terms import Actor, Role
from eakte.web.views import Choice


def units_worked_in(session: Session, actor: Actor) -> tuple[Choice, ...]:
    """The units in which the person opens dossiers, the own first; none for who has no files."""
    if not actor.has(Role.CLERK, Role.REGISTRAR) or actor.unit_id is None:
        return ()
    mine = units_below(session, actor.unit_id)
    units = [unit for unit in list_units(session) if unit.id in mine and unit.closed_on is None]
    units.sort(key=lambda unit: unit.id != actor.unit_id)
    return tuple(Choice(str(unit.id), f"{unit.number} {unit.name}") for unit in units)
