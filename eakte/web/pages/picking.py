"""Choosing where a document goes: dossiers and their open cases by a few letters, with or without script."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.operations.places import find_places
from eakte.terms import Actor
from eakte.web.views import Choice, Picker, PlaceChoice


def picker(session: Session, actor: Actor, asked: str, *, chosen: str = "", here: str = "") -> Picker:
    """What fits the letters typed."""
    found = find_places(session, actor, asked, here=_uuid(here))
    return Picker(
        asked=asked,
        places=tuple(
            PlaceChoice(
                value=f"dossier:{each.dossier.id}",
                reference_number=each.dossier.reference_number,
                title=each.dossier.title,
                cases=tuple(Choice(f"case:{case.id}", f"{case.ordinal} {case.title}") for case in each.cases),
            )
            for each in found
        ),
        chosen=chosen,
        here=here,
    )


def chosen_place(typed: str) -> dict[str, uuid.UUID]:
    """The dossier or case that was chosen, by its name in `move_documents`. Raises InvalidInput."""
    kind, _colon, text = typed.partition(":")
    found = _uuid(text)
    if kind not in {"dossier", "case"} or found is None:
        raise InvalidInput(errors=[FieldError("place", _("Bitte wählen Sie eine Akte oder einen Vorgang."))])
    return {kind: found}


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
