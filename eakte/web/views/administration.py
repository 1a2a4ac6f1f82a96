"""Administration: how the service is doing, and what failed. The side list says which of its pages are the person's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from eakte.web.views.parts import Choice, Form, Link


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the administration in the list at its side."""

    name: str
    label: str
    icon: str

    @property
    def href(self) -> str:
        """Where it is."""
        return f"/administration/{self.name}"


@dataclass(frozen=True, slots=True)
class HealthCard:
    """One thing that works or does not: an icon by its state, a number, one sentence."""

    label: str
    state: Literal["ok", "look", "bad"]
    value: str
    sentence: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class HealthView:
    """GET /administration/zustand; with `teil=karten&stand=…` the cards alone, or 204 where nothing has changed."""

    sections: tuple[Section, ...]
    cards: tuple[HealthCard, ...]
    mark: str
    """Stands for all that the cards say; the next poll names it."""
    said: str = ""
    """What is to be spoken: a state that changed since the last poll."""

    section: str = "zustand"

    @property
    def hints(self) -> int:
        """How many cards want to be looked at."""
        return sum(card.state != "ok" for card in self.cards)

    @property
    def states(self) -> str:
        """The states of the cards alone; only a change of them is spoken."""
        return "".join(card.state[0] for card in self.cards)


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A document that could not be processed, without anything that is in it. POST …/{id}/wiederholen."""

    id: str
    kind: str
    size: int
    filed: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class FailedView:
    """GET /administration/zustand/dokumente."""

    sections: tuple[Section, ...]
    rows: tuple[FailedRow, ...]
    next: str = ""
    section: str = "zustand"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as it holds; secrets say only whether they are set."""

    name: str
    meaning: str
    value: str
    secret: bool = False
    default: bool = True


@dataclass(frozen=True, slots=True)
class SettingsView:
    """GET /administration/einstellungen."""

    sections: tuple[Section, ...]
    rows: tuple[SettingRow, ...]
    section: str = "einstellungen"


@dataclass(frozen=True, slots=True)
class LogRow:
    """An entry of the log."""

    number: int
    at: datetime
    actor: str
    act: str
    subject: str
    details: str


@dataclass(frozen=True, slots=True)
class LogView:
    """GET /administration/protokoll?wer=&was=&objekt=&von=&bis=."""

    sections: tuple[Section, ...]
    rows: tuple[LogRow, ...] = ()
    tags: tuple[Choice, ...] = ()
    form: Form = field(default_factory=Form)
    filtered: bool = False
    next: str = ""
    section: str = "protokoll"


@dataclass(frozen=True, slots=True)
class EntryView:
    """GET /administration/protokoll/{number}: one entry, and the proof of its place, checked just now."""

    sections: tuple[Section, ...]
    row: LogRow
    leaf: str
    head_size: int
    head_root: str
    signed: str
    steps: int
    holds: bool
    section: str = "protokoll"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An access key, without the key. POST /administration/schluessel/{id}/beenden."""

    id: str
    name: str
    prefix: str
    owner: str
    machine: bool
    scopes: tuple[str, ...]
    expires: datetime | None
    used: datetime | None
    state: Literal["valid", "ended", "expired"] = "valid"
    may_end: bool = False


@dataclass(frozen=True, slots=True)
class KeysView:
    """GET /administration/schluessel; POST there: user, name, days, scope_… ; the answer shows the key once."""

    sections: tuple[Section, ...]
    rows: tuple[KeyRow, ...]
    machines: tuple[Choice, ...] = ()
    """Accounts for which the person may make a key."""
    scopes: tuple[str, ...] = ()
    next: str = ""
    form: Form = field(default_factory=Form)
    new_key: str = ""
    section: str = "schluessel"
