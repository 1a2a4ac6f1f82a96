"""The language that people are spoken to in: every sentence is a gettext msgid, in German.

Templates use the same catalogue. A sentence is written where it is said: ``_("Die Kennung %(login)s ist vergeben.",
login=login)``. Values have names and never stand in the msgid itself, so that a translator can move them. What is
chosen when a module is loaded is marked with `msgid` and put into words by `_` when it is shown.

There is no other language yet: without a catalogue a sentence is its msgid. Another one needs a catalogue, whose head
names it (`Language`), and, around each request or command, `speaking`. Days and numbers are shown by `shown_day` and
its neighbours alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from gettext import NullTranslations
from typing import TypeVar

T = TypeVar("T")

_CATALOGUE: ContextVar[NullTranslations] = ContextVar("catalogue", default=NullTranslations())  # noqa: B039 - read only


def _(msgid: str, /, **values: object) -> str:
    """A sentence in the language spoken now; `values` stand in it as ``%(name)s``, a percent sign as ``%%``.

    Raises:
        KeyError: a value that the sentence shows is missing.
    """
    return gettext(msgid) % values


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """A sentence about `number` things, which stands in it as ``%(num)s``, as in templates."""
    return plural(one, many, number) % {"num": number, **values}


def gettext(text: str, /) -> str:
    """What the catalogue has for a sentence, its values not yet put in: for Jinja, which escapes them first."""
    return _CATALOGUE.get().gettext(text)


def plural(one: str, many: str, number: int, /) -> str:
    """What the catalogue has for a sentence about `number` things, as `gettext`."""
    return _CATALOGUE.get().ngettext(one, many, number)


def tag() -> str:
    """The tag of the language spoken (BCP 47), as a page says it: German unless the catalogue names another."""
    return (_CATALOGUE.get().info().get("language") or "de").replace("_", "-")


def shown_day(value: date) -> str:
    """23.11.2026. What people type is read and shown again in one form, whatever is spoken: `as_typed`."""
    return _("%(day)s.%(month)s.%(year)s", day=f"{value:%d}", month=f"{value:%m}", year=f"{value:%Y}")


def shown_moment(value: datetime) -> str:
    """23.11.2026 08:14, on the clock of the value."""
    return _("%(day)s %(time)s", day=shown_day(value), time=f"{value:%H:%M}")


def shown_number(value: int) -> str:
    """1.204.331: groups of three, as German has them."""
    return f"{value:,}".replace(",", ".")


def msgid(text: T, /) -> T:
    """Marks a sentence, or the values of a table of sentences, for the catalogue; who shows one calls `_`."""
    return text


@contextmanager
def speaking(catalogue: NullTranslations) -> Iterator[None]:
    """Speak another language within the block, in this thread or task."""
    before = _CATALOGUE.set(catalogue)
    try:
        yield
    finally:
        _CATALOGUE.reset(before)
