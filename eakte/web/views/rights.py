"""Who may see a dossier and why, whom it is shared with, who is shut out; and who represents whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from eakte.web.views.parts import Choice, Form, Link


@dataclass(frozen=True, slots=True)
class Explained:
    """What one person may do, and by which sources of rights."""

    who: str
    own: bool
    may: str
    """„liest und bearbeitet die Akte“."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A share that runs. POST /akten/{id}/rechte/zugriff/{id}/beenden, where the person may end it."""

    id: str
    who: str
    what: str
    until: date
    reason: str
    given: str
    may_end: bool = False


@dataclass(frozen=True, slots=True)
class ExclusionRow:
    """Who is shut out. POST /akten/{id}/rechte/ausschluss/{id}/aufheben: reason, while it stands."""

    id: str
    who: str
    ground: str
    reason: str
    since: datetime
    lifted: datetime | None = None


@dataclass(frozen=True, slots=True)
class RightsView:
    """GET /akten/{id}/rechte?wer=…; lists that are not the person's to see are None, forms absent.

    POST …/zugriff: who (user or unit), user, unit, case, until, reason · …/ausschluss: user, ground, reason
    """

    dossier: str
    reference_number: str
    title: str
    path: tuple[Link, ...]
    everybody: tuple[str, ...]
    """Who sees it without a word of anybody: sentences."""
    explained: Explained | None = None
    ask: Form | None = None
    shares: tuple[ShareRow, ...] | None = None
    next_shares: str = ""
    share: Form | None = None
    units: tuple[Choice, ...] = ()
    cases: tuple[Choice, ...] = ()
    exclusions: tuple[ExclusionRow, ...] | None = None
    next_exclusions: str = ""
    exclude: Form | None = None
    readmit: Form = field(default_factory=Form)
    """With errors: what was typed for the exclusion whose id is its value `id`."""


@dataclass(frozen=True, slots=True)
class DeputyRow:
    """A deputation. POST /konto/vertretung/{id}/beenden."""

    id: str
    text: str
    """„Jens Ohlendorf vertritt Sie“."""
    from_on: date
    until: date
    protected: bool = False


@dataclass(frozen=True, slots=True)
class DeputiesView:
    """GET and POST /konto/vertretung: deputy, from_on, until, protected; person where one may say it for others."""

    rows: tuple[DeputyRow, ...]
    next: str = ""
    for_others: bool = False
    protected: bool = False
    """Whether the person has what is protected, and so can pass it on."""
    form: Form = field(default_factory=Form)
