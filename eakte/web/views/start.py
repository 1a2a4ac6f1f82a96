"""The start page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eakte.web.views.parts import Link


@dataclass(frozen=True, slots=True)
class RecentItem:
    """A dossier or document used lately."""

    title: str
    href: str
    second_line: str
    at: datetime
    icon: str = "folder"


@dataclass(frozen=True, slots=True)
class StartView:
    """What is at hand: search, lately used, work in the own files."""

    unit: str
    recent: tuple[RecentItem, ...] = ()
    failed: tuple[RecentItem, ...] = ()
    """Own documents whose processing failed: the one thing here that wants an act."""
    searches: tuple[Link, ...] = ()
    search_down: bool = False
    example: str = ""
    """A reference number of this municipality, for the search box."""
