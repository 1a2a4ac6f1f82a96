"""The German words of the screens, one table a vocabulary; codes on the left are those of `eakte.terms` and the API.

Source: docs/glossary.md (after DOMEA/Organisationskonzept). A code without a word is an error, never shown as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from eakte.language import _, msgid
from eakte.operations.plan_saying import APPRAISALS

VOCABULARIES: Final = msgid(
    MappingProxyType(
        {
            "kind": {"incoming": "Eingang", "outgoing": "Ausgang", "internal": "intern"},
            "confidentiality": {"open": "offen", "internal": "dienstintern", "protected": "besonders geschützt"},
            "medium": {"electronic": "elektronisch", "hybrid": "hybrid", "paper": "Papier"},
            "dossier": {
                "open": "in Bearbeitung",
                "closed": "zdA, Transferfrist läuft",
                "retention": "zdA",
                "due": "zdA, aussonderungsreif",
                "offered": "angeboten – nicht änderbar",
                "appraised": "bewertet – nicht änderbar",
                "transferred": "ans Archiv übergeben",
                "confirmed": "Übernahme bestätigt",
                "approved": "zur Vernichtung genehmigt",
                "destroyed": "vernichtet",
            },
            "case": {"open": "offen", "closed": "abgeschlossen"},
            "document": {
                "received": "wartet auf Verarbeitung",
                "processing": "Text wird erkannt",
                "ready": "bereit",
                "failed": "Verarbeitung fehlgeschlagen",
            },
            "mark": {
                "held": "ausgecheckt",
                "mine": "von Ihnen ausgecheckt",
                "final": "abgeschlossen",
                "cancelled": "storniert",
            },
            "rendition": {
                "pending": "PDF/A-Fassung entsteht",
                "conforming": "PDF/A, geprüft",
                "claimed": "PDF/A laut Original, ungeprüft",
                "raster": "Seitenbilder mit Text",
                "none": "keine PDF/A-Fassung",
            },
            "text": {
                "pending": "Text wird erkannt",
                "born-digital": "aus dem Original",
                "recognised": "Texterkennung",
                "none": "kein Text",
            },
            "appraisal": dict(APPRAISALS),
            "role": {
                "clerk": "Sachbearbeitung",
                "registrar": "Registratur",
                "archive": "Archiv",
                "approver": "Zweite Person (Genehmigung)",
                "auditor": "Rechnungsprüfung und Datenschutz",
                "admin": "Administration (IT)",
                "station": "Scanstation",
            },
            "template": {"dossier": "Akte", "case": "Vorgang"},
            "field": {
                "text": "Text",
                "number": "Zahl",
                "date": "Tag",
                "choice": "Auswahl",
                "yes-no": "ja oder nein",
                "money": "Geldbetrag",
            },
            "owner": {"dossier": "Akte", "case": "Vorgang", "document": "Dokument"},
            "scope": {
                "read": "lesen",
                "write": "ablegen und ändern",
                "scan": "scannen",
                "audit": "Protokoll lesen",
                "metrics": "Betriebszahlen lesen",
                "admin": "verwalten",
            },
            "method": {
                "password": "Passwort",
                "password+code": "Passwort und Einmalcode",
                "password+recovery": "Passwort und Wiederherstellungscode",
                "oidc": "Konto der Verwaltung",
            },
            "ground": {
                "vwvfg-20": "§ 20 VwVfG: beteiligt oder angehörig",
                "vwvfg-21": "§ 21 VwVfG: Besorgnis der Befangenheit",
            },
            "sort": {
                "relevance": "nach Bedeutung",
                "newest": "neueste zuerst",
                "added": "zuletzt abgelegt",
                "reference": "nach Aktenzeichen",
            },
            "facet": {
                "plan": "Aktenplan",
                "stelle": "Zuständig",
                "art": "Dokumentart",
                "jahr": "Jahr",
                "stand": "Stand der Akte",
            },
        }
    )
)
"""Vocabulary -> code -> word."""

STATE_ICONS: Final = MappingProxyType(
    {
        "open": ("folder_open-fill", "info"),
        "closed": ("inventory_2", "plain"),
        "retention": ("inventory_2", "plain"),
        "due": ("warning-fill", "warning"),
        "offered": ("lock-fill", "warning"),
        "appraised": ("lock-fill", "warning"),
        "transferred": ("lock-fill", "warning"),
        "confirmed": ("lock-fill", "warning"),
        "approved": ("lock-fill", "warning"),
        "destroyed": ("error-fill", "danger"),
    }
)
"""State of a dossier -> (icon, badge type): a state is always a shape and a word."""


MARK_ICONS: Final = MappingProxyType(
    {
        "held": ("edit_square", "warning"),
        "mine": ("edit_square", "info"),
        "final": ("lock-fill", "plain"),
        "cancelled": ("block", "danger"),
    }
)
"""Mark of a document -> (icon, badge type)."""

FILE_ICONS: Final = MappingProxyType({"message": "mail", "image": "image"})


def icon_of(media_type: str) -> str:
    """The icon of a file by its media type: a mail, a picture, else a sheet."""
    kind = "message" if media_type == "application/vnd.ms-outlook" else media_type.partition("/")[0]
    return FILE_ICONS.get(kind, "description")


BREAKS: Final = re.compile(r"(?<=^Wieder)|(?<=^Adminis)|(?<=^Aus)(?=sonderung)")
"""Where the long names of areas may be broken."""


@dataclass(frozen=True, slots=True)
class Area:
    """One of the main areas of the top bar; `key` follows ``g`` on the keyboard."""

    label: str
    href: str
    icon: str
    key: str

    @property
    def syllables(self) -> str:
        """The label in words, with soft hyphens for the bar of a phone."""
        return BREAKS.sub("\N{SOFT HYPHEN}", _(self.label))


AREAS: Final = MappingProxyType(
    {
        "start": Area(msgid("Start"), "/", "home", "s"),
        "inbox": Area(msgid("Posteingang"), "/posteingang", "inbox", "p"),
        "files": Area(msgid("Akten"), "/plan", "folder", "a"),
        "search": Area(msgid("Suche"), "/suche", "search", "f"),
        "resubmissions": Area(msgid("Wiedervorlagen"), "/wiedervorlagen", "event", "w"),
        "scanning": Area(msgid("Scannen"), "/stapel", "scan", "c"),
        "disposition": Area(msgid("Aussonderung"), "/aussonderung", "archive", "o"),
        "administration": Area(msgid("Administration"), "/administration", "monitor_heart", "v"),
    }
)
"""Main areas in the order of the bar; a `Frame` names those a person may use."""

WEEKDAYS: Final = msgid(("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"))
WEEKDAYS_LONG: Final = msgid(("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"))
MONTHS: Final = msgid(
    (
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    )
)


def word(code: str, vocabulary: str) -> str:
    """The word of a code.

    Raises:
        KeyError: the vocabulary or the code has no word; a page must not show raw codes.
    """
    return _(VOCABULARIES[vocabulary][str(code)])
