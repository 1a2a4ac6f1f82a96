"""What can go wrong with the private database. A class's docstring is its message to people, a msgid."""

from __future__ import annotations

import inspect

from eakte.language import _


class EmbeddedError(Exception):
    """Die eingebaute Datenbank im Datenordner ist nicht benutzbar."""

    def __init__(self, detail: str = "") -> None:
        self.title = _(inspect.cleandoc(type(self).__doc__ or ""))
        self.detail = detail
        super().__init__(f"{self.title} {detail}".strip())


class DataFolderInUse(EmbeddedError):
    """Dieser Datenordner wird schon von einem laufenden „eakte serve“ benutzt."""


class DataFolderUnusable(EmbeddedError):
    """Der Datenordner kann nicht angelegt oder nicht beschrieben werden."""


class DataFolderUnreachable(EmbeddedError):
    """PostgreSQL läuft nicht als root, und sein Benutzer gelangt nicht bis zum Datenordner."""


class DataFolderOfAnother(EmbeddedError):
    """Die eingebaute Datenbank gehört einem anderen Benutzer."""


class ProgramsMissing(EmbeddedError):
    """Die Programme der eingebauten Datenbank fehlen oder lassen sich nicht ausführen."""


class VersionDiffers(EmbeddedError):
    """Der Datenordner stammt von einer anderen PostgreSQL-Version als der eingebauten."""


class CreationFailed(EmbeddedError):
    """Die eingebaute Datenbank ließ sich nicht anlegen."""


class StartFailed(EmbeddedError):
    """Die eingebaute Datenbank ließ sich nicht starten."""


class StartTooSlow(EmbeddedError):
    """Die eingebaute Datenbank ist noch nicht bereit, womöglich stellt sie Daten wieder her. Bitte warten."""


class DiskFull(EmbeddedError):
    """Für die eingebaute Datenbank ist kein Speicherplatz frei. Bitte Platz schaffen; Gespeichertes bleibt erhalten."""


class StopFailed(EmbeddedError):
    """Die eingebaute Datenbank ließ sich nicht beenden. Sie läuft weiter und wird beim nächsten Start übernommen."""


class SocketFailed(EmbeddedError):
    """Der Weg zur eingebauten Datenbank (Unix-Socket) ließ sich nicht einrichten."""


class ConnectionRefused(EmbeddedError):
    """Die eingebaute Datenbank läuft, nimmt aber keine Verbindung an."""


class PasswordLost(EmbeddedError):
    """Das Kennwort der eingebauten Datenbank fehlt oder passt nicht."""


class ServerOfAnother(EmbeddedError):
    """Auf dem Datenordner läuft ein PostgreSQL, das nicht von eakte gestartet wurde."""


class LockTimeout(EmbeddedError):
    """Ein anderer eakte-Prozess startet oder beendet die eingebaute Datenbank seit Minuten."""
