"""The storage of files: is everything there and whole, how far is the round, and is there anything else."""

from __future__ import annotations

from typing import Annotated

import typer

from eakte.cli.output import JsonFlag, acting, backends
from eakte.cli.progress import Progress
from eakte.cli.saying import emit, fail, say
from eakte.language import _, ngettext, shown_moment
from eakte.operations import storing
from eakte.operations.fixity import Standing, Wrong, list_wrong, standing, wrong_words
from eakte.operations.scrubbing import read_all
from eakte.terms import BERLIN
from storage.scrub import Kind

storage = typer.Typer(help="Ablage der Dateien.", no_args_is_help=True)


@storage.command("status")
def storage_status(as_json: JsonFlag = False) -> None:
    """Zeigt, wie weit die Prüfrunde des Helfers ist, und nennt Dateien, die fehlen oder beschädigt sind."""
    with backends() as opened, opened.transactions.read() as session:
        now = standing(session, opened.settings.fixity_period)
        wrong = list(list_wrong(session, acting(session, None)))
    emit(_shape(now, wrong)) if as_json else _say_standing(now, wrong)
    if wrong:
        fail(f"{wrong_words(now.missing, now.damaged)}.", _("Bitte aus der Sicherung wiederherstellen."))


@storage.command("verify")
def storage_verify(as_json: JsonFlag = False) -> None:
    """Liest jede Datei der Ablage und vergleicht sie mit ihren Prüfsummen."""
    fixity = storing.Fixity()
    with backends() as opened, Progress(_("Ablage"), _("Dateien")) as progress:
        with opened.transactions.read() as session:
            actor = acting(session, None)
        for finding in read_all(opened.transactions, opened.blobs, actor):
            fixity.note(finding)
            progress.count(fixity.checked)
            if finding.kind is not Kind.OK and not as_json:
                say(f"✗ {finding.name}: {finding.detail}")
    if as_json:
        emit({"checked": fixity.checked, "ok": fixity.ok, "missing": fixity.missing, "damaged": fixity.damaged})
    else:
        files = ngettext("%(num)s Datei geprüft", "%(num)s Dateien geprüft", fixity.checked)
        say(_("%(files)s, %(ok)s unverändert.", files=files, ok=fixity.ok))
    if fixity.missing or fixity.damaged:
        fail(f"{wrong_words(len(fixity.missing), len(fixity.damaged))}.")


@storage.command("reconcile")
def storage_reconcile(
    delete: Annotated[bool, typer.Option("--delete", help="Übrige Dateien (älter als ein Tag) entfernen.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Vergleicht Ablage und Datenbank: Dateien ohne Zeile, Zeilen ohne Datei."""
    with backends() as opened:
        found = storing.reconcile(opened.transactions, opened.blobs, delete=delete)
    if as_json:
        emit({"orphans": found.orphans, "missing": found.missing, "locked": found.locked, "deleted": delete})
    else:
        orphans = ngettext("%(num)s Datei ohne Zeile", "%(num)s Dateien ohne Zeile", len(found.orphans))
        missing = ngettext("%(num)s Zeile ohne Datei", "%(num)s Zeilen ohne Datei", len(found.missing))
        removed = len(found.orphans) - len(found.locked)
        if delete:
            orphans += _(" (davon %(removed)s entfernt)", removed=removed)
        say(f"{orphans}, {missing}.")
        if delete and found.locked:
            kept = ngettext(
                "%(num)s bleibt, weil die Ablage sie noch sperrt (Object Lock).",
                "%(num)s bleiben, weil die Ablage sie noch sperrt (Object Lock).",
                len(found.locked),
            )
            say(kept)
    if found.missing:
        fail(_("Dateien fehlen."), _("Bitte aus der Sicherung wiederherstellen."))


def _shape(now: Standing, wrong: list[Wrong]) -> dict[str, object]:
    last, running = now.verified, now.running
    return {
        "wrong": [{"name": each.name, "found": each.kind, "since": each.found_at} for each in wrong],
        "last": {"at": last.at, "checked": last.checked, "missing": last.missing, "damaged": last.damaged}
        if last
        else None,
        "running": {"since": running.begun_at, "checked": running.done, "planned": running.planned}
        if running
        else None,
        "overdue": now.overdue,
    }


def _say_standing(now: Standing, wrong: list[Wrong]) -> None:
    kinds = {Kind.MISSING.value: _("fehlt"), Kind.DAMAGED.value: _("beschädigt")}
    for each in wrong:
        since = shown_moment(each.found_at.astimezone(BERLIN))
        say(_("✗ %(name)s: %(kind)s seit %(since)s", name=each.name, kind=kinds[each.kind], since=since))
    if now.verified is None:
        say(_("Noch keine vollständige Prüfung."))
    else:
        at = shown_moment(now.verified.at.astimezone(BERLIN))
        files = ngettext("%(num)s Datei", "%(num)s Dateien", now.verified.checked)
        say(_("Zuletzt vollständig geprüft: %(files)s, %(at)s.", files=files, at=at))
    if now.running is not None:
        since = shown_moment(now.running.begun_at.astimezone(BERLIN))
        planned = ngettext("%(num)s Datei", "%(num)s Dateien", max(now.running.done, now.running.planned))
        say(_("Prüfrunde seit %(since)s: %(done)s von %(files)s.", since=since, done=now.running.done, files=planned))
    if now.overdue:
        say(_("Die Prüfrunde ist im Verzug. Arbeitet ein Helfer, antwortet die Ablage?"))
