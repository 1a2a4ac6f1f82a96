"""The accessibility statement, and reporting what somebody could not do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from eakte.web.views.parts import Form


@dataclass(frozen=True, slots=True)
class StatementView:
    """GET /barrierefreiheit, for everybody; what the municipality has not said is empty."""

    on: date
    contact: str = ""
    arbitration: str = ""


@dataclass(frozen=True, slots=True)
class BarrierRow:
    """A report. POST /barriere-melden/{id}/erledigt."""

    id: str
    at: datetime
    who: str
    page: str
    text: str
    reach: str
    done: datetime | None = None


@dataclass(frozen=True, slots=True)
class BarrierView:
    """GET /barriere-melden, for everybody; POST there by who is signed in: page, text, reach."""

    contact: str = ""
    form: Form | None = None
    reports: tuple[BarrierRow, ...] | None = None
    """Those that came in, for the administration."""
    next: str = ""
