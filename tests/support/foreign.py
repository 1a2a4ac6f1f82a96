"""Languages that show what passed the catalogue, and what of a page did not."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from gettext import NullTranslations
from html.parser import HTMLParser

_CIRCLED = {chr(first + at): chr(circled + at) for first, circled in ((65, 0x24B6), (97, 0x24D0)) for at in range(26)}
_SIGNS = str.maketrans({**_CIRCLED, **dict(zip("äöüßÄÖÜ", "ⓐⓞⓤⓢⒶⓄⓊ", strict=True))})
_VALUE = re.compile(r"(%\(\w+\)[sd]|%%)")
_READABLE = re.compile(r"\b[A-Za-zÄÖÜäöüß]{2,}\b")
_SPOKEN = {"alt", "title", "aria-label", "placeholder", "label"}
NAMES = {"eakte", "PDF", "SHA", "kB", "MB", "GB", "TB"}
"""What is called the same in all languages."""


class Marked(NullTranslations):
    """Puts ⟦…⟧ around every sentence."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class Circled(NullTranslations):
    """Writes every sentence in other letters: what can still be read passed no catalogue."""

    def gettext(self, message: str) -> str:
        """The msgid in other signs, its values as they are."""
        return circled(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """As `gettext`, by the plural forms of German."""
        return circled(msgid1 if n == 1 else msgid2)


def circled(text: str) -> str:
    """A msgid in other signs: „Akte %(number)s“ becomes „Ⓐⓚⓣⓔ %(number)s“."""
    return "".join(part if _VALUE.fullmatch(part) else part.translate(_SIGNS) for part in _VALUE.split(text))


def readable(html: str, data: Iterable[str]) -> set[str]:
    """The words that a person reads or hears on a page, besides those of the catalogue, of `data` and NAMES."""
    page = _Spoken(html)
    left = f" {' '.join(' '.join(page.parts).split())} "
    for value in sorted((" ".join(each.split()) for each in set(data)), key=len, reverse=True):
        if value in left and _READABLE.search(value):
            left = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", " ", left)
    return set(_READABLE.findall(left)) - NAMES


def texts_in(value: object) -> Iterator[str]:
    """Every text in a view or a row."""
    match value:
        case str():
            yield value
        case uuid.UUID():
            yield str(value)
        case Mapping():
            for each in value.values():
                yield from texts_in(each)
        case list() | tuple() | set() | frozenset():
            for each in value:
                yield from texts_in(each)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from texts_in(getattr(value, field.name))


class _Spoken(HTMLParser):
    """The text of a page and of the attributes that are read out, by the user's device or by a script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        filled = tag == "input" and dict(attrs).get("type") not in {"hidden", "checkbox", "radio"}
        for name, value in attrs:
            if name in _SPOKEN or name.startswith("data-ea-say-") or (filled and name == "value"):
                self.parts.append(re.sub(r"%\(\w+\)s", " ", value or ""))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
