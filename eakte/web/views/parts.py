"""What every page is made of: links, forms and their errors, the frame, properties, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from eakte.language import _


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a selection."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence at the head of a page: what happened, what it means, what to do."""

    kind: Literal["info", "success", "warning", "danger"]
    text: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, in the user's words; `field` is its form name, empty for the form as a whole."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form as typed: values come back with the errors, nothing typed is lost."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()
    open: bool = False
    """Whether it stands open when the page arrives: it came back with errors, or its address asked for it."""

    def value(self, name: str, default: str = "") -> str:
        """What was typed, else the default."""
        return self.values.get(name, default)

    def error(self, name: str) -> str:
        """The sentence for a field; empty where it is fine."""
        return next((error.text for error in self.errors if error.field == name), "")


def _foot() -> tuple[Link, ...]:
    """What stands at the foot of every page, also of those for nobody and of errors."""
    return (Link(_("Barrierefreiheit"), "/barrierefreiheit"), Link(_("Barriere melden"), "/barriere-melden"))


@dataclass(frozen=True, slots=True)
class Undo:
    """What was just done and can be taken back: its sentence, and POST `href` with `zurueck`, where to go then."""

    text: str
    href: str
    back: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page."""

    municipality: str
    now: datetime
    """Aware; "heute" in lists is measured against it."""
    user: str = ""
    """Name as shown in the bar ("P. Hansen"); empty: nobody is signed in."""
    user_name: str = ""
    areas: tuple[str, ...] = ()
    """Keys of `words.AREAS` the person may use, in order."""
    area: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    csrf: str = ""
    idempotency: str = ""
    """A fresh key for the forms of this page: sending one twice does it once."""
    keys: bool = True
    """Single keys (WCAG 2.1.4); off they are neither listened to nor shown."""
    theme: Literal["auto", "light", "dark"] = "auto"
    density: Literal["compact", "wide"] = "compact"
    query: str = ""
    messages: tuple[Message, ...] = ()
    undo: Undo | None = None
    foot: tuple[Link, ...] = field(default_factory=_foot)
    version: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A row of properties; `value` is a word, a day, a moment or a link."""

    label: str
    value: str | date | Link
    note: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened: „P. Hansen legte … ab“."""

    at: datetime
    text: str
    undo: str = ""
    """POST: take it back; unset where that is not the person's or not possible."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A box in the coordinates of its page (width and height of the recognised words)."""

    x: float
    y: float
    width: float
    height: float
