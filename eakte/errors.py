"""What can go wrong in the domain. A class's docstring is its message to people, a msgid; HTTP is unknown here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eakte.language import _


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong at one place of the input: `at` is a field name or a path such as `retention.term`."""

    at: str
    message: str


class EakteError(Exception):
    """Das hat nicht geklappt."""

    def __init__(self, detail: str | None = None, *, errors: Sequence[FieldError] = ()) -> None:
        self.title = self.said()
        self.detail = detail
        self.errors = tuple(errors)
        super().__init__(detail or self.title)

    @classmethod
    def said(cls) -> str:
        """The message of the class in the language spoken now."""
        return _((cls.__doc__ or "").strip())


class NotFound(EakteError):
    """Hier ist nichts, was Sie öffnen können."""


class NotSignedIn(EakteError):
    """Bitte melden Sie sich an."""


class SignInFailed(EakteError):
    """Kennung und Passwort passen nicht zusammen."""


class SecondFactorFailed(SignInFailed):
    """Dieser Code gilt nicht."""


class TooManyRequests(EakteError):
    """Zu viele Anfragen. Bitte warten Sie einen Augenblick."""

    def __init__(self, detail: str | None = None, *, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds
        """From when on it is worth trying again."""


class SignInPaused(TooManyRequests):
    """Zu viele Versuche. Bitte warten Sie einige Minuten."""


class AccountUnknown(SignInFailed):
    """Ihr Konto der Verwaltung ist hier noch nicht freigeschaltet."""


class ProviderRefused(SignInFailed):
    """Die Anmeldung beim Anmeldedienst der Verwaltung wurde nicht bestätigt."""


class NotAllowed(EakteError):
    """Dazu fehlt Ihnen das Recht."""


class ScopeMissing(EakteError):
    """Der Zugriffsschlüssel erlaubt das nicht."""


class CrossSiteRequest(EakteError):
    """Die Anfrage kam nicht von einer Seite dieses Dienstes. Bitte laden Sie die Seite neu."""


class InvalidInput(EakteError):
    """Einige Angaben passen nicht."""


class WrongState(EakteError):
    """Das geht im jetzigen Zustand nicht."""


class Conflict(WrongState):
    """Jemand anderes hat gleichzeitig dasselbe angelegt oder geändert. Bitte laden Sie neu."""


class CasesOpen(WrongState):
    """Es gibt noch offene Vorgänge."""


class DocumentFinal(WrongState):
    """Das Dokument ist abgeschlossen und wird nicht mehr geändert."""


class DocumentCancelled(WrongState):
    """Das Dokument ist storniert und wird nicht mehr geändert."""


class DocumentCheckedOut(WrongState):
    """Das Dokument ist ausgecheckt."""


class ManyRefused(WrongState):
    """Mit einigen Dokumenten geht das nicht; es wurde nichts geändert."""


class StaleRevision(EakteError):
    """Inzwischen wurde diese Angabe geändert. Bitte laden Sie neu."""


class FileInfected(InvalidInput):
    """Die Datei wurde abgewiesen: Sie enthält Schadsoftware."""


class RevisionMissing(EakteError):
    """Zum Ändern ist die Angabe des gelesenen Standes (If-Match) nötig."""


class KeyReused(EakteError):
    """Dieser Idempotency-Key wurde schon für eine andere Anfrage benutzt."""


class TooLarge(EakteError):
    """Die Datei ist zu groß."""


class Unavailable(EakteError):
    """Der Dienst ist gerade nicht verfügbar. Bitte versuchen Sie es gleich noch einmal."""


class ProviderUnavailable(Unavailable):
    """Der Anmeldedienst der Verwaltung antwortet gerade nicht."""


class SearchUnavailable(Unavailable):
    """Die Suche ist gerade nicht verfügbar. Ablegen, Öffnen und alle Listen arbeiten weiter."""


class StorageFailed(Unavailable):
    """Die Ablage der Dateien ist gerade nicht verfügbar. Es wurde nichts gespeichert."""


class ScannerUnavailable(Unavailable):
    """Die Virenprüfung ist nicht erreichbar."""


class SigningUnavailable(Unavailable):
    """Eine Signatur ist gerade nicht möglich."""


class ContentDamaged(EakteError):
    """Die gespeicherte Datei ist beschädigt und wird nicht ausgegeben. Bitte verständigen Sie die IT."""


class UnauditedWrite(EakteError):
    """Eine Änderung ohne Protokolleintrag wurde verweigert."""


class SchemaOutdated(EakteError):
    """Die Datenbank ist nicht auf dem Stand dieses Programms. Bitte rufen Sie `eakte migrate` auf."""


class SetupFailed(EakteError):
    """Die Einrichtung ist unvollständig."""
