"""What just happened, in a sentence: what a page says after an act."""

from __future__ import annotations

from eakte.language import _, msgid

MESSAGES = msgid(
    {
        "abgelegt": "Das Dokument ist abgelegt. Text und PDF/A-Fassung entstehen von selbst.",
        "akte": "Die Akte ist angelegt.",
        "vorgang": "Der Vorgang ist angelegt.",
        "vorgang-zu": "Der Vorgang ist abgeschlossen.",
        "vorgang-auf": "Der Vorgang ist wieder offen.",
        "beteiligt": "Die Angaben sind eingetragen.",
        "entfernt": "Die Angaben sind entfernt.",
        "ausgeliehen": "Das Papier der Akte ist ausgeliehen.",
        "zurueckgegeben": "Das Papier der Akte ist zurück.",
        "verweis": "Der Verweis ist eingetragen.",
        "verweis-weg": "Der Verweis ist entfernt.",
        "zda": "Die Akte ist geschlossen (zdA).",
        "offen": "Die Akte ist wieder in Bearbeitung.",
        "wiederholt": "Die Verarbeitung beginnt von vorn.",
        "gespeichert": "Gespeichert.",
        "ausgecheckt": "Das Dokument ist für Sie ausgecheckt. Die anderen lesen es weiter.",
        "aufgehoben": "Das Auschecken ist aufgehoben.",
        "fassung": "Die neue Fassung ist abgelegt. Text und PDF/A-Fassung entstehen von selbst.",
        "zurueckgeholt": "Die frühere Fassung gilt wieder, als neue Fassung.",
        "abgeschlossen": "Das Dokument ist abgeschlossen.",
        "storniert": "Das Dokument ist storniert. In Listen und in der Suche steht es nicht mehr.",
        "wiedervorlage": "Die Wiedervorlage ist eingetragen.",
        "auswahl-move": "Die ausgewählten Dokumente sind verschoben.",
        "auswahl-change": "Die ausgewählten Dokumente sind geändert.",
        "auswahl-remind": "Für die ausgewählten Dokumente ist eine Wiedervorlage eingetragen.",
        "auswahl-cancel": "Die ausgewählten Dokumente sind storniert.",
        "eingang-abgelegt": "Das Dokument ist abgelegt.",
        "eingang-weitergegeben": "Das Dokument ist weitergegeben.",
        "erledigt": "Die Wiedervorlage ist erledigt.",
        "verschoben": "Die Wiedervorlage kommt an dem neuen Tag wieder.",
        "inzwischen": "Inzwischen hat jemand das geändert oder erledigt. Hier steht der jetzige Stand.",
        "zurueckgenommen": "Zurückgenommen. Im Verlauf steht beides.",
        "nicht-zurueck": "Das ließ sich nicht zurücknehmen: Inzwischen hat sich etwas geändert.",
        "vorgang-verschoben": "Der Vorgang liegt jetzt in dieser Akte, mit allen seinen Dokumenten.",
        "akte-verschoben": "Die Akte liegt jetzt in einer anderen Aktenplaneinheit und hat ein neues Aktenzeichen.",
        "akte-abgegeben": "Für die Akte ist jetzt eine andere Organisationseinheit zuständig.",
        "akte-eingestuft": "Die Vertraulichkeit der Akte ist geändert.",
        "zugriff": "Der Zugriff ist gegeben.",
        "zugriff-beendet": "Der Zugriff ist beendet.",
        "ausgeschlossen": "Die Person ist ausgeschlossen.",
        "zugelassen": "Die Person ist wieder zugelassen.",
        "vertretung": "Die Vertretung ist eingetragen.",
        "vertretung-beendet": "Die Vertretung ist beendet.",
        "gemerkt": "Die Suche ist gemerkt. Sie steht auf der Startseite.",
        "vergessen": "Die Suche ist nicht mehr gemerkt.",
        "barriere": "Danke. Ihre Meldung liegt jetzt bei der Administration.",
        "abgemeldet": "Sie sind abgemeldet.",
        "passwort": "Das neue Passwort gilt. Alle anderen Anmeldungen sind beendet.",
        "beendet": "Beendet.",
        "einheit": "Die Organisationseinheit ist angelegt.",
        "umgebaut": "Die Organisationseinheiten sind umgebaut.",
        "plan": "Der Aktenplan ist übernommen.",
        "verbunden": "Ihr Konto ist verbunden. Sie können sich jetzt mit dem Konto der Verwaltung anmelden.",
    }
)
"""What happened before a redirect, by a word in the address; only these sentences can be shown."""


def message_of(happened: str) -> str:
    """The sentence; empty for a word that means nothing."""
    return _(MESSAGES[happened]) if happened in MESSAGES else ""
