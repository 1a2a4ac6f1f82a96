"""What an entry of the log says besides its act, in words: for auditors, who do not read code.

What has no word here is shown as it stands in the log: better raw than left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from eakte.language import _, msgid
from eakte.web.words import VOCABULARIES

_HASH = 64
"""Letters of a SHA-256."""

LABELS: Final = msgid(
    MappingProxyType(
        {
            "addressee": "Empfänger",
            "attempts": "Versuche",
            "auditor": "Prüfer",
            "backdated": "rückwirkend",
            "before": "vorher",
            "case": "Vorgang",
            "closed_on": "geschlossen am",
            "confidentiality": "Vertraulichkeit",
            "documents": "Dokumente",
            "dossier": "Akte",
            "due_on": "fällig am",
            "end": "Ende",
            "fields": "Angaben",
            "filename": "Datei",
            "for": "in Vertretung von",
            "from": "von",
            "ground": "Anlass",
            "head": "Leitung",
            "held_by": "ausgecheckt von",
            "inbox": "Posteingang",
            "into": "in",
            "kind": "Art",
            "level": "Stufe",
            "linked": "verbunden",
            "location": "Ort",
            "login": "Kennung",
            "machine": "Maschine",
            "machine_user": "Maschine",
            "medium": "Form",
            "method": "Weg",
            "name": "Name",
            "number": "Nummer",
            "on": "am",
            "ordinal": "Nummer",
            "own": "eigene",
            "parts": "Teile",
            "pause_seconds": "Pause in Sekunden",
            "plan_class": "Aktenplaneinheit",
            "pseudonyms": "Pseudonyme",
            "reason": "Grund",
            "received_on": "eingegangen am",
            "rendition": "PDF/A-Fassung",
            "roles": "Rollen",
            "scopes": "darf",
            "sender": "Absender",
            "sent_on": "abgesandt am",
            "sessions": "Sitzungen",
            "sessions_ended": "beendete Sitzungen",
            "sha256": "Prüfsumme",
            "signature": "Kennung der Schadsoftware",
            "size": "Byte",
            "source": "Anlage zu",
            "step": "Schritt",
            "subjects": "auch zu",
            "template": "Vorlage",
            "text": "Text",
            "title": "Betreff",
            "to": "an",
            "undoes": "nimmt zurück",
            "unit": "Einheit",
            "until": "bis",
            "user": "Konto",
            "valid_from": "gilt ab",
            "version": "Fassung",
            "was": "war",
            "was_closed_on": "war geschlossen am",
            "written_on": "Schreiben vom",
        }
    )
)

_VOCABULARIES: Final = MappingProxyType({"roles": "role", "scopes": "scope"})
"""Where a detail is not called as the vocabulary of its codes."""


def told(details: Mapping[str, object], *, longest: int | None = None) -> str:
    """The details as one line, whole, or in short and cut after so many letters."""
    text = ", ".join(
        f"{_label(name)}: {_plain(name, value, short=longest is not None)}" for name, value in sorted(details.items())
    )
    return text if longest is None or len(text) <= longest else text[:longest] + "…"


def _plain(name: str, value: object, *, short: bool) -> str:
    match value:
        case None | "" | []:
            return "–"
        case bool():
            return _("ja") if value else _("nein")
        case list():
            return ", ".join(_plain(name, each, short=short) for each in value)
        case dict():
            return "; ".join(f"{_label(key)} {_plain(key, each, short=short)}" for key, each in value.items())
        case str() if short and len(value) == _HASH and value.isalnum():
            return f"{value[:8]}…"
        case _:
            words = VOCABULARIES.get(_VOCABULARIES.get(name, name), {})
            return _(words[str(value)]) if str(value) in words else str(value)


def _label(name: str) -> str:
    return _(LABELS[name]) if name in LABELS else name
