"""Proving: what the log says, that it is whole, and that an entry stands in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eakte import verifier
from eakte.bootstrap import Backends
from eakte.cli.output import JsonFlag, acting, backends, load_settings
from eakte.cli.progress import Progress
from eakte.cli.saying import emit, fail, say
from eakte.language import _, ngettext
from eakte.operations import auditing
from eakte.operations.proving import proof_words, prove

audit = typer.Typer(help="Protokoll: prüfen, beweisen, ausgeben.", no_args_is_help=True)


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
            ngettext(
                "%(num)s Eintrag, Wurzel %(root)s…, unterschrieben %(signed_at)s.",
                "%(num)s Einträge, Wurzel %(root)s…, unterschrieben %(signed_at)s.",
                report.entries,
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
    if as_json:
        emit({"erased": erased})
    else:
        say(ngettext("%(num)s Pseudonym ist gelöscht.", "%(num)s Pseudonyme sind gelöscht.", erased))


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
            ngettext(
                "Eintrag %(number)s von %(size)s, Weg aus %(num)s Prüfsumme, Kopf %(signed_at)s",
                "Eintrag %(number)s von %(size)s, Weg aus %(num)s Prüfsummen, Kopf %(signed_at)s",
                len(proof.hashes),
                number=proof.number,
                size=proof.size,
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
