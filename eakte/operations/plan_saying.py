"""How the values of a class of the filing plan are said to people, by the page and by the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eakte.language import _, msgid
from retention.terms import Term

APPRAISALS: Mapping[str, str] = msgid({"A": "A – archivwürdig", "B": "B – bewerten", "V": "V – vernichten"})
_ANCHORS = msgid({"closing": "zdA", "last-document": "dem letzten Dokument"})
_ROUNDINGS = msgid({"year": "Jahresende", "month": "Monatsende", "day": "auf den Tag"})
_LEVELS = msgid({"dossier": "Akte", "case": "Vorgang"})


def anchor_words(anchor: str) -> str:
    """What a term is counted from, in words."""
    if anchor.startswith("event:"):
        return _("Ereignis „%(name)s“", name=anchor.removeprefix("event:"))
    return _(_ANCHORS[anchor])


def _term_words(value: str) -> str:
    term = Term.parse(value)
    return _("dauernd") if term.permanent else term.describe()


_WORDS: Mapping[str, Callable[[str], str]] = {
    "term": _term_words,
    "offer_by": _term_words,
    "transfer_grace": _term_words,
    "anchor": anchor_words,
    "rounding": lambda value: _(_ROUNDINGS[value]),
    "disposal_level": lambda value: _(_LEVELS[value]),
    "appraisal": lambda value: _(APPRAISALS[value]),
}
"""How the values of a class are said; the others are words already."""


def shown(name: str, value: str | None) -> str:
    """A value of a class as registrars read it; None is what the class does not say itself."""
    if value is None:
        return _("geerbt") if name not in {"description", "unit"} else "–"
    return _WORDS.get(name, str)(value)
