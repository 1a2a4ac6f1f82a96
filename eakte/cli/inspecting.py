"""Looking and proving: doctor, search, index, audit."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eakte import verifier
from eakte.api.search import answer
from eakte.bootstrap import Backends
from eakte.cli.output import AsUser, JsonFlag, acting, backends, load_settings
from eakte.cli.progress import Progress
from eakte.cli.saying import emit, fail, say, wrong_call
from eakte.embedded import EmbeddedError
from eakte.errors import EakteError
from eakte.language import _
from eakte.operations import auditing, entries
from eakte.operations.health import Check, checks
from eakte.operations.proving import proof_words, prove
from eakte.operations.searching import Question, find
from eakte.settings import Settings
from eakte.terms import BERLIN

index = typer.Typer(help="Suchindex: abgeleitet, jederzeit neu aufbaubar.", no_args_is_help=True)
audit = typer.Typer(help="Protokoll: prüfen, beweisen, ausgeben.", no_args_is_help=True)


def doctor(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Prüft Datenbank, Ablage, Suche, Texterkennung, Virenprüfung, Uhr und Platz; zeigt die Einstellungen."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    try:
        with backends() as opened:
            found = list(
                checks(
                    opened.database,
                    opened.transactions,
                    opened.blobs,
                    opened.search,
                    settings.data_dir,
                    opened.scanner,
                )
            )
    except (EakteError, EmbeddedError) as error:
        found = [Check(_("Start"), ok=False, detail=str(error), advice=_("Die Meldung nennt, was fehlt."))]
    ok = all(check.ok for check in found)
    if as_json:
        emit(
            {
                "ok": ok,
                "checks": [
                    {"name": check.name, "ok": check.ok, "detail": check.detail, "advice": check.advice}
                    for check in found
                ],
                "settings": _settings_shown(settings),
            }
        )
    else:
        for check in found:
            say(f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}")
            if not check.ok and check.advice:
                say(f"    → {check.advice}")
        say(_("Einstellungen:"))
        for name, value in _settings_shown(settings).items():
            say(f"  {name}={value}")
    if not ok:
        raise typer.Exit(1)


def search(
    text: Annotated[str, typer.Argument(help="Suchwörter")],
    as_user: AsUser = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200)] = 20,
    as_json: JsonFlag = False,
) -> None:
    """Sucht, was die Person findet, für die gehandelt wird."""
    if as_user is None:
        wrong_call(_("--as KENNUNG ist nötig: gefunden wird nur, was diese Person sehen darf."))
    with backends() as opened, opened.transactions.read() as session:
        actor = acting(session, as_user)
        result = find(session, opened.blobs, opened.search, actor, Question(text=text, limit=limit))
        shape = answer(result, None)
    if as_json:
        emit(shape.model_dump(mode="json"))
        return
    say(_("%(total)s Treffer", total=shape.total))
    for hit in shape.hits:
        place = hit.dossier.reference_number if hit.dossier else _("Posteingang")
        typer.echo(f"{place}  {hit.document.title}")
        for passage in hit.passages:
            typer.echo("    " + _("S. %(page)s: %(text)s", page=passage.page, text=passage.text))


@index.command("rebuild")
def index_rebuild(as_json: JsonFlag = False) -> None:
    """Baut den Suchindex aus der Datenbank neu auf; der alte antwortet, bis der neue fertig ist."""
    with backends() as opened, Progress(_("Suchindex"), _("Dokumente")) as progress:
        done = 0
        for done, total in entries.rebuild(opened.transactions, opened.blobs, opened.search):
            progress.show(done, total)
        entries.index_pending(opened.transactions, opened.blobs, opened.search)
    if as_json:
        emit({"ok": True, "documents": done})
    else:
        say(_("%(done)s Dokumente sind im neuen Index.", done=done))


@index.command("status")
def index_status(as_json: JsonFlag = False) -> None:
    """Zeigt, wie weit der Suchindex hinter der Datenbank liegt."""
    with backends() as opened:
        status = entries.status(opened.transactions, opened.search)
    rebuild = status.rebuild
    if as_json:
        emit(
            {
                "documents": status.documents,
                "indexed": status.indexed,
                "waiting": status.waiting,
                "waiting_since": status.waiting_since,
                "condition": status.condition.value,
                "generation": status.generation,
                "rebuild": {"generation": rebuild.name, "done": rebuild.done} if rebuild else None,
            }
        )
        return
    numbers = {"indexed": status.indexed, "documents": status.documents, "waiting": status.waiting}
    if status.waiting_since:
        since = f"{status.waiting_since.astimezone(BERLIN):%d.%m.%Y %H:%M}"
        say(
            _(
                "%(indexed)s von %(documents)s Dokumenten im Index, %(waiting)s warten seit %(since)s.",
                since=since,
                **numbers,
            )
        )
    else:
        say(_("%(indexed)s von %(documents)s Dokumenten im Index, %(waiting)s warten.", **numbers))
    say(
        _(
            "Zustand: %(condition)s, Generation %(generation)s",
            condition=status.condition.value,
            generation=status.generation or _("keine"),
        )
    )
    if rebuild is not None:
        say(
            _(
                "Neuaufbau %(name)s: %(done)s von %(documents)s Dokumenten;"
                " `eakte index rebuild` setzt ihn fort, wenn er abgebrochen ist.",
                name=rebuild.name,
                done=rebuild.done,
                documents=status.documents,
            )
        )


@audit.command("verify")
def audit_verify(as_json: JsonFlag = False) -> None:
    """Rechnet das ganze Protokoll aus den rohen Zeilen nach und vergleicht es mit den unterschriebenen Köpfen."""
    settings = load_settings()
    with backends() as opened, Progress(_("Protokoll"), _("Einträge")) as progress:
        if auditing.continues(opened.transactions, [stat.name for stat in opened.blobs.names(f"{auditing.HEADS}/")]):
            auditing.sequence(opened.transactions, opened.blobs)
        report = verifier.verify(
            opened.database.url, _head_blobs(opened), _audit_key(settings.audit_key_path), progress=progress.count
        )
    shape = {
        "ok": report.ok,
        "entries": report.entries,
        "root": report.root,
        "signed_head_at": report.signed_head_at,
        "errors": report.errors,
    }
    if as_json:
        emit(shape)
    else:
        for sentence in report.errors:
            say(f"✗ {sentence}")
        say(
            _(
                "%(entries)s Einträge, Wurzel %(root)s…, unterschrieben %(signed_at)s.",
                entries=report.entries,
                root=report.root[:16],
                signed_at=report.signed_head_at or _("nie"),
            )
        )
    if not report.ok:
        fail(_("Das Protokoll ist nicht unversehrt."))
    if not as_json:
        say(_("Das Protokoll ist unversehrt."))


@audit.command("erase-pseudonyms")
def audit_erase_pseudonyms(as_json: JsonFlag = False) -> None:
    """Löscht nach der Frist, wer hinter den Pseudonymen des Zugriffsprotokolls steht; das Protokoll bleibt ganz."""
    with backends() as opened:
        with opened.transactions.read() as session:
            actor = acting(session, None)
        with opened.transactions.begin(actor) as tx:
            erased = auditing.erase_pseudonyms(tx, months=opened.settings.access_log_months)
    emit({"erased": erased}) if as_json else say(_("%(erased)s Pseudonyme sind gelöscht.", erased=erased))


@audit.command("prove")
def audit_prove(document: uuid.UUID, as_json: JsonFlag = False) -> None:
    """Gibt für ein Dokument die Beweise aus, dass seine Ereignisse im unterschriebenen Protokoll stehen."""
    with backends() as opened:
        auditing.sequence(opened.transactions, opened.blobs)
        public = opened.transactions.ledger.public_key.hex()
        with opened.transactions.read() as session:
            proofs = prove(session, document)
            rows, _next = auditing.list_entries(session, subject=document, limit=1000)
            by_number = {row.number: auditing.entry_document(row) for row in rows}
    shape = {
        "document": str(document),
        "public_key": public,
        "proofs": [{"entry": by_number.get(proof.number), **proof_words(proof)} for proof in proofs],
    }
    if as_json:
        emit(shape)
        return
    for proof in proofs:
        say(
            _(
                "Eintrag %(number)s von %(size)s, Weg aus %(hashes)s Prüfsummen, Kopf %(signed_at)s",
                number=proof.number,
                size=proof.size,
                hashes=len(proof.hashes),
                signed_at=proof.signed_at,
            )
        )


@audit.command("export")
def audit_export(as_json: JsonFlag = False) -> None:
    """Gibt alle Einträge der Reihe nach aus, ein JSON-Objekt je Zeile."""
    del as_json  # always JSON: the option is accepted like everywhere
    with backends() as opened:
        auditing.sequence(opened.transactions, opened.blobs)
        with opened.transactions.read() as session:
            for entry in auditing.export(session):
                emit(entry)


def _head_blobs(opened: Backends) -> Iterator[tuple[str, bytes]]:
    for stat in opened.blobs.names(f"{auditing.HEADS}/"):
        yield stat.name, b"".join(opened.blobs.read(stat.name))


def _audit_key(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        fail(_("%(path)s ist kein Ed25519-Schlüssel.", path=path))
    return key


def _settings_shown(settings: Settings) -> dict[str, str]:
    """Settings by variable; secrets stay masked."""
    shown = {f"EAKTE_{name.upper()}": str(getattr(settings, name)) for name in type(settings).model_fields}
    url = settings.blob_url.get_secret_value()
    # Where files lie is worth knowing; whatever stands before the last @ may be a key.
    if url.startswith("file://"):
        shown["EAKTE_STORAGE_URL"] = url
    elif "@" in url:
        shown["EAKTE_STORAGE_URL"] = f"{url.partition('://')[0]}://**********@{url.rpartition('@')[2]}"
    return shown
