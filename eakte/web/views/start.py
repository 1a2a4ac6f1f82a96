"""The start page and the list of resubmissions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from eakte.web.views.parts import Form


@dataclass(frozen=True, slots=True)
class RecentItem:
    """A dossier or document used lately."""

    title: str
    href: str
    second_line: str
    at: datetime
    icon: str = "folder"


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A document that lies unfiled."""

    title: str
    href: str
    sender: str
    unit: str
    """Whose inbox; empty where the person has only one."""
    received: date | None
    at: datetime
    state: str = "ready"
    icon: str = "mail"
    current: bool = False
    """Whether it is the one that is looked at."""


@dataclass(frozen=True, slots=True)
class ResubmissionItem:
    """Something to look at again on a day. POST /wiedervorlagen/{id}: act (done, 1, 7, 30), revision."""

    id: str
    note: str
    title: str
    """Of the dossier, case or document."""
    href: str
    reference_number: str
    due: date
    when: Literal["overdue", "today", "later"]
    revision: int
    for_unit: bool = False
    may_change: bool = False
    """Whether another day may be set: its dossier is open and the person works in it."""


@dataclass(frozen=True, slots=True)
class ResubmissionsView:
    """GET /wiedervorlagen: what is for the person and for the unit, by day."""

    items: tuple[ResubmissionItem, ...]
    unit: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class ResubmissionView:
    """GET and POST /wiedervorlagen/{id}/aendern: due_on, note, revision."""

    id: str
    title: str
    href: str
    reference_number: str
    revision: int
    back: str
    form: Form = field(default_factory=Form)


KEPT_TOGETHER = 10
"""Kept searches whose news are asked for together: an answer for more would take too long."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A search that the person keeps, and how many of its hits came since it was last opened."""

    id: str
    name: str
    href: str
    new: int = 0
    most: bool = False
    """Whether there may be more than `new`."""


@dataclass(frozen=True, slots=True)
class StartView:
    """What is at hand: search, what came in, what is due, lately used. Lists that are not the person's are None."""

    unit: str
    inbox: tuple[InboxItem, ...] | None = None
    inbox_count: int = 0
    due: tuple[ResubmissionItem, ...] | None = None
    """Overdue, today and in the next days, by day."""
    more_due: bool = False
    recent: tuple[RecentItem, ...] = ()
    failed: tuple[RecentItem, ...] = ()
    """Own documents whose processing failed: the one thing here that wants an act."""
    searches: tuple[Kept, ...] = ()
    counted: bool = False
    """Whether the searches say what is new; GET /suche/gemerkt?ab= answers some of them that do."""
    search_down: bool = False
    together: int = KEPT_TOGETHER
    example: str = ""
    """A reference number of this municipality, for the search box."""
