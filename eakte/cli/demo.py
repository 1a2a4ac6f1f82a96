"""`eakte demo`: the sample municipality, made by the program and filed like everything else."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from eakte.bootstrap import Backends
from eakte.cli import serving
from eakte.cli.output import JsonFlag, acting, backends, load_settings
from eakte.cli.progress import Progress
from eakte.cli.saying import emit, fail, say
from eakte.embedded import serve_lock
from eakte.language import _, ngettext
from eakte.models import Document
from eakte.operations.auditing import sequence
from eakte.sample.filing import Filed, file_documents, found_municipality
from eakte.sample.town import Town, town

SEED = 1
ACCESS_FILE = "beispiel-zugang.json"


def demo(
    documents: Annotated[int, typer.Option("--documents", min=1, max=100_000)] = 60,
    serve: Annotated[bool, typer.Option("--serve", help="Danach den Dienst weiter anbieten.")] = False,
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8000,
    as_json: JsonFlag = False,
) -> None:
    """Legt eine Beispielkommune an: Aktenplan, Einheiten, Konten, Akten und selbst gemachte Dokumente.

    Ein zweiter Aufruf ergänzt, was fehlt.
    """
    settings = load_settings()
    with serve_lock(settings.data_dir), backends() as opened:
        serving.first_index(opened)
        sample = town(SEED, documents)
        password = _password(settings.data_dir)
        found = found_municipality(opened.transactions, _machine(opened), sample, password, _pattern(opened))
        if serve:
            _serve(opened, sample, found, password, host=host, port=port, as_json=as_json)
            return
        with serving.supervised(opened):
            _fill(opened, sample, found)
        _report(sample, password, as_json=as_json)


def _serve(opened: Backends, sample: Town, found: Filed, password: str, *, host: str, port: int, as_json: bool) -> None:
    """Serve at once; the address is said when every document can be found."""

    def announce(url: str) -> None:
        def fill() -> None:
            try:
                _fill(opened, sample, found)
            except Exception as error:  # noqa: BLE001 - said; the service goes on with what there is
                say(_("Fehler: Die Beispieldokumente sind nicht vollständig: %(error)s", error=error))
            _report(sample, password, as_json=as_json, url=url)

        threading.Thread(target=fill, name="sample", daemon=True).start()

    serving.run(opened, host=host, port=port, announce=announce)


def _fill(opened: Backends, sample: Town, found: Filed) -> None:
    with Progress(_("Beispiel"), _("Dokumente")) as progress:
        file_documents(opened.transactions, opened.blobs, _machine(opened), sample, found, progress.show)
        _wait_until_found(opened, progress.show)
    sequence(opened.transactions, opened.blobs)


def _wait_until_found(opened: Backends, show: Callable[[int, int], None]) -> None:
    """Until every document is ready or failed and its entry is visible."""
    while True:
        with opened.transactions.read() as session:
            total = session.scalar(select(func.count()).select_from(Document)) or 0
            done = select(func.count()).where(
                Document.state.in_(("ready", "failed")), Document.indexed_revision == Document.revision
            )
            finished = session.scalar(done) or 0
        show(finished, total)
        if finished == total:
            return
        time.sleep(0.5)


def _report(sample: Town, password: str, *, as_json: bool, url: str | None = None) -> None:
    users: list[dict[str, Any]] = [
        {
            "name": user.login,
            "password": None if user.machine else password,
            "role": user.roles[0],
            "roles": list(user.roles),
            "unit": user.unit,
        }
        for user in sample.users
    ]
    if as_json:
        shape: dict[str, Any] = {"dossiers": len(sample.dossiers), "documents": sample.count, "users": users}
        emit(shape | ({"url": url} if url else {}))
        return
    say(
        _(
            "Angelegt: %(dossiers)s, %(documents)s.",
            dossiers=ngettext("%(num)s Akte", "%(num)s Akten", len(sample.dossiers)),
            documents=ngettext("%(num)s Dokument", "%(num)s Dokumente", sample.count),
        )
    )
    say(_("Kennungen (Passwort für alle: %(password)s):", password=password))
    for user in users:
        if user["password"]:
            say(f"  {user['name']:<16} {', '.join(user['roles'])} ({user['unit']})")
    if url:
        say(_("eakte ist bereit: %(url)s", url=url))


def _machine(opened: Backends) -> Any:
    with opened.transactions.read() as session:
        return acting(session, None)


def _pattern(opened: Backends) -> str:
    return opened.settings.reference_pattern


def _password(data_dir: Path) -> str:
    """One random password for all people of the sample, kept beside it so that a second call can say it again."""
    path = data_dir / ACCESS_FILE
    if path.exists():
        try:
            return str(json.loads(path.read_text())["password"])
        except (ValueError, KeyError):
            fail(_("%(path)s ist nicht lesbar.", path=path), _("Bitte die Datei oder den Datenordner entfernen."))
    password = secrets.token_urlsafe(12)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"password": password}, file)
    return password
