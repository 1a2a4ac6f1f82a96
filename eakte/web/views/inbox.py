"""The inbox: what lies unfiled, the letter that is looked at, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from eakte.web.views.document import Page
from eakte.web.views.dossier import Picker
from eakte.web.views.parts import Choice, Form, Link
from eakte.web.views.start import InboxItem


@dataclass(frozen=True, slots=True)
class LetterView:
    """POST /posteingang/{id}/ablegen: place · /posteingang/{id}/weitergeben: unit, reason."""

    id: str
    title: str
    sender: str
    received: date | None
    unit: str
    pages: tuple[Page, ...]
    state: str
    picker: Picker
    form: Form = field(default_factory=Form)
    units: tuple[Choice, ...] = ()
    hand_on: Form = field(default_factory=Form)
    holder: str = ""
    """Who has it checked out: it stays where it is until then."""


@dataclass(frozen=True, slots=True)
class InboxView:
    """GET /posteingang and /posteingang/{id}: the list and one letter of it."""

    letters: tuple[InboxItem, ...]
    total: int = 0
    chosen: LetterView | None = None
    units: tuple[Link, ...] = ()
    """The inboxes to choose from, where there are several; the first means all."""
    unit: str = ""
    next: str = ""
