"""`eakte doctor worm`: does the storage keep what it has locked? Tried, not believed."""

from __future__ import annotations

import typer

from eakte.bootstrap import probe_locks
from eakte.cli import inspecting
from eakte.cli.output import JsonFlag, load_settings
from eakte.cli.saying import emit, say
from eakte.language import _, msgid

doctor = typer.Typer(invoke_without_command=True)
doctor.callback()(inspecting.doctor)

SENTENCES = msgid(
    {
        "object-lock": "Der Bucket hat Object Lock",
        "delete": "Gesperrtes lässt sich nicht löschen",
        "shorten": "Eine Sperrfrist lässt sich nicht verkürzen",
        "downgrade": "Eine Sperre lässt sich nicht abschwächen (COMPLIANCE zu GOVERNANCE)",
        "bypass": "Auch mit Sonderrecht lässt sich COMPLIANCE nicht umgehen",
        "hold": "Eine Aufbewahrungsanordnung (legal hold) allein hält",
        "expired-retention-and-hold": "Eine Anordnung hält auch nach Ablauf der Sperrfrist",
        "batch-delete": "Eine Sammellöschung lässt Gesperrtes stehen",
        "multipart": "Ein Upload in Teilen trägt seine Sperre",
        "governance-bypass": "GOVERNANCE hält und lässt sich mit Sonderrecht aufheben",
        "cleanup": "Die Proben sind wieder entfernt",
    }
)


@doctor.command("worm")
def worm(as_json: JsonFlag = False) -> None:
    """Probiert eine halbe Minute lang, ob die Ablage (S3 mit Object Lock) Gesperrtes wirklich behält."""
    probes = []
    for probe in probe_locks(load_settings()):
        probes.append(probe)
        if not as_json:
            say(f"{'✓' if probe.holds else '✗'} {_(SENTENCES[probe.name])}: {probe.detail}")
    ok = all(probe.holds for probe in probes)
    if as_json:
        shapes = [{"name": probe.name, "ok": probe.holds, "detail": probe.detail} for probe in probes]
        emit({"ok": ok, "probes": shapes})
    else:
        say(_("Die Sperren halten.") if ok else _("Nicht alle Sperren halten: keine revisionssichere Ablage (WORM)."))
    if not ok:
        raise typer.Exit(1)
