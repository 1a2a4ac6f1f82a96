"""What throw-away processes leave and say, by names that both sides know; neither loads the other for them."""

from typing import Final

RENDITION: Final = "rendition.pdf"
"""The rendition, where one was made."""

TYPESET: Final = "typeset.pdf"
"""A text set on pages."""

WARNINGS: Final = {
    "encrypted": "Die Datei ist verschlüsselt oder gegen Bearbeitung geschützt.",
    "signed": "Die Datei ist elektronisch signiert; die Signatur gilt nur für das Original und wurde nicht geprüft.",
    "javascript": "Die Datei enthält JavaScript.",
    "open-action": "Die Datei will beim Öffnen eine Aktion ausführen.",
    "launch": "Die Datei will ein Programm starten.",
    "attachments": "Die Datei enthält eingebettete Dateien.",
    "macros": "Die Datei enthält Makros; sie wurden nicht ausgeführt.",
    "xfa": "Die Datei enthält ein dynamisches Formular (XFA), das möglicherweise unvollständig angezeigt wird.",
}
"""What a clerk is told about a file, by key."""
